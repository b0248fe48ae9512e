"""Traces as receivers write them: the telling line, and the place in their own code."""

import pytest

from recall_simulator.fuzz.last_words import exit_name, place_in_code, telling_line

PYTHON = """
Traceback (most recent call last):
  File "/app/.venv/lib/python3.12/site-packages/websockets/asyncio/server.py", line 376, in handler
    await self.handler(connection)
  File "/app/receiver.py", line 41, in connected
    self.keep(json.loads(text))
  File "/usr/lib/python3.12/json/decoder.py", line 355, in raw_decode
json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)
"""
NODE = """
/app/receiver.mjs:32
  if (bug) return name.split(" ")[0];
                       ^

TypeError: name.split is not a function
    at initials (file:///app/receiver.mjs:32:24)
    at Object.onceWrapper (node:events:631:28)
    at Receiver.emit (/app/node_modules/ws/lib/receiver.js:9:1)

Node.js v20.20.2
"""
GO = """
panic: runtime error: index out of range [3] with length 2

goroutine 18 [running]:
runtime.goexit()
    /usr/local/go/src/runtime/asm_amd64.s:1695 +0x1
main.keep(0xc000012345)
    /app/main.go:57 +0x1d
exit status 2
"""
RUST = """
thread 'main' panicked at src/main.rs:14:9:
called `Option::unwrap()` on a `None` value
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
"""
TERSE = """
listening 8765
fatal: id out of range
"""


@pytest.mark.parametrize(
    ("trace", "line", "place"),
    [
        (
            PYTHON,
            "json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)",
            "/app/receiver.py:41 in connected",
        ),
        (NODE, "TypeError: name.split is not a function", "/app/receiver.mjs:32"),
        (GO, "panic: runtime error: index out of range [3] with length 2", "/app/main.go:57"),
        (RUST, "called `Option::unwrap()` on a `None` value", "src/main.rs:14"),
        (TERSE, "fatal: id out of range", ""),
        ("", "", ""),
    ],
    ids=["python", "node", "go", "rust", "terse", "nothing"],
)
def test_names_the_error_and_the_place(trace: str, line: str, place: str) -> None:
    lines = trace.strip().splitlines()
    assert telling_line(lines) == line
    assert place_in_code(lines) == place


def test_names_the_signal_that_ended_a_process() -> None:
    assert exit_name(-11) == "SIGSEGV"
    assert exit_name(3) == "exit code 3"
    assert exit_name(-250) == "exit code -250"

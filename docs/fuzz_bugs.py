"""Measures how the fuzzer finds planted bugs, and writes the tables of `fuzz.md`: `make fuzz-bugs`.

Each bug is looked for in a process of its own, one after the other. The time is from that process's
start to when the finding was made small. `python docs/fuzz_bugs.py NAME...` measures these alone,
and prints their rows.
"""

import importlib
import json
import os
import re
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from recall_simulator.fuzz.in_process import fuzz_target
from recall_simulator.fuzz.over_wire import fuzz_url
from recall_simulator.fuzz.records import FindingMade, FuzzEvent

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "fuzz.md"
PARSERS = ROOT / "tests" / "quality" / "planted"
RECEIVERS = ROOT / "tests" / "simulator" / "fuzz"
STDOUT = r"stdout:frame (?P<participant>\d+) (?P<type>\w+) (?P<relative>[\d.]+)"
PARSER_SEED, RECEIVER_SEED = 0, 1
"""Those of the tests."""
MOST = 60.0
"""Seconds within which each must be found."""

PARSER_HEAD = "| parser | what is wrong with it | found as | what differs from the plain message |"
RECEIVER_HEAD = "| receiver | in | what is wrong with it | found as | what differs |"
MEASURED = " at input | after |"


class Planted(NamedTuple):
    """A receiver with a bug.

    Attributes:
        bug: as the receiver calls it.
        language: that it is written in.
        words: what is wrong with it.
        observed: whether it shows only to who sees the frames that were kept.
    """

    bug: str
    language: str
    words: str
    observed: bool = False


WIRE = [
    Planted("name-is-a-string", "Node", "A name that is no string ends the process."),
    Planted("catastrophic-regex", "Node", "A pattern for base64 has a loop in a loop."),
    Planted("trusts-length", "Node", "Room is made for as many bytes as a PNG chunk claims."),
    Planted("dies-of-bad-json", "Node", "`JSON.parse` stands before `try`."),
    Planted("closes-on-base64", "Node", "The link is closed for bad base64."),
    Planted(
        "deaf-after-base64", "Node", "After bad base64 nothing is kept any more.", observed=True
    ),
    Planted("drops-on-null-name", "Python", "A name that is null ends the handler."),
    Planted(
        "leaves-out-null-name",
        "Python",
        "Nothing is kept of a person without a name.",
        observed=True,
    ),
    Planted("dies-of-wide-id", "Python", "An id of 2**32 ends the process."),
    Planted("hangs-on-endless-time", "Python", "A loop walks to a time that is far away."),
    Planted(
        "loses-after-base64", "Python", "After bad base64 nothing is kept any more.", observed=True
    ),
    Planted("grows-with-declared-size", "Python", "Room is made for the pixels of IHDR."),
]


def stop(event: FuzzEvent) -> None:
    """Say what the first finding is, and leave: the receiver is ended by whoever started us."""
    if isinstance(event, FindingMade):
        found = event.finding
        named = " ".join(filter(None, (found.outcome, found.error)))
        print(json.dumps([named, found.minimal.part, found.first]), flush=True)
        raise KeyboardInterrupt


def parser(name: str) -> None:
    """Fuzz a parser until something is found."""
    os.chdir(PARSERS)
    fuzz_target(
        f"parsers:{name}", allow=["Refusal"], max_examples=None, seconds=MOST, seed=PARSER_SEED,
        handlers=[stop], slow=0.5,
    )  # fmt: skip


def receiver(planted: Planted) -> None:
    """Fuzz a receiver until something is found."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = (
        ["node", str(RECEIVERS / "planted_node" / "receiver.mjs")]
        if planted.language == "Node"
        else [sys.executable, str(RECEIVERS / "planted_receiver.py")]
    )
    fuzz_url(
        f"ws://127.0.0.1:{port}/", command=shlex.join([*command, planted.bug, "--port", str(port)]),
        observe=[STDOUT] if planted.observed else [], seconds=MOST, seed=RECEIVER_SEED,
        handlers=[stop], timeout=2.0,
    )  # fmt: skip


def measured(name: str) -> str:
    """The last cells of a row: what was found, what differs, at which input, after how long."""
    began = time.monotonic()  # noqa: TID251
    done = subprocess.Popen(
        [sys.executable, __file__, "--one", name], stdout=subprocess.PIPE, text=True
    )
    with done:
        assert done.stdout is not None
        line = done.stdout.readline()
        seconds = time.monotonic() - began  # noqa: TID251
        done.stdout.read()
    if not line:
        sys.exit(f"{name}: nothing was found")
    named, part, first = json.loads(line)
    differs = f"`{part}`" if part else "every message"
    return f"{named} | {differs} | {first:,} | {seconds:.1f} s |"


def parser_rows(names: Iterable[str]) -> list[str]:
    """Rows of the parsers; what is wrong with them is their first line."""
    sys.path.insert(0, str(PARSERS))
    parsers = importlib.import_module("parsers")
    return [f"| `{name}` | {getattr(parsers, name).__doc__} | {measured(name)}" for name in names]


def receiver_rows(bugs: Iterable[Planted]) -> list[str]:
    """Rows of the receivers."""
    return [
        f"| `{each.bug}` | {each.language} | {each.words} | {measured(each.bug)}" for each in bugs
    ]


def table(page: str, head: str, rows: list[str]) -> str:
    """The page with other rows below a head."""
    whole = head + MEASURED
    rule = "|---" * (whole.count("|") - 1) + "|"
    pattern = re.escape(head) + r".*\n\|-.*\n(?:\|.*\n)+"
    return re.sub(pattern, lambda _: "\n".join([whole, rule, *rows, ""]), page, count=1)


def parser_names(page: str) -> list[str]:
    """The parsers of the page, in its order."""
    rows = page.partition(PARSER_HEAD)[2].partition("\n\n")[0]
    return re.findall(r"^\| `(\w+)` ", rows, re.MULTILINE)


def main() -> None:
    """Measure all of them, or those that are named."""
    names = sys.argv[1:]
    page = PAGE.read_text(encoding="utf-8")
    if names[:1] == ["--one"]:
        planted = next((each for each in WIRE if each.bug == names[1]), None)
        if planted is None:
            parser(names[1])
        else:
            receiver(planted)
        return
    parsers = [name for name in parser_names(page) if not names or name in names]
    bugs = [each for each in WIRE if not names or each.bug in names]
    in_process, wire = parser_rows(parsers), receiver_rows(bugs)
    if names:
        print("\n".join([*in_process, *wire]))
        return
    page = table(table(page, PARSER_HEAD, in_process), RECEIVER_HEAD, wire)
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()

"""What receivers and the user's own programs say: standard output, a command, a function."""

import asyncio
import json
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from recall_simulator.observe.command import CommandObserver
from recall_simulator.observe.hook import HookObserver
from recall_simulator.observe.stdout import StdoutObserver
from recall_simulator.record.errors import UsageError
from recall_simulator.record.observations import Claim, ObserverTrouble, Sighting
from recall_simulator.record.streams import StreamKey

from .conftest import WITHIN, PngMaker, Told, is_running

Run = Callable[[Callable[[], Any]], None]
Script = Callable[[str], str]
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def hear(told: Told, run: Run, expression: str, *lines: str, fd: int = 1) -> None:
    observer = StdoutObserver("stdout:x", expression, now=told.now, tell=told.tell)

    async def main() -> None:
        await observer.start()
        for line in lines:
            observer.take(fd, line)
        await observer.stop()

    run(main)


def test_lines_with_stream_and_time_are_sightings(run: Run, told: Told) -> None:
    expression = r"(?P<participant>\d+)/(?P<type>\w+) at (?P<relative>[\d.]+)"
    hear(told, run, expression, "starting", "saved 100/webcam at 76.805558 s")
    (seen,) = told.all
    assert isinstance(seen, Sighting)
    assert (seen.participant, seen.type, seen.relative) == (100, "webcam", 76.805558)
    assert seen.where == "line 2"


def test_lines_with_a_digest_or_a_number_are_sightings(run: Run, told: Told) -> None:
    hear(told, run, r"sha=(?P<sha256>\w+)", f"sha={DIGEST.upper()}")
    expression = r"(?P<participant>\d+) (?P<type>\w+) #(?P<sequence>\d+)"
    hear(told, run, expression, "100 screenshare #7")
    assert [(seen.sha256, seen.sequence) for seen in told.of(Sighting)] == [(DIGEST, -1), ("", 7)]


def test_counts_are_claims_and_told_when_they_change(run: Run, told: Told) -> None:
    expression = r"(?P<participant>\d+) (?P<type>\w+): (?P<frames>\d+)"
    hear(told, run, expression, "100 webcam: 5", "100 webcam: 5", "100 webcam: 8")
    assert [claim.frames for claim in told.of(Claim)] == [5, 8]


def test_lines_that_cannot_be_read_are_counted(run: Run, told: Told) -> None:
    expression = r"(?P<participant>\w+) (?P<type>\w+) (?P<sequence>\d+)"
    hear(told, run, expression, "100 webcam 1", "100 cam 1", "bob webcam 1", "100 cam 2")
    assert told.trouble.severity == "partial"
    assert "3 of 4 lines" in told.trouble.trouble
    assert "type 'cam' is neither" in told.trouble.trouble


@pytest.mark.parametrize(("fd", "words"), [(1, "none of 1 lines fits"), (2, "it wrote no line")])
def test_output_that_never_fits_makes_it_blind(fd: int, words: str, run: Run, told: Told) -> None:
    hear(told, run, r"sha=(?P<sha256>\w+)", "ready", fd=fd)
    assert told.trouble.severity == "blind"
    assert words in told.trouble.trouble


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("saved (", "missing ), unterminated subpattern"),
        ("saved", r"lacks (?P<participant>…) and (?P<type>…) and one of"),
        (r"(?P<participant>\d+) (?P<sequence>\d+)", "lacks (?P<type>…);"),
        (r"(?P<participants>\d+)", "the group 'participants'.*did you mean 'participant'"),
    ],
)
def test_a_regular_expression_that_says_too_little_is_refused(
    expression: str, words: str, told: Told
) -> None:
    with pytest.raises(UsageError) as caught:
        StdoutObserver(f"stdout:{expression}", expression, now=told.now, tell=told.tell)
    for part in words.split(".*"):
        assert part in str(caught.value)


def ask(run: Run, told: Told, command: str, **more: Any) -> None:
    observer = CommandObserver("command:x", command, now=told.now, tell=told.tell, **more)

    async def main() -> None:
        await observer.start()
        await observer.settle()
        before = len(told.all)
        await observer.stop()
        assert len(told.all) > before

    run(main)


def test_a_commands_lines_are_sightings_and_claims(run: Run, told: Told, script: Script) -> None:
    rows = [
        {"participant": 100, "type": "webcam", "frames": 57},
        {"sha256": DIGEST, "place": "a"},
        {"sha256": DIGEST, "participant": 200, "type": "webcam", "recording": "r"},
    ]
    ask(run, told, script("\n".join(f"print({json.dumps(row)!r})" for row in rows)))
    ask(run, told, script(f"print({json.dumps(rows)!r})"))
    assert told.of(Claim)[0].stream == StreamKey("", 100, "webcam")
    assert [seen.where for seen in told.of(Sighting)] == ["line 2", "line 3", "row 2", "row 3"]
    assert [seen.credited for seen in told.of(Sighting)][:2] == [
        None,
        StreamKey("r", 200, "webcam"),
    ]
    assert told.of(Sighting)[0].place == "a"


def test_a_command_runs_in_its_folder(run: Run, told: Told, script: Script, tmp_path: Path) -> None:
    (tmp_path / "rows.json").write_text(json.dumps({"sha256": DIGEST}))
    ask(run, told, script("print(open('rows.json').read())"), folder=tmp_path)
    assert len(told.of(Sighting)) == 1


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("import sys; print('no database', file=sys.stderr); sys.exit(4)", "exit code 4"),
        ("import sys; print('no database', file=sys.stderr); sys.exit(4)", "  | no database"),
        ("print('100 frames')", "line 1 is not JSON"),
        ("print('[1]')", "row 1 is no object but 1"),
        ("print('[' * 100_000)", "line 1 is not JSON"),
        (
            'print(\'{"participant": 1, "type": "webcam", "relative": NaN}\')',
            "relative nan is no number of seconds",
        ),
        ("print('{\"participant\": 100}')", "a row needs sha256"),
        ('print(\'{"sha256": "abc"}\')', "is not 64 hex digits"),
        ("pass", "it said nothing"),
    ],
)
def test_a_command_that_fails_makes_it_blind(
    program: str, words: str, run: Run, told: Told, script: Script
) -> None:
    ask(run, told, script(program))
    assert told.trouble.severity == "blind"
    assert words in told.trouble.trouble


GOOD_ROW = json.dumps({"sha256": DIGEST})


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([GOOD_ROW, '{"sha256": "abc"}', GOOD_ROW], "line 2: sha256 'abc' is not 64 hex digits"),
        ([GOOD_ROW, "Traceback:", "", GOOD_ROW], "line 2 is not JSON"),
        ([f"[{GOOD_ROW},", "7,", f"{GOOD_ROW}]"], "row 2 is no object but 7"),
    ],
)
def test_a_row_that_cannot_be_read_is_told_and_stepped_over(
    rows: list[str], words: str, run: Run, told: Told, script: Script
) -> None:
    ask(run, told, script("\n".join(f"print({row!r})" for row in rows)))
    assert [seen.sha256 for seen in told.of(Sighting)] == [DIGEST, DIGEST]
    assert told.trouble.severity == "partial"
    assert "1 of 3 rows can't be read: " + words in told.trouble.trouble


@pytest.mark.slow
def test_a_command_that_hangs_is_ended(
    run: Run, told: Told, script: Script, tmp_path: Path
) -> None:
    program = (
        "import os, signal\nopen('pid', 'w').write(str(os.getpid()))\n"
        "print('working', file=__import__('sys').stderr, flush=True)\nsignal.pause()"
    )
    ask(run, told, script(program), folder=tmp_path, timeout=0.5)
    assert "not done after 0.5 s" in told.trouble.trouble
    assert not is_running(int((tmp_path / "pid").read_text()))


def test_what_a_command_leaves_behind_is_ended(
    run: Run, told: Told, script: Script, tmp_path: Path
) -> None:
    program = (
        "import subprocess, sys\n"
        "left = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'],"
        " start_new_session=True)\n"
        f"open('pid', 'w').write(str(left.pid))\nprint({GOOD_ROW!r})"
    )
    ask(run, told, script(program), folder=tmp_path)
    assert [seen.sha256 for seen in told.of(Sighting)] == [DIGEST]
    assert not is_running(int((tmp_path / "pid").read_text()))


@pytest.fixture
def hook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run, told: Told) -> Any:
    """Writes a module, calls its function `seen` as an observer."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))

    def call(program: str, **more: Any) -> None:
        name = f"hook_{abs(hash(program))}"
        (tmp_path / f"{name}.py").write_text(program)
        try:
            observer = HookObserver(
                "python:x", f"{name}:seen", now=told.now, tell=told.tell, **more
            )
        finally:
            sys.modules.pop(name, None)

        async def main() -> None:
            await observer.start()
            await observer.settle()
            await observer.stop()

        run(main)

    return call


@pytest.mark.parametrize(
    "program",
    [
        "def seen(): return [{'sha256': %r}, Path('a.png')]",
        "def seen():\n    yield {'sha256': %r}\n    yield 'a.png'",
        "async def seen(): return [{'sha256': %r}, 'a.png']",
        "async def seen():\n    yield {'sha256': %r}\n    yield Path('a.png')",
        "async def get(): return {'sha256': %r}, 'a.png'\ndef seen(): return get()",
    ],
)
def test_a_function_may_return_or_yield_rows_and_paths(
    program: str, hook: Any, told: Told, png: PngMaker, tmp_path: Path
) -> None:
    (tmp_path / "a.png").write_bytes(png(4))
    hook("from pathlib import Path\n" + program % DIGEST)
    assert told.of(ObserverTrouble) == []
    first, second = told.of(Sighting)
    assert first.sha256 == DIGEST
    assert (second.sequence, second.where) == (4, "a.png")


def test_an_item_that_cannot_be_read_is_told_and_stepped_over(hook: Any, told: Told) -> None:
    hook(f"def seen(): return ['missing.png', {GOOD_ROW}]")
    assert [seen.sha256 for seen in told.of(Sighting)] == [DIGEST]
    assert told.trouble.severity == "partial"
    assert "1 of 2 rows can't be read: missing.png" in told.trouble.trouble


def test_a_function_may_make_its_own_sightings(hook: Any, told: Told) -> None:
    hook(
        "from recall_simulator.record.observations import Claim, Sighting\n"
        "from recall_simulator.record.streams import StreamKey\n"
        "def seen():\n"
        "    yield Sighting(observer='mine', where='here', at=0.0, sequence=1)\n"
        "    yield Claim(observer='mine', at=0.0, stream=StreamKey('r', 1, 'webcam'), frames=2)\n"
    )
    assert len(told.all) == 2


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("def seen(): return 1 / 0", "it raised ZeroDivisionError: division by zero"),
        ("def seen(): return next(iter(()))", "StopIteration"),
        ("import sys\ndef seen(): sys.exit('no bucket')", "it raised SystemExit: no bucket"),
        ("import sys\nasync def seen(): sys.exit('no bucket')", "it raised SystemExit: no bucket"),
        ("def seen(): pass", "it returned nothing"),
        ("def seen(): return [3]", "item 1 is int"),
        ("def seen(): return {'sequence': 3}", "item 1: a row needs"),
        ("def seen(): return 'missing.png'", "missing.png can't be read: No such file"),
        ("def seen(): return __file__", "can't be read as a picture"),
        ("import asyncio\nasync def seen(): await asyncio.Event().wait()", "not done after 0.2 s"),
    ],
)
def test_a_function_that_fails_makes_it_blind(
    program: str, words: str, hook: Any, told: Told
) -> None:
    hook(program, timeout=0.2)
    assert told.trouble.severity == "blind"
    assert words in told.trouble.trouble


def test_a_function_that_hangs_keeps_nobody(
    hook: Any, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even the loop's end, which waits for the threads that are the loop's own."""
    held, over = threading.Event(), threading.Event()

    def hang() -> None:
        held.wait(WITHIN)
        over.set()

    monkeypatch.setitem(sys.modules, "held_up", SimpleNamespace(hang=hang))
    hook("import held_up\ndef seen(): held_up.hang()", timeout=0.05)
    assert "not done after 0.05 s" in told.trouble.trouble
    assert not over.is_set()
    held.set()


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("def seen(: pass", "it raised SyntaxError"),
        ("raise RuntimeError('no bucket')", "it raised RuntimeError: no bucket"),
        ("import sys; sys.exit(4)", "it raised SystemExit: 4"),
    ],
)
def test_a_module_that_cannot_be_imported_is_refused(program: str, words: str, hook: Any) -> None:
    with pytest.raises(UsageError) as caught:
        hook(program)
    assert f"can't be imported: {words}" in str(caught.value)
    assert "line 1)" in str(caught.value)


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("no_such_module_here:seen", "can't be imported"),
        ("asyncio.tasks:gahter", "did you mean 'gather'"),
        ("asyncio", "write python:module:function"),
        ("shutil:which", "is called without arguments"),
    ],
)
def test_a_function_that_is_not_there_is_refused(
    reference: str, words: str, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    with pytest.raises(UsageError) as caught:
        HookObserver(f"python:{reference}", reference, now=told.now, tell=told.tell)
    assert words in str(caught.value)


def test_what_is_let_go_is_not_asked(run: Run, told: Told, script: Script) -> None:
    observer = CommandObserver("command:x", script("1/0"), now=told.now, tell=told.tell)
    asyncio.run(observer.stop(look=False))
    assert told.all == []

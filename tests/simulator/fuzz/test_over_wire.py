"""Over the wire: planted bugs are found, told apart and made small; good receivers pass.

What counts is the number of inputs, never the time that they take; with `-s` the tests print both.
"""

import difflib
import itertools
import re
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.ports import free_port

from recall_simulator.engine import stopwatch
from recall_simulator.fuzz.messages import PLAIN
from recall_simulator.fuzz.over_wire import fuzz_url
from recall_simulator.fuzz.records import (
    FindingMade,
    FuzzEvent,
    FuzzFinding,
    FuzzHandler,
    FuzzReport,
    OutcomeKind,
)

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
STDOUT = r"stdout:frame (?P<participant>\d+) (?P<type>\w+) (?P<relative>[\d.]+)"
INPUTS = 500
"""Within which every planted bug is found."""

COSTLY = 250
"""The same, of those whose every trial takes a time-out: hangs and losses."""

NodeScript = Callable[[Path], list[str]]


class Planted(NamedTuple):
    """A bug, and what must be said of it.

    Attributes:
        bug: as the receiver calls it.
        outcome: of the finding.
        error: its class.
        parts: of which the minimal message differs in one.
        observed: whether it shows only to who sees the frames that were kept.
    """

    bug: str
    outcome: OutcomeKind
    error: str
    parts: tuple[str, ...]
    observed: bool = False


NODE = [
    Planted("name-is-a-string", "died", "exit code 1", ("data.data.participant.name",)),
    Planted("catastrophic-regex", "hung", "", ("base64", "data.data.buffer")),
    Planted("trusts-length", "grew", "", ("PNG IHDR", "PNG IDAT", "PNG IEND", "PNG trailer")),
    Planted("dies-of-bad-json", "died", "exit code 1", ("JSON text",)),
    Planted("closes-on-base64", "dropped", "closed 1008", ("base64", "data.data.buffer")),
    Planted("deaf-after-base64", "lost", "", ("base64", "data.data.buffer"), observed=True),
]
PYTHON = [
    Planted("drops-on-null-name", "dropped", "closed 1011", ("data.data.participant.name",)),
    Planted(
        "leaves-out-null-name",
        "lost",
        "this frame",
        ("data.data.participant.name",),
        observed=True,
    ),
    Planted("dies-of-wide-id", "died", "exit code 3", ("data.data.participant.id",)),
    Planted("hangs-on-endless-time", "hung", "", ("data.data.timestamp.relative",)),
    Planted("loses-after-base64", "lost", "", ("base64", "data.data.buffer"), observed=True),
    Planted("grows-with-declared-size", "grew", "", ("PNG IHDR",)),
]


def fuzzed(
    command: list[str],
    *,
    observed: bool = False,
    inputs: int = INPUTS,
    seed: int = 1,
    timeout: float = 5.0,
    handlers: Sequence[FuzzHandler] = (),
) -> FuzzReport:
    port = free_port()
    return fuzz_url(
        f"ws://127.0.0.1:{port}/",
        command=shlex.join([*command, "--port", str(port)]),
        observe=[STDOUT] if observed else [],
        max_examples=inputs,
        seed=seed,
        timeout=timeout,
        handlers=handlers,
    )


def fuzzed_for(planted: Planted, command: list[str]) -> FuzzReport:
    costly = planted.outcome in ("hung", "lost")
    elapsed = stopwatch()
    made: list[float] = []

    def note(event: FuzzEvent) -> None:
        if isinstance(event, FindingMade):
            made.append(elapsed())

    report = fuzzed(
        command,
        observed=planted.observed,
        inputs=COSTLY if costly else INPUTS,
        timeout=2.0 if costly else 5.0,
        handlers=[note],
    )
    for finding, seconds in zip(report.findings, made, strict=True):
        print(f"\n{planted.bug} | {finding.what} | {finding.first:,} | {seconds:.1f} s")
    return report


def changed_stretches(minimal: bytes) -> int:
    """In how many places a message differs from the plain one, apart by 64 characters and more."""
    plain = PLAIN.data.decode("latin-1")
    matcher = difflib.SequenceMatcher(None, plain, minimal.decode("latin-1"), autojunk=False)
    edges = [op[1:3] for op in matcher.get_opcodes() if op[0] != "equal"]
    gaps = itertools.pairwise(edges)
    return 1 + sum(following[0] - before[1] > 64 for before, following in gaps)


def assert_found(report: FuzzReport, planted: Planted) -> FuzzFinding:
    assert report.stopped == ""
    found = [
        finding
        for finding in report.findings
        if (finding.outcome, finding.error) == (planted.outcome, planted.error)
        and finding.minimal.part in planted.parts
    ]
    assert found, [finding.what for finding in report.findings]
    assert {finding.outcome for finding in report.findings} == {planted.outcome}
    assert report.exit_code == 1
    return found[0]


@pytest.mark.parametrize("planted", NODE, ids=lambda planted: planted.bug)
def test_a_bug_in_node_is_found_and_made_small(planted: Planted, node_script: NodeScript) -> None:
    command = [*node_script(HERE / "planted_node" / "receiver.mjs"), planted.bug]
    finding = assert_found(fuzzed_for(planted, command), planted)
    assert changed_stretches(finding.minimal.data) == 1
    assert finding.first <= INPUTS


@pytest.mark.parametrize("planted", PYTHON, ids=lambda planted: planted.bug)
def test_drop_death_hang_loss_and_growth_are_told_apart(planted: Planted) -> None:
    command = [sys.executable, str(HERE / "planted_receiver.py"), planted.bug]
    finding = assert_found(fuzzed_for(planted, command), planted)
    assert changed_stretches(finding.minimal.data) == 1


def test_the_docs_have_every_bug_as_it_is_found_and_none_took_a_minute() -> None:
    page = (HERE.parents[2] / "docs" / "fuzz.md").read_text(encoding="utf-8")
    found_as, part, after = "([^|]+)", "`([^|]+)`", r"[\d,]+ \| ([\d.]+) s"
    row = rf"^\| `([\w-]+)` \| (?:Node|Python) \| [^|]+ \| {found_as} \| {part} \| {after} \|$"
    rows = re.findall(row, page, re.MULTILINE)
    planted = [*NODE, *PYTHON]
    assert [bug for bug, *_ in rows] == [each.bug for each in planted]
    for (_, found, differs, seconds), each in zip(rows, planted, strict=True):
        assert found == f"{each.outcome} {each.error}".strip()
        assert differs in each.parts
        assert float(seconds) < 60


def test_nothing_is_found_in_a_clean_node_receiver(node_script: NodeScript) -> None:
    command = [*node_script(HERE / "planted_node" / "receiver.mjs"), "clean"]
    report = fuzzed(command, inputs=3000)
    assert (report.findings, report.stopped, report.inputs) == ([], "", 3000)


def test_nothing_is_found_in_a_clean_python_receiver() -> None:
    report = fuzzed([sys.executable, str(HERE / "planted_receiver.py"), "clean"], observed=True)
    assert (report.findings, report.stopped, report.not_looked_at) == ([], "", [])


def test_who_leaves_out_some_frames_whatever_they_are_loses_none() -> None:
    command = [sys.executable, str(HERE / "planted_receiver.py"), "keeps-some"]
    report = fuzzed(command, observed=True, inputs=200)
    assert (report.findings, report.stopped) == ([], "")
    (unseen,) = report.not_looked_at
    assert unseen.startswith("valid messages left out silently")


def test_nothing_is_found_in_the_node_receiver_of_the_other_stacks(
    node_script: NodeScript, tmp_path: Path
) -> None:
    script = HERE.parents[1] / "other_stacks" / "node_ws" / "receiver.mjs"
    report = fuzzed([*node_script(script), "--out", str(tmp_path / "out.json")], inputs=3000)
    assert (report.findings, report.stopped, report.inputs) == ([], "", 3000)


def test_nothing_is_found_in_the_reference_receiver(tmp_path: Path) -> None:
    report = fuzzed([sys.executable, "-m", "recall_receiver"], inputs=3000)
    assert (report.findings, report.stopped, report.inputs) == ([], "", 3000)


def test_the_same_seed_sends_the_same_inputs() -> None:
    command = [sys.executable, str(HERE / "planted_receiver.py"), "clean"]
    one, other = (fuzzed(command, inputs=300, seed=5) for _ in range(2))
    assert one.by_class == other.by_class

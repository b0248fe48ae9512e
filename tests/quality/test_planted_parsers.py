"""Fuzzing finds the bugs that people plant in parsers, makes them small, and calls nothing else."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from recall_simulator.fuzz.in_process import fuzz_target
from recall_simulator.fuzz.records import FindingMade, FuzzEvent, FuzzFinding, OutcomeKind

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs" / "fuzz.md"
WITHIN = 20_000
"""Inputs within which each is found: seconds on one core."""


class Planted(NamedTuple):
    """One bug, and what must be said of it.

    Attributes:
        bug: the function in `planted/parsers.py`.
        outcome: of the finding.
        error: class of the exception, signal, or empty.
        part: of the minimal message that differs.
    """

    bug: str
    outcome: OutcomeKind
    error: str
    part: str


BUGS = [
    Planted("recursion", "raised", "RecursionError", "event"),
    Planted("duplicate_key", "raised", "AssertionError", "event"),
    Planted("accepts_nan", "raised", "ValueError", "data.data.timestamp.relative"),
    Planted("ascii_text", "raised", "UnicodeDecodeError", "event"),
    Planted("other_codings", "raised", "UnicodeDecodeError", "JSON text"),
    Planted("compact_json", "refused", "Refusal", "JSON text"),
    Planted("null_name", "raised", "AttributeError", "data.data.participant.name"),
    Planted("null_extra_data", "raised", "AttributeError", "data.data.participant.extra_data"),
    Planted("absent_email", "raised", "KeyError", "data.data.participant.email"),
    Planted("absent_bot", "raised", "KeyError", "data.bot"),
    Planted("wide_id", "raised", "error", "data.data.participant.id"),
    Planted("unencodable_name", "raised", "UnicodeEncodeError", "data.data.participant.name"),
    Planted("name_as_path", "raised", "FileNotFoundError", "data.data.participant.name"),
    Planted("unhashable_metadata", "raised", "TypeError", "data.recording.metadata."),
    Planted("flat_participant", "raised", "KeyError", ""),
    Planted("unknown_event", "raised", "KeyError", "event"),
    Planted("fixed_format", "raised", "ValueError", "data.data.timestamp.absolute"),
    Planted("naive_time", "raised", "TypeError", "data.data.timestamp.absolute"),
    Planted("end_of_time", "raised", "OverflowError", "data.data.timestamp.absolute"),
    Planted("catastrophic_pattern", "hung", "", "base64"),
    Planted("bad_padding", "raised", "Error", "base64"),
    Planted("quiet_base64", "raised", "IndexError", "PNG"),
    Planted("trusts_length", "raised", "error", "PNG IHDR"),
    Planted("declared_size", "grew", "", "PNG IHDR"),
    Planted("inflates_all", "grew", "", "PNG IDAT"),
    Planted("bombs_in_texts", "grew", "", "PNG zTXt"),
    Planted("exits_on_wrong_crc", "died", "exit code 3", "PNG IHDR"),
    Planted("leaves_on_bad_signature", "raised", "SystemExit", "base64"),
    Planted("reads_beyond_the_end", "died", "SIGSEGV", "PNG"),
    Planted("seeks_the_end", "hung", "", "PNG"),
    Planted("one_size", "refused", "Refusal", "PNG IHDR"),
    Planted("colours_only", "raised", "AssertionError", "PNG IHDR"),
    Planted("waits_for_screens", "hung", "", "data.data.type"),
]


class Enough(Exception):
    """The first finding is all that is asked for."""


def first_finding(target: str) -> FuzzFinding | None:
    found: list[FuzzFinding] = []

    def stop(event: FuzzEvent) -> None:
        if isinstance(event, FindingMade):
            found.append(event.finding)
            raise Enough

    try:
        fuzz_target(target, allow=["Refusal"], max_examples=WITHIN, handlers=[stop], slow=0.5)
    except Enough:
        return found[0]
    return None


@pytest.fixture(autouse=True)
def _beside_the_parsers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE / "planted")


@pytest.mark.slow
@pytest.mark.parametrize("planted", BUGS, ids=[planted.bug for planted in BUGS])
def test_each_bug_is_found_and_made_small(planted: Planted) -> None:
    finding = first_finding(f"parsers:{planted.bug}")
    assert finding is not None
    assert (finding.outcome, finding.error) == (planted.outcome, planted.error)
    assert finding.minimal.part == planted.part
    assert len(finding.minimal.edits) == bool(planted.part)
    assert finding.first <= WITHIN


@pytest.mark.slow
@pytest.mark.parametrize("target", ["parsers:clean", "parsers:clean_async"])
def test_nothing_is_found_in_a_parser_without_a_bug(target: str) -> None:
    report = fuzz_target(target, allow=["Refusal"], max_examples=10_000)
    assert report.findings == []
    assert report.inputs == 10_000


def test_the_docs_have_every_bug_as_it_is_found() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| [^|]+ \| (\w+) ?([^|]*?) \| ([^|]*?) \| [\d,]+ \| [\d.]+ s \|$",
        DOCS.read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    shown = [
        (each.bug, each.outcome, each.error, f"`{each.part}`" if each.part else "every message")
        for each in BUGS
    ]
    assert rows == shown

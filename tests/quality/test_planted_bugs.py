"""A check finds the bugs that people write, where they are, and calls nothing else bad."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.ports import free_port
from tests.quality.planted.receiver import __main__ as planted_receiver

QUALITY = Path(__file__).parent
DOCS = Path(__file__).parents[2] / "docs" / "judge.md"
TIMEOUT = 600.0
EVERY = "2.4, 4.4, 4.5, 8.2, 8.3, 9.1, 10.4, 10.5"
PINGED = "4.4, 4.5, 5.6, 6.3, 6.4"


class Planted(NamedTuple):
    """One bug, and what the check must say of it.

    Attributes:
        bug: its name in `planted/receiver`.
        cases: those that must fail, and no others; with `…`, others may.
        column: of the finding.
        kind: of the finding, in the first of the cases.
        words: in what is printed of it.
    """

    bug: str
    cases: str
    column: str
    kind: str
    words: str


BUGS = [
    Planted("keyed-by-participant", "2.4, 10.4", "loses", "mixed", "lie among those of another"),
    Planted("keyed-by-name", "2.4", "loses", "mixed", "nor a name tells two apart"),
    Planted("keyed-without-recording", "2.4, …", "loses", "mixed", "keep the meetings apart"),
    Planted("swaps-streams", "2.4, …", "loses", "mixed", "lie among those of another"),
    Planted("overwrites-on-reconnect", "4.4, 4.5", "loses", "lost", "written over those before"),
    Planted("overwrites-all", EVERY, "loses", "lost", "is written over"),
    Planted("late-close-ends-meeting", "4.4", "loses", "lost", "late close of the old connection"),
    Planted("refuses-second-connection", "4.4, 4.5", "drops", "dropped", "closed 1008 once"),
    Planted("loses-last-frames", EVERY, "loses", "lost", "the last frames are missing"),
    Planted("dies-on-unknown-event", "8.3", "dies", "died", "unknown event 'meeting_weather"),
    Planted("dies-on-outer-participant", "2.4, …", "dies", "died", "KeyError: 'participant'"),
    Planted("closes-on-other-events", "8.2, 8.3", "drops", "dropped", "closed 1011"),
    Planted("dies-on-null-name", "2.4", "dies", "died", "no attribute 'casefold'"),
    Planted("dies-on-truncated-picture", "9.1", "dies", "died", "image file is truncated"),
    Planted("closes-on-truncated-picture", "9.1", "drops", "dropped", "closed 1011"),
    Planted("trusts-names", "2.4", "drops", "dropped", "the receiver's handler raised"),
    Planted("reads-short-lengths-only", EVERY, "drops", "dropped", "cut"),
    Planted("limit-of-1-mib", "10.4", "drops", "dropped", "default max_size is 1 MiB"),
    Planted("stops-reading", "2.4", "drops", "dropped", "the receiver stopped reading"),
    Planted("ignores-screenshares", "2.4, 10.4", "loses", "lost", "nothing of this stream"),
    Planted("one-size-only", "2.4, 10.4", "loses", "lost", "is its type, its size"),
    Planted("webcam-gives-way", "2.4, 10.4", "loses", "lost", "same person's other stream did"),
    Planted("loses-first-frames", EVERY, "loses", "lost", "the first frames are missing"),
    Planted("storing-ends", "8.2, 8.3, 9.1, 10.4, 10.5", "loses", "lost", "it said: ValueError"),
    Planted("lets-nobody-back", "4.5", "drops", "unconnected", "did not let it back"),
    Planted("samples-by-time", "10.5, …", "loses", "lost", "sampling by time"),
    Planted("keeps-every-other", EVERY, "loses", "lost", "about every other frame"),
    Planted("exchanges-colours", EVERY, "other", "colours", "have red and blue exchanged"),
]
"""Those for which the verdict of the smoke check is `failed`, exit code 1."""

MORE = [
    Planted("names-folders-after-people", "2.1", "loses", "lost", "leads out of the folder"),
    Planted("loss-ends-meeting", "4.5, 4.6", "loses", "lost", "nothing was kept after a reconnect"),
    Planted("one-link-at-a-time", "4.4, 4.7, 4.12", "drops", "dropped", "closed 1013"),
    Planted("gives-up-reconnects", "4.11", "loses", "lost", "nothing was kept after a reconnect"),
    Planted("drops-fragments", "6.1, 6.2, 6.4", "loses", "lost", "came in 3 websocket frames"),
    Planted("answers-no-ping", PINGED, "other", "no-pong", "none of our pings was ever answered"),
    Planted("answers-pings-with-nothing", PINGED, "other", "no-pong", "none of our pings was"),
    Planted("takes-pings-for-text", "6.3, 6.4", "drops", "dropped", "cut"),
    Planted("reads-long-lengths-only", "6.5", "drops", "dropped", "cut"),
    Planted("checks-no-signature", "7.5, 7.6, 7.7, 7.8", "other", "let-in", "was not signed"),
    Planted("checks-no-timestamp", "7.7, 7.8", "other", "let-in", "ten minutes old"),
    Planted("lets-unsigned-in", "7.5", "other", "let-in", "its handshake was not signed"),
    Planted("knows-one-signature", "7.10", "drops", "refused", "one that is right is enough"),
    Planted("needs-bot", "8.4, 8.5", "drops", "dropped", "closed 1011"),
    Planted("parses-one-time-format", "8.7, 8.9", "drops", "dropped", "closed 1011"),
    Planted("times-always-rise", "8.12, 8.15", "loses", "lost", "bear an earlier time"),
    Planted("duplicates-by-person", "5.5", "loses", "lost", "taken for a duplicate"),
    Planted("named-by-time", "8.15", "loses", "lost", "frames were never seen"),
    Planted("knows-rgb-only", "8.19", "loses", "lost", "as a PNG of the kind grey"),
    Planted("dies-on-bad-json", "9.6, 9.14", "dies", "died", "JSONDecodeError"),
    Planted("dies-on-missing-fields", "9.7, 9.8, 9.9, 9.10, 9.19", "dies", "died", "Error"),
    Planted("closes-on-binary", "9.16", "drops", "dropped", "closed 1003"),
    Planted("limit-of-4-mib", "10.7, 10.8, 10.9", "drops", "dropped", "max_msg_size is 4 MiB"),
    Planted("waits-for-webcam", "1.5", "loses", "lost", "nothing of this stream"),
    Planted("tells-screens-by-size", "3.5, 3.6", "loses", "mixed", "lie among those of another"),
    Planted(
        "one-size-a-stream", "3.4, 3.7, 8.1, 8.21", "loses", "lost", "a stream's size may change"
    ),
]
"""Those that other cases find: these are played, and two in which nothing is wrong."""

BESIDE = ("1.1", "4.3")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

OTHERS = [
    Planted("reads-outer-participant", "", "other", "blind", "it kept none of"),
    Planted("refuses-handshakes", EVERY, "drops", "refused", "has another secret, or signs"),
    Planted("saves-twice", EVERY, "other", "doubled", "are there more often than they were sent"),
]
"""Those for which it is something else: inconclusive, and the last one tolerated."""

PLANTED = [*BUGS, *MORE, *OTHERS]

GOOD = ["clean", "hand-written", "reference"]
"""Those without a bug: two of `planted/receiver`, and the reference receiver."""


class Checked(NamedTuple):
    """What a check came to: exit code, and the object of `--json`."""

    code: int
    object: dict[str, Any]

    def findings(self, kind: str, case: str) -> list[dict[str, Any]]:
        """The findings of a kind; of a case, or of none where it is empty."""
        found = (
            next(row for row in self.object["cases"] if row["number"] == case)["findings"]
            if case
            else self.object["findings"]
        )
        return [finding for finding in found if finding["kind"] == kind]

    def cases(self, verdict: str) -> list[str]:
        """Numbers of the cases with a finding of a severity."""
        return [
            row["number"]
            for row in self.object["cases"]
            if any(finding["severity"] == verdict for finding in row["findings"])
        ]


def run(bug: str, folder: Path, cache: Path, *chosen: str) -> Checked:
    port = free_port()
    receiver = ["recall_receiver"] if bug == "reference" else ["planted.receiver", bug]
    command = [sys.executable, "-m", *receiver, "--port", str(port), "--save", "out"]
    if "--secret" in chosen:
        command += ["--secret", SECRET]
    done = subprocess.run(
        [
            sys.executable, "-m", "recall_simulator", "check", *chosen, "--seed", "1",
            "--url", f"ws://127.0.0.1:{port}/", "--exec", shlex.join(command),
            "--observe", "files:out/**/*.png", "--json", "--quiet",
        ],
        cwd=folder,
        env={**os.environ, "XDG_CACHE_HOME": str(cache), "PYTHONPATH": str(QUALITY)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )  # fmt: skip
    assert done.stdout, done.stderr
    return Checked(done.returncode, json.loads(done.stdout))


Check = Callable[[str], Checked]


@pytest.fixture(scope="session")
def check(tmp_path_factory: pytest.TempPathFactory) -> Check:
    """The smoke check of a planted bug, or the cases that find it."""
    cache = tmp_path_factory.mktemp("cache")

    def checked(bug: str) -> Checked:
        chosen = ["--smoke"]
        for planted in MORE:
            if planted.bug == bug:
                chosen = [f"--only={case}" for case in (*planted.cases.split(", "), *BESIDE)]
                chosen += ["--secret", SECRET] if planted.cases.startswith("7.") else []
        return run(bug, tmp_path_factory.mktemp(bug), cache, *chosen)

    return checked


def name_of(planted: Planted) -> str:
    return planted.bug


def printed(finding: dict[str, Any]) -> str:
    return f"{finding['what']} — {finding['cause']} {' '.join(finding['evidence'])}"


@pytest.mark.slow
@pytest.mark.parametrize("planted", [*BUGS, *MORE], ids=name_of)
def test_a_planted_bug_is_found_where_it_is(planted: Planted, check: Check) -> None:
    checked = check(planted.bug)
    named = [case for case in planted.cases.split(", ") if case != "…"]
    assert (checked.code, checked.object["verdict"]) == (1, "failed")
    found = checked.findings(planted.kind, named[0])
    if planted.kind == "lost":  # what is written over was perhaps seen before
        found += checked.findings("overwritten", named[0])
    assert any(planted.words in printed(finding) for finding in found), checked.object["findings"]
    assert {finding["column"] for finding in found} == {planted.column}
    if "…" in planted.cases:
        assert set(named) <= set(checked.cases("failed"))
    else:
        assert checked.cases("failed") == named, checked.object["findings"]


@pytest.mark.slow
@pytest.mark.parametrize("planted", OTHERS, ids=name_of)
def test_what_is_no_failure_is_said_to_be_something_else(planted: Planted, check: Check) -> None:
    checked = check(planted.bug)
    tolerated = planted.kind == "doubled"
    verdict = "tolerated" if tolerated else "inconclusive"
    assert (checked.code, checked.object["verdict"]) == (0 if tolerated else 3, verdict)
    cases = [case for case in planted.cases.split(", ") if case]
    found = checked.findings(planted.kind, cases[0] if cases else "")
    assert any(planted.words in printed(finding) for finding in found), checked.object["findings"]
    assert {finding["column"] for finding in found} == {planted.column}
    assert checked.cases(verdict) == cases


@pytest.mark.slow
@pytest.mark.parametrize("receiver", GOOD)
def test_a_receiver_without_bugs_passes(receiver: str, check: Check) -> None:
    checked = check(receiver)
    assert (checked.code, checked.object["verdict"]) == (0, "ok"), checked.object["findings"]
    assert checked.object["findings"] == []
    assert checked.object["not_looked_at"] == []


@pytest.mark.slow
def test_who_answers_no_close_frame_is_told_so_apart_from_the_verdict(check: Check) -> None:
    checked = check("answers-no-close")
    assert {case["closing"] for case in checked.object["cases"]} == {"cut"}
    assert {case["verdict"] for case in checked.object["cases"]} == {"ok"}
    clean = check("hand-written")
    assert {case["closing"] for case in clean.object["cases"]} == {"clean"}


@pytest.mark.soak
@pytest.mark.parametrize("turn", range(10))
def test_the_reference_receiver_passes_every_case_every_time(
    turn: int, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cache = tmp_path_factory.getbasetemp() / "cache"
    checked = run("reference", tmp_path, cache, "--secret", SECRET)
    assert (checked.code, checked.object["findings"]) == (0, []), turn
    assert {case["verdict"] for case in checked.object["cases"]} == {"ok"}


@pytest.mark.soak
def test_a_receiver_as_people_write_it_passes_every_case(tmp_path: Path) -> None:
    checked = run("clean", tmp_path, tmp_path / "cache", "--secret", SECRET)
    assert checked.code == 0, checked.object["findings"]
    # It obeys RFC 6455, 8.1, and that is tolerated.
    assert checked.cases("tolerated") == ["9.15"]


def test_the_docs_have_the_table_that_is_tested() -> None:
    rows = re.findall(
        r"^\| `([\w-]+)` \| ([\d., …]*?|all) ?\| (\w+) \| `([\w-]+)` \| (.+) \|$",
        DOCS.read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert [Planted(*row) for row in rows] == [
        planted._replace(cases="all" if planted.cases == EVERY else planted.cases)
        for planted in PLANTED
    ]


def test_every_bug_of_the_receiver_is_tested() -> None:
    assert sorted(planted_receiver.BUGS) == sorted(
        ["clean", "hand-written", "answers-no-close", *(planted.bug for planted in PLANTED)]
    )

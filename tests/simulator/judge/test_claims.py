"""What the receiver says of itself: counts, and lines that name a frame."""

import msgspec
import pytest
from tests.simulator.judge.invented import ADA, judge, run, summary

from recall_simulator.record.events import BotStarted, EngineEvent
from recall_simulator.record.observations import Claim, Observation, Sighting
from recall_simulator.record.streams import StreamKey


@pytest.mark.parametrize(
    ("counted", "kinds"), [(10, []), (9, ["miscounted"]), (11, ["miscounted"]), (0, ["miscounted"])]
)
def test_the_receivers_own_counts(counted: int, kinds: list[str]) -> None:
    claim = Claim(observer="http:x", at=9.0, stream=StreamKey("r", 100, "webcam"), frames=counted)
    early = Claim(observer="http:x", at=1.0, stream=claim.stream, frames=1)
    verdict = judge(run(ADA), [early, claim])
    assert [finding.kind for finding in verdict.findings] == kinds
    assert "the receiver's own counts" in verdict.looked_at
    assert "which frames were kept, and where" in verdict.not_looked_at


def meetings(*recordings: str) -> list[EngineEvent]:
    """Runs of the same meeting, one after the other: the same frames at the same times."""
    events: list[EngineEvent] = []
    for number, recording in enumerate(recordings):
        bot = BotStarted(scenario=recording, bot="b", number=number, recording=recording, ends_at=9)
        events.append(bot)
        events += [
            msgspec.structs.replace(sent, recording=recording, written=100 * number + sent.written)
            for sent in ADA
        ]
    return events


def count(recording: str, frames: int) -> Claim:
    return Claim(
        observer="stdout:x", at=9.0, stream=StreamKey(recording, 100, "webcam"), frames=frames
    )


def test_counts_without_a_recording_are_those_of_the_only_meeting() -> None:
    assert judge(run(ADA), [count("", 10)]).findings == []
    verdict = judge(run(ADA), [count("", 9)])
    assert summary(verdict) == [("miscounted", "failed", 1)]
    assert verdict.findings[0].what.endswith("the receiver counted 9 frames, and got 10")


def test_counts_without_a_recording_prove_nothing_of_several_meetings_unless_they_add_up() -> None:
    assert judge(meetings("r", "q"), [count("", 20)]).findings == []
    verdict = judge(meetings("r", "q"), [count("", 10)])
    assert summary(verdict) == [("miscounted", "inconclusive", 10)]
    assert "let it say the recording" in verdict.findings[0].cause
    assert judge(meetings("r", "q"), [count("r", 10), count("q", 10)]).findings == []


def test_counts_of_other_recordings_are_no_counts() -> None:
    assert summary(judge(run(ADA), [count("zz", 10)])) == [("blind", "inconclusive", 1)]


def said(at: float, relative: float, observer: str = "stdout:x") -> Sighting:
    return Sighting(
        observer=observer, where=f"{at}", at=at, participant=100, type="webcam", relative=relative
    )


def test_what_is_said_without_a_recording_is_of_the_meeting_that_is_played() -> None:
    events = meetings("r", "q")
    lines = [said(start + sent.written, sent.relative) for start in (0, 100) for sent in ADA]
    assert judge(events, lines).findings == []
    verdict = judge(events, lines[:4] + lines[5:])
    assert summary(verdict) == [("ambiguous", "note", 1), ("lost", "failed", 1)]
    assert verdict.findings[-1].scenario == "r"


def test_what_is_said_at_the_end_without_a_recording_is_counted_at_least() -> None:
    lines = [said(999.0, sent.relative, "command:x") for _ in "rq" for sent in ADA]
    assert summary(judge(meetings("r", "q"), lines)) == [("ambiguous", "note", 10)]
    assert [f.kind for f in judge(meetings("r", "q"), lines[1:]).findings][-1] == "lost"


def test_a_time_may_be_printed_with_two_digits() -> None:
    events = [msgspec.structs.replace(sent, relative=sent.relative + 0.1234) for sent in ADA]
    lines = [said(99.0, round(sent.relative, 2)) for sent in events]
    assert judge(run(events), lines).findings == []
    lines = [said(99.0, round(sent.relative, 1)) for sent in events]
    assert summary(judge(run(events), lines)) == [("blind", "inconclusive", 10)]


def test_what_a_receiver_says_of_itself_is_matched_by_stream_and_number_or_time() -> None:
    def says(recording: str, sequence: int = -1, relative: float | None = None) -> Sighting:
        return Sighting(
            observer="stdout:x", where="line", at=99.0, recording=recording, participant=100,
            type="webcam", sequence=sequence, relative=relative,
        )  # fmt: skip

    said: list[Observation] = [says("r", n) for n in range(5)]
    said += [says("", relative=n / 2) for n in range(5, 10)]
    said.append(says("another", 3))
    verdict = judge(run(ADA), said)
    assert summary(verdict) == [("strangers", "note", 1)]
    assert verdict.streams[0].seen == 10

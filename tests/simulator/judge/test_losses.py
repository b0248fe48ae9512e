"""Frames that are missing: how many, and the cause that their pattern names."""

from collections.abc import Iterable
from typing import get_args

import msgspec
import pytest
from tests.simulator.judge.invented import (
    ADA,
    BO,
    OBSERVER,
    ending_in,
    frame,
    judge,
    run,
    saw,
    summary,
)

from recall_simulator.record import outcomes
from recall_simulator.record.events import AttemptEnded, BotStarted, EngineEvent
from recall_simulator.record.observations import ObserverTrouble, Sighting
from recall_simulator.record.outcomes import Outcome
from recall_simulator.record.streams import StreamType


def test_all_seen_is_ok_with_latencies() -> None:
    verdict = judge(run([*ADA, *BO]), [saw(sent) for sent in [*ADA, *BO]])
    assert (verdict.verdict, verdict.findings) == ("ok", [])
    assert [(s.participant, s.expected, s.seen, s.lost) for s in verdict.streams] == [
        (100, 10, 10, 0), (200, 10, 10, 0),
    ]  # fmt: skip
    assert verdict.streams[0].late_p50 == verdict.streams[0].late_p99 == 0.5
    assert "which frames were kept, and where" in verdict.looked_at


def test_frames_never_seen_are_lost() -> None:
    verdict = judge(run(ADA), [saw(sent) for sent in ADA if sent.sequence not in (3, 4)])
    assert verdict.verdict == "failed"
    (finding,) = verdict.findings
    assert (finding.kind, finding.column, finding.count) == ("lost", "loses", 2)
    assert finding.evidence == ["frames 3, 4, due from 1.5 s to 2.0 s"]


@pytest.mark.parametrize(
    ("kept", "words"),
    [
        (range(0, 10, 2), "about every other frame is missing: sampling by time"),
        ((0, 1, 2, 4, 5, 7, 9), "here and there: sampling by time"),
        ((0, 1, 2, 4, 5, 6, 8, 9), "busy"),
        (range(7), "the last frames are missing, and none of 200/webcam"),
        (range(1, 10), "the first frames are missing, and all after them are there"),
        (range(6, 10), "the first frames are missing, and all after them are there"),
        ((0, 1, 3, 4, 5, 6, 7, 8, 9), "busy"),
        ((0, 1, 7, 8, 9), "busy"),  # half of them, and one after the other
    ],
)
def test_the_pattern_of_a_loss_names_its_usual_cause(kept: Iterable[int], words: str) -> None:
    verdict = judge(run([*ADA, *BO]), [*map(saw, BO), *(saw(ADA[number]) for number in kept)])
    assert words in verdict.findings[0].cause


def test_one_frame_in_four_is_no_sampling_by_time() -> None:
    sent = [frame(n) for n in range(16)]
    seen = [saw(one) for one in sent if one.sequence % 4 != 2]
    verdict = judge(run([*sent, *BO]), [*seen, *map(saw, BO)])
    assert verdict.findings[0].cause.startswith("one frame in 4 is missing")


def test_frames_that_go_with_a_broken_one_before_them_are_laid_to_that() -> None:
    sent = [
        msgspec.structs.replace(
            frame(n, expect="must accept" if n % 4 else "must survive"),
            oddity="" if n % 4 else "with a broken picture",
        )
        for n in range(12)
    ]
    seen = [saw(one) for one in sent if one.sequence % 4 > 1]
    verdict = judge(run([*sent, *BO]), [*seen, *map(saw, BO)])
    (lost,) = verdict.findings
    assert lost.evidence == ["frames 1, 5, 9, due from 0.5 s to 4.5 s"]
    assert "right after one that may be thrown away, with a broken picture" in lost.cause


def test_the_last_frames_are_missing_though_one_of_them_need_not_be_kept() -> None:
    sent = [frame(n, expect="must survive" if n == 4 else "must accept") for n in range(10)]
    verdict = judge(run([*sent, *BO]), [*map(saw, BO), *map(saw, sent[:2])])
    assert summary(verdict) == [("lost", "failed", 7)]
    assert "the last frames are missing" in verdict.findings[0].cause


@pytest.mark.parametrize("outcome", [outcomes.closed(1000, ""), outcomes.stalled(10.0, 5)])
@pytest.mark.parametrize("kept", [range(3), ()])
def test_what_was_lost_with_a_link_that_the_receiver_spoilt_is_laid_to_that(
    kept: Iterable[int], outcome: Outcome
) -> None:
    second = [frame(n, attempt=2) for n in range(10, 20)]
    events = ending_in(outcome, run([*ADA, *BO], second))
    observations = [*map(saw, BO), *map(saw, second), *(saw(ADA[number]) for number in kept)]
    lost = next(found for found in judge(events, observations).findings if found.kind == "lost")
    assert "the connection ended by the receiver's doing" in lost.cause
    elsewhere = [*map(saw, BO), *map(saw, ADA[::2]), *map(saw, second[::2])]
    lost = next(found for found in judge(events, elsewhere).findings if found.kind == "lost")
    assert "sampling by time" in lost.cause
    before = [*map(saw, BO), *map(saw, ADA[3:]), *map(saw, second)]
    lost = next(found for found in judge(events, before).findings if found.kind == "lost")
    assert "the first frames are missing" in lost.cause


def test_a_stream_of_which_nothing_was_kept() -> None:
    share = [frame(n, 100, "screenshare") for n in range(5)]
    verdict = judge(run([*ADA, *share]), [saw(sent) for sent in ADA])
    assert summary(verdict) == [("lost", "failed", 5)]
    assert "is its type" in verdict.findings[0].cause
    assert "taken for a duplicate" in verdict.findings[0].cause
    later = [msgspec.structs.replace(sent, at=sent.at + 0.1) for sent in share]
    verdict = judge(run([*ADA, *later]), [saw(sent) for sent in ADA])
    assert "is its type" in verdict.findings[0].cause
    assert "duplicate" not in verdict.findings[0].cause


def test_a_meeting_of_which_nothing_was_kept_is_not_laid_to_what_its_streams_are() -> None:
    other = {"scenario": "t", "bot": "c", "recording": "q"}
    late = [msgspec.structs.replace(sent, **other) for sent in [*ADA, *BO]]
    begins = BotStarted(scenario="t", bot="c", number=1, recording="q", ends_at=99.0)
    verdict = judge([*run([*ADA, *BO]), begins, *late], [saw(sent) for sent in [*ADA, *BO]])
    assert summary(verdict) == [("lost", "failed", 10)] * 2
    assert all("has what stores the frames ended" in found.cause for found in verdict.findings)
    verdict = judge([*run([*ADA, *BO]), begins, *late], [saw(sent) for sent in ADA])
    assert "is its type" in verdict.findings[0].cause


@pytest.mark.parametrize("end", [14, 20])
def test_a_webcam_that_is_passed_over_while_its_person_shares(end: int) -> None:
    webcam, share = ([frame(n, type=kind) for n in range(20)] for kind in get_args(StreamType))
    share = share[6:end]
    kept = [sent for sent in webcam if not 6 <= sent.sequence < end]
    verdict = judge(run([*webcam, *share]), [saw(sent) for sent in [*kept, *share]])
    assert "while the same person's other stream did" in verdict.findings[0].cause
    verdict = judge(run([*webcam, *share]), [saw(sent) for sent in [*kept, webcam[8], *share]])
    assert "other stream did" not in verdict.findings[0].cause


def test_the_last_frames_of_each_connection_were_in_a_queue() -> None:
    second = [frame(n, attempt=2) for n in range(10, 20)]
    kept = [saw(sent) for sent in [*ADA[:9], *second[:8]]]
    assert "before a connection ended" in judge(run(ADA, second), kept).findings[0].cause
    verdict = judge(run(ADA, second), [*kept[:4], *kept[5:]])
    assert "before a connection ended" not in verdict.findings[0].cause


def test_the_last_frames_of_all_streams_were_in_a_queue() -> None:
    verdict = judge(run([*ADA, *BO]), [saw(sent) for sent in [*ADA[:7], *BO[:6]]])
    assert all("still in a queue" in finding.cause for finding in verdict.findings)


def test_a_leg_of_which_nothing_was_kept() -> None:
    second = [frame(n, attempt=2) for n in range(10, 20)]
    seen = [saw(sent) for sent in ADA]
    for outcome, words in (
        (outcomes.PLANNED_OVERLAP, "the late close of the old connection"),
        (outcomes.PLANNED_CUT, "after a reconnect: the end of the old connection"),
        (outcomes.closed(1000, ""), "a connection had ended by the receiver's doing"),
    ):
        verdict = judge(ending_in(outcome, run(ADA, second)), seen)
        lost = verdict.findings[-1]
        assert (lost.kind, lost.severity, lost.count) == ("lost", "failed", 10)
        assert words in lost.cause
    verdict = judge(run(ADA, second), [saw(sent) for sent in second])
    assert "nothing was kept of an earlier connection" in verdict.findings[0].cause
    third = [frame(n, attempt=3) for n in range(20, 30)]
    verdict = judge(run(ADA, second, third), [saw(sent) for sent in [*ADA, *third]])
    assert "nothing was kept of an earlier connection" in verdict.findings[0].cause


@pytest.mark.parametrize(
    ("kept", "outcome", "words"),
    [
        (12, outcomes.PLANNED_OVERLAP, "the late close of the old connection ended the meeting"),
        (17, outcomes.PLANNED_OVERLAP, "the last frames are missing"),
        (12, outcomes.PLANNED_CUT, "the last frames are missing"),
    ],
)
def test_what_ends_soon_after_a_late_close_was_ended_by_it(
    kept: int, outcome: Outcome, words: str
) -> None:
    second = [frame(n, attempt=2) for n in range(10, 20)]
    events = ending_in(outcome, run(ADA, second))
    verdict = judge(events, [saw(sent) for sent in [*ADA, *second] if sent.sequence < kept])
    assert words in verdict.findings[0].cause


def test_frames_in_doubt_are_neither_demanded_nor_forbidden() -> None:
    second = [frame(n, attempt=2) for n in range(10, 12)]
    events = run(ADA, second, in_doubt=3)
    for kept in (range(7), range(10)):
        verdict = judge(events, [*(saw(ADA[n]) for n in kept), *map(saw, second)])
        assert verdict.verdict == "ok"
        assert (verdict.streams[0].expected, verdict.streams[0].in_doubt) == (9, 3)
    verdict = judge(events, [*(saw(ADA[n]) for n in range(6)), *map(saw, second)])
    assert summary(verdict) == [("lost", "failed", 1)]


def test_frames_that_never_left_are_neither_in_doubt_nor_demanded() -> None:
    second = [frame(n, attempt=2) for n in range(10, 12)]
    events = run(ADA, second, in_doubt=1, unsent=2)
    for kept in (range(7), range(8)):
        verdict = judge(events, [*(saw(ADA[n]) for n in kept), *map(saw, second)])
        assert verdict.verdict == "ok"
        assert (verdict.streams[0].expected, verdict.streams[0].in_doubt) == (9, 1)
    verdict = judge(events, [*(saw(ADA[n]) for n in range(6)), *map(saw, second)])
    assert summary(verdict) == [("lost", "failed", 1)]


def test_a_frame_sent_again_is_in_doubt_no_more() -> None:
    again = [frame(9, attempt=2)]
    verdict = judge(run(ADA, again, in_doubt=1), [saw(sent) for sent in ADA[:9]])
    assert summary(verdict) == [("lost", "failed", 1)]


@pytest.mark.parametrize("left", [{"in_doubt": 1}, {"unsent": 1}])
def test_a_frame_that_was_delivered_is_demanded_though_a_copy_of_it_is_in_doubt(
    left: dict[str, int],
) -> None:
    again, rest = [frame(9, attempt=2)], [frame(10, attempt=3)]
    events = run(ADA, again, rest, **left)
    first_cut = next(event for event in events if isinstance(event, AttemptEnded))
    events[events.index(first_cut)] = msgspec.structs.replace(first_cut, in_doubt=0, unsent=0)
    verdict = judge(events, [*map(saw, ADA[:9]), saw(rest[0])])
    assert summary(verdict) == [("lost", "failed", 1)]
    assert verdict.streams[0].in_doubt == 0


def test_a_copy_that_never_left_takes_no_doubt_from_one_that_may_have() -> None:
    rest = [frame(10, attempt=2)]
    events = run([*ADA, ADA[9]], rest, in_doubt=1, unsent=1)
    verdict = judge(events, [*map(saw, ADA[:9]), *map(saw, rest)])
    assert (verdict.verdict, verdict.streams[0].in_doubt) == ("ok", 1)
    assert verdict.timelines[0].fates == [("kept", 9), ("in doubt", 1), ("kept", 1)]


def test_damaged_frames_need_not_be_seen() -> None:
    damaged = frame(10, expect="must survive")
    assert judge(run([*ADA, damaged]), [saw(sent) for sent in ADA]).verdict == "ok"


def cut_at_close(events: list[EngineEvent], *, in_doubt: int) -> list[EngineEvent]:
    """The same run with a receiver that cut the last link when it was to be closed."""
    outcome = msgspec.structs.replace(outcomes.COMPLETED, detail=outcomes.CUT_AT_CLOSE.detail)
    return [
        msgspec.structs.replace(event, outcome=outcome, in_doubt=in_doubt)
        if isinstance(event, AttemptEnded)
        else event
        for event in events
    ]


def test_who_cuts_at_the_close_with_frames_unread_has_dropped_the_connection() -> None:
    events = cut_at_close(run(ADA), in_doubt=4)
    assert judge(events, [*map(saw, ADA)]).verdict == "ok"
    verdict = judge(events, [*map(saw, ADA[:6])])
    (finding,) = verdict.findings
    assert (verdict.verdict, finding.kind, finding.column) == ("failed", "dropped", "drops")
    assert "4 frames before it were never seen" in finding.what
    assert finding.evidence == ["100/webcam: frames 6, 7, 8, 9, due from 3.0 s to 4.5 s"]
    again = cut_at_close(run([*ADA, ADA[3]]), in_doubt=1)
    (lost,) = judge(again, [saw(sent) for sent in ADA if sent.sequence != 3]).findings
    assert (lost.kind, lost.column) == ("lost", "loses")
    watched = saw(ADA[0]).observer
    trouble = ObserverTrouble(observer=watched, at=0.0, trouble="t", severity="partial")
    assert summary(judge(events, [*map(saw, ADA[:6]), trouble])) == [("partial", "note", 1)]


def test_frames_that_stand_in_for_others_were_in_a_buffer_that_they_shared() -> None:
    twice = [saw(ADA[number], where=f"{number}.png") for number in (3, 7, 7)]
    kept = [saw(sent) for sent in ADA if sent.sequence not in (2, 5, 6)]
    lost, doubled = judge(run(ADA), [*kept, *twice]).findings
    assert (lost.kind, lost.count) == ("lost", 3)
    assert "is one buffer filled anew before it is written?" in lost.cause
    assert doubled.kind == "doubled"
    once = judge(run(ADA), [*kept, twice[0]]).findings[0]
    assert "buffer" not in once.cause
    nowhere = Sighting(observer=OBSERVER, where="torn.png", at=1.0)
    torn = judge(run([*ADA, *BO]), [*kept, *twice, nowhere, *map(saw, BO[:9])])
    assert [finding.count for finding in torn.findings if "buffer" in finding.cause] == [3, 1]


def test_frames_that_files_without_a_mark_may_be_were_spoilt() -> None:
    spoilt = Sighting(observer=OBSERVER, where="4.png", at=1.0)
    lost = judge(run(ADA), [*(saw(sent) for sent in ADA if sent.sequence != 3), spoilt]).findings
    strangers = next(finding for finding in lost if finding.kind == "strangers")
    assert strangers.evidence == ["4.png"]
    assert "are files written in part" in lost[-1].cause
    lost = judge(run(ADA), [*map(saw, ADA[:7]), spoilt]).findings
    assert "are files written in part" not in lost[-1].cause


def test_small_pictures_of_a_receivers_own_are_no_spoilt_frames() -> None:
    def made(width: int, height: int) -> list[Sighting]:
        return [
            Sighting(observer=OBSERVER, where=f"{n}.small.png", at=1.0, width=width, height=height)
            for n in range(0, 10, 2)
        ]

    kept = [saw(sent) for sent in ADA[::2]]
    assert "every other frame" in judge(run(ADA), [*kept, *made(96, 72)]).findings[-1].cause
    assert "written in part" in judge(run(ADA), [*kept, *made(480, 360)]).findings[-1].cause


@pytest.mark.parametrize("late", [[4, 2, 7], [1, 5, 8]])
def test_frames_whose_times_go_back_may_have_been_thrown_away(late: list[int]) -> None:
    order = [sent for sent in ADA if sent.sequence not in late] + [ADA[n] for n in sorted(late)]
    finding = judge(run(order), [saw(sent) for sent in ADA if sent.sequence not in late[:3]])
    assert "all that are missing bear an earlier time" in finding.findings[0].cause
    kept = judge(run(order), [saw(sent) for sent in ADA if sent.sequence not in late[:2]])
    assert "earlier time" not in kept.findings[0].cause


def test_one_frame_is_not_spoken_of_as_many() -> None:
    verdict = judge(run(ADA), [*map(saw, ADA[1:]), saw(ADA[4], where="again")])
    assert [finding.what for finding in verdict.findings] == [
        "100/webcam: 1 of 10 frames was never seen",
        "100/webcam: 1 frame is there more often than it was sent",
    ]

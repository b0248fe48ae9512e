"""What became of every frame: fates, incidents, latencies, from events made by hand."""

import msgspec
import pytest
from tests.simulator.judge.invented import WHO, begun, frame, gone, judge, saw

from recall_simulator.record import outcomes
from recall_simulator.record.events import (
    AttemptEnded,
    BotEnded,
    FrameDropped,
    FrameSent,
    LinkOpened,
)
from recall_simulator.record.observations import ObserverTrouble
from recall_simulator.record.outcomes import Outcome
from recall_simulator.record.timelines import BUCKETS, Leg


def missed(number: int, participant: int = 100) -> FrameDropped:
    return FrameDropped(
        **WHO, at=number / 2, recording="r", participant=participant, type="webcam",
        sequence=number, name=None, reason="outage",
    )  # fmt: skip


def opened(attempt: int, at: float) -> LinkOpened:
    return LinkOpened(**WHO, attempt=attempt, at=at)


def ended(
    attempt: int, at: float, outcome: Outcome = outcomes.COMPLETED, in_doubt: int = 0
) -> AttemptEnded:
    return AttemptEnded(**WHO, attempt=attempt, at=at, outcome=outcome, in_doubt=in_doubt)


CUT_ONCE = [
    *begun(),
    opened(1, 0.0),
    *(frame(n) for n in range(6)),
    ended(1, 2.6, outcomes.PLANNED_CUT, in_doubt=2),
    missed(6),
    missed(7),
    opened(2, 5.6),
    *(frame(n, attempt=2) for n in range(12, 16)),
    ended(2, 9.0),
]


def test_every_frame_has_a_fate_in_the_order_of_time() -> None:
    sent = [event for event in CUT_ONCE if isinstance(event, FrameSent)]
    overwritten = saw(sent[1])
    verdict = judge(
        CUT_ONCE,
        [
            saw(sent[0]), overwritten, gone(overwritten),
            saw(sent[2]), saw(sent[2], where="again", delay=0.7), *map(saw, sent[7:]),
        ],
    )  # fmt: skip
    (timeline,) = verdict.timelines
    assert timeline.fates == [
        ("kept", 1), ("overwritten", 1), ("doubled", 1), ("lost", 1), ("in doubt", 2),
        ("missed", 2), ("lost", 1), ("kept", 3),
    ]  # fmt: skip
    assert timeline.at == [0, 500, 1000, 1500, 2000, 2500, 3000, 3500, 6000, 6500, 7000, 7500]
    (incident,) = verdict.incidents
    assert (incident.number, incident.what, incident.planned) == (1, "planned cut", True)
    assert (incident.lost_at, incident.back_at, incident.outage) == (2.6, 5.6, 3.0)
    assert incident.before == Leg(sent=6, kept=2, in_doubt=2, lost=2)
    assert incident.missed == 2
    assert incident.after == Leg(sent=4, kept=3, lost=1)


def test_frames_in_doubt_that_are_there_are_kept_and_damaged_ones_are_excused() -> None:
    damaged = frame(2, expect="must survive")
    events = [
        *begun(), opened(1, 0.0), frame(0), frame(1), damaged,
        ended(1, 2.0, outcomes.cut("reset"), in_doubt=1),
    ]  # fmt: skip
    verdict = judge(events, [saw(frame(0))])
    assert verdict.timelines[0].fates == [("kept", 1), ("lost", 1), ("in doubt", 1)]
    verdict = judge([*events[:-1], ended(1, 2.0)], [saw(frame(0)), saw(frame(1))])
    assert verdict.timelines[0].fates == [("kept", 2), ("excused", 1)]
    seen = saw(damaged)
    verdict = judge([*events[:-1], ended(1, 2.0)], [saw(frame(0)), seen, gone(seen)])
    assert verdict.timelines[0].fates == [("kept", 1), ("lost", 1), ("excused", 1)]


@pytest.mark.parametrize("outcome", [outcomes.COMPLETED, outcomes.INTERRUPTED])
def test_the_end_of_a_meeting_is_no_incident(outcome: Outcome) -> None:
    assert judge([*begun(), opened(1, 0.0), frame(0), ended(1, 1.0, outcome)]).incidents == []


def test_a_link_that_never_comes_back_has_an_incident_without_an_end() -> None:
    refused = Outcome("refused", "unreachable", opened=False)
    events = [
        *begun(), opened(1, 0.0), frame(0), ended(1, 1.0, outcomes.closed(1011, "")), missed(3),
        missed(5, 200), ended(2, 4.0, refused), BotEnded(**WHO, at=9.0, reason="unconnected"),
    ]  # fmt: skip
    ada, bo = judge(events).incidents
    assert (ada.what, ada.planned, ada.back_at, ada.outage) == ("closed 1011", False, None, None)
    assert (ada.before, ada.missed, ada.after) == (Leg(sent=1, excused=1), 1, Leg())
    assert (bo.participant, bo.before.sent, bo.missed) == (200, 0, 1)


def test_each_loss_is_an_incident_of_the_streams_that_it_touched() -> None:
    events = [
        *begun(), opened(1, 0.0), frame(0), ended(1, 1.0, outcomes.PLANNED_CUT),
        opened(2, 4.0), frame(8, attempt=2), ended(2, 5.0, outcomes.PLANNED_OVERLAP),
        opened(3, 5.1), frame(11, 200, attempt=3), ended(3, 9.0),
    ]  # fmt: skip
    found = [
        (i.number, i.participant, i.before.sent, i.after.sent) for i in judge(events).incidents
    ]
    assert found == [(1, 100, 1, 1), (2, 100, 1, 0), (2, 200, 0, 1)]


def test_a_frame_that_is_sent_again_belongs_to_the_link_that_it_went_over_first() -> None:
    events = [
        *begun(), opened(1, 0.0), frame(0), frame(1), ended(1, 1.0, outcomes.PLANNED_CUT),
        opened(2, 4.0), frame(1, attempt=2), frame(8, attempt=2), ended(2, 9.0),
    ]  # fmt: skip
    (incident,) = judge(events).incidents
    assert (incident.before.sent, incident.after.sent) == (2, 1)


def test_what_is_missed_after_a_link_is_back_is_none_of_that_incident() -> None:
    events = [
        *begun(), opened(1, 0.0), frame(0), ended(1, 1.0, outcomes.PLANNED_CUT), missed(6),
        opened(2, 4.0), frame(8, attempt=2), ended(2, 5.0, outcomes.PLANNED_CUT), missed(12),
        missed(14), opened(3, 8.0), frame(16, attempt=3), ended(3, 9.0),
    ]  # fmt: skip
    assert [incident.missed for incident in judge(events).incidents] == [1, 2]


def test_where_nobody_looked_or_samples_were_taken_nothing_is_called_lost() -> None:
    assert judge(CUT_ONCE).timelines[0].fates[0] == ("unseen", 4)
    samples = ObserverTrouble(observer="http:x", at=0.0, trouble="samples", severity="partial")
    verdict = judge(CUT_ONCE, [samples, msgspec.structs.replace(saw(frame(0)), observer="http:x")])
    assert verdict.timelines[0].fates[:2] == [("kept", 1), ("unseen", 3)]
    assert judge(CUT_ONCE).latencies == []


def test_frames_that_never_left_are_missed_and_those_that_nobody_can_tell_are_unseen() -> None:
    end = ended(1, 2.0, outcomes.PLANNED_CUT)
    end = msgspec.structs.replace(end, in_doubt=1, unsent=2)
    small = [msgspec.structs.replace(frame(n, 200), width=1, height=1) for n in range(2)]
    events = [
        *begun(), opened(1, 0.0), *small, *(frame(n) for n in range(5)), end, opened(2, 5.0),
        frame(10, attempt=2), ended(2, 9.0),
    ]  # fmt: skip
    verdict = judge(events, [saw(frame(0)), saw(frame(1)), saw(frame(10))])
    assert {timeline.participant: timeline.fates for timeline in verdict.timelines} == {
        100: [("kept", 2), ("in doubt", 1), ("missed", 2), ("kept", 1)], 200: [("unseen", 2)],
    }  # fmt: skip
    ada = next(row for row in verdict.incidents if row.participant == 100)
    assert (ada.before, ada.missed) == (Leg(sent=3, kept=2, in_doubt=1), 2)


def test_frames_filed_with_another_stream_are_misplaced() -> None:
    ada, bo = [frame(n) for n in range(3)], [frame(n, 200) for n in range(3)]
    seen = [saw(sent, place="ada") for sent in [*ada, bo[0]]]
    seen += [saw(sent, place="bo") for sent in bo[1:]]
    verdict = judge([*begun(), opened(1, 0.0), *ada, *bo, ended(1, 9.0)], seen)
    assert [timeline.fates for timeline in verdict.timelines] == [
        [("kept", 3)], [("misplaced", 1), ("kept", 2)],
    ]  # fmt: skip


def test_latencies_are_counted_in_buckets() -> None:
    sent = [frame(n) for n in range(4)]
    seen = [
        saw(one, delay=delay) for one, delay in zip(sent, (0.001, 0.0011, 0.3, 99), strict=True)
    ]
    (latency,) = judge([*begun(), opened(1, 0.0), *sent, ended(1, 9.0)], seen).latencies
    assert latency.counts == [1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1]
    assert len(latency.counts) == len(BUCKETS) + 1
    assert (latency.scenario, latency.worst) == ("s", 99.0)
    assert latency.p50 == pytest.approx(0.3)


def test_the_slowest_hundredth_is_told_of_scenarios_and_of_streams() -> None:
    sent = [frame(n) for n in range(200)]
    seen = [saw(one, delay=0.1 + (one.sequence >= 190)) for one in sent]
    seen[199] = saw(sent[199], delay=7.0)
    verdict = judge([*begun(), opened(1, 0.0), *sent, ended(1, 99.0)], seen)
    (latency,), (stream,) = verdict.latencies, verdict.streams
    assert [latency.p50, latency.p99] == pytest.approx([0.1, 1.1])
    assert [stream.late_p50, stream.late_p99] == pytest.approx([0.1, 1.1])
    assert latency.worst == pytest.approx(7.0)


def test_frames_that_were_not_kept_have_no_timeline() -> None:
    verdict = judge(CUT_ONCE, frames=False)
    assert (verdict.timelines, verdict.incidents) == ([], [])

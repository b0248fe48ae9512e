"""What became of the frames: every way of losing them, from observations made by hand."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import pytest

from recall_simulator.judge import Evidence
from recall_simulator.judge import judge as judge_evidence
from recall_simulator.record import outcomes
from recall_simulator.record.events import (
    AttemptEnded,
    BotEnded,
    BotStarted,
    EngineEvent,
    FrameDropped,
    FrameSent,
    LinkOpened,
    RunStarted,
)
from recall_simulator.record.findings import Verdict
from recall_simulator.record.observations import (
    Claim,
    Gone,
    Observation,
    ObserverTrouble,
    ProcessEnded,
    ProcessSample,
    Sighting,
)
from recall_simulator.record.outcomes import Outcome
from recall_simulator.record.streams import Expectation, StreamKey, StreamType

RUN = "0badcafe"
OBSERVER = "files:*.png"


def judge(events: Iterable[EngineEvent], observations: Sequence[Observation] = ()) -> Verdict:
    evidence = Evidence(frames=True)
    for event in events:
        evidence(event)
    return judge_evidence(evidence, observations)


WHO: dict[str, Any] = {"scenario": "s", "bot": "b"}


def frame(
    number: int,
    participant: int = 100,
    type: StreamType = "webcam",
    attempt: int = 1,
    expect: Expectation = "must accept",
) -> FrameSent:
    return FrameSent(
        **WHO, attempt=attempt, at=number / 2, recording="r", participant=participant, type=type,
        sequence=number, relative=number / 2, name=None, width=480, height=360, length=1,
        message_bytes=1, sha256=f"{participant}{type}{number}", expect=expect,
        written=float(number), lag=0.0, stall=0.0,
    )  # fmt: skip


def run(*legs: Iterable[FrameSent], in_doubt: int = 0, unsent: int = 0) -> list[EngineEvent]:
    """A run whose links were cut between the legs, with so many frames in doubt at each cut."""
    events: list[EngineEvent] = [
        RunStarted(run_id=RUN, seed=1, start_time="", url="ws://h/", scenarios=["s"], speed="max"),
        BotStarted(**WHO, number=0, recording="r", ends_at=99.0),
    ]
    for attempt, leg in enumerate(legs, start=1):
        last = attempt == len(legs)
        events.append(LinkOpened(**WHO, attempt=attempt, at=0.0))
        events += leg
        outcome = outcomes.COMPLETED if last else outcomes.PLANNED_CUT
        events.append(
            AttemptEnded(
                **WHO,
                attempt=attempt,
                at=0.0,
                outcome=outcome,
                in_doubt=0 if last else in_doubt,
                unsent=0 if last else unsent,
            )
        )
    return [*events, BotEnded(**WHO, at=99.0, reason="finished")]


def ending_in(outcome: Outcome, events: list[EngineEvent]) -> list[EngineEvent]:
    """The same run, whose first link ended so."""
    return [
        msgspec.structs.replace(event, outcome=outcome)
        if isinstance(event, AttemptEnded) and event.attempt == 1
        else event
        for event in events
    ]


def saw(
    sent: FrameSent, *, place: str | None = None, where: str = "", delay: float = 0.5
) -> Sighting:
    name = f"{sent.participant}-{sent.type}"
    return Sighting(
        observer=OBSERVER, where=where or f"{name}-{sent.sequence}.png",
        at=sent.written + delay, run_id=RUN, participant=sent.participant, type=sent.type,
        sequence=sent.sequence, place=name if place is None else place,
    )  # fmt: skip


def summary(verdict: Verdict) -> list[tuple[str, str, int]]:
    return [(f.kind, f.severity, f.count) for f in verdict.findings]


ADA = [frame(n) for n in range(10)]
BO = [frame(n, 200) for n in range(10)]


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
    assert finding.evidence == ["frames 3, 4"]


@pytest.mark.parametrize(
    ("kept", "words"),
    [
        (range(0, 10, 2), "about every other frame is missing: sampling by time"),
        ((0, 1, 2, 4, 5, 7, 9), "here and there: sampling by time"),
        ((0, 1, 2, 4, 5, 6, 8, 9), "busy"),
        (range(7), "the last frames are missing"),
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
    assert lost.evidence == ["frames 1, 5, 9"]
    assert "right after one that may be thrown away, with a broken picture" in lost.cause


def test_the_last_frames_are_missing_though_one_of_them_need_not_be_kept() -> None:
    sent = [frame(n, expect="must survive" if n == 4 else "must accept") for n in range(10)]
    verdict = judge(run([*sent, *BO]), [*map(saw, BO), *map(saw, sent[:2])])
    assert summary(verdict) == [("lost", "failed", 7)]
    assert "the last frames are missing" in verdict.findings[0].cause


@pytest.mark.parametrize("kept", [range(3), ()])
def test_what_was_lost_where_the_receiver_hung_up_is_laid_to_that(kept: Iterable[int]) -> None:
    second = [frame(n, attempt=2) for n in range(10, 20)]
    hung_up = Outcome("closed 1000", "receiver", opened=True)
    events = ending_in(hung_up, run([*ADA, *BO], second))
    observations = [*map(saw, BO), *map(saw, second), *(saw(ADA[number]) for number in kept)]
    lost = next(found for found in judge(events, observations).findings if found.kind == "lost")
    assert "the receiver ended the connection itself" in lost.cause
    elsewhere = [*map(saw, BO), *map(saw, ADA[::2]), *map(saw, second[::2])]
    lost = next(found for found in judge(events, elsewhere).findings if found.kind == "lost")
    assert "sampling by time" in lost.cause


def test_a_stream_of_which_nothing_was_kept() -> None:
    share = [frame(n, 100, "screenshare") for n in range(5)]
    verdict = judge(run([*ADA, *share]), [saw(sent) for sent in ADA])
    assert summary(verdict) == [("lost", "failed", 5)]
    assert "is its type" in verdict.findings[0].cause


def test_a_leg_of_which_nothing_was_kept() -> None:
    second = [frame(n, attempt=2) for n in range(10, 20)]
    seen = [saw(sent) for sent in ADA]
    for outcome, words in (
        (outcomes.PLANNED_OVERLAP, "the late close of the old connection"),
        (outcomes.PLANNED_CUT, "after a reconnect: the end of the old connection"),
        (outcomes.closed(1000, ""), "the receiver had ended a connection itself"),
    ):
        verdict = judge(ending_in(outcome, run(ADA, second)), seen)
        lost = verdict.findings[-1]
        assert (lost.kind, lost.severity, lost.count) == ("lost", "failed", 10)
        assert words in lost.cause
    verdict = judge(run(ADA, second), [saw(sent) for sent in second])
    assert "nothing was kept of an earlier connection" in verdict.findings[0].cause


def test_frames_written_over_before_anybody_looked() -> None:
    second = [frame(n, attempt=2) for n in range(10, 15)]
    verdict = judge(run(ADA, second), [*map(saw, ADA[5:]), *map(saw, second)])
    assert summary(verdict) == [("lost", "failed", 5)]
    assert "written over those before" in verdict.findings[0].cause
    verdict = judge(run(ADA, second), [*map(saw, ADA[4:]), *map(saw, second)])
    assert "written over" not in verdict.findings[0].cause
    verdict = judge(run(ADA), [saw(ADA[-1])])
    assert "only the newest picture" in verdict.findings[0].cause


def test_what_is_written_over_in_one_leg_is_said_alike_of_what_was_seen_and_what_was_not() -> None:
    old, new = saw(ADA[3], where="latest.png"), saw(ADA[9], where="latest.png")
    gone = Gone(observer=old.observer, where=old.where, at=9.0, sighting=old)
    verdict = judge(run(ADA), [old, gone, new])
    assert summary(verdict) == [("overwritten", "failed", 1), ("lost", "failed", 8)]
    assert len({finding.cause for finding in verdict.findings}) == 1


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


def test_frames_overwritten_after_a_reconnect() -> None:
    second = [frame(n, attempt=2) for n in range(10, 15)]
    observations: list[Observation] = [saw(sent, where=f"{sent.sequence}.png") for sent in ADA]
    for number, sent in enumerate(second):
        old = saw(ADA[number], where=f"{number}.png")
        observations.append(Gone(observer=old.observer, where=old.where, at=20.0, sighting=old))
        observations.append(saw(sent, where=f"{number}.png"))
    verdict = judge(run(ADA, second), observations)
    (finding,) = verdict.findings
    assert (finding.kind, finding.column, finding.count) == ("overwritten", "loses", 5)
    assert "after a reconnect" in finding.cause
    assert finding.evidence[0] == "frames 0, 1, 2, 3, 4"
    assert finding.evidence[1] == "0.png"
    (stream,) = verdict.streams
    assert (stream.expected, stream.seen, stream.lost, stream.overwritten) == (15, 10, 5, 5)


def test_a_picture_that_was_moved_is_not_gone() -> None:
    old, new = saw(ADA[0], where="a"), saw(ADA[0], where="b")
    gone = Gone(observer=old.observer, where="a", at=9.0, sighting=old)
    orders: list[list[Observation]] = [[old, new, gone], [old, gone, new]]
    for observations in orders:
        verdict = judge(run(ADA[:1]), observations)
        assert (verdict.verdict, verdict.findings) == ("ok", [])
        assert verdict.streams[0].lost == 0


def test_a_copy_in_another_place_is_no_double() -> None:
    newest = saw(ADA[9], where="latest.png", place="latest.png")
    verdict = judge(run([*ADA, *BO]), [*map(saw, [*ADA, *BO]), newest])
    assert (verdict.verdict, verdict.findings) == ("ok", [])


def test_the_newest_picture_of_all_mixes_nothing_that_lies_in_its_own_place_as_well() -> None:
    newest = [saw(sent, where="latest.png", place="latest.png") for sent in [*ADA, *BO]]
    overwritten = [
        Gone(observer=sighting.observer, where=sighting.where, at=99.0, sighting=sighting)
        for sighting in newest[:-1]
    ]
    shown: list[Observation] = [*map(saw, [*ADA, *BO]), newest[0]]
    for sighting, gone in zip(newest[1:], overwritten, strict=True):
        shown += [gone, sighting]
    verdict = judge(run([*ADA, *BO]), shown)
    assert (verdict.verdict, verdict.findings) == ("ok", [])


def test_files_that_were_deleted_are_not_said_to_be_written_over() -> None:
    seen = [saw(sent) for sent in ADA]
    gone = [Gone(observer=s.observer, where=s.where, at=99.0, sighting=s) for s in seen[:4]]
    verdict = judge(run(ADA), [*seen, *gone])
    assert summary(verdict) == [("overwritten", "failed", 4)]
    assert verdict.findings[0].cause.startswith("the files were deleted")


@pytest.mark.parametrize("kept", ["jpeg", "other PNG", "as it came"])
def test_frames_without_a_mark_at_a_receiver_that_keeps_other_files(kept: str) -> None:
    small = [msgspec.structs.replace(frame(n), width=64, height=48) for n in range(10, 14)]
    sha256 = {"jpeg": "", "other PNG": "f" * 64, "as it came": ADA[0].sha256}[kept]
    seen = [msgspec.structs.replace(saw(ADA[0]), sha256=sha256), *map(saw, ADA[1:])]
    verdict = judge(run([*ADA, *small]), seen)
    if kept == "as it came":
        assert summary(verdict) == [("lost", "failed", 4)]
    else:
        assert summary(verdict) == [("unseeable", "inconclusive", 4)]
        assert verdict.streams[0].lost == 0


@pytest.mark.parametrize("shown", [4, 2])
def test_frames_without_a_mark_are_told_by_their_size_at_a_receiver_that_re_encodes(
    shown: int,
) -> None:
    small = [msgspec.structs.replace(frame(n), width=64, height=48) for n in range(10, 14)]
    pictures = [
        Sighting(
            observer=OBSERVER, where=f"{width}-{n}.jpg", at=50.0, width=width, height=48, place="x"
        )
        for width in (64, 65)
        for n in range(shown)
    ]
    gone = Gone(observer=OBSERVER, where="64-1.jpg", at=60.0, sighting=pictures[1])
    seen = [msgspec.structs.replace(saw(sent), sha256="") for sent in ADA]
    verdict = judge(run([*ADA, *small]), [*seen, *pictures])
    assert verdict.streams[0].seen == len(ADA) + shown
    left = [("unseeable", "inconclusive", 4 - shown)] if shown < 4 else []
    assert [each for each in summary(verdict) if each[0] == "unseeable"] == left
    alone = judge(run(small), pictures)
    assert alone.streams[0].seen == shown
    fewer = judge(run([*ADA, *small]), [*seen, *pictures[:shown], gone])
    assert fewer.streams[0].seen == len(ADA) + shown - 1


def test_a_frame_that_was_not_sent_whole_is_no_stranger() -> None:
    torn = frame(10)
    dropped = FrameDropped(
        **WHO, at=5.0, recording="r", participant=100, type="webcam", sequence=10, name=None,
        reason="lost in sending",
    )  # fmt: skip
    verdict = judge([*run(ADA), dropped], [*map(saw, ADA), saw(torn)])
    assert (verdict.verdict, verdict.findings) == ("ok", [])


def test_an_observer_that_saw_nothing_of_this_run_was_blind() -> None:
    stranger = Sighting(observer="stdout:x", where="line 1", at=1.0, sha256="0" * 64)
    verdict = judge(run(ADA), [stranger, stranger])
    assert summary(verdict) == [("blind", "inconclusive", 2)]
    assert "fits no frame of this run" in verdict.findings[0].what


def credited(sent: FrameSent, participant: int, type: StreamType = "webcam") -> Sighting:
    stream = StreamKey("", participant, type)
    return msgspec.structs.replace(saw(sent, place=""), observer="ws:x", credited=stream)


def test_streams_that_are_handed_on_under_each_others_names() -> None:
    seen = [*(credited(sent, 200) for sent in ADA), *(credited(sent, 100) for sent in BO)]
    verdict = judge(run([*ADA, *BO]), seen)
    assert summary(verdict) == [("mixed", "failed", 10), ("mixed", "failed", 10)]
    assert verdict.findings[0].evidence == ["10 said to be 200/webcam by ws:x"]


def test_a_receiver_may_have_numbers_of_its_own() -> None:
    seen = [*(credited(sent, 1) for sent in ADA), *(credited(sent, 2) for sent in BO)]
    assert judge(run([*ADA, *BO]), seen).findings == []
    seen[3] = credited(ADA[3], 2)
    assert summary(judge(run([*ADA, *BO]), seen)) == [("mixed", "failed", 1)]


def exchanged(*names: str) -> list[tuple[str, int]]:
    """The findings where the pictures of Ada and Bo lie in places of these names."""
    seen = [saw(sent, place=names[0]) for sent in ADA]
    seen += [saw(sent, place=names[1]) for sent in BO]
    return [(f.kind, f.count) for f in judge(run([*ADA, *BO]), seen).findings]


@pytest.mark.parametrize(
    "names",
    [("out/200-cam/*.png", "out/100-cam/*.png"), ("o/p200_*.png", "o/p100_*.png")],
)
def test_places_that_bear_each_others_ids_were_exchanged(names: tuple[str, str]) -> None:
    assert exchanged(*names) == [("mixed", 10), ("mixed", 10)]


@pytest.mark.parametrize(
    "names",
    [
        ("out/100/*.png", "out/200/*.png"),
        ("out/200/*.png", "out/300/*.png"),  # numbers of its own
        ("out/ada/*.png", "out/100/*.png"),
        ("out/200/100/*.png", "out/100/200/*.png"),
        (
            "out/0f0f0f0f-0000-0000-0000-000000000200/a/*",
            "out/0f0f0f0f-0000-0000-0000-00000000100/b/*",
        ),
    ],
)
def test_other_numbers_in_places_say_nothing(names: tuple[str, str]) -> None:
    assert exchanged(*names) == []


def test_a_place_that_stands_for_many_folders_comes_with_some_of_its_files() -> None:
    folder = "out/*/webcam/*.png"
    seen = [saw(sent, place=folder, where=f"out/{n}/webcam/1.png") for n, sent in enumerate(ADA)]
    astray = [
        saw(sent, place=folder, where=f"out/{n}/webcam/2.png") for n, sent in enumerate(BO[:9])
    ]
    verdict = judge(run([*ADA, *BO]), [*seen, *astray, saw(BO[9], place="out/bo")])
    (mixed,) = verdict.findings
    assert mixed.evidence == [
        f"9 in {folder}, where most are 100/webcam: out/0/webcam/2.png, out/4/webcam/2.png, "
        "out/8/webcam/2.png"
    ]


def named(sent: FrameSent, name: str) -> FrameSent:
    return msgspec.structs.replace(sent, name=name)


@pytest.mark.parametrize(
    ("name", "landing"),
    [
        ("../../etc/bo", "../etc/bo/1.png"),
        ("../x", "x/1.png"),
        ("/etc/bo", "/etc/bo/1.png"),
        ("Bo / Room 4", ""),
        ("Bo", ""),
    ],
)
def test_a_name_that_is_a_path_is_the_cause_where_files_are_named_after_people(
    name: str, landing: str
) -> None:
    ada, bo = [named(sent, "Ada") for sent in ADA], [named(sent, name) for sent in BO]
    verdict = judge(run([*ada, *bo]), [saw(sent, where="out/Ada/1.png") for sent in ada])
    assert summary(verdict) == [("lost", "failed", 10)]
    cause = verdict.findings[0].cause
    assert (landing in cause and repr(name) in cause) if landing else "is its type" in cause
    by_id = judge(run([*ada, *bo]), [saw(sent, where="out/100/1.png") for sent in ada])
    assert "is its type" in by_id.findings[0].cause


def test_pictures_that_were_seen_where_a_name_led_them_lie_outside() -> None:
    ada, bo = [named(sent, "Ada") for sent in ADA], [named(sent, "../../etc/bo") for sent in BO]
    seen = [
        *(saw(sent, where=f"x/out/Ada/{sent.sequence}.png") for sent in ada),
        *(saw(sent, where=f"etc/bo/{sent.sequence}.png") for sent in bo),
    ]
    verdict = judge(run([*ada, *bo]), seen)
    assert summary(verdict) == [("escaped", "failed", 10)]
    assert verdict.findings[0].evidence == ["etc/bo/0.png", "etc/bo/1.png", "etc/bo/2.png"]
    assert "'../../etc/bo'" in verdict.findings[0].what
    assert judge(run([*ada, *bo]), [*seen[:10], *map(saw, bo)]).findings == []
    ada, bo = [named(sent, "Ada") for sent in ADA], [named(sent, "../bo") for sent in BO]
    seen = [saw(sent, where=f"out/Ada-{sent.sequence}.png") for sent in ada]
    assert judge(run([*ada, *bo]), [*seen, *map(saw, bo)]).findings == []


def test_types_that_were_exchanged() -> None:
    share = [frame(n, 100, "screenshare") for n in range(4)]
    seen = [saw(sent, place="out/screenshare/100") for sent in ADA]
    seen += [saw(sent, place="out/webcam/100") for sent in share]
    verdict = judge(run([*ADA, *share]), seen)
    assert summary(verdict) == [("mixed", "failed", 10), ("mixed", "failed", 4)]
    assert verdict.findings[0].evidence == [
        "10 in out/screenshare/100, which bears another's name: screenshare"
    ]


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
    assert finding.evidence == ["100/webcam: frames 6, 7, 8, 9"]
    watched = saw(ADA[0]).observer
    trouble = ObserverTrouble(observer=watched, at=0.0, trouble="t", severity="partial")
    assert summary(judge(events, [*map(saw, ADA[:6]), trouble])) == [("partial", "note", 1)]


def test_frames_that_show_the_same_picture_are_not_taken_for_another_streams() -> None:
    empty = [
        msgspec.structs.replace(frame(3, who, expect="must survive"), sha256="e3b0c442")
        for who in (100, 200)
    ]
    others = [sent for sent in (*ADA, *BO) if sent.sequence != 3]
    rows: list[Observation] = [
        Sighting(observer="command:x", where="", at=99.0, sha256=sent.sha256,
                 place=str(sent.participant))
        for sent in (*others, *empty)
    ]  # fmt: skip
    assert judge(run([*others, *empty]), rows).findings == []
    assert judge(run([*others, *empty]), [*rows, rows[-1]]).findings == []


def test_streams_filed_together() -> None:
    share = [frame(n, 100, "screenshare") for n in range(4)]
    sightings = [saw(sent, place="100") for sent in [*ADA, *share]] + [saw(sent) for sent in BO]
    verdict = judge(run([*ADA, *share, *BO]), sightings)
    assert summary(verdict) == [("mixed", "failed", 4)]
    assert verdict.findings[0].evidence == ["4 in 100, where most are 100/webcam"]
    assert "neither the participant alone" in verdict.findings[0].cause


def test_a_single_place_for_everything_is_no_mix() -> None:
    sightings = [saw(sent, place="out") for sent in [*ADA, *BO]]
    assert judge(run([*ADA, *BO]), sightings).verdict == "ok"


def test_doubled_and_reordered_are_tolerated() -> None:
    def handed_on(sent: FrameSent) -> Sighting:
        return Sighting(
            observer="ws:ws://h/", where="", at=1.0, run_id=RUN, participant=100,
            type="webcam", sequence=sent.sequence,
        )  # fmt: skip

    order = [ADA[1], ADA[0], ADA[2], ADA[2], *ADA[3:]]
    verdict = judge(run(ADA), [handed_on(sent) for sent in order])
    assert verdict.verdict == "tolerated"
    assert summary(verdict) == [("doubled", "tolerated", 1), ("reordered", "tolerated", 1)]
    twice = run([*ADA, ADA[2]])
    assert summary(judge(twice, [handed_on(sent) for sent in order])) == [
        ("reordered", "tolerated", 1)
    ]


def test_pictures_without_a_mark_go_by_digest_and_strangers_are_counted() -> None:
    def file(sha256: str) -> Sighting:
        return Sighting(observer="files:*", where=sha256, at=1.0, sha256=sha256)

    verdict = judge(run(ADA), [*(file(sent.sha256) for sent in ADA), file("another")])
    assert summary(verdict) == [("strangers", "note", 1)]
    assert verdict.verdict == "ok"


@pytest.mark.parametrize(("severity", "expected"), [("blind", "inconclusive"), ("partial", "ok")])
def test_an_observer_in_trouble(severity: str, expected: str) -> None:
    trouble = ObserverTrouble(observer="files:*", at=0.0, trouble="no file", severity=severity)  # type: ignore[arg-type]
    verdict = judge(run(ADA), [*map(saw, ADA), trouble])
    assert verdict.verdict == expected
    assert "files:*: no file" in verdict.findings[0].what


def test_frames_that_stand_in_for_others_were_in_a_buffer_that_they_shared() -> None:
    twice = [saw(ADA[number], where=f"{number}.png") for number in (3, 7, 7)]
    kept = [saw(sent) for sent in ADA if sent.sequence not in (2, 5, 6)]
    lost, doubled = judge(run(ADA), [*kept, *twice]).findings
    assert (lost.kind, lost.count) == ("lost", 3)
    assert "is one buffer filled anew before it is written?" in lost.cause
    assert doubled.kind == "doubled"
    once = judge(run(ADA), [*kept, twice[0]]).findings[0]
    assert "buffer" not in once.cause


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


def test_where_only_samples_were_seen_a_missing_frame_proves_nothing() -> None:
    trouble = ObserverTrouble(observer="http:x", at=0.0, trouble="samples", severity="partial")
    sample = msgspec.structs.replace(saw(ADA[0]), observer="http:x")
    verdict = judge(run(ADA), [trouble, sample])
    assert verdict.verdict == "inconclusive"
    assert "samples were taken" in verdict.findings[-1].cause


def test_files_without_a_picture_in_them_excuse_no_frame_that_is_missing() -> None:
    trouble = ObserverTrouble(observer="files:*.png", at=0.0, trouble="", severity="hollow")
    verdict = judge(run(ADA), [*map(saw, ADA[:9]), trouble])
    assert summary(verdict) == [("hollow", "note", 1), ("lost", "failed", 1)]


def test_where_somebody_else_saw_everything_a_missing_frame_is_lost_all_the_same() -> None:
    trouble = ObserverTrouble(observer="http:x", at=0.0, trouble="samples", severity="partial")
    sample = msgspec.structs.replace(saw(ADA[0]), observer="http:x")
    verdict = judge(run(ADA), [trouble, sample, *map(saw, ADA[1:9])])
    assert summary(verdict) == [("partial", "note", 1), ("lost", "failed", 1)]


@pytest.mark.parametrize(
    ("counted", "kinds"), [(10, []), (9, ["miscounted"]), (11, ["miscounted"]), (0, ["miscounted"])]
)
def test_the_receivers_own_counts(counted: int, kinds: list[str]) -> None:
    claim = Claim(observer="http:x", at=9.0, stream=StreamKey("r", 100, "webcam"), frames=counted)
    early = Claim(observer="http:x", at=1.0, stream=claim.stream, frames=1)
    verdict = judge(run(ADA), [early, claim])
    assert [finding.kind for finding in verdict.findings] == kinds
    assert "the receiver's own counts" in verdict.looked_at


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
    assert summary(judge(run(ADA), [count("", 9)])) == [("miscounted", "failed", 1)]


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


def test_a_process_that_ends_has_died_with_its_last_words() -> None:
    ended = ProcessEnded(at=3.0, code=-11, last_lines=["a", "Segmentation fault"])
    verdict = judge(run(ADA), [ended])
    (finding,) = verdict.findings
    assert (finding.kind, finding.column, finding.severity) == ("died", "dies", "failed")
    assert "by signal 11" in finding.what
    assert finding.evidence[-1] == "Segmentation fault"


def test_a_death_is_told_of_the_scenario_that_a_link_was_open_in() -> None:
    def begins(scenario: str, began: float) -> BotStarted:
        return BotStarted(
            scenario=scenario, bot="b", number=0, recording="r", ends_at=9.0, began=began
        )

    def opens(scenario: str) -> LinkOpened:
        return LinkOpened(scenario=scenario, bot="b", attempt=1, at=0.0)

    died: list[Observation] = [ProcessEnded(at=5.0, code=1, last_lines=[])]
    before: list[EngineEvent] = [begins("one", 1.0), opens("one")]
    found_dead = begins("two", 4.9)
    assert judge([*before, found_dead], died).findings[-1].scenario == "one"
    assert judge([*before, found_dead, opens("two")], died).findings[-1].scenario == "two"
    assert judge([begins("two", 6.0)], died).findings[-1].scenario == ""


def test_a_dead_receiver_is_not_told_to_be_started_first() -> None:
    refused = Outcome("refused", "unreachable", opened=False)
    end = AttemptEnded(**WHO, attempt=2, at=0.0, outcome=refused, in_doubt=0)
    died = ProcessEnded(at=3.0, code=1, last_lines=[])
    assert "start the receiver first" in judge([*run(ADA), end]).findings[0].cause
    assert "see what it died of" in judge([*run(ADA), end], [died]).findings[0].cause


def test_a_receiver_that_kept_nothing_is_told_how_much_that_is() -> None:
    lines = [f"line {n}" for n in range(9)]
    trouble = ObserverTrouble(observer="files:*", at=0.0, trouble="no file", last_lines=lines)
    (finding,) = judge(run(ADA), [trouble]).findings
    assert "it kept none of 10 frames" in finding.cause
    assert finding.evidence == lines[-5:]
    elsewhere = msgspec.structs.replace(trouble, observer="http:x", trouble="refused")
    assert judge(run(ADA), [elsewhere]).findings[0].cause == ""
    assert judge([], [trouble]).findings[0].cause == ""
    assert judge(run(ADA), [*map(saw, ADA), trouble]).findings[0].cause == ""


def test_growth_of_memory_is_noted() -> None:
    def sample(number: int, rss: int) -> ProcessSample:
        return ProcessSample(at=float(number), rss=rss, handles=9, threads=1)

    grown = [sample(n, 100_000_000 if n < 6 else 900_000_000) for n in range(12)]
    assert summary(judge(run(ADA), grown)) == [("grew", "note", 1)]
    small = [sample(n, 10_000_000 if n < 6 else 200_000_000) for n in range(12)]
    assert judge(run(ADA), small).findings == []
    flat = [sample(n, 100_000_000) for n in range(12)]
    assert judge(run(ADA), flat).findings == []
    assert judge(run(ADA), flat[:2]).findings == []


def test_without_observers_nothing_is_said_to_be_good_that_nobody_saw() -> None:
    verdict = judge(run(ADA))
    assert verdict.verdict == "ok"
    assert verdict.not_looked_at == [
        "the receiver's process", "whether the frames were understood, kept and told apart",
    ]  # fmt: skip


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

"""What counts as seen: pictures written over, moved, copied, doubled, and without a mark."""

import msgspec
import pytest
from tests.simulator.judge.invented import (
    ADA,
    BO,
    OBSERVER,
    RUN,
    WHO,
    frame,
    gone,
    judge,
    run,
    saw,
    summary,
)

from recall_simulator.record.events import FrameDropped, FrameSent
from recall_simulator.record.observations import Observation, Sighting


def test_frames_written_over_before_anybody_looked() -> None:
    second = [frame(n, attempt=2) for n in range(10, 15)]
    verdict = judge(run(ADA, second), [*map(saw, ADA[5:]), *map(saw, second)])
    assert summary(verdict) == [("lost", "failed", 5)]
    assert "written over those before" in verdict.findings[0].cause
    verdict = judge(run(ADA, second), [*map(saw, ADA[4:]), *map(saw, second)])
    assert "written over those before" not in verdict.findings[0].cause
    verdict = judge(run(ADA), [saw(ADA[-1])])
    assert "only the newest picture" in verdict.findings[0].cause


def test_what_is_written_over_in_one_leg_is_said_alike_of_what_was_seen_and_what_was_not() -> None:
    old, new = saw(ADA[3], where="latest.png"), saw(ADA[9], where="latest.png")
    verdict = judge(run(ADA), [old, gone(old), new])
    assert summary(verdict) == [("overwritten", "failed", 1), ("lost", "failed", 8)]
    assert len({finding.cause for finding in verdict.findings}) == 1


def test_frames_overwritten_after_a_reconnect() -> None:
    second = [frame(n, attempt=2) for n in range(10, 15)]
    observations: list[Observation] = [saw(sent, where=f"{sent.sequence}.png") for sent in ADA]
    for number, sent in enumerate(second):
        old = saw(ADA[number], where=f"{number}.png")
        observations += [gone(old), saw(sent, where=f"{number}.png")]
    verdict = judge(run(ADA, second), observations)
    (finding,) = verdict.findings
    assert (finding.kind, finding.column, finding.count) == ("overwritten", "loses", 5)
    assert "after a reconnect" in finding.cause
    assert finding.evidence[0] == "frames 0, 1, 2, 3, 4, due from 0.0 s to 2.0 s"
    assert finding.evidence[1] == "0.png"
    (stream,) = verdict.streams
    assert (stream.expected, stream.seen, stream.lost, stream.overwritten) == (15, 10, 5, 5)


def test_a_damaged_frame_that_was_there_and_is_gone_need_not_be_there() -> None:
    damaged = saw(frame(10, expect="must survive"))
    events = run([*ADA, frame(10, expect="must survive")])
    assert judge(events, [*map(saw, ADA), damaged, gone(damaged)]).findings == []


def test_a_picture_that_was_moved_is_not_gone() -> None:
    old, new = saw(ADA[0], where="a"), saw(ADA[0], where="b")
    orders: list[list[Observation]] = [[old, new, gone(old)], [old, gone(old), new]]
    for observations in orders:
        verdict = judge(run(ADA[:1]), observations)
        assert (verdict.verdict, verdict.findings) == ("ok", [])
        assert verdict.streams[0].lost == 0


def test_a_copy_in_another_place_is_no_double() -> None:
    newest = saw(ADA[9], where="latest.png", place="latest.png")
    verdict = judge(run([*ADA, *BO]), [*map(saw, [*ADA, *BO]), newest])
    assert (verdict.verdict, verdict.findings) == ("ok", [])


def test_files_that_were_deleted_are_not_said_to_be_written_over() -> None:
    seen = [saw(sent) for sent in ADA]
    verdict = judge(run(ADA), [*seen, *map(gone, seen[:4])])
    assert summary(verdict) == [("overwritten", "failed", 4)]
    assert verdict.findings[0].cause.startswith("the files were deleted")
    verdict = judge(run(ADA), [*seen[:9], *map(gone, seen[:4])])
    assert summary(verdict) == [("overwritten", "failed", 4), ("lost", "failed", 1)]
    assert all(found.cause.startswith("the files were deleted") for found in verdict.findings)


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
    seen = [msgspec.structs.replace(saw(sent), sha256="") for sent in ADA]
    verdict = judge(run([*ADA, *small]), [*seen, *pictures])
    assert verdict.streams[0].seen == len(ADA) + shown
    left = [("unseeable", "inconclusive", 4 - shown)] if shown < 4 else []
    assert [each for each in summary(verdict) if each[0] == "unseeable"] == left
    alone = judge(run(small), pictures)
    assert alone.streams[0].seen == shown
    fewer = judge(run([*ADA, *small]), [*seen, *pictures[:shown], gone(pictures[1])])
    assert fewer.streams[0].seen == len(ADA) + shown - 1


def test_a_frame_that_was_not_sent_whole_is_no_stranger() -> None:
    torn = frame(10)
    dropped = FrameDropped(
        **WHO, at=5.0, recording="r", participant=100, type="webcam", sequence=10, name=None,
        reason="lost in sending",
    )  # fmt: skip
    verdict = judge([*run(ADA), dropped], [*map(saw, ADA), saw(torn)])
    assert (verdict.verdict, verdict.findings) == ("ok", [])


def handed_on(sent: FrameSent) -> Sighting:
    return Sighting(
        observer="ws:ws://h/", where="", at=1.0, run_id=RUN, participant=100,
        type="webcam", sequence=sent.sequence,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "seen", "reordered"),
    [
        ([0, 2, 1, 3], [0, 2, 1, 3], 0),
        ([0, 2, 1, 3], [0, 1, 2, 3], 0),  # put right
        ([0, 2, 1, 3], [0, 2, 3, 1], 1),
        ([0, 1, 2, 0, 3], [0, 1, 2, 0, 3], 0),
        ([0, 1, 2, 0, 3], [0, 1, 2, 3], 0),
    ],
)
def test_frames_may_be_handed_on_as_they_were_sent(
    sent: list[int], seen: list[int], reordered: int
) -> None:
    verdict = judge(run([ADA[n] for n in sent]), [handed_on(ADA[n]) for n in seen])
    assert verdict.streams[0].reordered == reordered
    assert verdict.verdict == ("tolerated" if reordered else "ok")


def numbered(names: list[int], kept: list[int]) -> int:
    """How many frames of Ada's are told to be out of order in files with these numbers."""
    place = "out/ada/*.png"
    seen = [
        saw(ADA[number], place=place, where=place.replace("*", f"{name:04}"))
        for name, number in zip(names, kept, strict=True)
    ]
    return (
        judge(run([ADA[number] for number in sorted({*kept, 0, 1, 2, 3})]), seen)
        .streams[0]
        .reordered
    )


def test_files_whose_numbers_run_on_are_in_order_or_not() -> None:
    assert numbered([7, 8, 9, 10], [0, 1, 2, 3]) == 0
    assert numbered([7, 8, 9, 10], [0, 3, 1, 2]) == 2
    assert numbered([7, 9, 11, 15], [0, 3, 1, 2]) == 0  # what they count, nobody knows
    assert numbered([0, 1, 2], [3, 1, 2]) == 0  # one was written over


def test_doubled_and_reordered_are_tolerated() -> None:
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


def test_a_later_frame_of_the_last_connection_that_is_missing_tells_of_one_name_for_two() -> None:
    second = [frame(n, attempt=2) for n in range(10, 20)]
    kept = [saw(sent) for sent in second]
    again = saw(ADA[5], where=kept[0].where)
    shown: list[Observation] = [*map(saw, ADA[:5]), again, gone(again), *kept, *map(saw, ADA[6:])]
    verdict = judge(run(ADA, second), shown)
    assert "written over those before" in verdict.findings[0].cause
    verdict = judge(run(ADA, second), [one for one in shown if one is not kept[4]])
    assert "two of them get the same name" in verdict.findings[0].cause

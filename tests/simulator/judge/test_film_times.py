"""Films that run too fast or too slow, or leave out the time in which nothing came."""

from collections.abc import Callable

import msgspec
import pytest

from recall_simulator.record.events import EngineEvent, FrameSent, RunStarted
from recall_simulator.record.findings import Finding
from recall_simulator.record.observations import Sighting

from .invented import ADA, judge, run, saw

TimeOf = Callable[[FrameSent], float]


def filmed(time_of: TimeOf, frames: list[FrameSent] = ADA) -> list[Sighting]:
    return [
        msgspec.structs.replace(
            saw(sent, place="100.mp4"),
            observer="files:*.mp4",
            where=f"100.mp4, frame {index}",
            due=sent.relative,
            film_time=time_of(sent),
        )
        for index, sent in enumerate(frames)
    ]


def at_speed(speed: str, events: list[EngineEvent]) -> list[EngineEvent]:
    return [
        msgspec.structs.replace(event, speed=speed) if isinstance(event, RunStarted) else event
        for event in events
    ]


def timing(events: list[EngineEvent], seen: list[Sighting]) -> list[Finding]:
    return [finding for finding in judge(events, seen).findings if finding.kind == "timing"]


def by_arrival(sent: FrameSent) -> float:
    """Nobody's due times: whenever each came, in a run that is not paced."""
    return sent.sequence**2 / 1000


@pytest.mark.parametrize(
    ("rate", "words"),
    [(25.0, "12.5 times too fast"), (30.0, "15 times too fast"), (1.0, "2 times too slow")],
)
@pytest.mark.parametrize("speed", ["max", "1", "4"])
def test_a_film_of_a_rate_that_is_not_the_pictures_fails(
    rate: float, words: str, speed: str
) -> None:
    events = at_speed(speed, run(ADA))
    (finding,) = timing(events, filmed(lambda sent: sent.sequence / rate))
    assert (finding.severity, finding.column) == ("failed", "other")
    assert words in finding.what
    assert finding.evidence == [f"100.mp4 shows a picture every {1 / rate:.3g} s"]


@pytest.mark.parametrize("rate", [1.7, 2.0, 2.4])
@pytest.mark.parametrize("speed", ["max", "1"])
def test_a_film_that_keeps_time_is_good(rate: float, speed: str) -> None:
    events = at_speed(speed, run(ADA))
    assert timing(events, filmed(lambda sent: sent.sequence / rate)) == []


@pytest.mark.parametrize("rate", [3, 5, 7, 12.5])
def test_a_coarse_grid_keeps_time(rate: float) -> None:
    film = filmed(lambda sent: int(sent.relative * rate + 1e-6) / rate)
    assert timing(at_speed("1", run(ADA)), film) == []


def test_quick_arrival_is_no_rate_however_steady() -> None:
    (finding,) = timing(run(ADA), filmed(lambda sent: sent.sequence * 0.013))
    assert finding.severity == "note"


def test_a_film_by_arrival_keeps_the_time_of_the_run() -> None:
    film = filmed(lambda sent: sent.relative / 4)
    assert timing(at_speed("4", run(ADA)), film) == []
    (finding,) = timing(at_speed("1", run(ADA)), film)
    assert "4 times too fast" in finding.what


def test_of_a_film_by_arrival_nothing_is_proven_where_nothing_is_paced() -> None:
    (finding,) = timing(run(ADA), filmed(by_arrival))
    assert finding.severity == "note"
    assert "--speed 1" in finding.cause
    (finding,) = timing(at_speed("1", run(ADA)), filmed(by_arrival))
    assert finding.severity == "failed"


@pytest.mark.parametrize("speed", ["max", "1", "4"])
def test_time_in_which_nothing_came_may_not_be_left_out(speed: str) -> None:
    legs = ADA[:5], ADA[8:]
    frames = [*legs[0], *legs[1]]
    seen = filmed(lambda sent: (sent.sequence - 3 * (sent.sequence >= 8)) / 2, frames)
    (finding,) = timing(at_speed(speed, run(*legs)), seen)
    assert (finding.severity, finding.count) == ("tolerated", 1)
    assert "leaves out 1.5 s" in finding.what
    assert finding.evidence == ["100.mp4 after frame 4: 1.5 s"]
    assert timing(at_speed(speed, run(*legs)), filmed(lambda s: s.relative, frames)) == []


def test_by_arrival_too_time_may_not_be_left_out() -> None:
    legs = ADA[:5], ADA[8:]
    frames = [*legs[0], *legs[1]]
    seen = filmed(lambda sent: (sent.sequence - 3 * (sent.sequence >= 8)) / 8, frames)
    (finding,) = timing(at_speed("4", run(*legs)), seen)
    assert "leaves out 1.5 s" in finding.what
    by_arrival = filmed(lambda sent: sent.relative / 4, frames)
    assert timing(at_speed("4", run(*legs)), by_arrival) == []


def test_a_backlog_that_comes_at_once_is_no_pace() -> None:
    """Of a film by arrival at the pace of the run, the most part after a stall."""
    film = filmed(lambda sent: 4.5 - (9 - sent.sequence) * 0.015 if sent.sequence else 0.0)
    assert timing(at_speed("1", run(ADA)), film) == []


def test_each_film_of_a_place_is_judged_by_itself() -> None:
    parts = [
        msgspec.structs.replace(
            item,
            place="100_*.mp4",
            where=f"100_{index // 5}.mp4, frame {index % 5}",
            film_time=index % 5 / 25,
        )
        for index, item in enumerate(filmed(lambda sent: 0.0))
    ]
    assert [finding.what for finding in timing(run(ADA), parts)] == [
        "100/webcam: its film runs 12.5 times too fast"
    ] * 2


def test_a_jump_of_the_clock_and_a_burst_are_no_time_in_which_nothing_came() -> None:
    jumped = [
        msgspec.structs.replace(sent, relative=sent.relative + 9 * (sent.sequence > 4))
        for sent in ADA
    ]
    assert timing(run(jumped), filmed(lambda sent: sent.sequence / 2, jumped)) == []
    burst = [msgspec.structs.replace(sent, at=sent.at + 9 * (sent.sequence > 4)) for sent in ADA]
    assert timing(run(burst), filmed(lambda sent: sent.relative, burst)) == []


def test_frames_that_came_and_are_not_in_the_film_are_lost_and_no_matter_of_time() -> None:
    frames = [*ADA[:6], ADA[9]]
    seen = filmed(lambda sent: (sent.sequence - 3 * (sent.sequence > 8)) / 2, frames)
    assert timing(run(ADA), seen) == []


def test_few_pictures_tell_no_pace() -> None:
    assert timing(run(ADA), filmed(lambda sent: sent.sequence / 25, ADA[:4])) == []

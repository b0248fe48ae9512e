"""The fleet on the virtual clock: what it counts is what the receiver got."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any

import pytest

from recall_simulator.engine import Dialer, InProcessDialer, InProcessLink, VirtualClock
from recall_simulator.engine.inprocess import Answer, Sink
from recall_simulator.frames import FrameLibrary
from recall_simulator.load.figures import Delta, Figures
from recall_simulator.load.fleet import Fleet
from recall_simulator.load.mission import Mission
from recall_simulator.meeting import CutForm
from recall_simulator.record import outcomes
from recall_simulator.record.outcomes import Outcome
from recall_simulator.wire import USUAL, LinkPlan, MaskedText, Travel

REFUSED = Outcome("refused", "unreachable", opened=False, detail="nothing listens there")


@cache
def library() -> FrameLibrary:
    """Painted once for all tests."""
    return mission().library()


def taken(attempt: int, message: bytes) -> Outcome | None:
    return None


def always(attempt: int) -> Outcome | None:
    return None


def fly(
    mission: Mission,
    bots: int,
    *,
    seconds: float,
    sink: Sink = taken,
    answer: Answer = always,
    dialer: Dialer | None = None,
    meanwhile: Callable[[Fleet, VirtualClock], Any] | None = None,
) -> Figures:
    """Let a fleet play in no time; gives all that it told."""
    figures = Figures()
    trouble: list[BaseException | None] = []

    async def main(clock: VirtualClock) -> None:
        fleet = Fleet(
            mission,
            library=library(),
            dialer=lambda plan: dialer or InProcessDialer(sink, answer),
            tell=figures.add,
        )
        for number in range(bots):
            fleet.join(number)
        if meanwhile is not None:
            await meanwhile(fleet, clock)
        await clock.back_off_until(seconds)
        await fleet.close(1.0)
        trouble.append(fleet.trouble)

    VirtualClock.run(main)
    assert trouble == [None]
    return figures


def mission(**changes: Any) -> Mission:
    usual: dict[str, Any] = {"url": "ws://x/", "scene": "flat", "run_id": "0badcafe"}
    return Mission(**{**usual, "duration": 10.0, "meeting": 10.0, **changes})


@pytest.mark.slow
def test_every_frame_that_arrived_is_counted_and_no_other() -> None:
    got: list[int] = []

    def sink(attempt: int, message: bytes) -> None:
        got.append(len(message))

    figures = fly(mission(participants=2), 3, seconds=11, sink=sink)
    assert figures.total.sent == len(got) == figures.total.offered == 3 * 2 * 2 * 10
    assert figures.total.message_bytes == sum(got)
    assert figures.total.opened == figures.total.dials == figures.total.connect.total == 3
    assert sum(second.counts.sent for second in figures.seconds.values()) == len(got)


def test_each_bot_is_a_recording_of_its_own() -> None:
    recordings: Counter[str] = Counter()

    def sink(attempt: int, message: bytes) -> None:
        recordings[json.loads(message)["data"]["recording"]["id"]] += 1

    fly(mission(), 4, seconds=11, sink=sink)
    assert len(recordings) == 4


def test_nothing_is_late_where_time_does_not_pass_by_itself() -> None:
    total = fly(mission(), 5, seconds=11).total
    # Due times are rounded up to slots of 5 ms, and that is our doing.
    assert 0 < total.lag.highest <= 0.005 + 1e-9
    assert total.stall.highest == 0


def test_a_storm_cuts_every_link_in_one_instant_and_all_are_back_after_three_seconds() -> None:
    figures = fly(mission(storm_at=4.0), 20, seconds=11)
    total = figures.total
    assert total.cuts == 20
    assert not total.losses
    assert total.opened == 40
    assert total.recover.total == 20
    assert total.recover.highest == pytest.approx(3.0, abs=0.01)
    assert figures.seconds[4].all_links.waiting == 20
    assert figures.seconds[7].all_links.up == 20
    assert total.dropped == {"outage": pytest.approx(20 * 2 * 3, abs=20)}


def test_a_receiver_that_refuses_all_is_dialled_by_the_scouts_alone() -> None:
    figures = fly(mission(), 100, seconds=10, answer=lambda attempt: REFUSED)
    total = figures.total
    assert total.failures == {"refused": total.dials}
    assert total.dials <= 3 * 4
    assert total.details == {"refused": "nothing listens there"}
    assert figures.all_links.up == 0
    before_the_end = figures.seconds[8].all_links
    assert before_the_end.dialling + before_the_end.waiting == 100


def test_the_others_follow_once_a_scout_is_through() -> None:
    figures = fly(mission(), 10, seconds=11, answer=lambda n: REFUSED if n == 1 else None)
    assert figures.total.opened == 10
    assert figures.total.recover.total == 10


def test_links_that_the_receiver_ends_are_counted_by_class() -> None:
    gone = Outcome("closed 1009", "receiver", opened=True, detail="message too big")
    counted: Counter[int] = Counter()

    def sink(attempt: int, message: bytes) -> Outcome | None:
        counted[attempt] += 1
        return gone if attempt == 1 and counted[1] == 3 else None

    total = fly(mission(), 1, seconds=11, sink=sink).total
    assert total.losses == {"closed 1009": 1}
    assert total.details == {"closed 1009": "message too big"}
    assert total.in_doubt == 3
    assert total.recover.total == 1


def test_a_bot_that_leaves_closes_its_link_and_sends_no_more() -> None:
    async def leave(fleet: Fleet, clock: VirtualClock) -> None:
        await clock.back_off_until(2.0)
        fleet.leave(0)

    figures = fly(mission(), 2, seconds=11, meanwhile=leave)
    assert figures.total.sent == pytest.approx(2 * 2 + 2 * 10, abs=2)
    assert figures.seconds[5].all_links.up == 1


@pytest.mark.slow
def test_bots_join_at_the_spawn_rate() -> None:
    figures = fly(mission(spawn_rate=10.0), 40, seconds=11)
    assert figures.seconds[0].all_links.up == pytest.approx(8, abs=2)
    assert figures.seconds[2].all_links.up == pytest.approx(28, abs=2)
    assert figures.seconds[5].all_links.up == 40


def test_a_bot_says_when_its_meeting_is_over() -> None:
    left: list[int] = []

    async def main(clock: VirtualClock) -> None:
        told: list[Delta] = []
        short = mission(meeting=2.0)
        fleet = Fleet(
            short,
            library=library(),
            dialer=lambda plan: InProcessDialer(taken),
            tell=told.append,
            left=left.append,
        )
        fleet.join(7)
        await clock.back_off_until(3.0)
        assert left == [7]
        await fleet.close(1.0)

    VirtualClock.run(main)


def test_streams_are_counted_where_somebody_observes() -> None:
    total = fly(mission(participants=2, observed=True), 2, seconds=11).total
    assert set(total.streams) == {f"{bot}/{who}/webcam" for bot in (0, 1) for who in (100, 200)}
    assert sum(total.streams.values()) == total.sent
    assert set(total.started) == {0, 1}


@pytest.mark.slow
def test_a_scene_for_screens_is_shared_by_every_participant() -> None:
    kinds: Counter[str] = Counter()

    def sink(attempt: int, message: bytes) -> None:
        kinds[json.loads(message)["data"]["data"]["type"]] += 1

    fly(mission(participants=2, scene="slide", duration=2.0, meeting=2.0), 1, seconds=3, sink=sink)
    assert kinds == {"screenshare": 8}


def test_links_are_pinged_and_the_round_trips_counted() -> None:
    assert fly(mission(), 3, seconds=11).total.ping.total >= 9


def test_a_bug_in_a_bot_is_kept_for_whoever_runs_the_fleet() -> None:
    def broken(attempt: int, message: bytes) -> None:
        raise RuntimeError("a bug")

    async def main(clock: VirtualClock) -> BaseException | None:
        fleet = Fleet(
            mission(),
            library=library(),
            dialer=lambda plan: InProcessDialer(broken),
            tell=lambda delta: None,
        )
        fleet.join(0)
        await clock.back_off_until(3.0)
        await fleet.close(1.0)
        return fleet.trouble

    assert isinstance(VirtualClock.run(main), RuntimeError)


def test_closing_waits_for_nobody_for_ever() -> None:
    async def main(clock: VirtualClock) -> float:
        class Deaf(InProcessDialer):
            async def dial(self, attempt: int, plan: Any) -> Any:
                link = await super().dial(attempt, plan)

                async def close(*args: Any, **kwargs: Any) -> None:
                    await asyncio.get_running_loop().create_future()

                link.close = close  # type: ignore[method-assign]
                return link

        fleet = Fleet(
            mission(),
            library=library(),
            dialer=lambda plan: Deaf(taken),
            tell=lambda delta: None,
        )
        for number in range(5):
            fleet.join(number)
        await clock.back_off_until(3.0)
        await fleet.close(1.0)
        return clock.now()

    assert VirtualClock.run(main) == pytest.approx(4.0, abs=0.1)


def test_a_bot_that_is_replaced_when_it_leaves_is_not_while_the_fleet_closes() -> None:
    async def main(clock: VirtualClock) -> int:
        numbers = iter(range(1, 1000))
        short = mission(meeting=2.0)
        fleet = Fleet(
            short,
            library=library(),
            dialer=lambda plan: InProcessDialer(taken),
            tell=lambda delta: None,
            left=lambda number: fleet.join(next(numbers)),
        )
        fleet.join(0)
        await clock.back_off_until(5.0)
        await fleet.close(1.0)
        return next(numbers)

    assert VirtualClock.run(main) == 4


async def for_ever() -> None:
    await asyncio.get_running_loop().create_future()


class DeafLink(InProcessLink):
    """Takes no more after so many messages, and answers nothing, till it is cut."""

    def __init__(self, takes: int) -> None:
        super().__init__(1, taken)
        self._left = takes

    @property
    def is_blocked(self) -> bool:
        return self._left < 0

    def send(self, message: bytes | MaskedText, travel: Travel = USUAL) -> None:
        self._left -= 1

    async def writable(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await for_ever()
        return False

    async def answers_ping(self, seconds: float) -> bool:
        return await self.writable(seconds)

    async def close(self, code: int, *_: Any, **__: Any) -> Outcome | None:
        await asyncio.wait([self.lost])
        return self.lost.result()

    async def cut(self, how: CutForm = "fin") -> int:
        if not self.lost.done():
            self.lose(outcomes.UNANSWERED_CLOSE)
        return 0


class SlowDialer:
    """Gives links, after so many seconds."""

    def __init__(self, seconds: float, link: Callable[[], InProcessLink]) -> None:
        self._seconds = seconds
        self._link = link

    async def dial(self, attempt: int, plan: LinkPlan) -> InProcessLink:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._seconds):
                await for_ever()
        return self._link()


def test_a_receiver_that_takes_no_more_is_seen_though_it_never_ends_a_link() -> None:
    deaf = SlowDialer(0.0, lambda: DeafLink(4))
    figures = fly(mission(meeting=6.0, duration=6.0), 2, seconds=7.0, dialer=deaf)
    total = figures.total
    # Of 12 frames of each, four went out, one stuck, and seven never had their turn.
    assert total.sent == 2 * 4
    assert total.dropped == {"lost in sending": 2, "slow receiver": 2 * 7}
    assert total.offered == 2 * 12
    assert total.in_doubt == total.sent
    assert total.unanswered > 0
    # The one that stuck counts with as long as it had waited, and so do those behind it.
    assert total.stall.total == 2 * (4 + 1 + 7)
    assert total.stall.highest == pytest.approx(7.0 - 2.0, abs=0.6)
    assert total.stall.percentile(50) > 1.0
    assert total.lag.highest < 0.01


def test_a_stall_that_has_just_begun_counts_with_its_length_so_far() -> None:
    asked = mission(meeting=5.0, duration=5.0)
    deaf = SlowDialer(0.0, lambda: DeafLink(9))
    total = fly(asked, 1, seconds=4.8, dialer=deaf).total
    assert total.dropped == {"lost in sending": 1}
    assert 0.1 < total.stall.highest < 0.5


def test_a_stall_that_goes_on_is_told_with_its_length_so_far() -> None:
    class Slow(DeafLink):
        waits = 5

        async def writable(self, seconds: float) -> bool:
            await super().writable(seconds)
            self.waits -= 1
            if not self.waits:
                self._left = 100
            return not self.is_blocked

        async def answers_ping(self, seconds: float) -> bool:
            return True

    slow = SlowDialer(0.0, lambda: Slow(4))
    figures = fly(mission(), 1, seconds=11.0, dialer=slow)
    stalled = [second.all_links.stalled for second in figures.seconds.values()]
    last = stalled.index(max(stalled))
    assert [round(each) for each in stalled[last - 3 : last + 2]] == [2, 3, 4, 5, 0]
    assert figures.total.stall.highest == pytest.approx(5.0, abs=0.1)


def test_a_slow_handshake_is_no_lag_of_our_own() -> None:
    slow = SlowDialer(1.7, lambda: InProcessLink(1, taken))
    total = fly(mission(), 3, seconds=11.0, dialer=slow).total
    assert total.late.highest > 1.0
    assert total.stall.highest == pytest.approx(total.late.highest, abs=0.01)
    assert total.lag.highest < 0.01
    assert total.connect.highest == pytest.approx(1.7, abs=0.01)


def test_a_bot_that_leaves_is_not_one_that_retries() -> None:
    seen: list[int] = []

    async def leave(fleet: Fleet, clock: VirtualClock) -> None:
        await clock.back_off_until(2.0)
        fleet.leave(0)

    class Lingering(InProcessLink):
        async def close(self, *args: Any, **kwargs: Any) -> Outcome | None:
            with suppress(TimeoutError):
                async with asyncio.timeout(0.8):
                    await for_ever()
            return None

    figures = fly(
        mission(),
        2,
        seconds=9.0,
        dialer=SlowDialer(0.0, lambda: Lingering(1, taken)),
        meanwhile=leave,
    )
    seen = [second.all_links.waiting for second in figures.seconds.values()]
    assert max(seen) == 0


def test_what_comes_due_after_a_bot_has_left_is_nobodys_loss() -> None:
    class Lingering(InProcessLink):
        async def close(self, *args: Any, **kwargs: Any) -> Outcome | None:
            with suppress(TimeoutError):
                async with asyncio.timeout(0.8):
                    await for_ever()
            return None

    # Meetings would last longer than the run does.
    for link in (lambda: Lingering(1, taken), lambda: DeafLink(4)):
        short = mission(meeting=10.0, duration=5.0)
        total = fly(short, 1, seconds=6.0, dialer=SlowDialer(0.0, link)).total
        assert total.offered == 10
    assert total.dropped == {"lost in sending": 1, "slow receiver": 5}


def test_a_bot_that_joins_late_leaves_with_the_others() -> None:
    plan = mission(meeting=8.0, duration=10.0).plan_maker()
    assert [plan(0, joins_at).ends_at for joins_at in (0.0, 2.0, 7.0, 11.0)] == [8.0, 8.0, 3.0, 0.0]

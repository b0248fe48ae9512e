"""Time, real and otherwise."""

import asyncio

import pytest

from recall_simulator.engine import RealClock, UnpacedClock, VirtualClock


def test_virtual_time_jumps_over_every_wait_and_keeps_their_order() -> None:
    woken: list[tuple[str, float]] = []

    async def main(clock: VirtualClock) -> float:
        never = asyncio.get_running_loop().create_future()

        async def sleeper(name: str, at: float) -> None:
            await clock.sleep_until(at, never)
            woken.append((name, clock.now()))

        async with asyncio.TaskGroup() as group:
            group.create_task(sleeper("late", 3600.0))
            group.create_task(sleeper("soon", 3.0))
        await clock.back_off_until(7200.0)
        return clock.now()

    assert VirtualClock.run(main) == 7200.0
    assert woken == [("soon", 3.0), ("late", 3600.0)]


def test_timeouts_take_part_in_virtual_time() -> None:
    async def main(clock: VirtualClock) -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(10):
                await asyncio.get_running_loop().create_future()
        return clock.now()

    assert VirtualClock.run(main) == 10.0


def test_a_sleep_ends_when_it_is_interrupted() -> None:
    async def main(clock: VirtualClock) -> float:
        interrupt = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(2.0, interrupt.set_result, None)
        await clock.sleep_until(100.0, interrupt)
        await clock.sleep_until(100.0, interrupt)
        return clock.now()

    assert VirtualClock.run(main) == 2.0


def test_lateness_is_real_seconds_at_any_speed() -> None:
    async def main(clock: VirtualClock) -> tuple[float, float, float]:
        fast = RealClock(speed=10.0)
        await clock.back_off_until(5.0)
        return fast.now(), fast.real_seconds_late(20.0), fast.real_seconds_late(60.0)

    assert VirtualClock.run(main) == (50.0, 3.0, 0.0)


def test_an_unpaced_clock_is_where_it_was_last_told_to_wait_for() -> None:
    async def main(clock: VirtualClock) -> list[float]:
        unpaced = UnpacedClock()
        never = asyncio.get_running_loop().create_future()
        seen = [unpaced.now()]
        await unpaced.sleep_until(60.0, never)
        await unpaced.sleep_until(30.0, never)
        seen += [unpaced.now(), unpaced.real_seconds_late(1.0), clock.now()]
        await unpaced.back_off_until(63.0)
        seen += [unpaced.now(), clock.now()]
        never.set_result(None)
        await unpaced.sleep_until(99.0, never)
        return [*seen, unpaced.now()]

    assert VirtualClock.run(main) == [0.0, 60.0, 0.0, 0.0, 63.0, 0.15, 63.0]

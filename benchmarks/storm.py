"""What 10,000 bots that lost their links in one instant do to a receiver, with their fixed 3 s.

`python benchmarks/storm.py` plays it on the virtual clock: the bots and their retries are the
engine's own, the receiver is a turnstile that completes so many handshakes a second, one after the
other. Prints the table of `docs/scale.md`.
"""

import argparse
import asyncio
from collections import Counter
from datetime import UTC, datetime

from recall_simulator.engine import (
    Conduct,
    DialFailed,
    InProcessLink,
    Link,
    VirtualClock,
    play,
)
from recall_simulator.engine.dialer import HANDSHAKE_TIMEOUT
from recall_simulator.frames import FrameLibrary
from recall_simulator.meeting import Scenario, make_plans
from recall_simulator.meeting.actions import Cut
from recall_simulator.record.events import AttemptStarted, EngineEvent, LinkOpened
from recall_simulator.record.outcomes import Outcome
from recall_simulator.sources.fonts import shipped_fonts
from recall_simulator.wire import LinkPlan

STORM_AT = 10.0
LASTS = 135.0
TIMED_OUT = Outcome("timed out", "unreachable", opened=False)


def open_link() -> InProcessLink:
    """A link that is only there."""
    return InProcessLink(1, lambda attempt, message: None)


class Turnstile:
    """A receiver that completes one handshake after the other.

    Args:
        rate: handshakes a second.
        notices: whether it passes over those who have hung up while they waited; one that does not
            spends the same time on them.
    """

    def __init__(self, rate: float, *, notices: bool) -> None:
        self._each = 1 / rate
        self._notices = notices
        self._free_at = 0.0
        self.longest_queue = 0

    async def dial(self, attempt: int, plan: LinkPlan) -> Link:
        """Wait for the turn. Raises DialFailed when it does not come in time."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        begins = max(now, self._free_at)
        done = begins + self._each
        self.longest_queue = max(self.longest_queue, round((done - now) / self._each))
        if done - now > HANDSHAKE_TIMEOUT:
            if not self._notices:
                self._free_at = done
            await wait_until(loop, now + HANDSHAKE_TIMEOUT)
            raise DialFailed(TIMED_OUT)
        self._free_at = done
        await wait_until(loop, done)
        return open_link()


async def wait_until(loop: asyncio.AbstractEventLoop, when: float) -> None:
    """Until the loop's time has come to `when`."""
    woken = loop.create_future()
    loop.call_at(when, woken.set_result, None)
    await woken


def storm(bots: int, rate: float, *, notices: bool) -> tuple[list[float], Counter[int], Turnstile]:
    """Everybody is up, then everybody is cut, then all dial again after 3 s.

    Returns:
        (seconds from the cut to when each bot was up again, dials by second, the receiver).
    """
    scenario = Scenario(
        title="storm", duration=LASTS, bots=bots, timeline=[Cut(at=STORM_AT, probe=False)]
    )
    plans = make_plans(
        "storm", scenario, seed=1, run_id="0badcafe", start_time=datetime(2026, 1, 1, tzinfo=UTC)
    )
    turnstile = Turnstile(rate, notices=notices)
    back: list[float] = []
    dials: Counter[int] = Counter()

    class Gate:
        """The first dial is free: the storm is what is looked at."""

        async def dial(self, attempt: int, plan: LinkPlan) -> Link:
            return open_link() if attempt == 1 else await turnstile.dial(attempt, plan)

    def note(event: EngineEvent) -> None:
        match event:
            case AttemptStarted(attempt=attempt, at=at) if attempt > 1:
                dials[int(at - STORM_AT)] += 1
            case LinkOpened(attempt=attempt, at=at) if attempt > 1:
                back.append(at - STORM_AT)

    async def main(clock: VirtualClock) -> None:
        await play(
            plans,
            dialer=lambda plan: Gate(),
            clock=lambda: clock,
            library=FrameLibrary(run_id="0badcafe", seed=1, fonts=shipped_fonts()),
            handlers=[note],
            conduct=Conduct(),
        )

    VirtualClock.run(main)
    return sorted(back), dials, turnstile


def row(bots: int, rate: float, *, notices: bool) -> str:
    """One line of the table."""
    back, dials, turnstile = storm(bots, rate, notices=notices)
    half = f"{back[bots // 2 - 1]:.0f} s" if len(back) >= bots / 2 else "never"
    last = f"{back[-1]:.0f} s" if len(back) == bots else f"never: {len(back):,} after 2 minutes"
    return (
        f"| {rate:,.0f} | {'yes' if notices else 'no'} | {half} | {last} | "
        f"{max(dials.values()):,} | {dials.total():,} | {turnstile.longest_queue:,} |"
    )


def main() -> None:
    """As the command line wants it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--bots", type=int, default=10_000)
    print_table(parser.parse_args().bots)


def print_table(bots: int) -> None:
    """Play every storm of so many bots."""
    print("| handshakes/s | notices hang-ups | half are back | all are back | dials in the worst "
          "second | dials in all | longest queue |")  # fmt: skip
    print("|---|---|---|---|---|---|---|")
    for rate in (5000, 2000, 1000, 500, 200):
        for notices in (True, False):
            print(row(bots, rate, notices=notices), flush=True)


if __name__ == "__main__":
    main()

"""Links that a bot leaves behind it: half-open ones, and those that are closed late."""

import asyncio

import pytest
from tests.simulator.engine.stories import FLAT, PlansOf, PlayOut, frames, story, with_items

from recall_simulator.engine import Conduct, InProcessLink, VirtualClock, play
from recall_simulator.engine.old_links import OldLinks
from recall_simulator.frames import FrameLibrary
from recall_simulator.meeting import Cut, CutForm, Overlap, Plan
from recall_simulator.record import outcomes
from recall_simulator.record.events import BotEnded, EngineEvent, OldLinkClosed
from recall_simulator.record.outcomes import Outcome
from recall_simulator.wire import LinkPlan


def test_an_overlapped_link_is_closed_after_the_new_one_is_up(
    plans_of: PlansOf, play_out: PlayOut
) -> None:
    plan = with_items(plans_of(f"duration = 12\n{FLAT}")[0], (4.0, Overlap(close_after=1.5)))
    events = play_out([plan])
    assert story(events) == [
        "0 dial 1", "0 open", "4 planned overlap", "4 wait 3", "7 dial 2", "7 open",
        "12 completed", "12 finished",
    ]  # fmt: skip
    late = [event for event in events if isinstance(event, OldLinkClosed)]
    assert [(event.attempt, event.at) for event in late] == [(1, 8.5)]
    after = [frame.at for frame in frames(events) if frame.attempt == 2]
    assert min(after) < 8.5 < max(after)


class Unanswering(InProcessLink):
    """Its close frame is answered only after eight seconds."""

    async def close(
        self, code: int, reason: str = "", junk: bytes = b"", *, patience: float = 0.0
    ) -> Outcome | None:
        await asyncio.wait([self.lost], timeout=8.0)
        return await super().close(code, reason, junk, patience=patience)

    async def cut(self, how: CutForm = "fin") -> int:
        self.cuts = [*getattr(self, "cuts", []), how]
        if how == "rst" and not self.lost.done():
            self.lose(outcomes.cut("by us"))
        return 0


def play_unanswered(plan: Plan, library: FrameLibrary) -> tuple[list[EngineEvent], Unanswering]:
    """Play it into a receiver that answers no close frame on the first link for long."""
    events: list[EngineEvent] = []
    links: list[Unanswering] = []

    class Dialer:
        async def dial(self, attempt: int, plan: LinkPlan) -> InProcessLink:
            if attempt > 1:
                return InProcessLink(attempt, lambda attempt, message: None)
            links.append(Unanswering(attempt, lambda attempt, message: None))
            return links[0]

    async def main(clock: VirtualClock) -> None:
        await play(
            [plan], dialer=lambda plan: Dialer(), clock=lambda: clock, library=library,
            handlers=[events.append], conduct=Conduct(), elapsed=clock.now,
        )  # fmt: skip

    VirtualClock.run(main)
    return events, links[0]


@pytest.mark.parametrize("duration", [20, 11])
def test_a_late_close_that_is_long_unanswered_holds_the_new_link_up_no_longer_than_two_seconds(
    plans_of: PlansOf, library: FrameLibrary, duration: int
) -> None:
    plan = with_items(plans_of(f"duration = {duration}\n{FLAT}")[0], (4.0, Overlap(1.0)))
    events, _ = play_unanswered(plan, library)
    later = [frame for frame in frames(events) if frame.attempt == 2]
    assert max(frame.written - frame.at for frame in later) == pytest.approx(2.0, abs=0.5)
    assert max(frame.lag for frame in later) < 0.01
    assert max(frame.stall for frame in later) > 1.5
    (late,) = [event for event in events if isinstance(event, OldLinkClosed)]
    assert (late.attempt, late.at) == (1, 8.0)
    assert late.closing is not None
    assert isinstance(events[-1], BotEnded)


@pytest.mark.parametrize(("hurried", "seconds"), [(True, 2.0), (False, 8.0)])
def test_whoever_is_interrupted_waits_for_no_late_answer(*, hurried: bool, seconds: float) -> None:
    async def main(clock: VirtualClock) -> tuple[float, list[int]]:
        links, link = OldLinks(), Unanswering(1, lambda attempt, message: None)
        links.leave(1, link, close_after=0.0)
        links.new_link_is_up(0.0)
        for old in links.take_due(0.0):
            await links.close(old)
        assert (bool(links), links.take_closed()) == (True, [])
        closed = await links.end(hurried=hurried)
        assert not links
        return clock.now(), [old.attempt for old in closed]

    assert VirtualClock.run(main) == (seconds, [1])


def test_a_half_open_link_is_cut_when_the_meeting_ends(
    plans_of: PlansOf, library: FrameLibrary
) -> None:
    plan = with_items(plans_of(f"duration = 9\n{FLAT}")[0], (4.0, Cut(how="silent")))
    _, first = play_unanswered(plan, library)
    assert first.cuts == ["silent", "rst"]

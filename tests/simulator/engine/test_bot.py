"""A bot's life: dials, retries, outages, ends. On a virtual clock, into a function."""

import asyncio
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.simulator.engine.stories import (
    FLAT,
    PlansOf,
    PlayOut,
    dropped,
    frames,
    story,
    with_items,
)

from recall_simulator.engine import Conduct, InProcessDialer, VirtualClock, play
from recall_simulator.engine.clock import Interrupt
from recall_simulator.frames import FrameLibrary
from recall_simulator.meeting import Frame
from recall_simulator.record import outcomes
from recall_simulator.record.events import (
    AttemptEnded,
    AttemptStarted,
    BotEnded,
    EngineEvent,
    EventSent,
    FrameSent,
    Probed,
)
from recall_simulator.record.outcomes import Outcome
from recall_simulator.wire import RetryPolicy

REFUSED = Outcome("refused", "unreachable", opened=False)


def test_a_bot_plays_its_meeting_and_closes(plans_of: PlansOf, play_out: PlayOut) -> None:
    messages: list[bytes] = []
    events = play_out(
        plans_of(f"duration = 10\n{FLAT}"), lambda attempt, message: messages.append(message)
    )
    assert story(events) == ["0 dial 1", "0 open", "10 completed", "10 finished"]
    assert len(frames(events)) == len(messages) == 20
    assert [frame.sequence for frame in frames(events)] == list(range(20))
    assert [frame.message_bytes for frame in frames(events)] == [len(m) for m in messages]
    assert all(frame.lag == frame.stall == 0 for frame in frames(events))


def test_a_cut_is_probed_and_dialled_again_after_three_seconds(
    plans_of: PlansOf, play_out: PlayOut
) -> None:
    events = play_out(plans_of(f'duration = 10\n{FLAT}timeline = [{{at = 4, do = "cut"}}]'))
    assert story(events) == [
        "0 dial 1", "0 open", "4 planned cut", "4 wait 3", "7 dial 2", "7 open", "10 completed",
        "10 finished",
    ]  # fmt: skip
    probed = [(event.attempt, event.answered) for event in events if isinstance(event, Probed)]
    assert probed == [(1, True), (2, True)]
    assert len(frames(events)) == 14
    assert dropped(events) == {"outage": 6}
    assert all(end.in_doubt == 0 for end in events if isinstance(end, AttemptEnded))


def test_without_a_probe_all_frames_of_the_link_are_in_doubt(
    plans_of: PlansOf, play_out: PlayOut
) -> None:
    cut = 'timeline = [{at = 4, do = "cut", probe = false}]'
    events = play_out(plans_of(f"duration = 10\n{FLAT}{cut}"))
    assert [end.in_doubt for end in events if isinstance(end, AttemptEnded)] == [8, 0]
    assert [event.attempt for event in events if isinstance(event, Probed)] == [2]


def test_a_planned_close_is_no_end_of_the_meeting(plans_of: PlansOf, play_out: PlayOut) -> None:
    events = play_out(plans_of(f'duration = 10\n{FLAT}timeline = [{{at = 4, do = "close"}}]'))
    assert story(events)[2:4] == ["4 planned close 1001", "4 wait 3"]
    assert story(events)[-1] == "10 finished"


def test_aborted_handshakes_are_the_plans_doing_and_count_as_failures(
    plans_of: PlansOf, play_out: PlayOut
) -> None:
    aborts = ", ".join(f'{{number = {number}, handshake = "abort"}}' for number in (1, 2, 3))
    events = play_out(plans_of(f"duration = 20\n{FLAT}attempts = [{aborts}]"))
    assert story(events) == [
        "0 dial 1", "0 planned abort", "0 wait 3", "3 dial 2", "3 planned abort", "3 wait 3",
        "6 dial 3", "6 planned abort", "6 wait 3", "9 dial 4", "9 open", "20 completed",
        "20 finished",
    ]  # fmt: skip


def test_a_loss_is_noticed_at_once_between_frames(plans_of: PlansOf, play_out: PlayOut) -> None:
    def hang_up(attempt: int, message: bytes) -> Outcome | None:
        return outcomes.closed(1011, "") if attempt == 1 else None

    events = play_out(plans_of(f"duration = 10\n{FLAT}"), hang_up)
    first = frames(events)[0].at
    assert story(events)[2] == f"{first:g} closed 1011"
    dials = [event.at for event in events if isinstance(event, AttemptStarted)]
    assert dials == [0.0, pytest.approx(first + 3.0)]


def test_while_nobody_answers_it_dials_every_three_seconds_of_its_life(
    plans_of: PlansOf, play_out: PlayOut
) -> None:
    events = play_out(plans_of(f"duration = 10\n{FLAT}"), answer=lambda attempt: REFUSED)
    assert story(events) == [
        "0 dial 1", "0 refused", "0 wait 3", "3 dial 2", "3 refused", "3 wait 3",
        "6 dial 3", "6 refused", "6 wait 3", "9 dial 4", "9 refused", "10 unconnected",
    ]  # fmt: skip
    assert dropped(events) == {"outage": 20}


def test_a_policy_gives_up_for_good(plans_of: PlansOf, play_out: PlayOut) -> None:
    events = play_out(
        plans_of(f"duration = 60\n{FLAT}"),
        answer=lambda attempt: REFUSED,
        retry=RetryPolicy(max_attempts=4),
    )
    assert sum(isinstance(event, AttemptStarted) for event in events) == 4
    assert story(events)[-1] == "9 gave up"
    assert dropped(events) == {"outage": 120}  # the rest of the meeting too


def test_a_policy_counts_the_failures_of_one_incident_alone(
    plans_of: PlansOf, play_out: PlayOut
) -> None:
    cuts = ", ".join(f'{{at = {at}, do = "cut"}}' for at in (10, 30, 50))

    def every_second_dial(attempt: int) -> Outcome | None:
        return REFUSED if attempt % 2 == 0 else None

    events = play_out(
        plans_of(f"duration = 60\n{FLAT}timeline = [{cuts}]"),
        answer=every_second_dial,
        retry=RetryPolicy(max_attempts=2),
    )
    assert story(events)[-1] == "60 finished"


def test_the_outage_buffer_sends_the_newest_frames_first_thing(
    plans_of: PlansOf, play_out: PlayOut
) -> None:
    events = play_out(
        plans_of(f'duration = 10\n{FLAT}timeline = [{{at = 4, do = "cut"}}]'), outage_buffer=4
    )
    assert dropped(events) == {"outage": 2}
    assert [frame.sequence for frame in frames(events)] == [*range(8), *range(10, 20)]


def test_a_stall_sends_late_what_came_due(plans_of: PlansOf, play_out: PlayOut) -> None:
    stall = 'timeline = [{at = 4, do = "stall", lasts = 3}]'
    events = play_out(plans_of(f"duration = 10\n{FLAT}{stall}"))
    late = [frame for frame in frames(events) if frame.lag > 0]
    assert [frame.sequence for frame in late] == list(range(8, 14))
    assert late[0].lag == pytest.approx(7.0 - late[0].at)


@pytest.mark.parametrize(
    ("policy", "kept"),
    [("drop-oldest", [*range(8), *range(12, 20)]), ("drop-newest", [*range(10), *range(14, 20)])],
)
def test_a_slow_receivers_backlog_is_bounded(
    plans_of: PlansOf, play_out: PlayOut, policy: str, kept: list[int]
) -> None:
    stall = 'timeline = [{at = 4, do = "stall", lasts = 3}]'
    events = play_out(plans_of(f"duration = 10\n{FLAT}{stall}"), slow_receiver=policy, backlog=2)
    assert [frame.sequence for frame in frames(events)] == kept
    assert dropped(events) == {"slow receiver": 4}


def test_a_slow_receiver_may_be_hung_up_on(plans_of: PlansOf, play_out: PlayOut) -> None:
    stall = 'timeline = [{at = 4, do = "stall", lasts = 3}]'
    events = play_out(plans_of(f"duration = 14\n{FLAT}{stall}"), slow_receiver="close", backlog=2)
    assert story(events)[2:5] == ["7 closed by us 1008", "7 wait 3", "10 dial 2"]
    assert dropped(events) == {"slow receiver": 6, "outage": 6}


def test_events_of_the_meeting_are_sent_where_they_are_subscribed_to(
    plans_of: PlansOf, play_out: PlayOut
) -> None:
    toml = 'duration = 4\nevents = ["participant_events.join"]\n' + FLAT
    events = play_out(plans_of(toml))
    assert [event.event for event in events if isinstance(event, EventSent)] == [
        "participant_events.join"
    ]


def test_digests_are_made_when_they_are_asked_for(plans_of: PlansOf, play_out: PlayOut) -> None:
    plans = plans_of(f"duration = 3\n{FLAT}")
    assert {frame.sha256 for frame in frames(play_out(plans))} == {""}
    digests = {frame.sha256 for frame in frames(play_out(plans, digests=True))}
    assert len(digests) == 6
    assert {len(digest) for digest in digests} == {64}


@given(
    failures=st.lists(st.booleans(), max_size=12),
    cuts=st.lists(st.integers(1, 58), max_size=4, unique=True),
    most=st.none() | st.integers(1, 5),
)
def test_no_two_dials_are_ever_nearer_than_three_seconds(
    plans_of: PlansOf,
    library: FrameLibrary,
    failures: list[bool],
    cuts: list[int],
    most: int | None,
) -> None:
    acts = ", ".join(f'{{at = {at}, do = "cut"}}' for at in cuts)
    plan = plans_of(f"duration = 60\n{FLAT}timeline = [{acts}]")[0]
    events: list[EngineEvent] = []

    def answer(attempt: int) -> Outcome | None:
        return REFUSED if attempt <= len(failures) and failures[attempt - 1] else None

    async def main(clock: VirtualClock) -> None:
        await play(
            [plan],
            dialer=lambda plan: InProcessDialer(lambda attempt, message: None, answer),
            clock=lambda: clock,
            library=library,
            handlers=[events.append],
            conduct=Conduct(retry=RetryPolicy(most)),
        )

    VirtualClock.run(main)
    ends = [event.at for event in events if isinstance(event, AttemptEnded)]
    dials = [event.at for event in events if isinstance(event, AttemptStarted)]
    assert [round(dial - end, 6) for end, dial in zip(ends, dials[1:], strict=False)] == [3.0] * (
        len(dials) - 1
    )
    sent = [frame.at for frame in frames(events)]
    assert sent == sorted(sent)
    (last,) = [event for event in events if isinstance(event, BotEnded)]
    over = 60.0 if last.reason == "gave up" else last.at
    due = sum(timed.at < over for timed in plan.schedule() if isinstance(timed.item, Frame))
    assert len(sent) + dropped(events)["outage"] == due


def test_a_sender_that_comes_late_to_its_dials_loses_no_frame_by_that(
    plans_of: PlansOf, library: FrameLibrary
) -> None:
    late, events = 0.8, list[EngineEvent]()

    class Drowsy(VirtualClock):
        async def back_off_until(self, at: float) -> None:
            await super().back_off_until(at + late)

    async def main(clock: VirtualClock) -> None:
        drowsy = Drowsy()
        await clock.back_off_until(late)
        await play(
            plans_of(f'duration = 10\n{FLAT}timeline = [{{at = 4, do = "cut"}}]'),
            dialer=lambda plan: InProcessDialer(lambda attempt, message: None),
            clock=lambda: drowsy,
            library=library,
            handlers=[events.append],
            conduct=Conduct(),
            elapsed=clock.now,
        )

    VirtualClock.run(main)
    dials = [event.at for event in events if isinstance(event, AttemptStarted)]
    assert dials == pytest.approx([late, 7 + late])
    assert dropped(events) == {"outage": 6}  # those of the three seconds, as without the delay
    assert frames(events)[0].lag == pytest.approx(late - frames(events)[0].at)


@pytest.mark.parametrize(("scene", "at_once"), [("flat", 8), ("webcam", 1)])
def test_late_bots_give_way_to_each_other_the_sooner_the_more_they_send(
    scene: str, at_once: int, plans_of: PlansOf, library: FrameLibrary
) -> None:
    events: list[EngineEvent] = []

    class Late(VirtualClock):
        async def sleep_until(self, at: float, interrupt: Interrupt) -> None:
            """Everything is due already."""

        def real_seconds_late(self, at: float) -> float:
            return 1.0

    async def main(clock: VirtualClock) -> None:
        await play(
            plans_of(f'bots = 3\nduration = 10\npeople = [{{key = "a", scene = "{scene}"}}]'),
            dialer=lambda plan: InProcessDialer(lambda attempt, message: None),
            clock=Late,
            library=library,
            handlers=[events.append],
            conduct=Conduct(),
        )

    VirtualClock.run(main)
    turns = [len(list(turn)) for _, turn in groupby(frames(events), key=lambda sent: sent.bot)]
    assert sum(turns) == 3 * 20
    assert max(turns) <= at_once


class Trouble(Exception):
    """Raised by a handler."""


def test_a_handler_that_raises_ends_every_bot_and_its_error_is_seen(
    plans_of: PlansOf, library: FrameLibrary
) -> None:
    events: list[EngineEvent] = []

    def stumble(event: EngineEvent) -> None:
        events.append(event)
        if isinstance(event, FrameSent) and event.sequence == 3:
            raise Trouble

    async def main(clock: VirtualClock) -> None:
        await play(
            plans_of(f"duration = 60\nbots = 3\n{FLAT}"),
            dialer=lambda plan: InProcessDialer(lambda attempt, message: None),
            clock=lambda: clock,
            library=library,
            handlers=[stumble],
            conduct=Conduct(),
        )

    with pytest.raises(Trouble):
        VirtualClock.run(main)
    assert [event.reason for event in events if isinstance(event, BotEnded)] == ["interrupted"] * 3


def test_a_cancelled_run_closes_its_links_and_says_so(
    plans_of: PlansOf, library: FrameLibrary
) -> None:

    events: list[EngineEvent] = []

    async def main(clock: VirtualClock) -> None:
        run = asyncio.create_task(
            play(
                plans_of(f"duration = 60\nbots = 2\n{FLAT}"),
                dialer=lambda plan: InProcessDialer(lambda attempt, message: None),
                clock=lambda: clock,
                library=library,
                handlers=[events.append],
                conduct=Conduct(),
            )
        )
        await clock.back_off_until(5.0)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run

    VirtualClock.run(main)
    ends = [(event.at, event.outcome.text) for event in events if isinstance(event, AttemptEnded)]
    assert ends == [(5.0, "interrupted")] * 2


def test_a_torn_frame_is_in_doubt_and_not_sent(plans_of: PlansOf, play_out: PlayOut) -> None:
    from recall_simulator.meeting import Torn

    plain = plans_of(f"duration = 12\n{FLAT}")[0]
    frame = next(timed.item for timed in plain.schedule() if timed.at > 4)
    assert isinstance(frame, Frame)
    events = play_out([with_items(plain, (4.0, Torn(frame, 1000)))])
    assert dropped(events)["lost in sending"] == 1
    (end, *_) = [event for event in events if isinstance(event, AttemptEnded)]
    assert (end.outcome.text, end.in_doubt) == ("planned cut", 8)


def test_raw_messages_go_out_with_their_name_and_what_is_expected(
    plans_of: PlansOf, play_out: PlayOut
) -> None:
    from recall_simulator.meeting import Raw

    got: list[bytes] = []
    plan = with_items(plans_of("duration = 3")[0], (1.0, Raw(b"{", "junk", expect="must survive")))
    events = play_out([plan], lambda attempt, message: got.append(message))
    (sent,) = [event for event in events if isinstance(event, EventSent)]
    assert (sent.event, sent.expect, sent.message_bytes, got) == ("junk", "must survive", 1, [b"{"])

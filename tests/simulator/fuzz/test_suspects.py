"""Which message it was: found by halves, alone or with others, over links that are functions."""

import asyncio
from collections.abc import Callable
from itertools import count

import pytest

from recall_simulator.engine import InProcessDialer, VirtualClock
from recall_simulator.fuzz.records import Input
from recall_simulator.fuzz.sentinels import BlindSentinel
from recall_simulator.fuzz.suspects import find_culprit, together
from recall_simulator.fuzz.trial import Receiver, Trouble, Unreachable
from recall_simulator.record import outcomes
from recall_simulator.record.outcomes import Outcome
from recall_simulator.wire import RetryPolicy
from recall_simulator.wire.framing import TEXT, masked_frame

SENTINEL = b"valid"
CLOSED = outcomes.closed(1011, "")
GONE = Outcome("refused", "unreachable", opened=False, detail="nothing listens there")


def message(number: int, *, expect: str = "must survive") -> Input:
    return Input(
        data=b"%d" % number,
        expect=expect,  # type: ignore[arg-type]
        what=f"number {number}",
        part=f"part {number}",
    )


class Stub:
    """A receiver that drops the link once it has seen certain messages on it, or later."""

    def __init__(self, *guilty: bytes, late: int = 0) -> None:
        self.guilty = set(guilty)
        self.late = late
        self.seen: dict[int, list[bytes]] = {}
        self.messages = 0

    def take(self, attempt: int, data: bytes) -> Outcome | None:
        self.messages += 1
        seen = self.seen.setdefault(attempt, [])
        seen.append(data)
        judged = seen[: max(0, len(seen) - self.late)]
        return CLOSED if self.guilty <= set(judged) else None


def receiver_of(
    stub: Stub, answer: Callable[[int], Outcome | None] = lambda attempt: None
) -> Receiver:
    return Receiver(
        InProcessDialer(stub.take, answer),
        BlindSentinel(SENTINEL),
        retry=RetryPolicy(max_attempts=3),
        timeout=5.0,
        memory=2**30,
    )


@pytest.mark.parametrize("guilty", [0, 1, 31, 62, 63])
def test_one_message_of_many_is_found_in_few_trials(guilty: int) -> None:
    batch = [message(number) for number in range(64)]
    stub = Stub(b"%d" % guilty)

    async def main(clock: VirtualClock) -> None:
        receiver = receiver_of(stub)
        first = await receiver.try_(batch)
        assert first is not None
        assert (first.outcome, first.error) == ("dropped", "closed 1011")
        culprit = await find_culprit(receiver, batch, [], first)
        assert culprit.doubt == ""
        assert culprit.input == message(guilty)

    VirtualClock.run(main)
    assert len(stub.seen) <= 16  # links


def test_two_messages_that_fail_only_together_are_found_as_one() -> None:
    batch = [message(number) for number in range(32)]

    async def main(clock: VirtualClock) -> None:
        receiver = receiver_of(Stub(b"3", b"29"))
        first = await receiver.try_(batch)
        assert first is not None
        culprit = await find_culprit(receiver, batch, [], first)
        assert culprit.members == (message(3), message(29))
        frames = [masked_frame(each, opcode=TEXT) for each in (b"3", b"29")]
        assert culprit.input.wire == b"".join(frames)
        assert culprit.input.what == "2 messages in a row: number 3; number 29"

    VirtualClock.run(main)


def test_what_shows_one_batch_late_is_found_in_the_batch_before() -> None:
    before = [message(number) for number in range(16)]
    batch = [message(number) for number in range(16, 32)]

    async def main(clock: VirtualClock) -> None:
        receiver = receiver_of(Stub(b"9", late=12))
        assert await receiver.try_(before) is None
        first = await receiver.try_(batch)
        assert first is not None
        culprit = await find_culprit(receiver, batch, before, first)
        assert culprit.doubt == ""
        assert message(9) in culprit.members

    VirtualClock.run(main)


@pytest.mark.parametrize(("trials", "left"), [(0, 64), (2, 16), (4, 4)])
def test_when_the_time_is_up_what_was_narrowed_down_so_far_is_the_culprit(
    trials: int, left: int
) -> None:
    batch = [message(number) for number in range(64)]
    asked = count()

    async def main(clock: VirtualClock) -> None:
        receiver = receiver_of(Stub(b"0"))
        first = await receiver.try_(batch)
        assert first is not None
        culprit = await find_culprit(
            receiver, batch, [], first, is_over=lambda: next(asked) >= trials
        )
        assert culprit.doubt == "the time was up before it was made small"
        assert culprit.members == tuple(batch[:left])

    VirtualClock.run(main)
    assert next(asked) == trials + 1


def test_what_does_not_happen_again_is_not_confirmed() -> None:
    batch = [message(number) for number in range(8)]

    async def main(clock: VirtualClock) -> None:
        first = Trouble("dropped", "cut", "once")
        culprit = await find_culprit(receiver_of(Stub(b"none")), batch, [], first)
        assert culprit.doubt == "it did not happen again"
        assert culprit.members == tuple(batch)

    VirtualClock.run(main)


def test_a_link_closed_for_what_may_be_refused_is_tolerated() -> None:
    trouble = Trouble("dropped", "closed 1009")
    over = message(1, expect="may refuse")
    assert trouble.is_tolerated([over])
    assert not trouble.is_tolerated([over, message(2)])
    assert not Trouble("died", "exit code 1").is_tolerated([over])


def test_nobody_answers_the_next_dial_means_that_it_died_and_dialling_ends() -> None:
    async def main(clock: VirtualClock) -> float:
        receiver = receiver_of(Stub(b"1"), lambda attempt: GONE if attempt > 1 else None)
        trouble = await receiver.try_([message(1)])
        assert trouble is not None
        assert (trouble.outcome, trouble.error) == ("died", "refused")
        loop = asyncio.get_running_loop()
        began = loop.time()
        with pytest.raises(Unreachable, match=r"does not answer: refused .* 3 dials long"):
            await receiver.try_([message(2)])
        return loop.time() - began

    assert VirtualClock.run(main) == pytest.approx(6.0)  # two waits of the retry policy


def test_one_message_stays_as_it_is() -> None:
    assert together([message(1)]) == message(1)

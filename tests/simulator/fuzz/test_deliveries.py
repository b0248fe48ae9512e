"""Valid frames are counted: as many must come out as went in."""

import asyncio
import hashlib
from collections.abc import Sequence

import msgspec
import pybase64
import pytest

from recall_receiver import FrameEvent, parse
from recall_simulator.fuzz.deliveries import PROBES, Deliveries, is_countable
from recall_simulator.fuzz.drawing import Drawing
from recall_simulator.fuzz.messages import PLAIN, made
from recall_simulator.fuzz.records import Edit, Input
from recall_simulator.record.observations import Claim, Observation, Sighting
from recall_simulator.record.streams import StreamKey


async def at_once(within: float) -> bool:
    return True


def counted() -> Deliveries:
    return Deliveries(lambda observation: False, at_once)


def sighting(observer: str = "files:*.png") -> Sighting:
    return Sighting(observer=observer, where="", at=0.0)


def claim(frames: int, participant: int = 100) -> Claim:
    stream = StreamKey("recording", participant, "webcam")
    return Claim(observer="http://x", at=0.0, stream=stream, frames=frames)


def learnt(deliveries: Deliveries, seen: Sequence[Observation]) -> Deliveries:
    before = deliveries.so_far()
    for each in seen:
        deliveries.take(each)
    asyncio.run(deliveries.learn(before))
    return deliveries


def missing(deliveries: Deliveries, frames: int, seen: Sequence[Observation]) -> int:
    before = deliveries.so_far()
    for each in seen:
        deliveries.take(each)
    return asyncio.run(deliveries.missing(before, frames, 1.0))


@pytest.mark.parametrize("of_each", [1, 2])
def test_as_many_must_be_seen_as_of_plain_frames(of_each: int) -> None:
    deliveries = learnt(counted(), [sighting()] * PROBES * of_each)
    assert deliveries.counts
    assert missing(deliveries, 10, [sighting()] * 10 * of_each) == 0
    assert missing(deliveries, 10, [sighting()] * 7 * of_each) == 3


def test_counts_are_sums_over_streams_and_begin_anew_with_the_receiver() -> None:
    deliveries = learnt(counted(), [claim(1), claim(PROBES)])
    assert missing(deliveries, 3, [claim(PROBES + 1), claim(2, participant=200)]) == 0
    assert missing(deliveries, 4, [claim(1), claim(3)]) == 2


def test_who_sees_the_latest_frame_alone_counts_nothing() -> None:
    deliveries = learnt(counted(), [sighting()])
    assert not deliveries.counts


def test_the_observer_that_sees_most_is_believed() -> None:
    deliveries = learnt(counted(), [sighting(name) for name in ("a", "b")] * PROBES)
    assert missing(deliveries, 2, [sighting("a"), sighting("a"), sighting("b")]) == 0


def test_sentinels_are_not_counted() -> None:
    deliveries = Deliveries(lambda observation: isinstance(observation, Claim), at_once)
    assert not learnt(deliveries, [claim(9)]).counts


def test_valid_frames_are_told_from_other_messages() -> None:
    assert is_countable(PLAIN)
    assert is_countable(made([Edit("characters escaped", (1,))]))
    assert not is_countable(made([Edit("another event", (0,))]))
    assert not is_countable(made([Edit("field is missing", (3,))]))
    assert is_countable(made([Edit("relative time in another form", (0,))]))
    both = [Edit("relative time in another form", (0,)), Edit("another participant id", (0,))]
    assert not is_countable(made(both))
    assert not is_countable(made([Edit("event that nobody has heard of", (0,))]))


@pytest.mark.slow
def test_each_frame_is_told_from_all_others_and_stays_valid() -> None:
    drawing = Drawing(1)
    valid = [each for _ in range(40) for each in drawing.batch() if is_countable(each)]
    deliveries = counted()
    filed, pictures = set(), set()
    for each in [*valid, *[PLAIN] * 100]:
        event = parse(deliveries.stamped(each).data)
        assert isinstance(event, FrameEvent)
        assert event.pixels.size
        filed.add((event.stream, event.timestamp.relative))
        pictures.add(hashlib.sha256(event.png).hexdigest())
    assert len(filed) == len(valid) + 100
    assert len(pictures) > 0.9 * len(valid) + 100


def test_a_message_of_an_old_finding_keeps_its_picture() -> None:
    old = Input(data=PLAIN.data.replace(b"Ada", b"Eve"), expect="must accept", what="", part="")
    stamped = msgspec.json.decode(counted().stamped(old).data)["data"]["data"]
    plain = msgspec.json.decode(PLAIN.data)["data"]["data"]
    assert stamped["participant"]["name"] == "Eve Lovelace"
    assert stamped["timestamp"]["relative"] == plain["timestamp"]["relative"] + 1
    assert pybase64.b64decode(stamped["buffer"]) == pybase64.b64decode(plain["buffer"])

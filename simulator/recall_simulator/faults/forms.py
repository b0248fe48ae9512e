"""Messages in websocket frames of other forms: RFC 6455, section 5."""

import random
from typing import Annotated

import msgspec
from msgspec import Meta

from recall_simulator.faults.aim import AimedAtFrames
from recall_simulator.faults.rewriting import change_frames, reform
from recall_simulator.meeting import Frame, Plan
from recall_simulator.record.streams import Expectation


class FragmentMessages(AimedAtFrames, frozen=True, kw_only=True, tag="fragmented"):
    """A message is split into several websocket frames (RFC 6455, section 5.4)."""

    pieces: Annotated[int, Meta(ge=1, le=1000, description="1 is the usual form.")] = 3

    def apply(self, plan: Plan, rng: random.Random) -> Plan:
        """Change how messages travel."""
        return _travel(plan, rng, self, fragments=self.pieces)


class BinaryMessages(AimedAtFrames, frozen=True, kw_only=True, tag="binary"):
    """A message travels in a binary frame; the vendor documents text frames."""

    def apply(self, plan: Plan, rng: random.Random) -> Plan:
        """Change how messages travel."""
        return _travel(plan, rng, self, "must survive", binary=True)


class PingBeforeMessages(AimedAtFrames, frozen=True, kw_only=True, tag="ping"):
    """A ping with a payload right before a message, and between its fragments (section 5.5.2)."""

    payload: Annotated[str, Meta(description="At most 125 bytes of UTF-8.")] = "are you there?"

    def __post_init__(self) -> None:
        """Control frames are short."""
        if len(self.payload.encode()) > 125:
            raise ValueError("The payload of a ping has at most 125 bytes")

    def apply(self, plan: Plan, rng: random.Random) -> Plan:
        """Change how messages travel."""
        return _travel(plan, rng, self, ping=self.payload.encode())


class WideLength(AimedAtFrames, frozen=True, kw_only=True, tag="wide-length"):
    """The length of a message is written with 64 bits.

    Over 65,535 bytes that is the usual form; under it, the RFC asks for a shorter one (section
    5.2), and a strict receiver may close the link.
    """

    def apply(self, plan: Plan, rng: random.Random) -> Plan:
        """Change how messages travel."""
        return _travel(plan, rng, self, "may refuse", wide_length=True)


def _travel(
    plan: Plan,
    rng: random.Random,
    aim: AimedAtFrames,
    expect: Expectation = "must accept",
    **changes: object,
) -> Plan:
    def change(frame: Frame) -> Frame:
        travel = msgspec.structs.replace(frame.form.travel, **changes)
        return reform(frame, expect, travel=travel)

    return change_frames(plan, aim, rng, change)

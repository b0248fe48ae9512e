"""What a fault is aimed at: frames, moments of the meeting, or attempts to connect.

The keys of an aim stand in the fault's own table, so that every fault is aimed alike.
"""

import random
from collections.abc import Callable
from math import inf
from typing import Annotated

import msgspec
from msgspec import Meta

from recall_simulator.meeting import Frame, Timed, seconds
from recall_simulator.meeting.duration import Duration
from recall_simulator.record.streams import StreamType

Number = Annotated[int, Meta(ge=1)]


class AimedAtFrames(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="do"
):
    """A fault of single frames. Aimed at nothing, it befalls every frame of the meeting."""

    from_: Annotated[Duration, Meta(description="Frames due from this time on.")] = msgspec.field(
        name="from", default=0.0
    )
    until: Annotated[Duration | None, Meta(description="Frames due before this time.")] = None
    who: Annotated[
        str | None, Meta(description="Key of the person, as under [[people]]; else everybody.")
    ] = None
    type: Annotated[StreamType | None, Meta(description="Left out, both.")] = None
    frame: (
        Annotated[
            int, Meta(ge=0, description="The frame with this number in its stream; the first is 0.")
        ]
        | None
    ) = None
    every: (
        Annotated[int, Meta(ge=1, description="Frames whose number this divides: 0, n, 2n.")] | None
    ) = None
    probability: Annotated[
        float, Meta(ge=0, le=1, description="Of each that the other keys choose.")
    ] = 1.0


class AimedAtMoments(AimedAtFrames, frozen=True, kw_only=True):
    """A fault that comes between frames: at a time, or right before frames."""

    at: Annotated[
        Duration | None, Meta(description="When; else right before the frames chosen.")
    ] = None

    def __post_init__(self) -> None:
        """Refuse an aim that says two things, or nothing."""
        if (self.at is None) == (self.frame is None and self.every is None):
            raise ValueError("Give either 'at', or 'frame' or 'every'")
        if self.at is not None and (self.from_ or self.until is not None):
            raise ValueError("Give either 'at', or 'from' and 'until'")


class AimedAtAttempts(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="do"
):
    """A fault of whole links."""

    attempts: Annotated[
        list[Number] | None,
        Meta(description="Dials of the bot's life, counted from 1; left out, all."),
    ] = None


def picker(
    aim: AimedAtFrames, rng: random.Random, *, start: float | None = None
) -> Callable[[Timed], Frame | None]:
    """A function that tells the frames an aim is at.

    Args:
        aim: of the fault.
        rng: drawn from once for each frame that all keys but the probability choose.
        start: seconds from which frames are chosen, in place of the aim's own.

    Returns:
        It takes the items of one schedule in their order, and gives the frame where one is chosen.
    """
    begin = seconds(aim.from_) if start is None else start
    end = inf if aim.until is None else seconds(aim.until)

    def picked(timed: Timed) -> Frame | None:
        frame = timed.item
        if not isinstance(frame, Frame) or not begin <= timed.at < end:
            return None
        span = frame.span
        if (
            (aim.who is not None and span.who != aim.who)
            or (aim.type is not None and span.type != aim.type)
            or (aim.frame is not None and frame.sequence != aim.frame)
            or (aim.every is not None and frame.sequence % aim.every)
            or rng.random() >= aim.probability
        ):
            return None
        return frame

    return picked

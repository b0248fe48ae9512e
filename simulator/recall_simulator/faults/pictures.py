"""Pictures that are rare but valid: other sizes, other kinds of PNG, large ones."""

import random
from collections.abc import Callable
from math import inf
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from recall_simulator.faults.aim import AimedAtFrames
from recall_simulator.faults.rewriting import change_frames, reform
from recall_simulator.frames import Kind, Size, check_size
from recall_simulator.meeting import Frame, Plan, Span, seconds
from recall_simulator.meeting.actions import PictureSize
from recall_simulator.record.streams import Expectation

LARGEST_PICTURE = 4096 * 4096
"""Pixels; a receiver may refuse pictures of more, as a guard against decompression bombs."""

LARGEST_MESSAGE = 16 * 2**20
"""Bytes; a receiver may refuse messages of more. uvicorn's default limit is 16 MiB."""


class ResizePictures(AimedAtFrames, frozen=True, kw_only=True, tag="picture-size"):
    """Pictures have these sizes in turn: each frame another, from one to the next."""

    sizes: Annotated[
        list[PictureSize], Meta(description="Width and height; one alone is for all frames.")
    ]

    def __post_init__(self) -> None:
        """Refuse what can't be painted."""
        for size in self.sizes:
            check_size(*size)

    def apply(self, plan: Plan, rng: random.Random) -> Plan:
        """Resize pictures."""
        sizes = [Size(*size) for size in self.sizes]
        if not sizes:
            return plan

        def change(frame: Frame) -> Frame:
            size = sizes[frame.sequence % len(sizes)]
            return reform(frame, _demand(size), size=size)

        ahead = [
            msgspec.structs.replace(span, size=size)
            for size in sizes
            for span in _spans(plan, self)
        ]
        return _with_spans(change_frames(plan, self, rng, change), ahead)


class PictureKinds(AimedAtFrames, frozen=True, kw_only=True, tag="picture-kind"):
    """Pictures are PNG files of these kinds in turn."""

    kinds: Annotated[
        list[Kind], Meta(description="rgb is the usual kind; one alone is for all frames.")
    ]

    def apply(self, plan: Plan, rng: random.Random) -> Plan:
        """Change how pictures are encoded."""
        kinds = self.kinds
        if not kinds:
            return plan
        return change_frames(
            plan,
            self,
            rng,
            lambda frame: reform(frame, kind=kinds[frame.sequence % len(kinds)]),
        )


class ShowPhotographs(AimedAtFrames, frozen=True, kw_only=True, tag="photograph"):
    """Pictures show photographs: at 1280x720, messages of over 1 MiB."""

    scene: Annotated[
        Literal["photo", "video"], Meta(description="photo changes now and then, video each frame.")
    ] = "photo"
    size: PictureSize = (1280, 720)

    def __post_init__(self) -> None:
        """Refuse what can't be painted."""
        check_size(*self.size)

    def apply(self, plan: Plan, rng: random.Random) -> Plan:
        """Show something else."""
        size = Size(*self.size)
        photographs = _other_spans(
            lambda span: msgspec.structs.replace(span, scene=self.scene, size=size)
        )

        def change(frame: Frame) -> Frame:
            shown = frame._replace(span=photographs(frame.span))
            return reform(shown, _demand(size), size=size)

        ahead = [photographs(span) for span in _spans(plan, self)]
        return _with_spans(change_frames(plan, self, rng, change), ahead)


class LargeMessages(AimedAtFrames, frozen=True, kw_only=True, tag="large-message"):
    """Messages have a least size: what is missing is filled into the PNG, which stays valid."""

    size: Annotated[
        int, Meta(ge=0, le=2**28, description="Bytes; reached exactly, or by 3 more at most.")
    ] = 1_363_149

    def apply(self, plan: Plan, rng: random.Random) -> Plan:
        """Fill messages up."""
        expect: Expectation = "may refuse" if self.size > LARGEST_MESSAGE else "must accept"
        return change_frames(
            plan,
            self,
            rng,
            lambda frame: reform(
                frame, expect, message_bytes=max(self.size, frame.form.message_bytes)
            ),
        )


def _demand(size: Size) -> Expectation:
    return "may refuse" if size.width * size.height > LARGEST_PICTURE else "must accept"


def _other_spans(make: Callable[[Span], Span]) -> Callable[[Span], Span]:
    """Makes another span of each, once: frames of one span go on sharing it."""
    made: dict[int, tuple[Span, Span]] = {}

    def other(span: Span) -> Span:
        if id(span) not in made:
            made[id(span)] = span, make(span)  # the first is kept, so that its id stays its own
        return made[id(span)][1]

    return other


def _spans(plan: Plan, aim: AimedAtFrames) -> list[Span]:
    """Spans with frames that an aim may choose, to be painted ahead; not for a single frame."""
    start = seconds(aim.from_)
    end = inf if aim.until is None else seconds(aim.until)
    return [
        span
        for span in plan.spans
        if aim.frame is None
        and aim.probability
        and aim.who in (None, span.who)
        and aim.type in (None, span.type)
        and span.start < end
        and start < span.end
    ]


def _with_spans(plan: Plan, more: list[Span]) -> Plan:
    return msgspec.structs.replace(plan, spans=[*plan.spans, *more]) if more else plan

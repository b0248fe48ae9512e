"""Targets of the fuzzing benchmark."""

from recall_receiver import FrameEvent, parse


def trivial(message: bytes) -> None:
    """Nothing is done with a message."""


def reference(message: bytes) -> None:
    """What the reference receiver does: parse, and decode the picture."""
    event = parse(message)
    if isinstance(event, FrameEvent):
        _ = event.pixels

"""What a sink is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from recall_receiver.events import FrameEvent

__all__ = ["Arrival", "Sink"]


@dataclass(slots=True)
class Arrival:
    """One frame on its way through the sinks.

    Attributes:
        frame: the frame.
        file: where a sink before this one has put the PNG file, an absolute path; None where none
            did.
    """

    frame: FrameEvent
    file: Path | None = None


class Sink(Protocol):
    """Something that frames are put into.

    All methods are called in one thread that no event loop runs in, never two at a time. Whatever
    they raise turns the sink off for good, with one error in the log; `PictureError` alone only
    skips the frame.

    Attributes:
        name: what logs and the report call it.
    """

    name: str

    def write(self, arrival: Arrival) -> None:
        """Take one frame; duplicates come too, and streams come mixed."""
        ...

    def flush(self) -> None:
        """The frames that had arrived together are written; there may be none for a while."""
        ...

    def close(self) -> None:
        """The receiver has stopped. Should it start again, `write` is called again."""
        ...

"""The receiver without its sockets: links come and go, messages come in, a report comes out.

Pure: no tasks, no clock, no network. The server feeds it from real connections, tests feed it
by hand.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from recall_receiver.decode import Decoder, decode_pillow
from recall_receiver.errors import CAUSES, MessageError
from recall_receiver.events import Event, FrameEvent, StreamKey
from recall_receiver.parsing import MAX_PIXELS, parse
from recall_receiver.streams import StreamState

__all__ = ["REPORT_SCHEMA", "Link", "Reception"]

REPORT_SCHEMA: Final = "recallsim.receiver-report/1"

MAX_EVENT_NAMES: Final = 100
"""Names of events that are counted one by one; a sender may make up any number of them."""

OTHER_NAMES: Final = "(other)"


@dataclass(slots=True, eq=False)
class Link:
    """One websocket connection, as the reception knows it.

    Attributes:
        number: 1 for the first link ever attached, and so on; later is newer.
        attached: whether the connection is still there.
    """

    number: int
    attached: bool = True


class Reception:
    """What has arrived so far, over all links.

    Streams are keyed by (recording, participant, type), so that they outlive the links. A new
    link takes a stream over with its first frame; what happens to an older link afterwards, and
    when, changes nothing of that.

    Attributes:
        frames: frame messages parsed, duplicates included.
        refused: refusals by cause; the causes are `recall_receiver.errors.CAUSES`.
        streams: the streams, in order of first appearance.
        links: the links that are attached.
    """

    def __init__(self, *, max_pixels: int = MAX_PIXELS, decoder: Decoder = decode_pillow) -> None:
        self._max_pixels = max_pixels
        self._decoder = decoder
        self._links_ever = 0
        self._bytes = 0
        self._events: Counter[str] = Counter()
        self.frames = 0
        self.refused: Counter[str] = Counter()
        self.streams: dict[StreamKey, StreamState] = {}
        self.links: set[Link] = set()

    def attach(self) -> Link:
        """Take in a new link."""
        self._links_ever += 1
        link = Link(self._links_ever)
        self.links.add(link)
        return link

    def detach(self, link: Link) -> None:
        """Let a link go. Its streams stay; detaching twice is harmless."""
        link.attached = False
        self.links.discard(link)

    def message(self, link: Link, data: bytes, *, binary: bool = False) -> Event:
        """Take in one message.

        Args:
            link: which link it came over.
            data: the whole message.
            binary: whether it was a binary message; the protocol has text.

        Raises:
            MessageError: it is refused, and counted by its cause.
        """
        self._bytes += len(data)
        try:
            if binary:
                raise MessageError("binary-message", f"{len(data)} bytes, text was expected")
            event = parse(data, max_pixels=self._max_pixels, decoder=self._decoder)
        except MessageError as error:
            self.refuse(error.cause)
            raise
        if isinstance(event, FrameEvent):
            self._frame(link, event)
        else:
            known = event.name in self._events or len(self._events) < MAX_EVENT_NAMES
            self._events[event.name if known else OTHER_NAMES] += 1
        return event

    def refuse(self, cause: str) -> None:
        """Count a refusal: of a message, a link or a handshake.

        Args:
            cause: one of `recall_receiver.errors.CAUSES`.
        """
        assert cause in CAUSES, cause
        self.refused[cause] += 1

    def _frame(self, link: Link, event: FrameEvent) -> None:
        self.frames += 1
        stream = self.streams.get(event.stream)
        if stream is None:
            stream = self.streams[event.stream] = StreamState(event.stream)
        stream.add(link.number, event.timestamp.relative, event.width, event.height)

    def report(self) -> dict[str, Any]:
        """What ``/report.json`` answers, as JSON values.

        Returns:
            ``schema``; ``frames``; ``refused``, counts by cause; ``streams``, in order of first
            appearance: ``recording``, ``participant``, ``type``, ``frames``, ``width`` and
            ``height`` of the last frame, ``sizes`` as ``[[width, height, frames]]`` in order of
            first appearance, ``gaps``, ``duplicates``, ``legs``, and beyond that ``out_of_order``,
            ``size_changes`` and ``connected``; ``events``, counts of events that are no frames by
            name; ``bytes`` of all messages; ``connections`` ``{"now", "ever"}``.
        """
        attached = {link.number for link in self.links}
        return {
            "schema": REPORT_SCHEMA,
            "frames": self.frames,
            "refused": dict(self.refused),
            "streams": [
                {
                    "recording": stream.key.recording,
                    "participant": stream.key.participant,
                    "type": stream.key.type,
                    "frames": stream.frames,
                    "width": stream.width,
                    "height": stream.height,
                    "sizes": [[w, h, n] for (w, h), n in stream.sizes.items()],
                    "gaps": stream.gaps,
                    "duplicates": stream.duplicates,
                    "legs": stream.legs,
                    "out_of_order": stream.out_of_order,
                    "size_changes": stream.size_changes,
                    "connected": stream.link in attached,
                }
                for stream in self.streams.values()
            ],
            "events": dict(self._events),
            "bytes": self._bytes,
            "connections": {"now": len(attached), "ever": self._links_ever},
        }

"""The receiver without its sockets: links come and go, messages come in, a report comes out.

Pure: no tasks, no clock, no network. The server feeds it from real connections, tests feed it
by hand.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from recall_receiver.decode import Decoder, decode_pillow
from recall_receiver.errors import CAUSES, MESSAGE_CAUSES, MessageError
from recall_receiver.events import Event, FrameEvent, StreamKey
from recall_receiver.parsing import MAX_PIXELS, parse
from recall_receiver.streams import StreamState, Totals

__all__ = ["MAX_KEPT", "MAX_STREAMS", "REPORT_SCHEMA", "Intake", "Link", "Reception"]

REPORT_SCHEMA: Final = "recallsim.receiver-report/1"

MAX_EVENT_NAMES: Final = 100
"""Names of events that are counted one by one; a sender may make up any number of them."""

OTHER_NAMES: Final = "(other)"

MAX_STREAMS: Final = 1024
"""Streams that one link may deliver; a meeting has at most 32, and a few more of who rejoins."""

MAX_KEPT: Final = 20_000
"""Streams over all links that an account of their own is kept of, some 25 kB each at the most."""


@dataclass(slots=True, eq=False)
class Link:
    """One websocket connection, as the reception knows it.

    Attributes:
        number: 1 for the first link ever attached, and so on; later is newer.
        attached: whether the connection is still there.
        streams: what it delivered frames of.
        code: its close code, once it is gone; 1006 without a close frame; None where nobody knows.
    """

    number: int
    attached: bool = True
    streams: set[StreamKey] = field(default_factory=set, repr=False)
    code: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """How messages are read, and what is too much.

    Attributes:
        max_pixels: the most that a picture's width times height may be.
        max_streams: the most streams that one link may deliver.
        max_kept: how many streams, over all links, are kept account of one by one. Of more, those
            whose link is gone make way and live on in the totals.
        decoder: what the frames' pixels are decoded with.
    """

    max_pixels: int = MAX_PIXELS
    max_streams: int = MAX_STREAMS
    max_kept: int = MAX_KEPT
    decoder: Decoder = decode_pillow

    def read(self, link: Link, data: bytes, *, binary: bool = False) -> Event:
        """Read one message of a link.

        Args:
            link: which link it came over.
            data: the whole message.
            binary: whether it was a binary message; the protocol has text.

        Raises:
            MessageError: it is refused.
        """
        if binary:
            raise MessageError("binary-message", f"{len(data)} bytes, text was expected")
        event = parse(data, max_pixels=self.max_pixels, decoder=self.decoder)
        if isinstance(event, FrameEvent) and event.stream not in link.streams:
            if len(link.streams) >= self.max_streams:
                detail = f"this link has {self.max_streams} streams, the limit, and claims another"
                raise MessageError("too-many-streams", detail)
            link.streams.add(event.stream)
        return event


DEFAULT_INTAKE: Final = Intake()


class Observer(Protocol):
    """Somebody who is told what happens to a `Reception`, as it happens."""

    def attached(self, link: Link) -> None:
        """A link was taken in."""
        ...

    def detached(self, link: Link) -> None:
        """A link was let go."""
        ...

    def refused(self, cause: str) -> None:
        """A link or a handshake was refused."""
        ...

    def arrived(self, link: Link, frame: FrameEvent, stream: StreamState) -> None:
        """A frame came, and is not accounted for in its stream yet."""
        ...


class Relay(Protocol):
    """Somebody who accounts for the same elsewhere; called after it was accounted for here."""

    def attached(self, link: Link) -> None:
        """A link was taken in."""
        ...

    def detached(self, link: Link) -> None:
        """A link was let go."""
        ...

    def accounted(self, link: Link, event: Event, size: int, arrived: float | None) -> None:
        """An event was counted."""
        ...

    def dropped(self, stream: StreamKey) -> None:
        """A frame was dropped."""
        ...

    def refused(self, cause: str, size: int) -> None:
        """A message of that many bytes, or a link or a handshake, was refused."""
        ...


class Reception:
    """What has arrived so far, over all links.

    Streams are keyed by (recording, participant, type), so that they outlive the links. A new
    link takes a stream over with its first frame; what happens to an older link afterwards, and
    when, changes nothing of that.

    Attributes:
        frames: frame messages parsed, duplicates included.
        refused: refusals by cause; the causes are `recall_receiver.errors.CAUSES`.
        streams: the streams, in order of first appearance; see `Intake.max_kept`.
        links: the links that are attached.
        links_ever: how many were.
        bytes: of all messages.
        observer: who is told, if anybody.
        relay: who keeps the same account elsewhere, if anybody.
    """

    def __init__(self, intake: Intake = DEFAULT_INTAKE) -> None:
        self._intake = intake
        self.links_ever = 0
        self.bytes = 0
        self._events: Counter[str] = Counter()
        self.frames = 0
        self.refused: Counter[str] = Counter()
        self.streams: dict[StreamKey, StreamState] = {}
        self._forgotten = Totals()
        self.links: set[Link] = set()
        self.observer: Observer | None = None
        self.relay: Relay | None = None

    def attach(self) -> Link:
        """Take in a new link."""
        self.links_ever += 1
        link = Link(self.links_ever)
        self.links.add(link)
        if self.observer is not None:
            self.observer.attached(link)
        if self.relay is not None:
            self.relay.attached(link)
        return link

    def detach(self, link: Link, code: int | None = None) -> None:
        """Let a link go. Its streams stay; detaching twice is harmless.

        Args:
            link: which.
            code: its close code, where that is known; 1006 without a close frame.
        """
        if not link.attached:
            return
        link.attached = False
        link.code = code
        self.links.discard(link)
        if self.observer is not None:
            self.observer.detached(link)
        if self.relay is not None:
            self.relay.detached(link)

    def message(
        self, link: Link, data: bytes, *, binary: bool = False, arrived: float | None = None
    ) -> Event:
        """Take in one message.

        Args:
            link: which link it came over.
            data: the whole message.
            binary: whether it was a binary message; the protocol has text.
            arrived: seconds on a clock that never goes back; without, no skew is noted.

        Raises:
            MessageError: it is refused, and counted by its cause.
        """
        try:
            event = self._intake.read(link, data, binary=binary)
        except MessageError as error:
            self.refuse(error.cause, len(data))
            raise
        self.account(link, event, len(data), arrived)
        return event

    def account(self, link: Link, event: Event, size: int, arrived: float | None) -> None:
        """Count an event that was read, here or elsewhere.

        Args:
            link: which link it came over.
            event: what it was.
            size: bytes of the message.
            arrived: see `message`.
        """
        self.bytes += size
        if isinstance(event, FrameEvent):
            self.frames += 1
            stream = self.streams.get(event.stream)
            if stream is None:
                self._make_way()
                stream = self.streams[event.stream] = StreamState(event.stream)
            relative = event.timestamp.relative
            if self.observer is not None:
                self.observer.arrived(link, event, stream)
            stream.add(link.number, relative, event.width, event.height, arrived)
        else:
            known = event.name in self._events or len(self._events) < MAX_EVENT_NAMES
            self._events[event.name if known else OTHER_NAMES] += 1
        if self.relay is not None:
            self.relay.accounted(link, event, size, arrived)

    def _make_way(self) -> None:
        """Forget the first stream whose link is gone, where there is no room for another."""
        if len(self.streams) < self._intake.max_kept:
            return
        attached = {link.number for link in self.links}
        for key, stream in self.streams.items():
            if stream.link not in attached:
                self._forgotten = self._forgotten.with_those([stream])
                del self.streams[key]
                return

    def totals(self) -> Totals:
        """What became of all streams that there ever were."""
        return self._forgotten.with_those(self.streams.values())

    def drop(self, stream: StreamKey) -> None:
        """Count a frame that was accounted for, and then dropped by a full queue."""
        if (state := self.streams.get(stream)) is not None:
            state.dropped += 1
        else:
            self._forgotten = replace(self._forgotten, dropped=self._forgotten.dropped + 1)
        if self.relay is not None:
            self.relay.dropped(stream)

    def refuse(self, cause: str, size: int = 0) -> None:
        """Count a refusal: of a message, a link or a handshake.

        Args:
            cause: one of `recall_receiver.errors.CAUSES`.
            size: bytes of the message, where it was one.
        """
        assert cause in CAUSES, cause
        self.bytes += size
        self.refused[cause] += 1
        if self.relay is not None:
            self.relay.refused(cause, size)
        if self.observer is not None and cause not in MESSAGE_CAUSES:
            self.observer.refused(cause)

    def report(self) -> dict[str, Any]:
        """What ``/report.json`` answers, as JSON values.

        Returns:
            ``schema``; ``frames``; ``refused``, counts by cause; ``streams``, in order of first
            appearance: ``recording``, ``participant``, ``type``, ``frames``, ``width`` and
            ``height`` of the last frame, ``sizes`` as ``[[width, height, frames]]`` in order of
            first appearance, ``gaps``, ``duplicates``, ``legs``, and beyond that ``out_of_order``,
            ``size_changes``, ``dropped``, ``skew`` and ``skew_range`` in seconds (see
            `StreamState`) and ``connected``; ``streams_ever``, with those that made way for newer
            ones; ``dropped``, frames of all of them; ``events``, counts of events that are no
            frames by name; ``bytes`` of all messages; ``connections`` ``{"now", "ever"}``.
        """
        attached = {link.number for link in self.links}
        totals = self.totals()
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
                    "dropped": stream.dropped,
                    "skew": round(stream.skew, 6),
                    "skew_range": [round(seconds, 6) for seconds in stream.skew_range],
                    "connected": stream.link in attached,
                }
                for stream in self.streams.values()
            ],
            "streams_ever": totals.streams,
            "dropped": totals.dropped,
            "events": dict(self._events),
            "bytes": self.bytes,
            "connections": {"now": len(attached), "ever": self.links_ever},
        }

"""What the bots of a process have in common: one meeting, whose frames are made and masked once.

Every bot plays the same meeting, as another recording with other ids and from another moment on. So
the picture of a frame is made for the first bot that comes to it and kept for the others, and most
of each message is bytes that have been sent before. Where somebody observes, the mark must tell the
bots apart, and each makes pictures of its own.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator

from recall_simulator.frames import Encoded, FrameLibrary
from recall_simulator.meeting import Frame, Messages, Plan, Timed
from recall_simulator.meeting.messages import shot_of
from recall_simulator.wire import MaskedText, masked

FRAMES = 8192
"""Frames whose ends are kept, 5 KB each."""

FRONTS = 192 * 2**20
"""Bytes of masked fronts that are kept."""


class SharedSchedule:
    """A schedule that is worked out once, as far as the foremost bot has come.

    Args:
        schedule: makes it.
    """

    def __init__(self, schedule: Callable[[], Iterator[Timed]]) -> None:
        self._rest = schedule()
        self._known: list[Timed] = []

    def __iter__(self) -> Iterator[Timed]:
        known, place = self._known, 0
        while True:
            if place == len(known):
                following = next(self._rest, None)
                if following is None:
                    return
                known.append(following)
            yield known[place]
            place += 1


class SharedPictures:
    """Frames, masked and ready to be sent.

    Args:
        library: makes the pictures.
    """

    def __init__(self, library: FrameLibrary) -> None:
        self.library = library
        self._ends: OrderedDict[tuple[int, str, int], tuple[bytes, bytes, int, Encoded]] = (
            OrderedDict()
        )
        self._fronts: OrderedDict[int, tuple[bytes, bytes]] = OrderedDict()
        self._held = 0

    def pieces(
        self, key: tuple[int, str, int], head: bytes, make: Callable[[], Encoded]
    ) -> tuple[bytes, bytes, int, Encoded]:
        """The beginning of a message in two masked pieces.

        Args:
            key: of the frame: participant, type, sequence.
            head: what stands before the picture.
            make: makes the picture, where it is not kept.

        Returns:
            (front, end, bytes of both, picture).
        """
        found = self._ends.get(key)
        if found is None:
            picture = make()
            *shared, own = picture.base64
            front = self._front(head, b"".join(shared) if len(shared) != 1 else shared[0])
            end = masked(own, len(front))
            found = self._ends[key] = (front, end, len(front) + len(end), picture)
            if len(self._ends) > FRAMES:
                self._ends.popitem(last=False)
        return found

    def _front(self, head: bytes, text: bytes) -> bytes:
        """A masked front; the library gives the same object for the same base picture."""
        kept = self._fronts.get(id(text))
        if kept is not None and kept[0] is text:
            self._fronts.move_to_end(id(text))
            return kept[1]
        front = masked(head + text, 0)
        if kept is not None:
            self._held -= len(kept[1])
        self._fronts[id(text)] = (text, front)
        self._held += len(front)
        while self._held > FRONTS and len(self._fronts) > 1:
            _, (_, old) = self._fronts.popitem(last=False)
            self._held -= len(old)
        return front


class SharedMessages(Messages):
    """Makes one bot's messages out of what all share.

    Args:
        plan: of the bot.
        pictures: shared.
    """

    def __init__(self, plan: Plan, pictures: SharedPictures) -> None:
        super().__init__(plan, pictures.library)
        self._pictures = pictures

    def sendable(self, frame: Frame) -> tuple[bytes | MaskedText, Encoded]:
        """The message of a frame, of which only the end is this bot's own."""
        span, template = frame.span, self.template(frame)
        front, end, size, picture = self._pictures.pieces(
            (span.participant.id, span.type, frame.sequence),
            template.head,
            lambda: self._library.encode(shot_of(frame, 0)),
        )
        rest = masked(template.rest(frame.relative), size)
        return MaskedText(front, end, rest), picture

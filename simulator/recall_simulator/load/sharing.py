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
from recall_simulator.meeting.messages import front_and_own, shot_of
from recall_simulator.wire import MaskedText, masked

FRAMES = 8192
"""Frames whose ends are kept, 5 KB each."""


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

    def pieces(
        self, key: tuple[int, str, int], make: Callable[[], Encoded]
    ) -> tuple[bytes, bytes, int, Encoded]:
        """The beginning of a message in two masked pieces.

        Args:
            key: of the frame: participant, type, sequence.
            make: makes the picture, where it is not kept.

        Returns:
            (front, end, bytes of both, picture).
        """
        found = self._ends.get(key)
        if found is None:
            picture = make()
            front, own = front_and_own(picture)
            end = masked(own, len(front))
            found = self._ends[key] = (front, end, len(front) + len(end), picture)
            if len(self._ends) > FRAMES:
                self._ends.popitem(last=False)
        return found


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
            lambda: self._library.encode(shot_of(frame, 0)),
        )
        rest = masked(template.rest(frame.relative), size)
        return MaskedText(front, end, rest), picture

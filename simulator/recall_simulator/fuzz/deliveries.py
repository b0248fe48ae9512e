"""Whether each rare valid frame got through, where an observer sees frames one by one.

Observers see pictures, times or counts, and the frames of a campaign hardly differ in these. So
frames are counted: of so many valid ones, sent alone, as many must come out.
"""

import re
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from recall_simulator.fuzz.draft import ORIGIN, RELATIVE
from recall_simulator.fuzz.messages import PLAIN, made
from recall_simulator.fuzz.records import Input
from recall_simulator.record.observations import Claim, Observation, Sighting
from recall_simulator.record.streams import StreamKey
from recall_simulator.wire import WireOptions
from recall_simulator.wire.envelope import absolute_time

_FRAME: Final = "video_separate_png.data"
PROBES: Final = 3
"""Plain frames that show whether the observers tell one from the next."""
_PATIENCE: Final = 10.0
"""Real seconds for the probes to be seen."""


class _Named(msgspec.Struct):
    event: str


_WIRE: Final = WireOptions()
_PLAIN_RELATIVE: Final = re.compile(rb"\b76\.805558(?!\d)")
_PLAIN_ABSOLUTE: Final = absolute_time(ORIGIN.start_time, RELATIVE, _WIRE).encode()
_PLAIN_ID: Final = re.compile(rb'("id" ?: ?)100(?!\d)')
_event_of = msgspec.json.Decoder(_Named).decode


def is_countable(each: Input) -> bool:
    """Whether it is a valid frame, for which a picture must come out, and can be stamped."""
    if each.expect != "must accept" or each.wire is not None:
        return False
    if not (_PLAIN_RELATIVE.search(each.data) or _PLAIN_ID.search(each.data)):
        return False
    try:
        return _event_of(each.data).event == _FRAME
    except msgspec.DecodeError:
        return False


class Deliveries:
    """Counts valid frames that come out of a receiver.

    Args:
        is_sentinel: whether an observation is of a frame that is not counted.
        settled: waits until observers have told what there is, at most so many real seconds.

    Attributes:
        counts: whether an observer was seen to tell each of several plain frames.
    """

    def __init__(
        self,
        is_sentinel: Callable[[Observation], bool],
        settled: Callable[[float], Awaitable[bool]],
    ) -> None:
        self._is_sentinel = is_sentinel
        self._settled = settled
        self._seen: Counter[str] = Counter()
        self._claimed: dict[tuple[str, StreamKey], int] = {}
        self._of_each: dict[str, int] = {}
        self._number = 0
        self.counts = False

    def take(self, observation: Observation) -> None:
        """What an observer saw."""
        if self._is_sentinel(observation):
            return
        if isinstance(observation, Sighting):
            self._seen[observation.observer] += 1
        elif isinstance(observation, Claim):
            key = observation.observer, observation.stream
            before = self._claimed.get(key, 0)
            # A receiver that was started again counts from the beginning.
            new = observation.frames - before if observation.frames >= before else 0
            self._seen[observation.observer] += new
            self._claimed[key] = observation.frames

    def so_far(self) -> Counter[str]:
        """Frames that each observer has seen: what `learn` and `missing` are told later."""
        return self._seen.copy()

    def stamped(self, each: Input) -> Input:
        """The frame, told from all others by its picture and its times; where these are not the
        plain ones, by a participant of its own.

        Receivers may file pictures by any of them, and what is written over by the same is not
        counted.
        """
        self._number += 1
        if each.edits or each == PLAIN:
            each = made(each.edits, shade=self._number)
        relative = RELATIVE + self._number
        data, stamped = _PLAIN_RELATIVE.subn(b"%.6f" % relative, each.data, count=1)
        if stamped:
            absolute = absolute_time(ORIGIN.start_time, relative, _WIRE).encode()
            data = data.replace(_PLAIN_ABSOLUTE, absolute, 1)
        else:
            data = _PLAIN_ID.sub(rb"\g<1>%d" % (100_000 + self._number), data, count=1)
        return msgspec.structs.replace(each, data=data)

    async def learn(self, before: Counter[str]) -> None:
        """Look how many pictures each observer has told of each of the probes that were sent."""
        await self._settled(_PATIENCE)
        for observer, frames in (self._seen - before).items():
            self._of_each[observer] = frames // PROBES
        self.counts = any(self._of_each.values())

    async def missing(self, before: Counter[str], frames: int, within: float) -> int:
        """How many of so many frames no observer has seen."""
        if missing := self._missing(before, frames):
            await self._settled(within)
            missing = self._missing(before, frames)
        return missing

    def _missing(self, before: Counter[str], frames: int) -> int:
        return min(
            max(0, frames - (self._seen - before)[observer] // of_each)
            for observer, of_each in self._of_each.items()
            if of_each
        )

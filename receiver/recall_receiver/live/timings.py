"""How long it takes to decode pictures."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from recall_receiver.clock import Clock
from recall_receiver.decode import Decoder
from recall_receiver.live.snapshot import DECODE_BOUNDS, Distribution

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Timings"]


class Timings:
    """A decoder, and the seconds that it took; any number of threads may use it.

    Args:
        decoder: what decodes.
        clock: what is measured with.

    Attributes:
        decoder: the same, not timed.
    """

    def __init__(self, decoder: Decoder, clock: Clock) -> None:
        self.decoder = decoder
        self._clock = clock
        self._lock = threading.Lock()
        self._seconds = Distribution.within(DECODE_BOUNDS)

    def decode(self, png: bytes, width: int, height: int) -> NDArray[np.uint8]:
        """Decode, and count how long it took, also where it failed."""
        began = self._clock.monotonic()
        try:
            return self.decoder(png, width, height)
        finally:
            took = self._clock.monotonic() - began
            with self._lock:
                self._seconds.add(took)

    def so_far(self) -> Distribution:
        """The seconds of every picture so far."""
        with self._lock:
            return self._seconds.copy()

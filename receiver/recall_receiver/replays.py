"""Signatures that have been used, so that nobody uses one again. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from recall_receiver.signing import TOLERANCE, signed_identity

__all__ = ["MAX_REMEMBERED", "Replays"]

MAX_REMEMBERED: Final = 65_536
"""Signatures remembered: 200 rightly signed handshakes a second, for as long as one is fresh."""


class Replays:
    """What rightly signed handshakes were dated and called, until their signatures are stale.

    A handshake that was overheard can be sent again while its time is within the tolerance. A
    sender signs afresh at each attempt, so the second of two equal ones is not the sender's. Id and
    timestamp decide: the signature follows from them.

    Only ask of handshakes whose signature is right: nobody else can fill the memory then.

    Args:
        most: signatures to remember; past that, the oldest go first.
    """

    def __init__(self, most: int = MAX_REMEMBERED) -> None:
        self._most = most
        self._used: dict[tuple[str, str], float] = {}  # stale from when on; in order of use

    def __len__(self) -> int:
        """Signatures remembered."""
        return len(self._used)

    def used_before(self, headers: Mapping[str, str], now: float) -> bool:
        """Whether these headers signed a handshake before; from now on they have.

        Args:
            headers: rightly signed, by name in lower case.
            now: seconds since 1970-01-01 UTC.
        """
        identity = signed_identity(headers)
        if identity is None:
            return False
        if identity in self._used:
            return True
        self._forget(now)
        # Dated five minutes ahead, it stays fresh for ten.
        self._used[identity] = now + 2 * TOLERANCE
        return False

    def _forget(self, now: float) -> None:
        while self._used:
            oldest = next(iter(self._used))
            if self._used[oldest] >= now and len(self._used) < self._most:
                return
            del self._used[oldest]

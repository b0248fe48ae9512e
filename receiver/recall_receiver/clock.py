"""The one place where the receiver reads a clock or waits for one."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

__all__ = ["Clock", "SystemClock"]


class Clock(Protocol):
    """Where the receiver gets its time from."""

    def unix(self) -> float:
        """Seconds since 1970-01-01 UTC: what signatures are dated with."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back: what waiting is measured with."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let that many seconds pass."""
        ...


class SystemClock:
    """The machine's own clock."""

    def unix(self) -> float:
        """Seconds since 1970-01-01 UTC."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Let that many seconds pass."""
        await asyncio.sleep(seconds)

"""Handing frames to the sinks, off the event loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from recall_receiver.errors import PictureError
from recall_receiver.events import FrameEvent
from recall_receiver.sinks.sink import Arrival, Sink
from recall_receiver.threads import DaemonThreads

__all__ = ["Delivery", "Handler"]

_log = logging.getLogger(__name__)


class Handler(Protocol):
    """What the frames of a connection are handed to."""

    async def handle(self, frames: list[FrameEvent]) -> None:
        """Return when these frames, which arrived in this order, are done with."""
        ...


class _Outlet:
    """A sink and what became of it."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.frames = 0
        self.undecodable = 0
        self.error: str | None = None

    def write(self, arrival: Arrival) -> None:
        """Give the sink a frame, unless it is off."""
        if self.error is not None:
            return
        try:
            self.sink.write(arrival)
        except PictureError:
            self.undecodable += 1
        except BaseException as error:  # a full disk, a lost right, a stranger's bug
            self._turn_off(error)
        else:
            self.frames += 1

    def flush(self) -> None:
        if self.error is None:
            try:
                self.sink.flush()
            except BaseException as error:
                self._turn_off(error)

    def close(self) -> None:
        """Close the sink, also one that is off: it may hold files."""
        try:
            self.sink.close()
        except BaseException as error:
            if self.error is None:
                self._turn_off(error)

    def _turn_off(self, error: BaseException) -> None:
        self.error = f"{type(error).__name__}: {error}"
        _log.error("the sink %s is off from here on: %s", self.sink.name, self.error)

    def report(self) -> dict[str, Any]:
        return {
            "name": self.sink.name,
            "frames": self.frames,
            "undecodable": self.undecodable,
            "error": self.error,
        }


class Delivery:
    """Whatever every frame goes to.

    The sinks have one thread for themselves and are given each frame in turn, in the order in
    which they stand here: one that saves files belongs before one that says where they are. A batch
    is done with when all are done with it, so that a slow sink fills the connection's queue and not
    the memory.

    A sink that raises is off for good; the others and the reception go on.

    Args:
        beside: what is given the frames at the same time as the sinks, or None.
        sinks: in the order in which they are given a frame.
    """

    def __init__(self, beside: Handler | None, sinks: Sequence[Sink]) -> None:
        self._beside = beside
        self._outlets = [_Outlet(sink) for sink in sinks]
        self._pool: DaemonThreads | None = None

    async def handle(self, frames: list[FrameEvent]) -> None:
        """Return when everybody is done with these frames."""
        handling = [] if self._beside is None else [self._beside.handle(frames)]
        if self._outlets:
            handling.append(self._in_thread(self._write, frames))
        await asyncio.gather(*handling)

    async def _in_thread(self, function: Callable[..., None], *arguments: object) -> None:
        if self._pool is None:
            self._pool = DaemonThreads(1, "sinks")
        await asyncio.get_running_loop().run_in_executor(self._pool, function, *arguments)

    def _write(self, frames: list[FrameEvent]) -> None:
        for frame in frames:
            arrival = Arrival(frame)
            for outlet in self._outlets:
                outlet.write(arrival)
        for outlet in self._outlets:
            outlet.flush()

    async def close(self, grace: float) -> None:
        """Close the sinks after what they are at, and give the thread up.

        Args:
            grace: seconds after which a sink that is still busy is left to itself; it ends with the
                process.
        """
        if not self._outlets:
            return
        try:
            async with asyncio.timeout(grace):
                await self._in_thread(self._close_all)
        except TimeoutError:
            _log.warning("the sinks are still busy after %g s and are left to themselves", grace)
        finally:
            if self._pool is not None:
                self._pool.shutdown(wait=False)
                self._pool = None

    def _close_all(self) -> None:
        for outlet in self._outlets:
            outlet.close()

    def report(self) -> list[dict[str, Any]]:
        """What became of each sink, as JSON values.

        Returns:
            For each, in order: ``name``; ``frames`` that it took; ``undecodable`` ones that it
            skipped; ``error``, why it is off, or None.
        """
        return [outlet.report() for outlet in self._outlets]

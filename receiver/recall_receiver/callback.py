"""Calling the user's function, in order, without holding up the event loop."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias, cast

from recall_receiver.errors import PictureError
from recall_receiver.events import FrameEvent
from recall_receiver.threads import DaemonThreads

__all__ = ["Callback", "OnFrame"]

OnFrame: TypeAlias = Callable[[FrameEvent], object] | Callable[[FrameEvent], Awaitable[object]]

ENDING: Final = (KeyboardInterrupt, SystemExit)
"""What ends the program.

All else, also what is no `Exception` (a task's `CancelledError`, a test's failure), is the fault of
one frame. Uncaught, it would end the handling of its connection without a word.
"""

_log = logging.getLogger(__name__)


class Callback:
    """The user's ``on_frame``, plain or async.

    A plain function runs in a thread of its own, so that it may decode pictures, write files or
    sleep while the loop goes on reading and answering pings. Handing over costs a switch of
    threads; frames that wait together are handed over together. An async function runs on the
    loop: it must not compute for long.

    An exception is counted; the first of each type is logged with its traceback. The frames after
    it are handled all the same. Only `SystemExit` and `KeyboardInterrupt` end the program.

    Args:
        function: takes one frame; what it returns is ignored.
        threads: how many frames a plain function may be given at once. Frames of one connection
            are always given one after the other.

    Attributes:
        errors: exceptions that the function raised.
        undecodable: how many pictures it asked for that did not decode and whose `PictureError`
            it let through. They are the sender's fault and no ``errors``.
    """

    def __init__(self, function: OnFrame, *, threads: int = 1) -> None:
        self._function = function
        self._async = inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
            getattr(function, "__call__", None)  # noqa: B004  an object may have an async one
        )
        self._threads = threads
        self._pool: DaemonThreads | None = None
        self._logged: set[type[BaseException]] = set()
        self.errors = 0
        self.undecodable = 0

    async def handle(self, frames: list[FrameEvent]) -> None:
        """Call the function with each of these frames in turn."""
        if self._async:
            function = cast("Callable[[FrameEvent], Awaitable[object]]", self._function)
            for frame in frames:
                try:
                    await function(frame)
                except ENDING:
                    raise
                except BaseException as error:  # whatever a stranger's function raises
                    if _is_cancelled():
                        raise
                    self._failed(error)
            return
        if self._pool is None:
            self._pool = DaemonThreads(self._threads, "on-frame")
        loop = asyncio.get_running_loop()
        for raised in await loop.run_in_executor(self._pool, self._call_all, frames):
            self._failed(raised)

    def _call_all(self, frames: list[FrameEvent]) -> list[BaseException]:
        errors: list[BaseException] = []
        for frame in frames:
            try:
                self._function(frame)
            except ENDING:
                raise
            except BaseException as error:  # whatever a stranger's function raises
                errors.append(error)
        return errors

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, PictureError):
            self.undecodable += 1
        else:
            self.errors += 1
        if type(error) not in self._logged:
            self._logged.add(type(error))
            _log.error("on_frame raised; the next of this type are only counted", exc_info=error)

    def close(self) -> None:
        """Give the threads up. A call that is under way ends by itself, or with the process."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def _is_cancelled() -> bool:
    """Whether we are to stop, rather than something that the function waited for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0

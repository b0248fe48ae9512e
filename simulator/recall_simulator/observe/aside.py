"""Work that may never come to an end, in a thread that nobody waits for."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def aside(work: Callable[[], T]) -> T:
    """Call a function in a thread of its own; whoever is cancelled meanwhile leaves it to itself.

    `asyncio.to_thread` won't do: a loop waits for its threads when it closes, and so does the
    interpreter at its end.

    Raises:
        BaseException: what the function raised.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[tuple[list[T], BaseException | None]] = loop.create_future()

    def tell(result: list[T], error: BaseException | None) -> None:
        if not done.done():
            done.set_result((result, error))

    def run() -> None:
        result: list[T] = []
        error: BaseException | None = None
        try:
            result.append(work())
        except BaseException as raised:
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop is closed, and nobody wants to know
            loop.call_soon_threadsafe(tell, result, error)

    threading.Thread(target=run, name="recallsim-aside", daemon=True).start()
    result, error = await done
    if error is not None:
        raise error
    return result[0]

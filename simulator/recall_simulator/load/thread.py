"""The engine in a thread of its own, beside gevent.

Locust patches the standard library: threads become greenlets, and asyncio's selector gevent's. An
event loop of uvloop in a real thread of the operating system is touched by neither. What passes
between the two sides are calls into the loop and, back, values in a deque: nothing is locked.
"""

import asyncio
import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from recall_simulator.engine import WebSocketDialer, tune_malloc
from recall_simulator.load.figures import Delta
from recall_simulator.load.fleet import Fleet
from recall_simulator.load.mission import Mission
from recall_simulator.meeting import Plan
from recall_simulator.wire import Signer, parse_endpoint

LEAVE_WITHIN = 0.8
"""Seconds that receivers get to answer our close frames when a run is stopped."""


class EngineThread:
    """A fleet on its own loop in its own thread.

    Args:
        mission: what its bots do.
        worker: name of this process.
        start_thread: starts a real thread; under gevent, the original of what was patched.

    Attributes:
        deltas: what was counted, the oldest first; whoever takes them takes them out.
        left: numbers of bots whose lives ended by themselves.
    """

    def __init__(
        self,
        mission: Mission,
        *,
        worker: str,
        start_thread: Callable[[Callable[[], None], tuple[()]], Any],
    ) -> None:
        self.deltas: deque[Delta] = deque()
        self.left: deque[int] = deque()
        self._mission = mission
        self._worker = worker
        self._calls: deque[Callable[[Fleet], None]] = deque()
        self._fleet: Fleet | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()
        self._trouble: BaseException | None = None
        self._over = False
        tune_malloc()
        start_thread(self._run, ())

    @property
    def is_over(self) -> bool:
        """Whether the thread has ended; the deltas are complete then."""
        return self._over

    @property
    def trouble(self) -> BaseException | None:
        """What went wrong in it: a bug of ours."""
        return self._trouble or (self._fleet.trouble if self._fleet else None)

    def join(self, number: int) -> None:
        """A bot joins."""
        self._call(lambda fleet: fleet.join(number))

    def leave(self, number: int) -> None:
        """A bot leaves."""
        self._call(lambda fleet: fleet.leave(number))

    def stop(self) -> None:
        """All bots leave, and the thread ends within `LEAVE_WITHIN` and a little."""
        self._call(lambda fleet: self._stopping.set())

    def _call(self, call: Callable[[Fleet], None]) -> None:
        """Do something on the loop, now or as soon as it runs."""
        self._calls.append(call)
        if self._loop is not None and not self._over:
            # The loop may end between the question and the call.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._do_calls)

    def _do_calls(self) -> None:
        assert self._fleet is not None
        while self._calls:
            self._calls.popleft()(self._fleet)

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=loop_factory()) as runner:
                runner.run(self._main())
        except BaseException as error:
            self._trouble = error
        finally:
            self._over = True

    async def _main(self) -> None:
        mission = self._mission
        library = mission.library()
        mission.paint(library)
        endpoint = parse_endpoint(mission.url)
        signer = Signer(mission.secret) if mission.secret is not None else None
        tls = mission.tls()

        def dialer(plan: Plan) -> WebSocketDialer:
            return WebSocketDialer(
                endpoint,
                headers=mission.headers,
                signer=signer,
                tls=tls,
                seed=f"{mission.seed}:{mission.run_id}:dials:{plan.bot}",
            )

        self._fleet = Fleet(
            mission,
            library=library,
            dialer=dialer,
            tell=self.deltas.append,
            left=self.left.append,
            worker=self._worker,
        )
        self._loop = asyncio.get_running_loop()
        self._do_calls()
        await self._stopping.wait()
        await self._fleet.close(LEAVE_WITHIN)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's, where it is installed."""
    if sys.platform == "win32":
        return None
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop

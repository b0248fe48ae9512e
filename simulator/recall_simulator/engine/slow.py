"""A slow network, made on the sender's side: a transport that lets bytes out one by one."""

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Any, Protocol

_TICK = 0.02
"""Real seconds between two portions."""

_INNER_LIMIT = 64 * 2**10
"""Bytes that the real transport may hold before nothing more is handed to it."""

_WINDOW = 8 * 2**20
"""Bytes that may be under way, as a TCP window has an end: a delay alone holds nobody up before."""


class _FlowControlled(Protocol):
    def pause_writing(self) -> None: ...
    def resume_writing(self) -> None: ...


class SlowTransport:
    """Stands before a transport and hands what is written to it on, late and in portions.

    What is only delayed is under way, as on a long line: writing goes on meanwhile. It is told to
    pause by what waits for bandwidth.

    Everything else goes to the transport itself.

    Args:
        transport: the real one.
        protocol: told to pause and go on writing.
        bandwidth: bytes a second; None for no limit.
        delay: seconds for which every byte is held back.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        protocol: _FlowControlled,
        *,
        bandwidth: float | None,
        delay: float,
    ) -> None:
        self._transport = transport
        self._protocol = protocol
        self._delay = delay
        self._loop = asyncio.get_running_loop()
        self._under_way: deque[tuple[float, bytes]] = deque()
        self._waiting: deque[bytes] = deque()
        self._ready = 0
        self._portion: int | None = None
        self._held = 0
        self._ending: str | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._paused = False
        self._high, self._low = 2**16, 2**14
        transport.set_write_buffer_limits(2**30)  # never reached, and uvloop takes a C int
        self.set_bandwidth(bandwidth)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """As for any transport; holds for what waits here."""
        self._high = 2**16 if high is None else high
        self._low = self._high // 4 if low is None else low

    def get_write_buffer_size(self) -> int:
        """Bytes that wait here and in the transport."""
        return self._held + self._transport.get_write_buffer_size()

    @property
    def holds_back(self) -> bool:
        """Whether bytes wait here that the transport would take: it is not the receiver's doing."""
        return self._held > 0 and self._transport.get_write_buffer_size() <= _INNER_LIMIT

    def write(self, data: bytes) -> None:
        """Take data, to be let out later."""
        now = self._loop.time()
        self._under_way.append((now + self._delay, bytes(data)))
        self._held += len(data)
        self._arrive(now)
        self._flow()
        self._wake_at(now if self._waiting else self._under_way[0][0])

    def writelines(self, parts: Iterable[bytes]) -> None:
        """Take data in parts."""
        self.write(b"".join(parts))

    def write_eof(self) -> None:
        """End the stream once everything has left."""
        self._end("write_eof")

    def close(self) -> None:
        """Close the transport once everything has left."""
        self._end("close")

    def abort(self) -> None:
        """Forget what waits, and close at once."""
        self._waiting.clear()
        self._under_way.clear()
        if self._timer is not None:
            self._timer.cancel()
        self._transport.abort()

    def set_bandwidth(self, bandwidth: float | None) -> None:
        """Let so many bytes out a second from now on; None for no limit."""
        self._portion = None if bandwidth is None else max(1, int(bandwidth * _TICK))

    def _end(self, how: str) -> None:
        self._ending = how
        self._wake_at(self._loop.time())

    def _wake_at(self, when: float) -> None:
        if self._timer is None:
            self._timer = self._loop.call_at(when, self._let_out)

    def _let_out(self) -> None:
        """Hand on what may leave now."""
        self._timer = None
        if self._transport.is_closing():
            return
        now = self._loop.time()
        room = self._portion
        self._arrive(now)
        while self._waiting and room != 0:
            if self._transport.get_write_buffer_size() > _INNER_LIMIT:
                break
            data = self._waiting.popleft()
            portion = data if room is None else data[:room]
            if room is not None:
                room -= len(portion)
            if len(portion) < len(data):
                self._waiting.appendleft(data[len(portion) :])
            self._transport.write(portion)
            self._held -= len(portion)
            self._ready -= len(portion)
        self._flow()
        if self._waiting:
            self._wake_at(now + _TICK)
        elif self._under_way:
            self._wake_at(self._under_way[0][0])
        elif self._ending is not None:
            getattr(self._transport, self._ending)()

    def _arrive(self, now: float) -> None:
        """What has been under way for long enough may leave."""
        while self._under_way and self._under_way[0][0] <= now:
            _, data = self._under_way.popleft()
            self._waiting.append(data)
            self._ready += len(data)

    def _flow(self) -> None:
        """Let the protocol pause, or go on."""
        if not self._paused and (self._ready > self._high or self._held > _WINDOW):
            self._paused = True
            self._protocol.pause_writing()
        elif self._paused and self._ready <= self._low and self._held <= _WINDOW // 2:
            self._paused = False
            self._protocol.resume_writing()

"""A slow network, made on the sender's side: a transport that lets bytes out one by one."""

import asyncio
from collections import deque
from typing import Any, Protocol

_TICK = 0.02
"""Real seconds between two portions."""

_INNER_LIMIT = 64 * 2**10
"""Bytes that the real transport may hold before nothing more is handed to it."""


class _FlowControlled(Protocol):
    def pause_writing(self) -> None: ...
    def resume_writing(self) -> None: ...


class SlowTransport:
    """Stands before a transport and hands what is written to it on, late and in portions.

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
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._portion: int | None = None
        self._held = 0
        self._ending: str | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._paused = False
        self._high, self._low = 2**16, 2**14
        transport.set_write_buffer_limits(2**40)
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
        self._waiting.append((self._loop.time() + self._delay, bytes(data)))
        self._held += len(data)
        if self._held > self._high and not self._paused:
            self._paused = True
            self._protocol.pause_writing()
        self._wake_at(self._waiting[0][0])

    def write_eof(self) -> None:
        """End the stream once everything has left."""
        self._end("write_eof")

    def close(self) -> None:
        """Close the transport once everything has left."""
        self._end("close")

    def abort(self) -> None:
        """Forget what waits, and close at once."""
        self._waiting.clear()
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
        while self._waiting and self._waiting[0][0] <= now and room != 0:
            if self._transport.get_write_buffer_size() > _INNER_LIMIT:
                break
            since, data = self._waiting.popleft()
            portion = data if room is None else data[:room]
            if room is not None:
                room -= len(portion)
            if len(portion) < len(data):
                self._waiting.appendleft((since, data[len(portion) :]))
            self._transport.write(portion)
            self._held -= len(portion)
        if self._paused and self._held <= self._low:
            self._paused = False
            self._protocol.resume_writing()
        if self._waiting:
            self._wake_at(max(now + _TICK, self._waiting[0][0]))
        elif self._ending is not None:
            getattr(self._transport, self._ending)()

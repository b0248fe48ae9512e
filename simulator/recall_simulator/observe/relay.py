"""`ws:URL`: a relay that hands frames on to whoever connects, as PNG, JPEG or base64 in JSON."""

import asyncio
import contextlib
import json
import os
from collections.abc import Mapping
from typing import Any, Final, Literal, cast, get_args

import pybase64
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from recall_simulator.observe.contents import Contents, look, sighted
from recall_simulator.observe.observer import Now, Tell, passed
from recall_simulator.observe.trust import trusting
from recall_simulator.record.errors import UsageError
from recall_simulator.record.observations import ObserverTrouble
from recall_simulator.record.streams import StreamKey, StreamType
from recall_simulator.wire import parse_endpoint

OPEN_WITHIN: Final = 10.0
"""Real seconds that the first connection may take, tries included."""
RETRY: Final = 0.25
"""Real seconds until the next try."""
QUEUE: Final = 256
"""Messages that wait to be decoded; the relay must never wait for us."""
QUIET: Final = 1.0
KEYS: Final = ("buffer", "image", "data", "png", "jpeg", "frame")
"""Where a picture is looked for in JSON."""
_DEPTH: Final = 5


class RelayObserver:
    """Connects to a relay, and looks at each picture that it hands on.

    Args:
        name: as the user wrote it.
        url: websocket address of the relay.
        now: real seconds since the run began.
        tell: takes Sighting and ObserverTrouble.

    Raises:
        UsageError: it is no websocket address.
    """

    def __init__(self, name: str, url: str, *, now: Now, tell: Tell) -> None:
        try:
            endpoint = parse_endpoint(url)
        except UsageError as error:
            raise UsageError(f"--observe {name}: {error}") from None
        self.name = name
        self._url = url
        self._tls = trusting() if endpoint.secure else None
        self._now = now
        self._tell = tell
        self._queue: asyncio.Queue[tuple[float, bytes | str]] = asyncio.Queue(QUEUE)
        self._connected = asyncio.Event()
        self._news = asyncio.Event()
        self._listener: asyncio.Task[None] | None = None
        self._looker: asyncio.Task[None] | None = None
        self._pictures = 0
        self._others = 0
        self._unlooked = 0
        self._closings: list[str] = []
        self._refusal = ""

    async def start(self) -> None:
        """Connect, trying for ten seconds: the relay may come up after the receiver does."""
        self._listener = asyncio.create_task(self._listen())
        self._looker = asyncio.create_task(self._look())
        await passed(self._connected, OPEN_WITHIN)

    async def settle(self) -> None:
        """Return when all that came was looked at, and no picture has come for a second."""
        await self._queue.join()
        while await passed(self._news, QUIET):
            self._news.clear()
            await self._queue.join()

    async def stop(self, *, look: bool = True) -> None:
        """Hang up, look at what has come, and say what was not seen."""
        await _end(self._listener)
        if look and self._looker is not None and not self._looker.done():
            await self._queue.join()
        await _end(self._looker)
        if look:
            self._tell_troubles()

    async def _listen(self) -> None:
        while True:
            try:
                async with connect(
                    self._url, max_size=None, proxy=None, ssl=self._tls
                ) as connection:
                    self._connected.set()
                    async for message in connection:
                        self._put(message)
                    closed = connection.close_code, connection.close_reason
            except ConnectionClosed as error:
                received = error.rcvd
                closed = (received.code, received.reason) if received else (1006, "")
            except (OSError, TimeoutError, WebSocketException) as error:
                self._refusal = str(getattr(error, "strerror", None) or error)
                if isinstance(error, ConnectionError) and error.errno is not None:
                    self._refusal = os.strerror(error.errno)  # asyncio's own words are for programs
                closed = None
            if closed is not None:
                code, reason = closed
                self._closings.append(f"{code} {reason}".strip())
            await passed(asyncio.Event(), RETRY)

    def _put(self, message: bytes | str) -> None:
        try:
            self._queue.put_nowait((self._now(), message))
        except asyncio.QueueFull:
            self._unlooked += 1

    async def _look(self) -> None:
        while True:
            at, message = await self._queue.get()
            try:
                claimed, contents = await asyncio.to_thread(_read, message)
                self._take(at, claimed, contents)
            finally:
                self._queue.task_done()

    def _take(self, at: float, claimed: Mapping[str, Any], contents: Contents | None) -> None:
        if contents is None or not contents.shown:
            self._others += 1
            return
        self._news.set()
        for shown in contents.shown:
            self._pictures += 1
            where = f"{self._url}, picture {self._pictures}"
            self._tell(sighted(shown, observer=self.name, where=where, at=at, **claimed))

    def _tell_troubles(self) -> None:
        closed = ""
        if self._closings:
            first, *more = self._closings
            often = f"closed {len(more) + 1} times, first" if more else "closed"
            closed = f"it {often} with {first}"
        if not self._connected.is_set():
            self._trouble(f"no relay answers there: {self._refusal}", "blind")
        elif not self._pictures:
            other = f" but {self._others} other messages" if self._others else ""
            end = f"; {closed}" if closed else ""
            self._trouble(f"it handed on no picture{other}{end}", "blind")
        elif closed:
            self._trouble(f"{closed}: what it handed on until we were back was not seen", "partial")
        elif self._unlooked:
            self._trouble(
                f"{self._unlooked} of {self._unlooked + self._pictures} pictures came faster than "
                "they can be decoded here, and were not looked at",
                "partial",
            )

    def _trouble(self, trouble: str, severity: Literal["blind", "partial"]) -> None:
        self._tell(
            ObserverTrouble(observer=self.name, at=self._now(), trouble=trouble, severity=severity)
        )


def _read(message: bytes | str) -> tuple[dict[str, Any], Contents | None]:
    """The picture in a message, and what the relay says of it; None where there is none."""
    if isinstance(message, bytes):
        found = look(message)
        if found.shown:
            return {}, found
    try:
        said = json.loads(message)
    except (ValueError, RecursionError):
        return {}, None
    data = _buried(said, _DEPTH)
    return _claimed(said), (look(data) if data else None)


def _buried(said: object, depth: int) -> bytes | None:
    """The first base64 under one of `KEYS`, at any of so many levels."""
    if not isinstance(said, dict) or depth == 0:
        return None
    for key in KEYS:
        value = said.get(key)
        if isinstance(value, str) and len(value) > 64:
            _, _, encoded = value.rpartition("base64,")
            with contextlib.suppress(ValueError):
                return pybase64.b64decode(encoded, validate=True)
        found = _buried(value, depth - 1)
        if found:
            return found
    return None


def _claimed(said: object) -> dict[str, Any]:
    """What the relay says that the picture is: its stream, recording and relative time."""
    data: Any = said
    claimed: dict[str, Any] = {}
    while isinstance(data, dict):
        if isinstance(data.get("recording"), dict):
            claimed["recording"] = str(data["recording"].get("id", ""))
        if "participant" in data:
            who = data["participant"]
            who = who.get("id") if isinstance(who, dict) else who
            if isinstance(who, int) and data.get("type") in get_args(StreamType):
                recording = claimed.get("recording", "")
                claimed["credited"] = StreamKey(recording, who, cast(StreamType, data["type"]))
            stamp = data.get("timestamp")
            relative = stamp.get("relative") if isinstance(stamp, dict) else None
            if isinstance(relative, int | float):
                claimed["relative"] = float(relative)
            break
        data = data.get("data")
    return claimed


async def _end(task: asyncio.Task[None] | None) -> None:
    if task is not None and not task.done():
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    elif task is not None:
        task.result()

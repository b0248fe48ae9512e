"""One browser that watches: what it is sent over ``/live``."""

from __future__ import annotations

import asyncio
import struct
from typing import Any, Final

import msgspec
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from recall_receiver.clock import Clock
from recall_receiver.events import StreamKey
from recall_receiver.live.board import Board
from recall_receiver.live.snapshot import Snapshot
from recall_receiver.live.view import MAX_TILES, shown, status, tell, tile, totals

__all__ = ["PERIOD", "watch"]

PERIOD: Final = 0.5
"""Seconds from one state to the next: as often as a stream has a new picture."""

PATIENCE: Final = 20.0
"""Seconds after which a browser that takes nothing is let go."""

_HEAD: Final = struct.Struct(">I")


async def watch(connection: ServerConnection, board: Board, clock: Clock) -> None:
    """Send a browser the state twice a second, and every tile's new picture, until it goes.

    The state is a text message: JSON. A picture is a binary one: four bytes of the tile's number,
    big-endian, and a JPEG file; nothing follows the number where the picture does not decode.
    Nothing is queued: a browser that is slow is sent fewer states and pictures, the newest.

    Args:
        connection: to the browser; what it sends is not read.
        board: what there is to see.
        clock: what the period is measured with.
    """
    gone = asyncio.create_task(connection.wait_closed())
    session = _Session(connection, board)
    try:
        while not gone.done():
            began = clock.monotonic()
            async with asyncio.timeout(PATIENCE):
                await session.round()
            rest = PERIOD - (clock.monotonic() - began)
            sleep = asyncio.create_task(clock.sleep(max(rest, PERIOD / 10)))
            await asyncio.wait({sleep, gone}, return_when=asyncio.FIRST_COMPLETED)
            sleep.cancel()
    except ConnectionClosed:
        return
    except TimeoutError:
        connection.transport.abort()
    finally:
        gone.cancel()


class _Session:
    """What one browser knows already."""

    def __init__(self, connection: ServerConnection, board: Board) -> None:
        self._connection = connection
        self._board = board
        self._numbers: dict[StreamKey, int] = {}
        self._sent: dict[StreamKey, int] = {}
        self._tiles_ever = 0

    async def round(self) -> None:
        """Send the state, and each picture that is new."""
        snapshot = await self._board.snapshot()
        streams = shown(snapshot)
        visible = streams[:MAX_TILES]
        keys = [stream.key for stream in visible]
        self._forget(set(keys))
        state = self._state(snapshot, len(streams) - len(visible))
        state["tiles"] = [
            tile(stream, self._number(key), snapshot)
            for stream, key in zip(visible, keys, strict=True)
        ]
        await self._connection.send(msgspec.json.encode(state), text=True)
        for stream, key in zip(visible, keys, strict=True):
            if self._sent.get(key) != stream.picture:
                small = await self._board.thumbnail(key)
                self._sent[key] = stream.picture
                await self._connection.send(_HEAD.pack(self._number(key)) + (small or b""))

    def _state(self, snapshot: Snapshot, more: int) -> dict[str, Any]:
        told = tell(snapshot.notes)
        return {
            "at": snapshot.at,
            "uptime": round(snapshot.at - snapshot.started),
            "status": status(snapshot, told),
            "totals": totals(snapshot),
            "events": told,
            "more": more,
        }

    def _number(self, key: StreamKey) -> int:
        if key not in self._numbers:
            self._tiles_ever += 1
            self._numbers[key] = self._tiles_ever
        return self._numbers[key]

    def _forget(self, visible: set[StreamKey]) -> None:
        for key in self._numbers.keys() - visible:
            del self._numbers[key]
            self._sent.pop(key, None)

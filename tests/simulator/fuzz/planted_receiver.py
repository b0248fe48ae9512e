"""A Python receiver with a bug of a given name, or with none.

    python planted_receiver.py BUG --port PORT

It says `frame PARTICIPANT TYPE RELATIVE` of every frame that it keeps. `clean` leaves out what it
can't read, and takes the next message; every bug changes one thing.
"""

import asyncio
import base64
import json
import os
import signal
import sys
from typing import Any

from websockets.asyncio.server import ServerConnection, serve


class Refused(Exception):
    pass


REFUSALS = (
    ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError, Refused,
)  # fmt: skip


class Clean:
    def __init__(self) -> None:
        self.stopped = asyncio.Event()

    async def run(self, port: int) -> None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.stopped.set)
        async with serve(self.connected, "127.0.0.1", port, max_size=16 * 2**20):
            await self.stopped.wait()

    async def connected(self, connection: ServerConnection) -> None:
        async for text in connection:
            try:
                self.keep(json.loads(text))
            except (
                ValueError,
                KeyError,
                TypeError,
                AttributeError,
                OverflowError,
                RecursionError,
                Refused,
            ):
                self.refused()

    def refused(self) -> None:
        pass

    def keep(self, message: Any) -> None:
        if message["event"] != "video_separate_png.data":
            return
        frame = message["data"]["data"]
        self.look(message, frame)
        png = self.decode(frame["buffer"])
        if not png.startswith(b"\x89PNG\r\n\x1a\n"):
            raise Refused
        who = frame["participant"]["id"]
        print("frame", who, frame["type"], float(frame["timestamp"]["relative"]), flush=True)

    def look(self, message: Any, frame: Any) -> None:
        pass

    def decode(self, buffer: str) -> bytes:
        return base64.b64decode(buffer, validate=True)


class DropsOnNullName(Clean):
    """The connection goes with the first person without a name."""

    def look(self, message: Any, frame: Any) -> None:
        if frame["participant"]["name"] is None:
            raise LookupError("a person without a name")


class LeavesOutNullName(Clean):
    """Nothing is kept of a person without a name, and nothing is said of it."""

    def look(self, message: Any, frame: Any) -> None:
        if frame["participant"]["name"] is None:
            raise Refused


class KeepsSome(Clean):
    """Of one connection eight frames are kept: that is no bug of any frame's."""

    async def connected(self, connection: ServerConnection) -> None:
        self.kept = 0
        await super().connected(connection)

    def look(self, message: Any, frame: Any) -> None:
        self.kept += frame["participant"]["name"] != "Sentinel"
        if self.kept > 8 and frame["participant"]["name"] != "Sentinel":
            raise Refused


class DiesOfWideId(Clean):
    """The process goes with an id that no 32 bits hold."""

    def look(self, message: Any, frame: Any) -> None:
        if abs(frame["participant"]["id"]) >= 2**32:
            print("fatal: id out of range", file=sys.stderr, flush=True)
            os._exit(3)


class HangsOnEndlessTime(Clean):
    """A walk, second by second, to a time that is far away."""

    def look(self, message: Any, frame: Any) -> None:
        second = 0
        while second < frame["timestamp"]["relative"] - 1e7:
            second += 0


class LosesAfterBase64(Clean):
    """One bad base64, and nothing is kept any more."""

    deaf = False

    def keep(self, message: Any) -> None:
        if not self.deaf:
            super().keep(message)

    def decode(self, buffer: str) -> bytes:
        try:
            return super().decode(buffer)
        except ValueError:
            LosesAfterBase64.deaf = True
            raise


class GrowsWithDeclaredSize(Clean):
    """Room for the pixels that IHDR declares, whatever there is."""

    def decode(self, buffer: str) -> bytes:
        png = super().decode(buffer)
        width, height = (int.from_bytes(png[at : at + 4]) for at in (16, 20))
        pixels = bytearray(min(width * height, 5 * 2**26))
        pixels[::4096] = bytes(len(pixels[::4096]))
        return png


BUGS = {
    "clean": Clean,
    "drops-on-null-name": DropsOnNullName,
    "leaves-out-null-name": LeavesOutNullName,
    "keeps-some": KeepsSome,
    "dies-of-wide-id": DiesOfWideId,
    "hangs-on-endless-time": HangsOnEndlessTime,
    "loses-after-base64": LosesAfterBase64,
    "grows-with-declared-size": GrowsWithDeclaredSize,
}

if __name__ == "__main__":
    asyncio.run(BUGS[sys.argv[1]]().run(int(sys.argv[3])))

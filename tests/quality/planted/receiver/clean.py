"""A receiver as people write it: it saves every picture that decodes."""

import asyncio
import base64
import hmac
import io
import itertools
import json
import os
import signal
import traceback
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

from PIL import Image
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

Message = dict[str, Any]
FRAME = "video_separate_png.data"


class Clean:
    """No bug. Every other class changes one thing."""

    key: bytes | None = None
    max_size = 16 * 2**20
    max_queue = 16
    ping_interval = 20.0
    dies_of_errors = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.numbers: dict[Path, Iterator[int]] = defaultdict(itertools.count)
        self.stopped = asyncio.Event()

    async def run(self, port: int) -> None:
        """Receive until SIGTERM."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.stopped.set)
        async with serve(
            self.connected,
            "127.0.0.1",
            port,
            max_size=self.max_size,
            max_queue=self.max_queue,
            ping_interval=self.ping_interval,
            ping_timeout=self.ping_interval,
            process_request=self.upgrade,
        ):
            await self.stopped.wait()

    def upgrade(self, connection: ServerConnection, request: Request) -> Response | None:
        """Accept a handshake, or answer otherwise."""
        if self.key is None or self.is_signed(request.headers):
            return None
        return connection.respond(HTTPStatus.UNAUTHORIZED, "wrong signature")

    def is_signed(self, headers: Headers) -> bool:
        """Standard Webhooks: HMAC-SHA256 over ID.TIMESTAMP. with an empty body."""
        prefix = "webhook" if "webhook-id" in headers else "svix"
        names = (f"{prefix}-id", f"{prefix}-timestamp", f"{prefix}-signature")
        if not all(name in headers for name in names):
            return False
        number, timestamp, signatures = (headers[name] for name in names)
        right = hmac.digest(self.key or b"", f"{number}.{timestamp}.".encode(), "sha256")
        return self.is_fresh(int(timestamp)) and self.is_among(
            "v1," + base64.b64encode(right).decode(), signatures
        )

    def is_fresh(self, timestamp: int) -> bool:
        return abs(datetime.now(UTC).timestamp() - timestamp) < 300  # noqa: TID251

    def is_among(self, right: str, signatures: str) -> bool:
        return right in signatures.split(" ")

    async def connected(self, connection: Any) -> None:
        try:
            async for text in connection:
                message = self.read(text)
                if message is not None:
                    await self.received(connection, message)
        except ConnectionClosed:
            pass
        except Exception:
            if self.dies_of_errors:
                traceback.print_exc()
                os._exit(1)
            raise
        finally:
            self.closed(connection)

    def read(self, text: str | bytes) -> Message | None:
        """A message as the vendor documents it; None for anything else."""
        try:
            message: Message = json.loads(text)
            if message["event"] == FRAME:
                frame = message["data"]["data"]
                base64.b64decode(frame["buffer"], validate=True)
                if not isinstance(frame["participant"]["id"], int):
                    return None
                if not isinstance(frame["timestamp"]["relative"], float):
                    return None
        except (ValueError, KeyError, TypeError, RecursionError):
            return None
        return message

    async def received(self, connection: Any, message: Message) -> None:
        if message["event"] == FRAME:
            self.frame(connection, message["data"]["recording"]["id"], message["data"]["data"])
        else:
            self.other(message)

    def frame(self, connection: Any, recording: str, frame: Message) -> None:
        png = self.decoded(base64.b64decode(frame["buffer"]))
        if png is not None:
            self.save(self.place(connection, recording, frame), png)

    def decoded(self, png: bytes) -> bytes | None:
        try:
            Image.open(io.BytesIO(png)).load()
        except (OSError, SyntaxError):
            return None
        return png

    def place(self, connection: Any, recording: str, frame: Message) -> Path:
        return self.folder / recording / f"{frame['participant']['id']}-{frame['type']}"

    def save(self, place: Path, png: bytes) -> None:
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{next(self.numbers[place]):06}.png").write_bytes(png)

    def other(self, message: Message) -> None:
        """Pass over what is no frame."""

    def closed(self, connection: Any) -> None:
        """Nothing ends with a connection."""

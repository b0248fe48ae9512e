"""Receives Recall.ai's real-time video and keeps every frame as a PNG file.

    python receiver.py --port 8765 --save frames

writes frames/RECORDING/PARTICIPANT-TYPE/TIME-DIGEST.png. The path says all that there is to say of
a frame, so nothing has to be remembered between two connections: a frame that comes twice is
written once, and one that comes after a reconnect goes where it belongs.

With RECALL_SECRET=whsec_… in the environment, only Recall.ai may connect.
"""

import argparse
import asyncio
import base64
import hashlib
import hmac
import io
import json
import logging
import os
import signal
import time
from functools import partial
from http import HTTPStatus
from pathlib import Path
from uuid import UUID

from PIL import Image
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosedError
from websockets.http11 import Request, Response

FRAME = "video_separate_png.data"
TYPES = ("webcam", "screenshare")
MAX_MESSAGE = 16 * 2**20  # bytes; a shared photograph is over the library's default of 1 MiB
MAX_PIXELS = 4096 * 4096
MAX_SKEW = 300.0  # seconds that a signature may be old, or the clocks apart

log = logging.getLogger("receiver")


def keep(message: str | bytes, folder: Path) -> None:
    """Save the picture of a frame event; any other event is passed over.

    Raises whatever is wrong with the message: KeyError, ValueError, OSError, …
    """
    event = json.loads(message)
    if event["event"] != FRAME:
        return
    frame = event["data"]["data"]
    recording = UUID(event["data"]["recording"]["id"])
    participant, kind = frame["participant"]["id"], frame["type"]
    if not isinstance(participant, int) or kind not in TYPES:
        raise ValueError(f"no such stream: {participant!r}, {kind!r}")
    png = base64.b64decode(frame["buffer"], validate=True)
    with Image.open(io.BytesIO(png), formats=["PNG"]) as picture:
        if picture.width * picture.height > MAX_PIXELS:
            raise ValueError(f"a picture of {picture.width}x{picture.height}")
        picture.load()  # your own work on the pixels goes here
    digest = hashlib.sha256(png).hexdigest()[:16]
    stream = folder / str(recording) / f"{participant}-{kind}"
    stream.mkdir(parents=True, exist_ok=True)
    file = stream / f"{frame['timestamp']['relative']:013.6f}-{digest}.png"
    unfinished = file.with_suffix(".part")
    unfinished.write_bytes(png)
    unfinished.replace(file)


async def receive(connection: ServerConnection, *, folder: Path) -> None:
    """Take the messages of one connection, one after the other, until it ends."""
    try:
        async for message in connection:
            try:
                # In a thread: a picture takes milliseconds, in which the loop answers no ping.
                await asyncio.to_thread(keep, message, folder)
            except Exception as error:  # one bad message ends neither connection nor meeting
                log.warning("passed over a message of %d bytes: %r", len(message), error)
    except ConnectionClosedError as error:
        log.info("connection lost: %s; the sender dials again", error)


def is_signed(headers: Headers, secret: str) -> bool:
    """Whether Recall.ai signed the upgrade request (Standard Webhooks, with an empty body)."""
    sent_at = headers.get("Webhook-Timestamp", "")
    if not sent_at.isdecimal() or abs(time.time() - int(sent_at)) > MAX_SKEW:
        return False
    text = f"{headers.get('Webhook-Id', '')}.{sent_at}."
    key = base64.b64decode(secret.removeprefix("whsec_"))
    right = b"v1," + base64.b64encode(hmac.digest(key, text.encode(), "sha256"))
    signatures = headers.get("Webhook-Signature", "").encode().split()
    return any(hmac.compare_digest(signature, right) for signature in signatures)


def admit(connection: ServerConnection, request: Request) -> Response | None:
    """Answer a handshake that is not signed with 401."""
    secret = os.environ.get("RECALL_SECRET")
    if secret is None or is_signed(request.headers, secret):
        return None
    return connection.respond(HTTPStatus.UNAUTHORIZED, "not signed by Recall.ai\n")


async def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--port", type=int, default=8765)
    options.add_argument("--save", type=Path, default=Path("frames"))
    args = options.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    logging.getLogger("websockets").setLevel(logging.WARNING)

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    handler = partial(receive, folder=args.save)
    async with serve(handler, args.host, args.port, process_request=admit, max_size=MAX_MESSAGE):
        log.info("listening on ws://%s:%d/", args.host, args.port)
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(main())

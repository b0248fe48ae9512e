"""Receives Recall.ai's real-time video with FastAPI and keeps every frame as a PNG file.

    uvicorn app:app --port 8765 --ws-max-size 16777216

Frames go to FRAMES/RECORDING/PARTICIPANT-TYPE/TIME-DIGEST.png, where FRAMES is a folder named in
the environment, `frames` if it is not. Nothing is remembered between two connections: the path
says all that there is to say of a frame. With RECALL_SECRET=whsec_…, only Recall.ai may connect.
"""

import base64
import hashlib
import hmac
import io
import json
import logging
import os
import time
from pathlib import Path
from typing import Literal
from uuid import UUID

from fastapi import FastAPI, WebSocket
from fastapi.concurrency import run_in_threadpool
from PIL import Image
from pydantic import BaseModel, StrictInt
from starlette.datastructures import Headers

FRAME = "video_separate_png.data"
MAX_PIXELS = 4096 * 4096
MAX_SKEW = 300.0  # seconds that a signature may be old, or the clocks apart

log = logging.getLogger("uvicorn.error")
app = FastAPI()


class Participant(BaseModel):
    """Who is on the picture. Any other field may be null or absent, and is passed over."""

    id: StrictInt


class Timestamp(BaseModel):
    """When, in seconds since the recording began."""

    relative: float


class Frame(BaseModel):
    """One picture of one participant."""

    buffer: str
    type: Literal["webcam", "screenshare"]
    participant: Participant
    timestamp: Timestamp


class Recording(BaseModel):
    """What the frame is part of. Participants are numbered anew in each."""

    id: UUID


class FrameData(BaseModel):
    """What stands under `data` in a frame event."""

    data: Frame
    recording: Recording


def keep(message: str | bytes, folder: Path) -> None:
    """Save the picture of a frame event; any other event is passed over.

    Raises whatever is wrong with the message: KeyError, ValueError, OSError, …
    """
    event = json.loads(message)
    if event["event"] != FRAME:
        return
    data = FrameData.model_validate(event["data"])
    frame = data.data
    png = base64.b64decode(frame.buffer, validate=True)
    with Image.open(io.BytesIO(png), formats=["PNG"]) as picture:
        if picture.width * picture.height > MAX_PIXELS:
            raise ValueError(f"a picture of {picture.width}x{picture.height}")
        picture.load()  # your own work on the pixels goes here
    digest = hashlib.sha256(png).hexdigest()[:16]
    stream = folder / str(data.recording.id) / f"{frame.participant.id}-{frame.type}"
    stream.mkdir(parents=True, exist_ok=True)
    file = stream / f"{frame.timestamp.relative:013.6f}-{digest}.png"
    unfinished = file.with_suffix(".part")
    unfinished.write_bytes(png)
    unfinished.replace(file)


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


@app.websocket("/")
async def receive(websocket: WebSocket) -> None:
    """Take the messages of one connection, one after the other, until it ends."""
    secret = os.environ.get("RECALL_SECRET")
    if secret is not None and not is_signed(websocket.headers, secret):
        await websocket.close()  # before it was accepted: an HTTP 403
        return
    await websocket.accept()
    folder = Path(os.environ.get("FRAMES", "frames"))
    while (received := await websocket.receive())["type"] == "websocket.receive":
        message = received.get("text") or received.get("bytes") or ""
        try:
            # In a thread: a picture takes milliseconds, in which the loop answers no ping.
            await run_in_threadpool(keep, message, folder)
        except Exception as error:  # one bad message ends neither connection nor meeting
            log.warning("passed over a message of %d bytes: %r", len(message), error)

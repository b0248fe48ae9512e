"""A receiver as people write it with aiohttp: its default limit is 4 MiB a message."""

import argparse
import base64
import hashlib
import json
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web

options = argparse.ArgumentParser()
options.add_argument("--port", type=int, default=0)
options.add_argument("--out", type=Path, required=True)
args = options.parse_args()

counts: dict[str, Any] = {"connections": 0, "messages": 0, "frames": []}


def write() -> None:
    new = args.out.with_suffix(".new")
    new.write_text(json.dumps(counts))
    new.replace(args.out)


def note(text: str) -> None:
    counts["messages"] += 1
    message = json.loads(text)
    if message["event"] != "video_separate_png.data":
        return
    frame = message["data"]["data"]
    png = base64.b64decode(frame["buffer"])
    counts["frames"].append(
        [
            message["data"]["recording"]["id"],
            frame["participant"]["id"],
            frame["type"],
            frame["timestamp"]["relative"],
            hashlib.sha256(png).hexdigest(),
        ]
    )


async def receive(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    counts["connections"] += 1
    try:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                note(message.data)
    finally:
        write()
    return socket


async def cleaned_up(_app: web.Application) -> None:
    write()


async def application() -> web.Application:
    app = web.Application()
    app.add_routes([web.get("/{path:.*}", receive)])
    app.on_cleanup.append(cleaned_up)
    return app


def announce(text: str) -> None:
    """Take run_app's banner for the address that it listens at."""
    for word in text.split():
        if word.startswith("http://"):
            print("listening", word.rsplit(":", 1)[1], flush=True)


if __name__ == "__main__":
    web.run_app(
        application(),
        host="127.0.0.1",
        port=args.port,
        print=announce,
        access_log=None,
        shutdown_timeout=3,
    )

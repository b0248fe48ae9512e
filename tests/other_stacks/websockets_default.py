"""A receiver as people write it with `websockets`: at most 1 MiB a message by default."""

import argparse
import asyncio
import base64
import hashlib
import json
import signal
from pathlib import Path
from typing import Any

from websockets.asyncio.server import ServerConnection, serve

options = argparse.ArgumentParser()
options.add_argument("--port", type=int, default=0)
options.add_argument("--out", type=Path, required=True)
args = options.parse_args()

counts: dict[str, Any] = {"connections": 0, "messages": 0, "frames": []}


def write() -> None:
    new = args.out.with_suffix(".new")
    new.write_text(json.dumps(counts))
    new.replace(args.out)


def note(text: str | bytes) -> None:
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


async def receive(connection: ServerConnection) -> None:
    counts["connections"] += 1
    try:
        async for message in connection:
            note(message)
    finally:
        write()


async def main() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with serve(receive, "127.0.0.1", args.port) as server:
        print("listening", server.sockets[0].getsockname()[1], flush=True)
        await stop.wait()
    write()


if __name__ == "__main__":
    asyncio.run(main())

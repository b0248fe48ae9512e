"""A receiver that has had enough: it closes after `--after` frames, with the code given.

With `--cut` it hangs up without a close frame. With `--times N` it does so on its first N
connections and then receives as it should.
"""

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
options.add_argument("--after", type=int, default=3, help="frames on a connection")
options.add_argument("--code", type=int, default=1000)
options.add_argument("--reason", default="")
options.add_argument("--cut", action="store_true")
options.add_argument("--times", type=int, help="connections that are closed; all, if not given")
args = options.parse_args()

counts: dict[str, Any] = {"connections": 0, "messages": 0, "frames": []}


def write() -> None:
    new = args.out.with_suffix(".new")
    new.write_text(json.dumps(counts))
    new.replace(args.out)


def is_frame(text: str | bytes) -> bool:
    counts["messages"] += 1
    message = json.loads(text)
    if message["event"] != "video_separate_png.data":
        return False
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
    return True


async def receive(connection: ServerConnection) -> None:
    counts["connections"] += 1
    closes = args.times is None or counts["connections"] <= args.times
    seen = 0
    try:
        async for message in connection:
            seen += is_frame(message)
            if closes and seen == args.after:
                if args.cut:
                    connection.transport.abort()
                else:
                    await connection.close(args.code, args.reason)
                return
    finally:
        write()


async def main() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with serve(receive, "127.0.0.1", args.port, max_size=None) as server:
        print("listening", server.sockets[0].getsockname()[1], flush=True)
        await stop.wait()
    write()


if __name__ == "__main__":
    asyncio.run(main())

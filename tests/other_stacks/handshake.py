"""A server that answers the handshake with `--status`: refused, not found, not now, or elsewhere.

With `--times N` it does so to its first N requests and then receives as it should. What was asked
is written down as `requests`: path, then headers.
"""

import argparse
import asyncio
import base64
import hashlib
import http
import json
import signal
from pathlib import Path
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

options = argparse.ArgumentParser()
options.add_argument("--port", type=int, default=0)
options.add_argument("--out", type=Path, required=True)
options.add_argument("--status", type=int, default=401)
options.add_argument("--location", default="/moved", help="where a redirect points")
options.add_argument("--times", type=int, help="requests so answered; all, if not given")
args = options.parse_args()

counts: dict[str, Any] = {"connections": 0, "messages": 0, "frames": [], "requests": []}


def write() -> None:
    new = args.out.with_suffix(".new")
    new.write_text(json.dumps(counts))
    new.replace(args.out)


def answer(connection: ServerConnection, request: Request) -> Response | None:
    counts["requests"].append([request.path, list(request.headers.raw_items())])
    write()
    if args.times is not None and len(counts["requests"]) > args.times:
        return None
    status = http.HTTPStatus(args.status)
    response = connection.respond(status, f"{status.phrase}\n")
    if status in {http.HTTPStatus.FOUND, http.HTTPStatus.TEMPORARY_REDIRECT}:
        response.headers["Location"] = args.location
    return response


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
    async with serve(
        receive, "127.0.0.1", args.port, process_request=answer, max_size=None
    ) as server:
        print("listening", server.sockets[0].getsockname()[1], flush=True)
        await stop.wait()
    write()


if __name__ == "__main__":
    asyncio.run(main())

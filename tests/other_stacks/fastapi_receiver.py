"""A receiver as people write it with FastAPI on uvicorn: at most 16 MiB a message by default."""

import argparse
import base64
import hashlib
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

options = argparse.ArgumentParser()
options.add_argument("--port", type=int, default=0)
options.add_argument("--out", type=Path, required=True)
args = options.parse_args()

counts: dict[str, Any] = {"connections": 0, "messages": 0, "frames": []}


def write() -> None:
    new = args.out.with_suffix(".new")
    new.write_text(json.dumps(counts))
    new.replace(args.out)


def note(message: dict[str, Any]) -> None:
    counts["messages"] += 1
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


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    yield
    write()


app = FastAPI(lifespan=lifespan)


@app.websocket("/{path:path}")
async def receive(websocket: WebSocket, path: str) -> None:
    await websocket.accept()
    counts["connections"] += 1
    try:
        while True:
            note(await websocket.receive_json())
    except WebSocketDisconnect:
        pass
    finally:
        write()


if __name__ == "__main__":
    listener = socket.create_server(("127.0.0.1", args.port))
    print("listening", listener.getsockname()[1], flush=True)
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=5, ws="auto")
    )
    server.run(sockets=[listener])

"""A receiver that greets with raw text after the 101, then receives as it should.

The vendor's verification sample does this: it writes to the socket that it has just upgraded,
and what it writes is no websocket frame. A strict client takes the text's first bytes for a frame
header and ends the connection with a protocol error. `--text` is what is written; `--together`
writes it in one piece with the 101, where as a rule it comes apart from it.
"""

import argparse
import asyncio
import base64
import hashlib
import json
import signal
from pathlib import Path
from typing import Any

options = argparse.ArgumentParser()
options.add_argument("--port", type=int, default=0)
options.add_argument("--out", type=Path, required=True)
options.add_argument("--text", default="Connection verified\n")
options.add_argument("--together", action="store_true")
args = options.parse_args()

counts: dict[str, Any] = {"connections": 0, "messages": 0, "frames": []}


def write() -> None:
    new = args.out.with_suffix(".new")
    new.write_text(json.dumps(counts))
    new.replace(args.out)


def note(payload: bytes) -> None:
    counts["messages"] += 1
    message = json.loads(payload)
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


async def upgrade(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    key = next(
        value.strip()
        for name, _, value in (line.partition(":") for line in head.split("\r\n"))
        if name.lower() == "sec-websocket-key"
    )
    digest = hashlib.sha1(
        key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11", usedforsecurity=False
    ).digest()
    answer = (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n"
    )
    text = args.text.encode()
    for piece in [answer + text] if args.together else [answer, text]:
        writer.write(piece)
        await writer.drain()


async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    message = b""
    while True:
        first, second = await reader.readexactly(2)
        length = second & 0x7F
        if length > 125:
            length = int.from_bytes(await reader.readexactly(2 if length == 126 else 8))
        mask = await reader.readexactly(4)
        masked = await reader.readexactly(length)
        repeated = (mask * (length // 4 + 1))[:length]
        payload = (int.from_bytes(masked) ^ int.from_bytes(repeated)).to_bytes(length)
        match first & 0x0F:
            case 0x8:
                writer.write(bytes([0x88, len(payload[:2])]) + payload[:2])
                await writer.drain()
                return
            case 0x9:
                writer.write(bytes([0x8A, length]) + payload)
                await writer.drain()
            case 0x0 | 0x1 | 0x2:
                message += payload
                if first & 0x80:
                    note(message)
                    message = b""


async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    counts["connections"] += 1
    try:
        await upgrade(reader, writer)
        await converse(reader, writer)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass  # the other side hung up
    finally:
        writer.close()
        write()


async def main() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    server = await asyncio.start_server(receive, "127.0.0.1", args.port)
    print("listening", server.sockets[0].getsockname()[1], flush=True)
    await stop.wait()
    server.close()
    write()


if __name__ == "__main__":
    asyncio.run(main())

"""A receiver written by hand over bare sockets, with care: RFC 6455, sections 4.2 and 5.

Beside the frames it writes down what no library tells. `handshakes`: the request line's target
and the headers, as sent. `wire`: for each message its opcode, in how many websocket frames it
came, whether all were masked, whether all masks differed, which reserved bits were set, and its
length in bytes. `closes`: for each connection the close code, or null where the socket just ended.
`controls`: the opcodes of pings and pongs.
"""

import argparse
import asyncio
import base64
import hashlib
import json
import signal
import struct
from pathlib import Path
from typing import Any, NamedTuple

options = argparse.ArgumentParser()
options.add_argument("--port", type=int, default=0)
options.add_argument("--out", type=Path, required=True)
args = options.parse_args()

counts: dict[str, Any] = {
    "connections": 0,
    "messages": 0,
    "frames": [],
    "handshakes": [],
    "wire": [],
    "controls": [],
    "closes": [],
}

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA


class Frame(NamedTuple):
    """One websocket frame, unmasked. `reserved` is RSV1 to RSV3 as a number from 0 to 7."""

    final: bool
    reserved: int
    opcode: int
    mask: bytes | None
    payload: bytes


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


def unmasked(payload: bytes, mask: bytes) -> bytes:
    """XOR in one go: as numbers, for a picture's bytes are many."""
    length = len(payload)
    repeated = (mask * (length // 4 + 1))[:length]
    return (int.from_bytes(payload) ^ int.from_bytes(repeated)).to_bytes(length)


async def read_frame(reader: asyncio.StreamReader) -> Frame:
    first, second = await reader.readexactly(2)
    length = second & 0x7F
    if length == 126:
        (length,) = struct.unpack("!H", await reader.readexactly(2))
    elif length == 127:
        (length,) = struct.unpack("!Q", await reader.readexactly(8))
    mask = await reader.readexactly(4) if second & 0x80 else None
    payload = await reader.readexactly(length)
    if mask is not None:
        payload = unmasked(payload, mask)
    return Frame(bool(first & 0x80), first >> 4 & 0x7, first & 0x0F, mask, payload)


def unmasked_frame(opcode: int, payload: bytes = b"") -> bytes:
    """A control frame from server to client: final, at most 125 bytes."""
    return bytes([0x80 | opcode, len(payload)]) + payload


async def shake_hands(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    request, *lines = head.rstrip("\r\n").split("\r\n")
    headers = [
        [name.strip(), value.strip()] for name, _, value in (x.partition(":") for x in lines)
    ]
    counts["handshakes"].append({"target": request.split(" ")[1], "headers": headers})
    by_name = {name.lower(): value for name, value in headers}
    key = by_name["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    accept = base64.b64encode(hashlib.sha1(key.encode(), usedforsecurity=False).digest()).decode()
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept.encode() + b"\r\n\r\n"
    )
    await writer.drain()


def note_message(parts: list[Frame]) -> None:
    masks = [part.mask for part in parts]
    payload = b"".join(part.payload for part in parts)
    counts["wire"].append(
        {
            "opcode": parts[0].opcode,
            "fragments": len(parts),
            "masked": None not in masks,
            "masks_differ": len(set(masks)) == len(masks),
            "reserved": max(part.reserved for part in parts),
            "length": len(payload),
        }
    )
    note(payload)


async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int | None:
    """Read until the close frame; its code, or 1005 where it bears none (RFC 6455, 7.1.5)."""
    parts: list[Frame] = []
    while True:
        frame = await read_frame(reader)
        if frame.opcode == CLOSE:
            writer.write(unmasked_frame(CLOSE, frame.payload[:2]))
            await writer.drain()
            return int.from_bytes(frame.payload[:2]) if frame.payload else 1005
        if frame.opcode in {PING, PONG}:
            counts["controls"].append(frame.opcode)
            if frame.opcode == PING:
                writer.write(unmasked_frame(PONG, frame.payload))
                await writer.drain()
            continue
        if (frame.opcode == CONTINUATION) != bool(parts):
            raise ValueError(f"opcode {frame.opcode} after {len(parts)} fragments")
        parts.append(frame)
        if frame.final:
            note_message(parts)
            parts = []


open_connections: set[asyncio.Task[None]] = set()


async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    task = asyncio.current_task()
    assert task is not None
    open_connections.add(task)
    task.add_done_callback(open_connections.discard)
    try:
        await shake_hands(reader, writer)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()  # it hung up before it had asked
        return
    counts["connections"] += 1
    code: int | None = None
    try:
        code = await converse(reader, writer)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass  # the socket ended without a close frame
    finally:
        counts["closes"].append(code)
        writer.close()
        write()


async def main() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    server = await asyncio.start_server(receive, "127.0.0.1", args.port, limit=1 << 20)
    print("listening", server.sockets[0].getsockname()[1], flush=True)
    await stop.wait()
    server.close()
    if open_connections:  # what has arrived is read to its end
        await asyncio.wait(open_connections, timeout=3)
    write()


if __name__ == "__main__":
    asyncio.run(main())

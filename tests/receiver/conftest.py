"""Builders of messages and pictures for the receiver's tests, written by hand."""

from __future__ import annotations

import asyncio
import base64
import json
import struct
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(width: int, height: int, rows: bytes, depth: int = 8, colour: int = 2) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(rows))
        + _chunk(b"IEND", b"")
    )


@cache
def _plain_png(width: int = 48, height: int = 36) -> bytes:
    row = b"\0" + b"".join(bytes((x % 256, 7, 200)) for x in range(width))
    return _png(width, height, row * height)


@pytest.fixture(scope="session")
def chunk() -> Callable[[bytes, bytes], bytes]:
    """One PNG chunk of a kind and data."""
    return _chunk


@pytest.fixture(scope="session")
def png() -> Callable[..., bytes]:
    """An 8-bit RGB picture of a width and a height; pixel x is (x % 256, 7, 200)."""
    return _plain_png


@pytest.fixture(scope="session")
def raw_png() -> Callable[..., bytes]:
    """A picture of a width, a height and filtered rows, depth and colour type."""
    return _png


def _frame(
    *,
    relative: float = 76.805558,
    participant: int = 100,
    kind: str = "webcam",
    recording: str = "8b8ed4b5-6d1f-4e3c-9d0a-0c7b6e1f2a33",
    width: int = 48,
    height: int = 36,
    picture: bytes | None = None,
) -> dict[str, Any]:
    data = _plain_png(width, height) if picture is None else picture
    return {
        "event": "video_separate_png.data",
        "data": {
            "data": {
                "buffer": base64.b64encode(data).decode(),
                "timestamp": {"relative": relative, "absolute": "2026-09-20T05:48:18.360372Z"},
                "type": kind,
                "participant": {
                    "id": participant,
                    "name": "Ada Lovelace",
                    "is_host": True,
                    "platform": "desktop",
                    "extra_data": {"zoom": {"os": 2, "guest": False}},
                    "email": None,
                },
            },
            "realtime_endpoint": {"id": "2f1d4c86-8ac5-4f5e-9d51-0e3a4c7b9d10", "metadata": {}},
            "video_separate": {"id": "a3c2b1d0-1111-4222-8333-444455556666", "metadata": {}},
            "recording": {"id": recording, "metadata": {"team": "blue"}},
            "bot": {"id": "77777777-8888-4999-8aaa-bbbbccccdddd", "metadata": {}},
        },
    }


@pytest.fixture(scope="session")
def frame() -> Callable[..., dict[str, Any]]:
    """A frame message as a dict, to be bent."""
    return _frame


@pytest.fixture(scope="session")
def frame_message() -> Callable[..., bytes]:
    """A frame message as bytes."""

    def build(**what: Any) -> bytes:
        return json.dumps(_frame(**what)).encode()

    return build


async def _http(address: tuple[str, int], path: str, method: str = "GET") -> tuple[int, bytes]:
    reader, writer = await asyncio.open_connection(*address)
    writer.write(f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


@pytest.fixture(scope="session")
def http() -> Callable[..., Any]:
    """A plain HTTP request: the answer's status and body."""
    return _http


@pytest.fixture(scope="session")
def report_of() -> Callable[..., Any]:
    """What a receiver at an address answers to GET /report.json."""

    async def ask(address: tuple[str, int]) -> dict[str, Any]:
        status, body = await _http(address, "/report.json")
        assert status == 200
        report: dict[str, Any] = json.loads(body)
        return report

    return ask

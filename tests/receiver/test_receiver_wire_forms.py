"""Websocket frames that RFC 6455 forbids are refused by protocol, and the next link is served."""

from __future__ import annotations

import asyncio
import itertools
import struct
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from tests.receiver.dialling import Build, Report, connect, settle

from recall_receiver import FrameEvent, Receiver

CONTINUATION, TEXT, CLOSE, PING, PONG = 0x0, 0x1, 0x8, 0x9, 0xA
PROTOCOL_ERROR, BAD_DATA, TOO_BIG = 1002, 1007, 1009
KEY = b"\x11\x22\x33\x44"


def frame(payload: bytes, opcode: int = TEXT, *, fin: bool = True, reserved: int = 0) -> bytes:
    """A masked frame, written by hand."""
    size = len(payload)
    first = fin << 7 | reserved << 4 | opcode
    if size < 126:
        head = struct.pack("!BB", first, 0x80 | size)
    elif size < 65536:
        head = struct.pack("!BBH", first, 0x80 | 126, size)
    else:
        head = struct.pack("!BBQ", first, 0x80 | 127, size)
    masked = bytes(one ^ other for one, other in zip(payload, itertools.cycle(KEY), strict=False))
    return head + KEY + masked


def length_only(size: int) -> bytes:
    """The head of a text frame that announces so many bytes."""
    return struct.pack("!BBQ", 0x80 | TEXT, 0x80 | 127, size) + KEY


REFUSED: dict[str, tuple[bytes, int]] = {
    "rsv1": (frame(b"{}", reserved=4), PROTOCOL_ERROR),
    "rsv2": (frame(b"{}", reserved=2), PROTOCOL_ERROR),
    "rsv3": (frame(b"{}", reserved=1), PROTOCOL_ERROR),
    "all reserved bits": (frame(b"{}", reserved=7), PROTOCOL_ERROR),
    "data opcode 0x3": (frame(b"{}", 0x3), PROTOCOL_ERROR),
    "control opcode 0xB": (frame(b"{}", 0xB), PROTOCOL_ERROR),
    "no mask": (b"\x81\x02{}", PROTOCOL_ERROR),
    "continuation of nothing": (frame(b"{}", CONTINUATION), PROTOCOL_ERROR),
    "text inside a fragmented text": (frame(b"{", fin=False) + frame(b"{}"), PROTOCOL_ERROR),
    "ping of 126 bytes": (frame(bytes(126), PING), PROTOCOL_ERROR),
    "ping of 70,000 bytes": (frame(bytes(70_000), PING), PROTOCOL_ERROR),
    "pong of 126 bytes": (frame(bytes(126), PONG), PROTOCOL_ERROR),
    "ping in fragments": (frame(b"", PING, fin=False), PROTOCOL_ERROR),
    "close of one byte": (frame(b"\x03", CLOSE), PROTOCOL_ERROR),
    "close with code 0": (frame(b"\x00\x00", CLOSE), PROTOCOL_ERROR),
    "close with code 1005": (frame(b"\x03\xed", CLOSE), PROTOCOL_ERROR),
    "close with code 65535": (frame(b"\xff\xff", CLOSE), PROTOCOL_ERROR),
    "close whose reason is no UTF-8": (frame(b"\x03\xe8\xff", CLOSE), BAD_DATA),
    "length of 2**64 - 1": (length_only(2**64 - 1), TOO_BIG),
    "length of 2**62": (length_only(2**62), TOO_BIG),
    "no websocket frame": (b"GET / HTTP/1.1\r\n\r\n", PROTOCOL_ERROR),
}
BROKEN_TEXT = {
    "a byte that is none": b'{"event":"\xff"}',
    "an overlong slash": b'{"event":"\xc0\xaf"}',
    "a surrogate": b'{"event":"\xed\xa0\x80"}',
    "beyond the last code point": b'{"event":"\xf4\x90\x80\x80"}',
    "cut off": b'{"event":"\xf0\x9f\x98',
}


def sent_raw(data: bytes, message: bytes, report_of: Report) -> tuple[int | None, dict[str, Any]]:
    """Write bytes to one link and a frame message to the next: the close code, and the report."""

    async def main() -> tuple[int | None, dict[str, Any]]:
        async with Receiver() as receiver:
            async with connect(receiver) as link:
                link.transport.write(data)
                async with asyncio.timeout(10):
                    await link.wait_closed()
            async with connect(receiver) as following:
                await following.send(message, text=True)
            report: dict[str, Any] = await report_of(receiver.address)
            return link.close_code, report

    return asyncio.run(main())


@pytest.mark.parametrize("form", REFUSED)
def test_a_forbidden_frame_closes_by_protocol_and_the_next_link_is_served(
    form: str, frame_message: Build, report_of: Report
) -> None:
    data, code = REFUSED[form]
    closed, report = sent_raw(data, frame_message(), report_of)
    assert closed == code
    assert report["frames"] == 1
    assert report["connections"] == {"now": 0, "ever": 2}


@pytest.mark.parametrize("form", BROKEN_TEXT)
@pytest.mark.parametrize("fragments", [1, 2])
def test_broken_utf8_is_refused_and_what_follows_on_the_link_is_kept(
    form: str, fragments: int, frame_message: Build, report_of: Report
) -> None:
    text = BROKEN_TEXT[form]
    pieces = [text[:9], text[9:]] if fragments == 2 else [text]
    data = b"".join(
        frame(piece, CONTINUATION if number else TEXT, fin=number == len(pieces) - 1)
        for number, piece in enumerate(pieces)
    )
    close = frame(b"\x03\xe8", CLOSE)
    closed, report = sent_raw(data + frame(frame_message()) + close, frame_message(), report_of)
    assert closed == 1000
    assert report["frames"] == 2
    assert sum(report["refused"].values()) == 1


RIGHT: dict[str, Callable[[bytes], bytes]] = {
    "single bytes": lambda text: b"".join(
        frame(text[at : at + 1], CONTINUATION if at else TEXT, fin=at == len(text) - 1)
        for at in range(len(text))
    ),
    "empty first fragment": lambda text: frame(b"", fin=False) + frame(text, CONTINUATION),
    "empty last fragment": lambda text: frame(text, fin=False) + frame(b"", CONTINUATION),
    "a character cut by a fragment": lambda text: (
        frame(text[:-3], fin=False) + frame(text[-3:], CONTINUATION)
    ),
    "a ping between fragments": lambda text: (
        frame(text[:9], fin=False) + frame(bytes(125), PING) + frame(text[9:], CONTINUATION)
    ),
    "a pong that answers no ping": lambda text: frame(b"", PONG) + frame(text),
}


@pytest.mark.parametrize("form", RIGHT)
def test_a_rare_but_right_form_is_accepted(
    form: str, frame_message: Build, report_of: Report
) -> None:
    text = frame_message()
    if form == "a character cut by a fragment":
        text = text[:-1] + ', "x":"😀"}'.encode()
    if form == "single bytes":
        text = b'{"event":"meeting.weather","data":{}}'
    data = RIGHT[form](text) + frame(b"\x03\xe8", CLOSE)
    closed, report = sent_raw(data, frame_message(), report_of)
    assert closed == 1000
    assert report["refused"] == {}
    assert report["frames"] == (1 if form == "single bytes" else 2)


def test_links_that_send_by_turns_in_pieces_keep_their_pictures_apart(
    raw_png: Callable[..., bytes], frame_message: Build
) -> None:
    """They are all read into the same memory."""
    pictures = [
        raw_png(200, 200, (b"\0" + bytes((n, 99, 255 - n)) * 200) * 200) + bytes(200_000)
        for n in range(3)
    ]
    messages = [
        frame(frame_message(participant=n, picture=picture, width=200, height=200))
        for n, picture in enumerate(pictures)
    ]
    got: dict[int, list[bytes]] = {}

    def keep(event: FrameEvent) -> None:
        got.setdefault(event.participant.id, []).append(event.png)

    async def main() -> None:
        async with Receiver(keep) as receiver, AsyncExitStack() as stack:
            links = [await stack.enter_async_context(connect(receiver)) for _ in messages]
            pieces = 7
            for turn in range(2 * pieces):
                for link, message in zip(links, messages, strict=True):
                    at, size = turn % pieces, -(-len(message) // pieces)
                    link.transport.write(message[at * size : (at + 1) * size])
                    await settle()
            assert await receiver.drained()

    asyncio.run(main())
    assert got == {n: [picture] * 2 for n, picture in enumerate(pictures)}


def test_more_is_read_at_once_of_links_with_large_messages(frame_message: Build) -> None:
    async def main() -> list[int]:
        sizes = []
        async with Receiver() as receiver, connect(receiver) as link:
            (served,) = receiver._links.sockets
            small, large = frame_message(), frame_message(picture=bytes(99_999))
            for message in (small, large, small):
                await link.send(message, text=True)
                await (await link.ping())
                sizes.append(len(served.get_buffer(-1)))
        return sizes

    assert asyncio.run(main()) == [2**16, 2**21, 2**16]


@pytest.mark.parametrize("opcode", [TEXT, PING])
def test_very_many_small_frames_that_were_read_at_once_give_others_their_turn(opcode: int) -> None:
    async def main() -> Counter[str]:
        async with Receiver() as receiver, connect(receiver):
            (served,) = receiver._links.sockets
            served.data_received(frame(b"", opcode) * 10_000)
            assert served.unread < 300
            assert not served.transport.is_reading()
            assert await receiver.drained()
            assert not served.behind
            assert served.transport.is_reading()
            return receiver.reception.refused

    assert asyncio.run(main()) == ({"bad-json": 10_000} if opcode == TEXT else {})


def test_of_very_many_small_frames_before_the_end_none_is_lost(
    frame_message: Build, report_of: Report
) -> None:
    data = frame(b"") * 10_000 + frame(b"\x03\xe8", CLOSE)
    closed, report = sent_raw(data, frame_message(), report_of)
    assert closed == 1000
    assert report["refused"] == {"bad-json": 10_000}


def test_what_is_left_of_a_link_that_was_cut_is_not_read(frame_message: Build) -> None:
    async def main() -> None:
        async with Receiver() as receiver:
            async with connect(receiver) as link:
                (served,) = receiver._links.sockets
                served.data_received(frame(b"") * 10_000)
                served.transport.abort()
                await link.wait_closed()
                assert receiver.reception.refused["bad-json"] < 10_000
            async with connect(receiver) as link:
                await link.send(frame_message(), text=True)
            assert await receiver.drained()
            assert receiver.reception.frames == 1

    asyncio.run(main())

"""A parser as people write it, and the same with one bug each: `fuzz` must tell them apart.

`clean` refuses with `Refusal` and with nothing else. Every function with a bug takes the bytes of
a message, as `clean` does, and does one thing otherwise.
"""

import asyncio
import base64
import binascii
import ctypes
import io
import json
import os
import re
import struct
import sys
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from PIL import Image, PngImagePlugin

FRAME = "video_separate_png.data"
MOST_PIXELS = 4096 * 4096


class Refusal(Exception):
    """The message is not what it claims to be."""


def need(condition: object, what: str) -> None:
    if not condition:
        raise Refusal(what)


def read_json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Refusal("not JSON") from error


def read_seconds(value: Any) -> int:
    need(type(value) in (int, float) and 0 <= value < 1e9, "relative")
    return int(value * 1000)


def read_time(value: Any) -> datetime:
    need(isinstance(value, str), "absolute")
    try:
        found = datetime.fromisoformat(value)
    except ValueError as error:
        raise Refusal("absolute") from error
    need(found.tzinfo is not None, "absolute without an offset")
    need(2000 < found.year < 3000, "absolute")
    return found.astimezone(UTC)


def read_person(value: Any) -> tuple[int, str]:
    need(isinstance(value, dict), "participant")
    number, name = value.get("id"), value.get("name")
    need(type(number) is int and number >= 0, "id")
    need(name is None or isinstance(name, str), "name")
    return number, name or ""


def read_base64(value: Any) -> bytes:
    need(isinstance(value, str), "buffer")
    try:
        return base64.b64decode(value, validate=True)
    except ValueError as error:
        raise Refusal("buffer") from error


def read_picture(png: bytes) -> tuple[int, int]:
    need(png[:8] == b"\x89PNG\r\n\x1a\n" and png[12:16] == b"IHDR" and len(png) > 32, "PNG")
    width, height = struct.unpack(">II", png[16:24])
    need(0 < width * height <= MOST_PIXELS, "size")
    try:
        with PngImagePlugin.PngImageFile(io.BytesIO(png)) as picture:
            picture.load()
            return picture.size
    except Exception as error:  # half a dozen kinds
        raise Refusal("PNG") from error


def parse(
    data: bytes,
    *,
    text: Callable[[bytes], Any] = read_json,
    seconds: Callable[[Any], Any] = read_seconds,
    time: Callable[[Any], Any] = read_time,
    person: Callable[[Any], Any] = read_person,
    coded: Callable[[Any], bytes] = read_base64,
    picture: Callable[[bytes], Any] = read_picture,
    whole: Callable[[Any], Any] = lambda message: None,
) -> None:
    message = text(data)
    need(isinstance(message, dict) and isinstance(message.get("event"), str), "event")
    need(isinstance(message.get("data"), dict), "data")
    if message["event"] != FRAME:
        return
    body = message["data"]
    inner = body.get("data")
    need(isinstance(inner, dict), "data.data")
    need(inner.get("type") in ("webcam", "screenshare"), "type")
    stamp = inner.get("timestamp")
    need(isinstance(stamp, dict), "timestamp")
    for name in ("recording", "realtime_endpoint"):
        need(isinstance(body.get(name), dict), name)
        need(isinstance(body[name].get("id"), str), name)
        need(isinstance(body[name].get("metadata"), dict), name)
    whole(message)
    seconds(stamp.get("relative"))
    time(stamp.get("absolute"))
    person(inner.get("participant"))
    picture(coded(inner.get("buffer")))


def clean(data: bytes) -> None:
    parse(data)


async def clean_async(data: bytes) -> None:
    await asyncio.to_thread(parse, data)


# --- JSON ---------------------------------------------------------------------------------------


def recursion(data: bytes) -> None:
    """Nesting is left to the interpreter."""

    def text(data: bytes) -> Any:
        try:
            return json.loads(data)
        except ValueError as error:
            raise Refusal("not JSON") from error

    parse(data, text=text)


def duplicate_key(data: bytes) -> None:
    """Two equal keys are taken for impossible."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    def text(data: bytes) -> Any:
        try:
            return json.loads(data, object_pairs_hook=unique)
        except (ValueError, RecursionError) as error:
            raise Refusal("not JSON") from error

    parse(data, text=text)


def accepts_nan(data: bytes) -> None:
    """What `json` takes for a number is taken for one."""

    def seconds(value: Any) -> int:
        need(type(value) in (int, float) and not value < 0, "relative")
        return int(value * 1000)

    parse(data, seconds=seconds)


def ascii_text(data: bytes) -> None:
    """Text is ASCII."""
    parse(data.decode("ascii").encode())


def other_codings(data: bytes) -> None:
    """`decode` stands before whatever catches errors."""
    parse(data.decode().encode())


def compact_json(data: bytes) -> None:
    """The text begins as it always does."""
    need(data.startswith(b'{"event":"'), "event")
    parse(data)


# --- fields -------------------------------------------------------------------------------------


def null_name(data: bytes) -> None:
    """Everybody has a name."""
    parse(data, person=lambda value: read_person(value) and value.get("name", "").strip())


def null_extra_data(data: bytes) -> None:
    """There is always extra data, an object."""
    parse(data, person=lambda value: read_person(value) and value["extra_data"].get("zoom"))


def absent_email(data: bytes) -> None:
    """The newer field is there."""
    parse(data, person=lambda value: read_person(value) and value["email"])


def absent_bot(data: bytes) -> None:
    """Every recording is made by a bot."""
    parse(data, whole=lambda message: (message["data"].get("bot") or {})["id"])


def wide_id(data: bytes) -> None:
    """An id has 32 bits."""
    parse(data, person=lambda value: struct.pack(">i", read_person(value)[0]))


def unencodable_name(data: bytes) -> None:
    """What came as text can be written as text."""
    parse(data, person=lambda value: read_person(value)[1].encode())


def name_as_path(data: bytes) -> None:
    """A name is a file's name."""

    def person(value: Any) -> None:
        name = read_person(value)[1]
        if "/" in name:
            raise FileNotFoundError(name)

    parse(data, person=person)


def unhashable_metadata(data: bytes) -> None:
    """Metadata is text."""
    parse(data, whole=lambda m: hash(tuple(m["data"]["recording"]["metadata"].items())))


def flat_participant(data: bytes) -> None:
    """The participant is looked for one level too high."""
    parse(data, whole=lambda message: message["data"]["participant"])


def unknown_event(data: bytes) -> None:
    """Every event has a handler."""
    handlers = {FRAME: 0, "transcript.data": 1, "transcript.partial_data": 2}

    def text(data: bytes) -> Any:
        message = read_json(data)
        if isinstance(message, dict) and isinstance(message.get("event"), str):
            family = message["event"].partition(".")[0]
            if family not in ("participant_events", "audio_mixed_raw"):
                handlers[message["event"]]
        return message

    parse(data, text=text)


# --- times --------------------------------------------------------------------------------------


def fixed_format(data: bytes) -> None:
    """Times have microseconds."""

    def time(value: Any) -> datetime:
        need(isinstance(value, str), "absolute")
        return datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%fZ")

    parse(data, time=time)


def naive_time(data: bytes) -> None:
    """Times have an offset."""

    def time(value: Any) -> timedelta:
        need(isinstance(value, str), "absolute")
        try:
            found = datetime.fromisoformat(value)
        except ValueError as error:
            raise Refusal("absolute") from error
        return found - datetime(2026, 1, 1, tzinfo=UTC)

    parse(data, time=time)


def end_of_time(data: bytes) -> None:
    """Every time is a time in UTC too."""

    def time(value: Any) -> datetime:
        need(isinstance(value, str), "absolute")
        try:
            found = datetime.fromisoformat(value)
        except ValueError as error:
            raise Refusal("absolute") from error
        need(found.tzinfo is not None, "absolute")
        return found.astimezone(UTC)

    parse(data, time=time)


# --- base64 -------------------------------------------------------------------------------------


def catastrophic_pattern(data: bytes) -> None:
    """Base64 is checked with a pattern that has a loop in a loop."""

    def coded(value: Any) -> bytes:
        need(isinstance(value, str), "buffer")
        need(re.fullmatch(r"(([A-Za-z0-9+/]+)=?=?)+", value), "buffer")
        return read_base64(value)

    parse(data, coded=coded)


def bad_padding(data: bytes) -> None:
    """Base64 is right."""

    def coded(value: Any) -> bytes:
        need(isinstance(value, str) and value.isascii(), "buffer")
        return base64.b64decode(value)

    parse(data, coded=coded)


def quiet_base64(data: bytes) -> None:
    """What is no base64 is stepped over, and the picture is believed in."""

    def coded(value: Any) -> bytes:
        need(isinstance(value, str) and value.isascii(), "buffer")
        try:
            return base64.b64decode(value)
        except binascii.Error as error:
            raise Refusal("buffer") from error

    parse(data, coded=coded, picture=lambda png: png[0])


# --- PNG ----------------------------------------------------------------------------------------


def chunks(png: bytes) -> Any:
    """The chunks, as far as their lengths lead."""
    at = 8
    while at + 12 <= len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        yield kind, length, png[at + 8 : at + 8 + length], png[at + 8 + length : at + 12 + length]
        at += 12 + length


def trusts_length(data: bytes) -> None:
    """A chunk is as long as it says."""

    def picture(png: bytes) -> None:
        for _, length, held, _ in chunks(png):
            struct.unpack(f"{length}s", held)
        read_picture(png)

    parse(data, picture=picture)


def declared_size(data: bytes) -> None:
    """Room is made for as many pixels as IHDR declares."""

    def picture(png: bytes) -> None:
        need(len(png) > 32, "PNG")
        width, height = struct.unpack(">II", png[16:24])
        if 0 < width * height < 2**27:
            room = bytearray(width * height * 3)
            room[::4096] = b"x" * len(room[::4096])
        read_picture(png)

    parse(data, picture=picture)


def inflates_all(data: bytes) -> None:
    """The image data is inflated, however much it is."""

    def picture(png: bytes) -> None:
        packed = b"".join(held for kind, _, held, _ in chunks(png) if kind == b"IDAT")
        try:
            zlib.decompress(packed)
        except zlib.error as error:
            raise Refusal("IDAT") from error
        read_picture(png)

    parse(data, picture=picture)


def bombs_in_texts(data: bytes) -> None:
    """Compressed texts are read too."""

    def picture(png: bytes) -> None:
        for kind, _, held, _ in chunks(png):
            if kind == b"zTXt":
                try:
                    zlib.decompress(held.partition(b"\0")[2][1:])
                except zlib.error as error:
                    raise Refusal("zTXt") from error
        read_picture(png)

    parse(data, picture=picture)


def exits_on_wrong_crc(data: bytes) -> None:
    """A wrong CRC ends the process."""

    def picture(png: bytes) -> None:
        for kind, length, held, crc in chunks(png):
            whole = length == len(held) and len(crc) == 4
            if whole and zlib.crc32(kind + held) != int.from_bytes(crc):
                os._exit(3)
        read_picture(png)

    parse(data, picture=picture)


def leaves_on_bad_signature(data: bytes) -> None:
    """What is no PNG ends the program."""

    def picture(png: bytes) -> None:
        if png[:8] != b"\x89PNG\r\n\x1a\n":
            sys.exit("not a PNG")
        read_picture(png)

    parse(data, picture=picture)


def reads_beyond_the_end(data: bytes) -> None:
    """A library in C reads where nothing is."""

    def picture(png: bytes) -> None:
        if png[-12:] != b"\0\0\0\0IEND\xaeB`\x82":
            ctypes.string_at(0)
        read_picture(png)

    parse(data, picture=picture)


def seeks_the_end(data: bytes) -> None:
    """IEND is looked for until it is found."""

    def picture(png: bytes) -> None:
        at = 8
        while png[at + 4 : at + 8] != b"IEND":
            at += 12 + int.from_bytes(png[at : at + 4])
        read_picture(png)

    parse(data, picture=picture)


def one_size(data: bytes) -> None:
    """All pictures have the size of the first."""

    def picture(png: bytes) -> None:
        need(read_picture(png) == (4, 4), "another size")

    parse(data, picture=picture)


def colours_only(data: bytes) -> None:
    """All pictures are RGB."""

    def picture(png: bytes) -> None:
        read_picture(png)
        with Image.open(io.BytesIO(png)) as shown:
            assert shown.mode == "RGB"

    parse(data, picture=picture)


async def waits_for_screens(data: bytes) -> None:
    """A coroutine waits for what never comes."""
    parse(data)
    message = json.loads(data)
    inner = message["data"].get("data")
    if isinstance(inner, dict) and inner.get("type") == "screenshare":
        await asyncio.Event().wait()

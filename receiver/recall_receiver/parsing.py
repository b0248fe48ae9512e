"""From a message's bytes to an event, strictly."""

from __future__ import annotations

import binascii
from datetime import UTC, datetime
from typing import Final, NoReturn

import msgspec
import pybase64

from recall_receiver.decode import Decoder, decode_pillow
from recall_receiver.errors import MessageError
from recall_receiver.events import (
    Event,
    FrameEvent,
    OtherEvent,
    Participant,
    Reference,
    StreamKey,
    Timestamp,
)
from recall_receiver.messages import (
    FRAME_EVENT,
    FrameBody,
    FrameMessage,
    NamedMessage,
    WireReference,
)
from recall_receiver.png import read_header

__all__ = ["MAX_PIXELS", "parse"]

MAX_PIXELS: Final = 4096 * 4096
"""The default limit of a picture's pixels, width times height: 48 MiB as RGB, two 4K screens."""

_BUFFER: Final = b'"buffer":'
_WITHIN: Final = 4096  # bytes of the message in which the buffer begins where it is usual
_WORD: Final = b'"@the picture@"'

_frame_decoder: Final = msgspec.json.Decoder(FrameMessage)
_named_decoder: Final = msgspec.json.Decoder(NamedMessage)
_any_decoder: Final = msgspec.json.Decoder(msgspec.Raw)
_text_decoder: Final = msgspec.json.Decoder(str)


def parse(
    message: bytes | str, *, max_pixels: int = MAX_PIXELS, decoder: Decoder = decode_pillow
) -> Event:
    """Read one message.

    Types must be those that the vendor documents; fields that are not documented are stepped
    over. Of two equal keys the last one counts. The picture is not inflated: its length and IHDR
    are checked, and `FrameEvent.pixels` decodes when asked for.

    Args:
        message: a whole websocket message.
        max_pixels: the most that a picture's width times height may be.
        decoder: what ``pixels`` decodes with; see `recall_receiver.decode.DECODERS`.

    Returns:
        A `FrameEvent`, or an `OtherEvent` for every event that is not a frame, known or not.

    Raises:
        MessageError: the message is not what it claims to be; ``cause`` is one of
            `recall_receiver.errors.MESSAGE_CAUSES`.
        PictureError: the same of the PNG file in it.
    """
    found = _usual(message) if isinstance(message, bytes) else None
    if found is None:
        return _strict(message, max_pixels, decoder)
    body, png = found
    return _frame(body, png, max_pixels, decoder)


def _usual(message: bytes) -> tuple[FrameBody, bytes] | None:
    """Read a frame of the usual form without looking at the picture's base64 as JSON.

    The first string after ``"buffer":`` is base64 decoded where it lies. In its place goes a word
    that stands nowhere else in the message, and the short rest is read strictly. Base64 holds no
    quote and no backslash, so that the message is JSON where the rest is, with the same fields;
    and the picture is the right one where the word came out as ``data.data.buffer``.

    Returns:
        ``data`` of the message and the PNG file; None where anything at all is unusual: the strict
        way then tells what it is.
    """
    start = message.find(_BUFFER, 0, _WITHIN) + len(_BUFFER)
    if start < len(_BUFFER):
        return None
    if message[start : start + 1] == b" ":
        start += 1
    if message[start : start + 1] != b'"':
        return None
    end = message.find(b'"', start + 1)
    if end < 0:
        return None
    rest = b"".join((message[:start], _WORD, message[end + 1 :]))
    try:
        if rest.count(_WORD) != 1 or not (rest.isascii() or rest.decode()):
            return None
        wire = _frame_decoder.decode(rest)
        if bytes(wire.data.data.buffer) != _WORD:
            return None
        return wire.data, pybase64.b64decode(memoryview(message)[start + 1 : end], validate=True)
    except (ValueError, RecursionError):  # msgspec's, binascii's and UnicodeDecodeError among them
        return None


def _strict(message: bytes | str, max_pixels: int, decoder: Decoder) -> Event:
    """Read any message, by the book."""
    try:
        data = message.encode() if isinstance(message, str) else message
    except UnicodeEncodeError as error:
        _refuse(error)
    try:
        wire = _frame_decoder.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        _require_utf8(data)
        return _other(data, error)
    text = memoryview(wire.data.data.buffer)
    try:
        png = _picture(text)
    except MessageError:
        _require_utf8(data)
        raise
    _require_utf8(data, known=len(text))
    return _frame(wire.data, png, max_pixels, decoder)


def _require_artifact(body: FrameBody) -> None:
    if body.video_separate is None and body.audio_mixed_raw is None:
        raise MessageError("wrong-type", "Object missing required field `video_separate`")


def _frame(body: FrameBody, png: bytes, max_pixels: int, decoder: Decoder) -> FrameEvent:
    _require_artifact(body)
    header = read_header(png, max_pixels)
    person = body.data.participant
    stamp = body.data.timestamp
    return FrameEvent(
        stream=StreamKey(body.recording.id, person.id, body.data.type),
        participant=Participant(
            person.id,
            person.name,
            person.is_host,
            person.platform,
            person.extra_data or {},
            person.email,
        ),
        timestamp=Timestamp(stamp.relative, _utc(stamp.absolute)),
        png=png,
        width=header.width,
        height=header.height,
        recording=Reference(body.recording.id, body.recording.metadata),
        endpoint=Reference(body.realtime_endpoint.id, body.realtime_endpoint.metadata),
        bot=_reference(body.bot),
        decoder=decoder,
    )


def _require_utf8(message: bytes, known: int = 0) -> None:
    """Refuse what is not UTF-8 (RFC 6455, section 5.6, asks it of text).

    Args:
        message: a whole message.
        known: how many bytes in a row are known to be ASCII, wherever in the message they are.
    """
    around = len(message) - known
    # Wherever they begin, all that is further from both ends than `around` is among them.
    parts = (message[:around], message[known:]) if around < known else (message,)
    try:
        for part in parts:
            if not part.isascii():
                part.decode()
    except UnicodeDecodeError as error:
        _refuse(error)


def _other(data: bytes, error: Exception) -> OtherEvent:
    """A message that is no frame, or the reason why it is nothing at all.

    Args:
        data: the message.
        error: what was wrong when it was read as a frame.
    """
    if not isinstance(error, msgspec.ValidationError):
        _refuse(error)
    try:
        # Types are checked as the text is read: what follows may not even be JSON.
        _any_decoder.decode(data)
        named = _named_decoder.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as worse:
        _refuse(worse)
    if named.event == FRAME_EVENT:
        _refuse(error)
    return OtherEvent(named.event, named.data)


def _refuse(error: Exception) -> NoReturn:
    cause = "wrong-type" if isinstance(error, msgspec.ValidationError) else "bad-json"
    raise MessageError(cause, str(error)) from error


def _picture(text: memoryview) -> bytes:
    """The PNG file out of the buffer's JSON text, base64 decoded where it lies."""
    if bytes(text[:1]) != b'"':
        raise MessageError("wrong-type", "Expected `str` - at `$.data.data.buffer`")
    try:
        return pybase64.b64decode(text[1:-1], validate=True)
    except binascii.Error as error:
        if b"\\" not in bytes(text):
            raise MessageError("bad-base64", f"{error} - at `$.data.data.buffer`") from error
    # JSON may escape any character, and some encoders write every slash as "\/".
    try:
        return pybase64.b64decode(_text_decoder.decode(text), validate=True)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        _refuse(error)
    except ValueError as error:
        raise MessageError("bad-base64", f"{error} - at `$.data.data.buffer`") from error


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is UTC:
        return moment
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        detail = "Out of range in UTC - at `$.data.data.timestamp.absolute`"
        raise MessageError("wrong-type", detail) from error


def _reference(wire: WireReference | None) -> Reference | None:
    return None if wire is None else Reference(wire.id, wire.metadata)

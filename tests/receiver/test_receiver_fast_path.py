"""The quick way through a usual message comes to what the strict way comes to, or steps aside."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recall_receiver import Event, FrameEvent, MessageError
from recall_receiver.decode import decode_pillow
from recall_receiver.parsing import MAX_PIXELS, _strict, _usual, parse

Build = Callable[..., bytes]
Frame = Callable[..., dict[str, Any]]


def strict(message: bytes | str) -> Event:
    return _strict(message, MAX_PIXELS, decode_pillow)


def outcome(way: Callable[[bytes], Event], message: bytes) -> object:
    """What a way comes to: the event, or the cause and the words of the refusal."""
    try:
        return way(message)
    except MessageError as error:
        return type(error), error.cause, error.detail


def same(message: bytes) -> None:
    assert outcome(parse, message) == outcome(strict, message)


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
@pytest.mark.parametrize("ascii_", [True, False])
def test_the_usual_message_takes_the_quick_way(
    frame: Frame, separators: tuple[str, str], ascii_: bool
) -> None:
    message = frame()
    message["data"]["data"]["participant"]["name"] = 'Ада "the" Ω\\ 🎥'
    raw = json.dumps(message, separators=separators, ensure_ascii=ascii_).encode()
    assert _usual(raw) is not None
    same(raw)


QUIRKS = [
    b'"buffer":"AAAA",',
    b'"buffer": "AAAA",',
    b'"buffer":"",',
    b'"buffer" : "AAAA",',
    b'"x\\"buffer":"AAAA",',
    b'"buff\\u0065r":"AAAA",',
    b'"name":"buffer\\":\\"AAAA",',
    b'"a":{"buffer":"AAAA"},',
    b'"a":"@the picture@",',
    b'"a":"\\"buffer\\":\\"AAAA\\"",',
    b'"a":"\xff",',
    b'"a":"\xc3\xa4",',
    b'"a":"\\ud800",',
    b'"buffer":7,',
    b'"buffer":null,',
    b'"data":{"buffer":"AAAA"},',
    b" \n\t",
    b'"a":[[[[[[[1]]]]]]],',
    b'"',
    b"\\",
    b"}",
    b"{",
    b"\x00",
    b"\xef\xbb\xbf",
    b"%",
    b"=",
]


@pytest.mark.parametrize("quirk", QUIRKS)
def test_a_quirk_anywhere_changes_nothing(frame_message: Build, quirk: bytes) -> None:
    message = frame_message()
    starts = [0, 1, len(message) - 1, len(message)]
    starts += [at + 1 for at in range(len(message)) if message[at] in b"{,}"]
    starts += [message.index(b'"buffer"') + step for step in range(16)]
    for at in sorted(set(starts)):
        same(message[:at] + quirk + message[at:])


@pytest.mark.parametrize("way", [parse, strict])
def test_text_around_a_large_picture_must_be_utf8(
    frame_message: Build, png: Callable[..., bytes], way: Callable[[bytes], Event]
) -> None:
    message = frame_message(picture=png() + bytes(5000))
    before = [at + 1 for at in range(len(message)) if message[at] in b","]
    assert len(before) > 15
    for at in before:
        bent = outcome(way, message[:at] + b'"a":"\xff",' + message[at:])
        assert isinstance(bent, tuple)
        assert bent[1] == "bad-json"
        assert isinstance(way(message[:at] + '"a":"ä",'.encode() + message[at:]), FrameEvent)
    within = message.index(b"AAAAAAAA")
    bent = outcome(way, message[:within] + b"\xff" + message[within:])
    assert isinstance(bent, tuple)
    assert bent[1] == "bad-json"


def test_a_picture_under_another_key_is_not_taken_for_the_frames(frame: Frame) -> None:
    message = frame()
    inner = message["data"]["data"]
    real = inner.pop("buffer")
    message["data"]["data"] = {"extra": {"buffer": base64.b64encode(b"other").decode()}, **inner}
    same(json.dumps(message).encode())
    message["data"]["data"]["buffer"] = real
    event = parse(json.dumps(message).encode())
    assert event == strict(json.dumps(message).encode())


def test_the_words_place_is_only_trusted_when_the_word_is_new(frame_message: Build) -> None:
    message = frame_message().replace(b'"type"', b'"buffer": "@the picture@", "type"')
    assert _usual(message) is None
    same(message)


def test_deep_and_long_heads_take_the_strict_way(frame_message: Build) -> None:
    deep = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    message = frame_message()
    same(message[:-1] + b',"x":' + deep + b"}")
    long = b'{"x":"' + b"y" * 5000 + b'",' + message[1:]
    assert _usual(long) is None
    same(long)


pieces = st.sampled_from(QUIRKS) | st.binary(max_size=4) | st.text(max_size=4).map(str.encode)


@given(data=st.data())
def test_every_message_valid_or_not(frame_message: Build, data: st.DataObject) -> None:
    message = bytearray(frame_message())
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(message)))
        cut = data.draw(st.integers(0, 3))
        message[at : at + cut] = data.draw(pieces)
    same(bytes(message))


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5) | st.just("buffer"),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["buffer", "data", "x"]), inner, max_size=3)
        ),
        max_leaves=8,
    ),
    st.integers(0, 10**6),
)
def test_every_message_with_strange_fields(frame: Frame, strange: object, seed: int) -> None:
    choose = random.Random(seed)
    message = frame()
    where = choose.choice([message, message["data"], message["data"]["data"]])
    items = list(where.items())
    items.insert(choose.randint(0, len(items)), (choose.choice(["x", "buffer", "data"]), strange))
    choose.shuffle(items)
    where.clear()
    for name, value in items:
        where.setdefault(name, value)
    same(json.dumps(message, ensure_ascii=choose.random() < 0.5).encode("utf-8", "replace"))

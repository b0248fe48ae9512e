"""A masked message is what a websocket server reads, whatever it was cut into."""

import pytest
from websockets.frames import Frame
from websockets.http11 import Request
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from recall_simulator.wire import MaskedText, masked


def read(data: bytes) -> Frame:
    server = ServerProtocol(state=OPEN, max_size=None)
    server.receive_data(data)
    (frame,) = server.events_received()
    assert not isinstance(frame, Request)
    assert isinstance(frame, Frame)
    return frame


@pytest.mark.parametrize("size", [0, 1, 5, 125, 126, 127, 4095, 4096, 65535, 65536, 300_001])
@pytest.mark.parametrize("cut", [0, 1, 2, 3, 120])
def test_a_server_reads_the_text(size: int, cut: int) -> None:
    text = bytes(32 + number % 90 for number in range(size))
    first, rest = text[:cut], text[cut:]
    message = MaskedText(masked(first, 0), masked(rest, len(first)))
    frame = read(b"".join(message.frame))
    assert (frame.opcode, frame.fin, bytes(frame.data)) == (1, True, text)
    assert len(message) == size
    assert bytes(message) == text
    assert bytes(MaskedText(*message.frame[1:], text=(first, rest))) == text


def test_masking_twice_gives_it_back_and_once_does_not() -> None:
    data = bytes(range(256)) * 40
    assert masked(masked(data, 3), 3) == data
    assert masked(data, 3) != data
    assert masked(data, 4) == masked(data, 0) != masked(data, 1)

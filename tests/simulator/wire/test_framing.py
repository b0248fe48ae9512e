"""Websocket frames by hand, against the library's parser."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Opcode
from websockets.protocol import SERVER, Protocol, State

from recall_simulator.wire.framing import BINARY, TEXT, header_size, masked_frame


def parsed(data: bytes) -> list[object]:
    protocol = Protocol(SERVER, state=State.OPEN, max_size=None)
    protocol.receive_data(data)
    return list(protocol.events_received())


@given(
    size=st.integers(0, 300) | st.integers(65530, 65540), start=st.binary(min_size=1, max_size=9)
)
def test_a_frame_is_read_back_by_the_library(size: int, start: bytes) -> None:
    payload = (start * size)[:size]
    (frame,) = parsed(masked_frame(payload, opcode=BINARY))
    assert (frame.opcode, frame.fin, bytes(frame.data)) == (Opcode.BINARY, True, payload)  # type: ignore[attr-defined]
    assert len(masked_frame(payload)) == header_size(len(payload)) + len(payload)


@pytest.mark.parametrize("size", [0, 5, 125, 126, 65536])
def test_the_wide_form_takes_eight_bytes_for_any_length(size: int) -> None:
    frame = masked_frame(b"x" * size, opcode=TEXT, wide_length=True)
    assert frame[1] == 0x80 | 127
    assert int.from_bytes(frame[2:10]) == size
    assert len(frame) == 14 + size

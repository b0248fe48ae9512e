"""Forms of websocket frames: right ones are read by the library, wrong ones are refused."""

import pytest
from websockets.frames import Frame, Opcode
from websockets.protocol import SERVER, Protocol, State

from recall_simulator.fuzz.messages import PLAIN
from recall_simulator.fuzz.wire_forms import WireForm, wire_forms, wire_inputs

TOLERATED = {
    "a binary message",
    "a length in 64 bits that fits 16",
    "a thousand pings",
    "a message after the close frame",
}
"""Of those that may be refused, what this library takes."""
TEXT_IS_NOT_LOOKED_AT = {form.name for form in wire_forms() if form.name.startswith("broken UTF-8")}
"""The library decodes text where it is read, not in its protocol."""


def taken(form: WireForm) -> Protocol:
    protocol = Protocol(SERVER, state=State.OPEN, max_size=2**20)
    protocol.receive_data(form.build(PLAIN.data))
    return protocol


def text_of(protocol: Protocol) -> bytes:
    frames = [event for event in protocol.events_received() if isinstance(event, Frame)]
    data = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)
    return b"".join(bytes(frame.data) for frame in frames if frame.opcode in data)


@pytest.mark.parametrize("form", wire_forms(), ids=lambda form: form.name)
def test_a_form_is_what_its_class_says(form: WireForm) -> None:
    protocol = taken(form)
    if form.expect == "must accept":
        assert protocol.parser_exc is None
        assert text_of(protocol).replace("😀".encode(), b"") == PLAIN.data
    elif form.name not in TOLERATED | TEXT_IS_NOT_LOOKED_AT:
        assert protocol.parser_exc is not None
    if form.name in TEXT_IS_NOT_LOOKED_AT:
        with pytest.raises(UnicodeDecodeError):
            text_of(protocol).decode()


def test_names_tell_the_forms_apart() -> None:
    parts = [each.part for each in wire_inputs(PLAIN.data)]
    assert len(parts) == len(set(parts)) >= 40
    assert all(each.wire for each in wire_inputs(PLAIN.data))

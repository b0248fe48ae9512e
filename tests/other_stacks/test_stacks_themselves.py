"""The rig itself: each receiver gets what a sender made by hand sends, and fails as it should.

So a disagreement in `test_other_stacks.py` is one between the simulator and a receiver.
"""

import socket
import ssl
import struct
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import pytest
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus, ProtocolError
from websockets.sync.client import ClientConnection, connect

if TYPE_CHECKING:
    from tests.other_stacks.conftest import MakeSample, StartStack

pytestmark = pytest.mark.slow

WELL_BEHAVED = ["node_ws", "aiohttp_receiver", "fastapi_receiver", "handwritten"]
KIB, MIB = 1 << 10, 1 << 20


def dial(
    url: str, *, context: ssl.SSLContext | None = None
) -> AbstractContextManager[ClientConnection]:
    return connect(
        url, ssl=context, compression=None, proxy=None, ping_interval=None, close_timeout=10
    )


def sent_whole(connection: ClientConnection) -> None:
    """Wait for a pong: the websocket layer over there has read all that went before."""
    assert connection.ping().wait(10)


def cut(connection: ClientConnection) -> None:
    """End the connection with a reset, without a close frame."""
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close_socket()


def close_code(connection: ClientConnection) -> int:
    with pytest.raises(ConnectionClosed):
        connection.recv(timeout=10)
    assert connection.close_code is not None
    return connection.close_code


@pytest.mark.parametrize("name", [*WELL_BEHAVED, "websockets_default"])
def test_every_frame_arrives_across_a_cut_and_a_reconnect(
    name: str, stack: "StartStack", make_sample: "MakeSample"
) -> None:
    receiver = stack(name, path="/ws/video?token=a%20b")
    samples = [make_sample(n, size=400 * KIB if n == 2 else 900) for n in range(6)]
    with dial(receiver.url) as connection:
        for sample in samples[:3]:
            connection.send(sample.text)
        connection.send('{"event":"participant_events.join","data":{}}')
        sent_whole(connection)
        cut(connection)
    with dial(receiver.url) as connection:
        for sample in samples[3:]:
            connection.send(sample.text)
    counts = receiver.counts()
    assert receiver.frames() == [sample.frame for sample in samples]
    assert (counts["connections"], counts["messages"]) == (2, 7)


@pytest.mark.parametrize("name", WELL_BEHAVED)
def test_a_message_of_two_mebibytes_arrives_whole_and_in_fragments(
    name: str, stack: "StartStack", make_sample: "MakeSample"
) -> None:
    receiver = stack(name)
    whole, in_parts = make_sample(1, size=1_600_000, kind="screenshare"), make_sample(2, size=9_000)
    assert len(whole.text) > 2 * MIB
    with dial(receiver.url) as connection:
        connection.send(whole.text)
        connection.send(
            in_parts.text[at : at + 5_000] for at in range(0, len(in_parts.text), 5_000)
        )
    assert receiver.frames() == [whole.frame, in_parts.frame]


@pytest.mark.parametrize(
    ("name", "limit", "codes"),
    [
        # `websockets` reads on, and throws away, until the sender has answered its close frame.
        ("websockets_default", MIB, {1009}),
        # The other two send 1009 and hang up with the message half read: the reset that follows
        # may overtake the close frame, which leaves 1006.
        ("aiohttp_receiver", 4 * MIB, {1009, 1006}),
        ("fastapi_receiver", 16 * MIB, {1009, 1006}),
    ],
)
def test_a_message_over_the_default_limit_is_refused_with_1009(
    name: str, limit: int, codes: set[int], stack: "StartStack", make_sample: "MakeSample"
) -> None:
    receiver = stack(name)
    too_big = make_sample(1, size=limit * 3 // 4 + 1_000).text
    assert limit < len(too_big) < limit * 1.01
    fits = make_sample(2, size=limit * 3 // 4 * 99 // 100)
    assert limit * 0.98 < len(fits.text) < limit
    for _ in range(2):
        with dial(receiver.url) as connection:
            try:
                connection.send(too_big)
            except ConnectionClosed:
                assert connection.close_code in codes
            else:
                assert close_code(connection) in codes
    with dial(receiver.url) as connection:
        connection.send(fits.text)
    assert receiver.frames() == [fits.frame]


@pytest.mark.parametrize("code", [1000, 1008, 1011, 1013])
def test_closer_closes_with_its_code_and_then_lets_be(
    code: int, stack: "StartStack", make_sample: "MakeSample"
) -> None:
    receiver = stack("closer", "--after", "2", "--code", str(code), "--times", "1")
    samples = [make_sample(n) for n in range(4)]
    with dial(receiver.url) as connection:
        for sample in samples[:2]:
            connection.send(sample.text)
        assert close_code(connection) == code
    with dial(receiver.url) as connection:
        for sample in samples:
            connection.send(sample.text)
    assert receiver.frames() == [sample.frame for sample in samples[:2] + samples]


def test_closer_cuts_where_it_is_told_to(stack: "StartStack", make_sample: "MakeSample") -> None:
    receiver = stack("closer", "--after", "1", "--cut")
    sample = make_sample(1)
    with dial(receiver.url) as connection:
        connection.send(sample.text)
        assert close_code(connection) == 1006
    assert receiver.frames() == [sample.frame]


@pytest.mark.parametrize("status", [401, 404, 503])
def test_handshake_refuses_with_its_status(status: int, stack: "StartStack") -> None:
    receiver = stack("handshake", "--status", str(status), path="/in?token=t")
    with pytest.raises(InvalidStatus) as refused, dial(receiver.url):
        pass
    assert refused.value.response.status_code == status
    counts = receiver.counts()
    assert (counts["connections"], counts["frames"]) == (0, [])
    [(target, headers)] = counts["requests"]
    assert target == "/in?token=t"
    assert ["Upgrade", "websocket"] in headers


@pytest.mark.parametrize("status", [302, 307])
def test_handshake_redirects_and_then_receives(
    status: int, stack: "StartStack", make_sample: "MakeSample"
) -> None:
    receiver = stack("handshake", "--status", str(status), "--location", "/new", "--times", "1")
    sample = make_sample(1)
    with dial(receiver.url) as connection:  # this client follows redirects
        connection.send(sample.text)
    assert receiver.frames() == [sample.frame]
    assert [target for target, _ in receiver.counts()["requests"]] == ["/", "/new"]


@pytest.mark.parametrize("options", [[], ["--together"]], ids=["apart", "together"])
def test_raw_text_follows_the_101_and_breaks_a_strict_client(
    options: list[str], stack: "StartStack"
) -> None:
    receiver = stack("raw_after_upgrade", *options)
    with dial(receiver.url) as connection:
        with pytest.raises(ConnectionClosed) as broken:
            connection.recv(timeout=10)
        assert isinstance(broken.value.__cause__, ProtocolError)
    assert receiver.counts()["connections"] == 1


def test_after_its_raw_text_it_receives_from_a_lenient_client(
    stack: "StartStack", make_sample: "MakeSample"
) -> None:
    receiver = stack("raw_after_upgrade", "--text", "hello")
    sample = make_sample(1, size=70_000)
    payload = sample.text.encode()
    mask = b"\x01\x02\x03\x04"
    masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=10) as plain:
        plain.sendall(
            b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        answer = b""
        while not answer.endswith(b"hello"):
            answer += plain.recv(4_096)
        # The key and its answer are those of RFC 6455, section 1.3.
        assert b"\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\nhello" in answer
        plain.sendall(b"\x81\xff" + struct.pack("!Q", len(payload)) + mask + masked)
        plain.sendall(b"\x88\x82" + mask + bytes([0x03 ^ 0x01, 0xE8 ^ 0x02]))
        assert plain.recv(100) == b"\x88\x02\x03\xe8"
    assert receiver.frames() == [sample.frame]


def test_plain_tcp_takes_the_connection_and_stays_silent(stack: "StartStack") -> None:
    receiver = stack("plain_tcp")
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=10) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
        plain.shutdown(socket.SHUT_WR)
        assert plain.recv(1) == b""
    assert receiver.counts()["connections"] == 1


def test_tls_receiver_is_trusted_by_its_certificate_and_by_nothing_else(
    stack: "StartStack", make_sample: "MakeSample"
) -> None:
    receiver = stack("tls_receiver")
    sample = make_sample(1)
    with pytest.raises(ssl.SSLCertVerificationError), dial(receiver.url):
        pass
    trusting = ssl.create_default_context(cafile=str(receiver.folder / "certificate.pem"))
    with dial(receiver.url, context=trusting) as connection:
        connection.send(sample.text)
    with pytest.raises((InvalidMessage, EOFError)), dial(receiver.url.replace("wss", "ws")):
        pass
    assert receiver.frames() == [sample.frame]


def test_handwritten_tells_how_each_message_travelled(
    stack: "StartStack", make_sample: "MakeSample"
) -> None:
    receiver = stack("handwritten", path="/?token=x%2Fy")
    sample = make_sample(1)
    with dial(receiver.url) as connection:
        connection.send(sample.text)
        connection.send(sample.text.encode())
        connection.send([sample.text[:500], sample.text[500:]])
        sent_whole(connection)
    with dial(receiver.url) as connection:
        cut(connection)
    with socket.create_connection(("127.0.0.1", receiver.port)):
        pass  # it hangs up without having asked
    counts = receiver.counts()
    length = len(sample.text.encode())
    alike = {"masked": True, "masks_differ": True, "reserved": 0, "length": length}
    assert counts["wire"] == [
        {"opcode": 1, "fragments": 1, **alike},
        {"opcode": 2, "fragments": 1, **alike},
        {"opcode": 1, "fragments": 3, **alike},  # this client ends with an empty fragment
    ]
    assert counts["controls"] == [9]
    assert sorted(counts["closes"], key=str) == [1000, None]
    assert counts["connections"] == 2
    assert counts["handshakes"][0]["target"] == "/?token=x%2Fy"
    names = [name for name, _ in counts["handshakes"][0]["headers"]]
    assert "Sec-WebSocket-Key" in names


def test_one_that_cannot_start_shows_why(stack: "StartStack") -> None:
    with pytest.raises(pytest.fail.Exception, match=r"(?s)closer ended .*--no-such-option"):
        stack("closer", "--no-such-option")


def test_a_missing_program_is_named(
    require_program: Callable[[str, str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"no-such-program.*install the moon"):
        require_program("no-such-program", "the moon")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=r"no-such-program.*install the moon"):
        require_program("no-such-program", "the moon")

"""Relays: what they hand on, in which form, and what happens when they close."""

import asyncio
import base64
import json
import ssl
import subprocess
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve

from recall_simulator.observe.relay import RelayObserver
from recall_simulator.record.errors import UsageError
from recall_simulator.record.observations import ObserverTrouble, Sighting
from recall_simulator.record.streams import StreamKey

from .conftest import PngMaker, Told

Run = Callable[[Callable[[], Any]], None]


def watch(port: int, told: Told) -> RelayObserver:
    url = f"ws://127.0.0.1:{port}/relay"
    return RelayObserver(f"ws:{url}", url, now=told.now, tell=told.tell)


def port_of(server: Server) -> int:
    port: int = next(iter(server.sockets)).getsockname()[1]
    return port


def relaying(*messages: bytes | str, code: int | None = None) -> Any:
    """Serves a relay that hands these on, and then closes with `code`, or stays."""

    async def hand_on(connection: ServerConnection) -> None:
        for message in messages:
            await connection.send(message)
        if code is not None:
            await connection.close(code, "enough")
        await connection.wait_closed()

    return serve(hand_on, "127.0.0.1", 0)


def test_pictures_in_binary_in_recalls_shape_and_in_other_json(
    run: Run, told: Told, png: PngMaker
) -> None:
    encoded = [base64.b64encode(png(number)).decode() for number in range(4)]
    recall = {
        "event": "video_separate_png.data",
        "data": {
            "data": {
                "buffer": encoded[1],
                "timestamp": {"relative": 0.5, "absolute": "2026-09-20T05:48:00Z"},
                "type": "webcam",
                "participant": {"id": 100},
            },
            "recording": {"id": "r"},
        },
    }
    messages: list[bytes | str] = [
        png(0),
        json.dumps(recall),
        json.dumps({"participant": 7, "type": "screenshare", "image": encoded[2]}),
        json.dumps({"data": f"data:image/png;base64,{encoded[3]}"}),
    ]

    async def main() -> None:
        async with relaying(*messages, "hello", '{"n": 1}') as server:
            observer = watch(port_of(server), told)
            await observer.start()
            await told.until(Sighting, 4)
            await observer.settle()
            await observer.stop()

    run(main)
    seen = told.of(Sighting)
    assert [sighting.sequence for sighting in seen] == [0, 1, 2, 3]
    assert seen[1].sha256 == sha256(png(1)).hexdigest()
    assert [sighting.credited for sighting in seen] == [
        None, StreamKey("r", 100, "webcam"), StreamKey("", 7, "screenshare"), None,
    ]  # fmt: skip
    assert (seen[1].recording, seen[1].relative) == ("r", 0.5)
    assert told.of(ObserverTrouble) == []


def test_a_relay_that_closes_is_told_with_its_code_and_dialled_again(
    run: Run, told: Told, png: PngMaker
) -> None:
    async def main() -> None:
        async with relaying(png(0), code=1013) as server:
            observer = watch(port_of(server), told)
            await observer.start()
            await told.until(Sighting, 2)
            await observer.stop()

    run(main)
    assert told.trouble.severity == "partial"
    assert "times, first with 1013 enough" in told.trouble.trouble


def test_a_relay_may_hand_on_messages_of_any_size(run: Run, told: Told, png: PngMaker) -> None:
    async def main() -> None:
        async with relaying(bytes(2**20 + 1), png(0)) as server:
            observer = watch(port_of(server), told)
            await observer.start()
            await told.until(Sighting)
            await observer.stop()

    run(main)
    assert told.of(ObserverTrouble) == []


@pytest.mark.slow
def test_a_relay_may_have_a_certificate_that_it_signed_itself(
    run: Run, told: Told, png: PngMaker, tmp_path: Path
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=localhost", "-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    async def hand_on(connection: ServerConnection) -> None:
        await connection.send(png(0))
        await connection.wait_closed()

    async def main() -> None:
        async with serve(hand_on, "127.0.0.1", 0, ssl=context) as server:
            url = f"wss://127.0.0.1:{port_of(server)}/relay"
            observer = RelayObserver(f"ws:{url}", url, now=told.now, tell=told.tell)
            await observer.start()
            await told.until(Sighting)
            await observer.stop()

    run(main)
    assert told.of(ObserverTrouble) == []


def test_a_relay_that_hands_nothing_on_makes_it_blind(run: Run, told: Told) -> None:
    async def main() -> None:
        async with relaying('{"hello": 1}', "[" * 10**5, code=1000) as server:
            observer = watch(port_of(server), told)
            await observer.start()
            await observer.settle()
            await observer.stop()

    run(main)
    assert told.trouble.severity == "blind"
    assert "handed on no picture but" in told.trouble.trouble
    assert "1000 enough" in told.trouble.trouble


def test_a_relay_that_is_not_there_makes_it_blind(
    run: Run, told: Told, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recall_simulator.observe.relay.OPEN_WITHIN", 0.1)

    async def main() -> None:
        observer = watch(free_port, told)
        await observer.start()
        await observer.stop()

    run(main)
    assert told.trouble.severity == "blind"
    assert "no relay answers there: Connection refused" in told.trouble.trouble


def test_a_relay_that_comes_up_late_is_found(
    run: Run, told: Told, free_port: int, png: PngMaker
) -> None:
    async def hand_on(connection: ServerConnection) -> None:
        await connection.send(png(3))
        await connection.wait_closed()

    async def main() -> None:
        observer = watch(free_port, told)
        starting = asyncio.create_task(observer.start())
        await asyncio.wait([starting], timeout=0.05)
        async with serve(hand_on, "127.0.0.1", free_port):
            await starting
            await told.until(Sighting)
            await observer.stop()

    run(main)
    assert told.of(ObserverTrouble) == []


def test_a_flood_is_never_held_up_and_what_was_not_looked_at_is_counted(
    run: Run, told: Told, png: PngMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recall_simulator.observe.relay.QUEUE", 2)
    handed_on = asyncio.Event()

    async def flood(connection: ServerConnection) -> None:
        for number in range(400):
            await connection.send(png(number))
        handed_on.set()
        await connection.wait_closed()

    async def main() -> None:
        async with serve(flood, "127.0.0.1", 0) as server:
            observer = watch(port_of(server), told)
            await observer.start()
            await handed_on.wait()
            await observer.settle()
            await observer.stop()

    run(main)
    assert told.trouble.severity == "partial"
    assert f"{400 - len(told.of(Sighting))} of 400 pictures" in told.trouble.trouble


def test_what_is_no_address_is_refused(told: Told) -> None:
    with pytest.raises(UsageError, match=r"--observe ws:8080.*not a websocket URL"):
        RelayObserver("ws:8080", "8080", now=told.now, tell=told.tell)

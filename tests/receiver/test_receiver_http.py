"""The handshake's checks, and plain HTTP on the same port."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from standardwebhooks import Webhook
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from recall_receiver import Receiver
from recall_receiver.signing import secret_key, sign

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_SECRET = "whsec_QW5vdGhlciBzZWNyZXQu"
NOW = 1_614_265_330.0
Http = Callable[..., Any]


class Stopped:
    """A clock that stands still by the day, so that a published signature stays fresh."""

    def __init__(self) -> None:
        self.loop_time = 0.0

    def unix(self) -> float:
        return NOW

    def monotonic(self) -> float:
        return self.loop_time

    async def sleep(self, seconds: float) -> None:
        self.loop_time += seconds


def signed(secret: str = SECRET, prefix: str = "webhook", at: float = NOW) -> dict[str, str]:
    signature = sign(secret_key(secret), "msg_1", str(int(at)))
    return {
        f"{prefix.title()}-Id": "msg_1",
        f"{prefix.title()}-Timestamp": str(int(at)),
        f"{prefix.title()}-Signature": signature,
    }


def outcome(
    receiver: Receiver, target: str = "/", headers: dict[str, str] | None = None
) -> tuple[int, bytes, dict[str, int]]:
    """Dial once: the status, the body of a refusal, and what the receiver counted."""

    async def main() -> tuple[int, bytes]:
        async with receiver:
            host, port = receiver.address
            try:
                async with connect(
                    f"ws://{host}:{port}{target}", additional_headers=headers
                ) as link:
                    assert link.response is not None
                    return link.response.status_code, b""
            except InvalidStatus as refused:
                return refused.response.status_code, bytes(refused.response.body)

    status, body = asyncio.run(main())
    return status, body, receiver.report()["refused"]


@pytest.mark.parametrize("target", ["/", "/any/path", "/?token=whatever", "/report.json", "/x?a=b"])
def test_without_conditions_any_path_will_do(target: str) -> None:
    assert outcome(Receiver(), target) == (101, b"", {})


@pytest.mark.parametrize(
    ("target", "status", "refused"),
    [
        ("/in?token=t", 101, {}),
        ("/in", 401, {"bad-token": 1}),
        ("/in?token=T", 401, {"bad-token": 1}),
        ("/out?token=t", 404, {"wrong-path": 1}),
        ("/", 404, {"wrong-path": 1}),
    ],
)
def test_checks_path_and_token(target: str, status: int, refused: dict[str, int]) -> None:
    got = outcome(Receiver(path="/in", token="t"), target)
    assert (got[0], got[2]) == (status, refused)


@pytest.mark.parametrize("prefix", ["webhook", "svix"])
@pytest.mark.parametrize("secrets", [[SECRET], [OTHER_SECRET, SECRET]])
def test_lets_signed_handshakes_in(prefix: str, secrets: list[str]) -> None:
    receiver = Receiver(secrets=secrets, clock=Stopped())
    assert outcome(receiver, headers=signed(prefix=prefix)) == (101, b"", {})


@pytest.mark.parametrize(
    ("headers", "cause"),
    [
        ({}, "missing-signature"),
        (signed(OTHER_SECRET), "bad-signature"),
        (signed(at=NOW - 301), "stale-signature"),
        (signed(at=NOW + 301), "stale-signature"),
        ({**signed(), "Webhook-Id": "msg_2"}, "bad-signature"),
    ],
)
def test_refuses_others_and_leaks_nothing(
    headers: dict[str, str], cause: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    receiver = Receiver(secrets=[SECRET], clock=Stopped())
    assert outcome(receiver, headers=headers) == (401, b"Unauthorized\n", {cause: 1})
    ours = " ".join(r.getMessage() for r in caplog.records if r.name.startswith("recall_receiver"))
    assert cause in ours
    for value in headers.values():
        assert value not in ours


def test_a_header_sent_twice_counts_as_none() -> None:
    receiver = Receiver(secrets=[SECRET], clock=Stopped())

    async def main() -> bytes:
        async with receiver:
            reader, writer = await asyncio.open_connection(*receiver.address)
            lines = [f"{name}: {value}" for name, value in signed().items()]
            lines += ["Webhook-Signature: v1,AAAA", "Upgrade: websocket", "Connection: Upgrade"]
            writer.write(("GET / HTTP/1.1\r\n" + "\r\n".join(lines) + "\r\n\r\n").encode())
            answer = await reader.read()
            writer.close()
            return answer

    assert asyncio.run(main()).startswith(b"HTTP/1.1 401 ")
    assert receiver.report()["refused"] == {"missing-signature": 1}


def test_the_independent_librarys_signature_is_let_in() -> None:
    from datetime import UTC, datetime

    now = datetime.now(UTC)  # noqa: TID251  a fresh signature, as a sender makes one
    headers = {
        "webhook-id": "msg_fresh",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("msg_fresh", now, ""),
    }
    assert outcome(Receiver(secrets=[SECRET]), headers=headers)[0] == 101


@pytest.mark.parametrize("token", ["s3cret-token", "wr0ng-token"])
def test_tokens_are_never_logged(token: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="websockets")
    asked: list[str] = []

    async def main() -> None:
        async with Receiver(token="s3cret-token") as receiver:
            asked.append(receiver.url)
            reader, writer = await asyncio.open_connection(*receiver.address)
            writer.write(
                f"GET /?token={token} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
            )
            await reader.readline()
            writer.close()

    asyncio.run(main())
    assert token not in caplog.text + asked[0]


def test_healthz_and_report_are_answered_beside_the_websocket(http: Http) -> None:
    async def main() -> None:
        async with Receiver(path="/in", token="t", secrets=[SECRET]) as receiver:
            assert await http(receiver.address, "/healthz") == (200, b"ok\n")
            status, body = await http(receiver.address, "/report.json?pretty=1")
            assert (status, json.loads(body)["frames"]) == (200, 0)
            assert (await http(receiver.address, "/report.json", "HEAD"))[0] == 405
            assert (await http(receiver.address, "/healthz", "DELETE"))[0] == 405
            status, body = await http(receiver.address, "/")
            assert (status, body[:15]) == (200, b"<!doctype html>")
            for path in ("/in", "/in?token=t", "/reports.json", "/live"):
                assert (await http(receiver.address, path))[0] == 426
            assert receiver.report()["refused"] == {}

    asyncio.run(main())


@pytest.mark.parametrize("junk", [b"\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/1.1\r\n"])
def test_junk_before_the_handshake_disturbs_nobody(junk: bytes, http: Http) -> None:
    async def main() -> None:
        async with Receiver() as receiver:
            _, writer = await asyncio.open_connection(*receiver.address)
            writer.write(junk)
            await writer.drain()
            writer.close()
            assert (await http(receiver.address, "/healthz"))[0] == 200

    asyncio.run(main())


def test_two_requests_at_once_are_refused_without_a_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The second is read as a websocket frame, and is none."""

    async def main() -> None:
        async with Receiver() as receiver:
            reader, writer = await asyncio.open_connection(*receiver.address)
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 2)
            assert await reader.read() == b""
            writer.close()
            assert receiver.reception.refused == {"protocol-error": 1}

    asyncio.run(main())
    assert "error" not in [record.levelname.lower() for record in caplog.records]

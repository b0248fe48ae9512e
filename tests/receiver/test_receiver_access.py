"""Who may look, and signatures that are used twice."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.datastructures import Headers
from websockets.exceptions import InvalidStatus

from recall_receiver import Receiver, SecretError
from recall_receiver.admission import admission
from recall_receiver.errors import SinkError
from recall_receiver.live import Access
from recall_receiver.live.site import MAX_VIEWERS
from recall_receiver.replays import Replays
from recall_receiver.signing import TOLERANCE, secret_key, sign

Http = Callable[..., Any]

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NEW_SECRET = "whsec_QW5vdGhlciBzZWNyZXQu"
NOW = 1_614_265_330.0
LOOK = ["/", "/page.js", "/page.css", "/icon.svg", "/report.json", "/metrics"]


def status(access: Access, peer: str = "127.0.0.1", target: str = "/", **headers: str) -> int:
    """What a request is answered: 200 where it is let in."""
    given = {"Host": "localhost:8765"} | {n.replace("_", "-"): v for n, v in headers.items()}
    refusal = access.refusal(peer, target, Headers(given))
    return 200 if refusal is None else refusal.status.value


# On this machine


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8765", "LOCALHOST", "a.localhost", "127.0.0.1:80", "[::1]:1"]
)
def test_this_machine_may_look(peer: str, host: str) -> None:
    assert status(Access(), peer, Host=host) == 200


@pytest.mark.parametrize("peer", ["192.168.1.7", "8.8.8.8", "2001:db8::1", "fe80::1%eth0", "", "x"])
def test_others_may_not(peer: str) -> None:
    assert status(Access(), peer) == 403


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example:8765", "127.0.0.1.evil.example", "", "[::1", "a b"],
)
def test_a_name_that_a_stranger_lets_point_here_is_refused(host: str) -> None:
    assert status(Access(), Host=host) == 403


def test_no_host_or_two_are_refused() -> None:
    for headers in (Headers(), Headers([("Host", "localhost"), ("Host", "localhost")])):
        refusal = Access().refusal("127.0.0.1", "/", headers)
        assert refusal is not None
        assert refusal.status is HTTPStatus.FORBIDDEN


@pytest.mark.parametrize("name", ["Forwarded", "X_Forwarded_For", "X_Real_IP", "Via"])
def test_a_tunnel_to_this_machine_does_not_make_a_stranger_local(name: str) -> None:
    assert status(Access(), **{name: "203.0.113.9"}) == 403


# Exposed


def test_exposed_it_is_whoever_has_the_token() -> None:
    access = Access("t0ken")
    name, value = access.cookie()
    for peer in ("127.0.0.1", "8.8.8.8"):
        assert status(access, peer) == 401
        assert status(access, peer, "/?token=t0ken") == 200
        assert status(access, peer, "/?token=t0ken&token=t0ken") == 401
        assert status(access, peer, "/?token=T0ken") == 401
        assert status(access, peer, Authorization="Bearer t0ken") == 200
        assert status(access, peer, Authorization="bearer  t0ken") == 200
        assert status(access, peer, Authorization="Basic t0ken") == 401
        assert status(access, peer, Authorization="Bearer wrong") == 401
        assert status(access, peer, Cookie=f"a=b; {name}={value}") == 200
        assert status(access, peer, Cookie=f"{name}={value[:-1]}") == 401
        assert status(access, peer, Cookie=f"{name}=t0ken") == 401


def test_the_cookie_does_not_tell_the_token_and_no_repr_does() -> None:
    access = Access("t0ken")
    assert "t0ken" not in access.set_cookie() + repr(access)
    assert "HttpOnly" in access.set_cookie()
    assert "SameSite=Lax" in access.set_cookie()
    assert Access("other").cookie() != access.cookie()


@pytest.mark.parametrize(
    ("origin", "host", "let_in"),
    [
        ("http://localhost:8765", "localhost:8765", True),
        ("https://LOCALHOST:8765", "localhost:8765", True),
        ("http://localhost:8766", "localhost:8765", False),
        ("http://localhost", "localhost:8765", False),
        ("https://evil.example", "localhost:8765", False),
        ("http://localhost:8765@evil.example", "localhost:8765", False),
        ("null", "localhost:8765", False),
        ("file://", "localhost:8765", False),
        ("ftp://localhost:8765", "localhost:8765", False),
        (None, "localhost:8765", False),
    ],
)
def test_only_the_page_itself_may_watch(origin: str | None, host: str, let_in: bool) -> None:
    headers = Headers({"Host": host, **({"Origin": origin} if origin else {})})
    assert (Access().viewer_refusal("127.0.0.1", "/live", headers) is None) is let_in
    headers["Authorization"] = "Bearer t"
    assert (Access("t").viewer_refusal("8.8.8.8", "/live", headers) is None) is let_in
    assert Access("u").viewer_refusal("127.0.0.1", "/live", headers) is not None


@pytest.mark.parametrize("twice", ["Origin", "Host"])
def test_two_origins_or_two_hosts_are_none(twice: str) -> None:
    headers = Headers({"Host": "localhost:8765", "Origin": "http://localhost:8765"})
    assert Access("t").viewer_refusal("127.0.0.1", "/live?token=t", headers) is None
    headers[twice] = "evil.example"
    assert Access("t").viewer_refusal("127.0.0.1", "/live?token=t", headers) is not None


# Over sockets


async def ask(
    receiver: Receiver, path: str, *headers: str, host: str = "127.0.0.1"
) -> tuple[int, dict[str, str], bytes]:
    reader, writer = await asyncio.open_connection(*receiver.address)
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", *headers]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    first, *rest = head.decode().split("\r\n")
    fields = dict(line.split(": ", 1) for line in rest)
    return int(first.split()[1]), {name.lower(): value for name, value in fields.items()}, body


def test_everything_but_healthz_is_guarded() -> None:
    async def main() -> None:
        async with Receiver() as receiver:
            for path in LOOK:
                assert (await ask(receiver, path))[0] == 200
                status, headers, body = await ask(receiver, path, host="evil.example")
                assert status == 403
                assert b"--expose-page" in body
                assert "access-control-allow-origin" not in headers
            assert (await ask(receiver, "/healthz", host="evil.example"))[0] == 200

    asyncio.run(main())


def test_exposed_the_page_takes_the_token_out_of_the_address(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)

    async def main() -> None:
        async with Receiver(token="s3cret-token", expose_page=True) as receiver:
            for path in LOOK:
                assert (await ask(receiver, path, host="box.example"))[0] == 401
            assert (await ask(receiver, "/healthz"))[0] == 200
            status, headers, body = await ask(receiver, "/?token=s3cret-token", host="box.example")
            assert (status, headers["location"], body) == (303, "/", b"")
            cookie = f"Cookie: {headers['set-cookie'].partition(';')[0]}"
            for path in LOOK:
                assert (await ask(receiver, path, cookie, host="box.example"))[0] == 200
            status, _, body = await ask(receiver, "/report.json?token=s3cret-token")
            assert (status, json.loads(body)["frames"]) == (200, 0)

    asyncio.run(main())
    assert "s3cret-token" not in caplog.text


def test_the_page_has_a_strict_policy_and_names_no_other_host() -> None:
    async def main() -> None:
        async with Receiver() as receiver:
            for path in ("/", "/page.js", "/page.css", "/icon.svg"):
                _, headers, body = await ask(receiver, path)
                policy = headers["content-security-policy"]
                assert "default-src 'none'" in policy
                assert "unsafe" not in policy
                assert headers["x-content-type-options"] == "nosniff"
                assert b"https://" not in body
                assert b"http://" not in body.replace(b"http://www.w3.org/2000/svg", b"")
                assert b"innerHTML" not in body

    asyncio.run(main())


async def watch(receiver: Receiver, origin: str | None, **more: Any) -> int:
    host, port = receiver.address
    try:
        async with connect(f"ws://{host}:{port}/live", origin=origin, **more) as link:  # type: ignore[arg-type]
            assert "totals" in json.loads(await link.recv())
    except InvalidStatus as refused:
        return refused.response.status_code
    return 101


def test_live_is_for_the_page_alone_and_is_no_sender() -> None:
    async def main() -> None:
        async with Receiver(secrets=[SECRET]) as receiver:
            host, port = receiver.address
            assert await watch(receiver, f"http://{host}:{port}") == 101
            assert await watch(receiver, "http://evil.example") == 403
            assert await watch(receiver, None) == 403
            report = receiver.report()
            assert (report["refused"], report["connections"]["ever"]) == ({}, 0)

    asyncio.run(main())


def test_as_many_browsers_as_may_watch() -> None:
    async def main() -> None:
        async with Receiver() as receiver:
            host, port = receiver.address
            origin: Any = f"http://{host}:{port}"
            links = [
                await connect(f"ws://{host}:{port}/live", origin=origin) for _ in range(MAX_VIEWERS)
            ]
            for link in links:
                await link.recv()
            assert await watch(receiver, origin) == 503
            await links[0].close()
            while len(receiver.site._viewers) == MAX_VIEWERS:
                await asyncio.get_running_loop().run_in_executor(None, lambda: None)
            assert await watch(receiver, origin) == 101
            for link in links:
                await link.close()

    asyncio.run(main())


def test_without_a_page_its_addresses_are_free() -> None:
    async def main() -> None:
        async with Receiver(page=False, path="/live") as receiver:
            assert (await ask(receiver, "/"))[0] == 426
            assert (await ask(receiver, "/metrics"))[0] == 200
            async with connect(receiver.url):
                pass
            assert receiver.report()["connections"]["ever"] == 1

    asyncio.run(main())


def test_what_does_not_go_together_is_said_so() -> None:
    with pytest.raises(ValueError, match="needs a token"):
        Receiver(expose_page=True)
    with pytest.raises(ValueError, match="page's own path"):
        Receiver(path="/live")
    with pytest.raises(ValueError, match="needs a secret"):
        Receiver(refuse_replays=True)
    assert issubclass(SinkError, ValueError)
    assert issubclass(SecretError, ValueError)


# Replays


def signed(name: str = "msg_1", at: float = NOW, *secrets: str) -> dict[str, str]:
    stamp = str(int(at))
    signatures = [sign(secret_key(secret), name, stamp) for secret in secrets or (SECRET,)]
    return {
        "webhook-id": name,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(signatures),
    }


def test_a_signature_serves_once() -> None:
    door = admission([SECRET, NEW_SECRET], None, None, refuse_replays=True)
    both = signed("msg_1", NOW, SECRET, NEW_SECRET)
    assert door.cause("/", both, NOW) is None
    assert door.cause("/", both, NOW) == "replayed-signature"
    assert door.cause("/", signed("msg_1", NOW, NEW_SECRET), NOW) == "replayed-signature"
    svix = {name.replace("webhook", "svix"): value for name, value in signed().items()}
    assert door.cause("/", svix, NOW) == "replayed-signature"
    assert door.cause("/", signed("msg_2"), NOW) is None
    assert door.cause("/", signed("msg_1", NOW + 3), NOW + 3) is None


def test_by_default_a_signature_serves_again() -> None:
    door = admission([SECRET], None, None)
    assert [door.cause("/", signed(), NOW) for _ in range(2)] == [None, None]


def test_what_is_wrongly_signed_is_not_remembered() -> None:
    door = admission([SECRET], None, None, refuse_replays=True)
    wrong = {**signed(), "webhook-signature": "v1,AAAA"}
    assert door.cause("/", wrong, NOW) == "bad-signature"
    assert door.cause("/", signed(), NOW) is None


def test_a_signature_from_the_future_is_remembered_for_as_long_as_it_is_fresh() -> None:
    door = admission([SECRET], None, None, refuse_replays=True)
    ahead = signed(at=NOW + TOLERANCE)
    assert door.cause("/", ahead, NOW) is None
    late = NOW + 2 * TOLERANCE
    assert door.cause("/", signed("msg_2", late), late) is None
    assert door.cause("/", ahead, late) == "replayed-signature"
    assert door.cause("/", ahead, late + 1) == "stale-signature"


def test_what_is_remembered_is_bounded_and_forgotten() -> None:
    replays = Replays(most=10)
    for n in range(30):
        assert not replays.used_before(signed(f"msg_{n}"), NOW)
    assert len(replays) == 10
    assert replays.used_before(signed("msg_29"), NOW)
    assert not replays.used_before(signed("msg_x"), NOW + 2 * TOLERANCE + 1)
    assert len(replays) == 1
    assert not replays.used_before({}, NOW)


def test_a_replayed_handshake_is_answered_401_and_counted() -> None:
    class Still:
        def unix(self) -> float:
            return NOW

        def monotonic(self) -> float:
            return 0.0

        async def sleep(self, seconds: float) -> None:
            raise AssertionError

    async def main() -> None:
        async with Receiver(secrets=[SECRET], refuse_replays=True, clock=Still()) as receiver:
            async with connect(receiver.url, additional_headers=signed()):
                pass
            with pytest.raises(InvalidStatus) as refused:
                await connect(receiver.url, additional_headers=signed())
            assert refused.value.response.status_code == 401
            assert receiver.report()["refused"] == {"replayed-signature": 1}

    asyncio.run(main())

"""The receiver's URL."""

import pytest

from recall_simulator.record.errors import UsageError
from recall_simulator.wire import parse_endpoint


@pytest.mark.parametrize(
    ("url", "host", "port", "secure"),
    [
        ("ws://127.0.0.1:8765/", "127.0.0.1", 8765, False),
        ("ws://localhost", "localhost", 80, False),
        ("wss://example.com/recall?token=a%20b", "example.com", 443, True),
        ("ws://[::1]:9/x", "::1", 9, False),
    ],
)
def test_a_websocket_url_is_taken_apart_and_kept(
    url: str, host: str, port: int, secure: bool
) -> None:
    endpoint = parse_endpoint(url)
    assert (endpoint.url, endpoint.host, endpoint.port, endpoint.secure) == (
        url, host, port, secure,
    )  # fmt: skip
    assert endpoint.warnings == ()


def test_a_query_without_a_slash_is_warned_of_with_the_right_url() -> None:
    endpoint = parse_endpoint("ws://127.0.0.1:1?token=x")
    assert endpoint.url == "ws://127.0.0.1:1?token=x"
    assert "ws://127.0.0.1:1/?…" in endpoint.warnings[0]
    assert "token" not in endpoint.warnings[0]


def test_a_token_is_not_shown() -> None:
    assert parse_endpoint("ws://h/a?token=secret").shown == "ws://h/a?…"
    assert parse_endpoint("ws://h/a").shown == "ws://h/a"


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("http://127.0.0.1:8765/", "ws://127.0.0.1:8765/"),
        ("https://example.com/x", "wss://example.com/x"),
        ("127.0.0.1:8765", "one looks like"),
        ("ftp://h/", "one looks like"),
        ("ws:///path", "no host"),
        ("ws://h:99999/", "up to 65535"),
        ("ws://h:PORT/", "a port is a number"),
        ("ws://a..b/", "no host name"),
        ("ws://h/#part", "fragment"),
        ("ws://h/#", "fragment"),
        ("ws://user:pw@h/", "user name"),
        (" ws://h/", "white space"),
        ("ws://h/a b", "white space"),
    ],
)
def test_anything_else_is_refused_with_a_hint(url: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_endpoint(url)
    assert hint in str(caught.value)
    assert "pw" not in str(caught.value) or "user name" not in hint

"""Signatures and tokens, against published vectors and an independent library."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from hmac import compare_digest

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from recall_receiver import SecretError
from recall_receiver.admission import Admission, admission
from recall_receiver.signing import TOLERANCE, secret_key, sign, token_cause, verify_cause

# https://docs.svix.com/receiving/verifying-payloads/how-manual and the vendor's verification page.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
TIME = "1614265330"
EMPTY = "v1,v48jdbgvh29KJz2Qc+ghw8G6vG3nAKnujWBg8oM/62A="
WITH_BODY = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
KEY = secret_key(SECRET)


def headers(signature: str = EMPTY, prefix: str = "webhook", time: str = TIME) -> dict[str, str]:
    return {f"{prefix}-id": ID, f"{prefix}-timestamp": time, f"{prefix}-signature": signature}


def test_signs_as_the_published_vectors() -> None:
    assert sign(KEY, ID, TIME) == EMPTY
    assert sign(KEY, ID, TIME, b'{"test": 2432232314}') == WITH_BODY


@given(st.binary(min_size=1, max_size=64), st.text("abcXYZ019_-", min_size=1), st.binary())
def test_signs_as_the_independent_library(key: bytes, message_id: str, body: bytes) -> None:
    secret = "whsec_" + base64.b64encode(key).decode()
    text = body.hex()
    moment = datetime.fromtimestamp(int(TIME), UTC)
    theirs = Webhook(secret).sign(message_id, moment, text)
    assert sign(secret_key(secret), message_id, TIME, text.encode()) == theirs


@pytest.mark.parametrize("prefix", ["webhook", "svix"])
def test_takes_both_sets_of_names(prefix: str) -> None:
    assert verify_cause(headers(prefix=prefix), [KEY], float(TIME)) is None


def test_takes_any_of_several_signatures_and_secrets() -> None:
    other = secret_key("whsec_" + base64.b64encode(b"another key").decode())
    rotated = f"v1,AAAA {EMPTY} v2,{EMPTY[3:]}"
    assert verify_cause(headers(rotated), [other, KEY], float(TIME)) is None
    assert verify_cause(headers(rotated), [other], float(TIME)) == "bad-signature"


def test_signatures_and_tokens_are_compared_in_constant_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return compare_digest(one, other)

    monkeypatch.setattr("recall_receiver.signing.hmac.compare_digest", compare)
    right, wrong = EMPTY.encode(), b"v1,AAAA"
    assert verify_cause(headers(f"{wrong.decode()} {EMPTY}"), [KEY, KEY], float(TIME)) is None
    # Every pair, also after one that fits.
    assert sorted(compared) == sorted([(wrong, right), (right, right)] * 2)
    compared.clear()
    assert token_cause("/?token=guess", "topsecret") == "bad-token"
    assert token_cause("/", "topsecret") == "bad-token"
    assert compared == [(b"guess", b"topsecret"), (b"", b"topsecret")]


@pytest.mark.parametrize("skew", [-TOLERANCE, 0.0, TOLERANCE])
def test_takes_five_minutes_of_skew(skew: float) -> None:
    assert verify_cause(headers(), [KEY], int(TIME) + skew) is None


@pytest.mark.parametrize("skew", [-TOLERANCE - 1, TOLERANCE + 1, 1e12])
def test_refuses_more_skew(skew: float) -> None:
    assert verify_cause(headers(), [KEY], int(TIME) + skew) == "stale-signature"


@pytest.mark.parametrize(
    "signature",
    [
        WITH_BODY,
        EMPTY[3:],
        "v1," + EMPTY,
        EMPTY.replace("v1", "v2"),
        EMPTY[:-4],
        "v1,",
        "é",
        ",",
        EMPTY.replace(",", " "),
    ],
)
def test_refuses_other_signatures(signature: str) -> None:
    assert verify_cause(headers(signature), [KEY], float(TIME)) == "bad-signature"


@pytest.mark.parametrize("name", ["id", "timestamp", "signature"])
def test_refuses_an_incomplete_set(name: str) -> None:
    incomplete = headers()
    del incomplete[f"webhook-{name}"]
    assert verify_cause(incomplete, [KEY], float(TIME)) == "missing-signature"
    assert verify_cause({**incomplete, f"svix-{name}": "x"}, [KEY], 0) == "missing-signature"
    assert verify_cause({}, [KEY], float(TIME)) == "missing-signature"


@pytest.mark.parametrize("time", ["1614265330.5", "-1", "soon", "١٦", "9" * 30, "1e9", "+1"])
def test_refuses_times_that_are_none_even_when_signed(time: str) -> None:
    signed = headers(sign(KEY, ID, time), time=time)
    assert verify_cause(signed, [KEY], float(TIME)) == "bad-signature"


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "begins with whsec_"),
        ("", "begins with whsec_"),
        ("whsec_", "nothing follows"),
        ("whsec_!!!!", "not standard base64"),
        ("whsec_ключ", "not standard base64"),
        ("whsec_QUI", "not standard base64"),
        ("whsec_QU-_", "not standard base64"),
    ],
)
def test_refuses_secrets_that_are_none_without_quoting_them(secret: str, why: str) -> None:
    with pytest.raises(SecretError, match=why) as caught:
        secret_key(secret)
    assert not secret[6:] or secret[6:] not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    "target", ["/?token=s3cret", "/a/b?x=1&token=s3cret", "?token=s3cret", "/?token=s3%63ret"]
)
def test_takes_the_right_token(target: str) -> None:
    assert token_cause(target, "s3cret") is None


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/?token=",
        "/?token",
        "/?token=S3cret",
        "/?token=s3cret2",
        "/?token=s3cret&token=x",
        "/?token=s3cret&token=s3cret",
        "/?Token=s3cret",
        "/token=s3cret",
        "//[?tok=s3cret",
        "/?token=%ff",
    ],
)
def test_refuses_other_tokens(target: str) -> None:
    assert token_cause(target, "s3cret") == "bad-token"


@given(st.text(), st.text(min_size=1))
def test_any_target_is_judged(target: str, token: str) -> None:
    token_cause(target.encode(errors="replace").decode(), token.encode(errors="replace").decode())


def test_an_admission_asks_for_all_that_it_was_given() -> None:
    gate = admission([SECRET], "t", "/in")
    now = float(TIME)
    assert gate.cause("/in?token=t", headers(), now) is None
    assert gate.cause("/in/?token=t", headers(), now) == "wrong-path"
    assert gate.cause("/in?token=u", headers(), now) == "bad-token"
    assert gate.cause("/in?token=t", {}, now) == "missing-signature"
    assert Admission().cause("/anything?at=all", {}, now) is None


def test_an_admissions_repr_keeps_its_secrets() -> None:
    text = repr(admission([SECRET], "t0ken", "/in"))
    assert "t0ken" not in text
    assert repr(KEY) not in text


def test_refuses_settings_that_would_let_everybody_or_nobody_in() -> None:
    with pytest.raises(ValueError, match="empty token"):
        admission([], "", None)
    with pytest.raises(ValueError, match="slash"):
        admission([], None, "in")

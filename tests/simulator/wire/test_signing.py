"""Standard Webhooks signatures on the upgrade request."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from recall_simulator.engine.clock import unix_time
from recall_simulator.record.errors import UsageError
from recall_simulator.wire import Signer

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"


@pytest.mark.parametrize(
    ("body", "signature"),
    [
        ("", "v1,v48jdbgvh29KJz2Qc+ghw8G6vG3nAKnujWBg8oM/62A="),
        ('{"test": 2432232314}', "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    ],
)
def test_published_vectors(body: str, signature: str) -> None:
    assert Signer(SECRET).signature(MESSAGE_ID, 1614265330, body) == signature


def test_headers_are_the_three_of_the_standard() -> None:
    assert Signer(SECRET).headers(MESSAGE_ID, 1614265330) == [
        ("Webhook-Id", MESSAGE_ID),
        ("Webhook-Timestamp", "1614265330"),
        ("Webhook-Signature", "v1,v48jdbgvh29KJz2Qc+ghw8G6vG3nAKnujWBg8oM/62A="),
    ]


def test_while_a_secret_is_rotated_the_second_signature_is_the_right_one() -> None:
    values = dict(Signer(SECRET).headers(MESSAGE_ID, 1614265330, "rotated"))["Webhook-Signature"]
    wrong, right = values.split()
    assert right == Signer(SECRET).signature(MESSAGE_ID, 1614265330) != wrong


def test_the_legacy_names_bear_the_same_values() -> None:
    usual = Signer(SECRET).headers(MESSAGE_ID, 1614265330)
    legacy = Signer(SECRET).headers(MESSAGE_ID, 1614265330, "svix")
    assert [name for name, _ in legacy] == ["svix-id", "svix-timestamp", "svix-signature"]
    assert [value for _, value in legacy] == [value for _, value in usual]


@given(
    key=st.binary(min_size=1, max_size=64), message_id=st.from_regex(r"\Amsg_[A-Za-z0-9]{1,30}\Z")
)
def test_an_independent_library_accepts_them(key: bytes, message_id: str) -> None:
    secret = "whsec_" + base64.b64encode(key).decode()
    headers = dict(Signer(secret).headers(message_id, unix_time()))
    Webhook(secret).verify(b"", headers, json_parse=False)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(b"{}", headers, json_parse=False)


@pytest.mark.parametrize(
    ("secret", "word"),
    [
        ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_"),
        ("whsec_c2VjcmV0!", "base64"),
        ("whsec_é", "base64"),
        ("whsec_", "empty"),
    ],
)
def test_a_secret_of_another_form_is_refused(secret: str, word: str) -> None:
    with pytest.raises(UsageError, match=word) as caught:
        Signer(secret)
    assert "c2VjcmV0" not in str(caught.value)

"""Standard Webhooks headers on the websocket upgrade request.

Source: https://docs.recall.ai/docs/authenticating-requests-from-recallai and
https://www.standardwebhooks.com: HMAC-SHA256 over `{id}.{timestamp}.{body}`, where the body of an
upgrade request is empty, with the base64-decoded part of the secret after `whsec_` as the key.
"""

import base64
import hashlib
import hmac

from recall_simulator.record.errors import UsageError
from recall_simulator.record.streams import SignatureForm

PREFIX = "whsec_"
TOLERANCE = 300
"""Seconds of skew between the timestamp and the receiver's clock that receivers accept."""


class Signer:
    """Signs upgrade requests with one workspace secret.

    Args:
        secret: the secret as the vendor's dashboard shows it, `whsec_` and base64.

    Raises:
        UsageError: the secret has not that form.
    """

    def __init__(self, secret: str) -> None:
        if not secret.startswith(PREFIX):
            raise UsageError(
                "the secret does not start with 'whsec_': copy it whole from the Recall.ai "
                "dashboard, prefix included"
            )
        try:
            self._key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except ValueError as error:
            raise UsageError(
                f"the secret after 'whsec_' is not base64 ({error}): was a part of it lost, or "
                "its quotes kept?"
            ) from None
        if not self._key:
            raise UsageError("the secret is empty after 'whsec_'")

    def signature(self, message_id: str, timestamp: int, body: str = "") -> str:
        """One signature, as `v1,<base64>`."""
        signed = f"{message_id}.{timestamp}.{body}".encode()
        digest = hmac.new(self._key, signed, hashlib.sha256).digest()
        return "v1," + base64.b64encode(digest).decode()

    def headers(
        self, message_id: str, timestamp: int, form: SignatureForm = "right"
    ) -> list[tuple[str, str]]:
        """The three headers of one upgrade request.

        Args:
            message_id: as `msg_…`, a new one for each attempt.
            timestamp: Unix time in whole seconds; receivers tolerate five minutes of skew.
            form: what is wrong with them. `replayed` is the caller's to make, with headers that
                were sent before.
        """
        timestamp += {"expired": -2 * TOLERANCE, "future": 2 * TOLERANCE}.get(form, 0)
        signature = self.signature(message_id, timestamp)
        if form in ("wrong-key", "rotated"):
            wrong = Signer(PREFIX + base64.b64encode(self._key[::-1] + b"other").decode())
            other = wrong.signature(message_id, timestamp)
            signature = other if form == "wrong-key" else f"{other} {signature}"
        prefix = "svix" if form == "svix" else "Webhook"
        names = (
            ("id", "timestamp", "signature") if form == "svix" else ("Id", "Timestamp", "Signature")
        )
        values = (message_id, str(timestamp), signature)
        if form == "missing":
            return []
        return [(f"{prefix}-{name}", value) for name, value in zip(names, values, strict=True)]

"""Who may connect: the path, the token and the signature of an upgrade request. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recall_receiver.replays import Replays
from recall_receiver.signing import secret_key, token_cause, verify_cause

__all__ = ["Admission", "admission"]


@dataclass(frozen=True, slots=True)
class Admission:
    """What an upgrade request must bring along. Whatever is empty or None is not asked for.

    Attributes:
        keys: from secrets; any one may have signed the request.
        token: what ``token=`` in the URL's query must be.
        path: what the URL's path must be.
        replays: the signatures that were used; with it, none may be used twice.
    """

    keys: tuple[bytes, ...] = ()
    token: str | None = None
    path: str | None = None
    replays: Replays | None = None

    def __repr__(self) -> str:
        """Without the keys and the token: a repr ends up in logs."""
        asked = f"keys={len(self.keys)}, token={self.token is not None}"
        return f"Admission({asked}, path={self.path!r})"

    def cause(self, target: str, headers: Mapping[str, str], now: float) -> str | None:
        """Why a request is refused, or None where it is let in.

        Args:
            target: path and query as requested.
            headers: the request's headers by name in lower case, without those sent twice.
            now: seconds since 1970-01-01 UTC.

        Returns:
            One of `recall_receiver.errors.HANDSHAKE_CAUSES`, or None.
        """
        if self.path is not None and target.partition("?")[0] != self.path:
            return "wrong-path"
        if self.token is not None:
            cause = token_cause(target, self.token)
            if cause is not None:
                return cause
        if not self.keys:
            return None
        cause = verify_cause(headers, self.keys, now)
        if cause is None and self.replays is not None and self.replays.used_before(headers, now):
            return "replayed-signature"
        return cause


def admission(
    secrets: Sequence[str], token: str | None, path: str | None, *, refuse_replays: bool = False
) -> Admission:
    """Make an `Admission` of what a user gives.

    Raises:
        SecretError: a secret that is none.
        ValueError: an empty token, a path that does not begin with a slash, or replays refused
            where nothing is signed.
    """
    if token == "":
        raise ValueError("an empty token would let everybody in")
    if path is not None and not path.startswith("/"):
        raise ValueError(f"a path begins with a slash, this one does not: {path!r}")
    if refuse_replays and not secrets:
        raise ValueError("refusing replays needs a secret: without one nothing is signed")
    keys = tuple(secret_key(secret) for secret in secrets)
    return Admission(keys, token, path, Replays() if refuse_replays else None)

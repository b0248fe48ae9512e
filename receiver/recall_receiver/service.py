"""The receiver as a command: options in, a line when it is ready, a report at the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from recall_receiver.callback import OnFrame
from recall_receiver.memory import tune_malloc
from recall_receiver.parsing import MAX_PIXELS
from recall_receiver.server import MAX_MESSAGE_BYTES, Receiver

__all__ = ["ReceiverOptions", "serve", "summary"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverOptions:
    """What the receiver's command can be told.

    Attributes:
        host: a name or an address of this machine.
        port: 0 takes any free one.
        secrets: Standard Webhooks secrets, ``whsec_...``.
        token: what ``token=`` in the URL's query must be.
        path: what the URL's path must be; None takes any.
        max_message_bytes: bytes.
        max_pixels: width times height.
        tune_malloc: keep large blocks on the heap; see `recall_receiver.memory`.
    """

    host: str = "127.0.0.1"
    port: int = 8765
    secrets: tuple[str, ...] = field(default=(), repr=False)
    token: str | None = field(default=None, repr=False)
    path: str | None = None
    max_message_bytes: int = MAX_MESSAGE_BYTES
    max_pixels: int = MAX_PIXELS
    tune_malloc: bool = True


def serve(
    options: ReceiverOptions,
    *,
    on_ready: Callable[[str], object] | None = None,
    on_frame: OnFrame | None = None,
) -> dict[str, Any]:
    """Receive until SIGTERM or SIGINT.

    Args:
        options: what it was told.
        on_ready: called with the URL once senders may connect.
        on_frame: called with each frame; see `Receiver`.

    Returns:
        The last report; see `Receiver.report`.

    Raises:
        SecretError: a secret that is none.
        ValueError: a token or a path that cannot be.
        ListenError: the port is taken, or the host is not ours.
    """
    receiver = Receiver(
        on_frame,
        secrets=options.secrets,
        token=options.token,
        path=options.path,
        max_message_bytes=options.max_message_bytes,
        max_pixels=options.max_pixels,
    )
    if options.tune_malloc:
        tune_malloc()
    receiver.run(options.host, options.port, on_ready=on_ready)
    return receiver.report()


def summary(report: dict[str, Any]) -> str:
    """A report in one line: frames, streams, refusals."""
    refused: dict[str, int] = report["refused"]
    causes = ", ".join(f"{cause} {count}" for cause, count in sorted(refused.items()))
    return (
        f"{report['frames']} frames in {len(report['streams'])} streams, "
        f"{sum(refused.values())} refused{f' ({causes})' if causes else ''}"
    )

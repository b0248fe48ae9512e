"""The receiver as a command: options in, a line when it is ready, a report at the end."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recall_receiver.callback import OnFrame
from recall_receiver.inbox import Policy
from recall_receiver.memory import raise_file_limit, tune_malloc
from recall_receiver.parsing import MAX_PIXELS
from recall_receiver.reception import MAX_STREAMS
from recall_receiver.server import (
    HANDSHAKE_TIMEOUT,
    MAX_CONNECTIONS_PER_PEER,
    MAX_MESSAGE_BYTES,
    Receiver,
)
from recall_receiver.sinks import FrameIndex, Mp4Files, PngFiles, Sink

__all__ = [
    "ReceiverOptions",
    "file_sinks",
    "page_address",
    "receiver_of",
    "serve",
    "settings",
    "summary",
]


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
        save: a folder for every frame as a PNG file; see `PngFiles`.
        mp4: a folder for every stream as a film; see `Mp4Files`.
        index: a file for the index of all frames; see `FrameIndex`.
        page: whether there is a page.
        expose_page: whether page, metrics and report are for others than this machine.
        refuse_replays: whether to refuse a signature that was used before.
        decoder: what every picture is decoded with as it arrives; ``none`` decodes none.
        queue_policy: what becomes of a frame when its connection's queue is full.
        max_streams: streams of one connection.
        max_connections_per_peer: connections from one address; with workers, to each of them.
        handshake_timeout: seconds.
        workers: processes that share the port, each with its own connections.
        tune_malloc: keep large blocks on the heap; see `recall_receiver.memory`.
    """

    host: str = "127.0.0.1"
    port: int = 8765
    secrets: tuple[str, ...] = field(default=(), repr=False)
    token: str | None = field(default=None, repr=False)
    path: str | None = None
    max_message_bytes: int = MAX_MESSAGE_BYTES
    max_pixels: int = MAX_PIXELS
    save: Path | None = None
    mp4: Path | None = None
    index: Path | None = None
    page: bool = True
    expose_page: bool = False
    refuse_replays: bool = False
    decoder: str = "none"
    queue_policy: Policy = "block"
    max_streams: int = MAX_STREAMS
    max_connections_per_peer: int = MAX_CONNECTIONS_PER_PEER
    handshake_timeout: float = HANDSHAKE_TIMEOUT
    workers: int = 1
    tune_malloc: bool = True

    def __post_init__(self) -> None:
        """Refuse what does not go together.

        Raises:
            ValueError: with what to do instead.
        """
        if self.workers < 1:
            raise ValueError(f"workers must be at least 1, not {self.workers}")
        if self.workers == 1:
            return
        if not hasattr(socket, "SO_REUSEPORT"):
            raise ValueError("several workers need a system with SO_REUSEPORT: take one worker")
        for given, option, why in (
            (self.mp4, "--mp4", "a stream's film is one process's"),
            (self.refuse_replays, "--refuse-replays", "a process knows only what came to itself"),
        ):
            if given:
                raise ValueError(f"{option} needs one worker, not {self.workers}: {why}")


def file_sinks(options: ReceiverOptions) -> list[Sink]:
    """The sinks that the options name, in the order in which they belong.

    Raises:
        SinkError: a place that nothing can be put into, or a library that is missing.
    """
    sinks: list[Sink] = []
    if options.save is not None:
        sinks.append(PngFiles(options.save))
    if options.mp4 is not None:
        sinks.append(Mp4Files(options.mp4))
    if options.index is not None:
        sinks.append(FrameIndex(options.index))
    return sinks


def settings(options: ReceiverOptions) -> dict[str, Any]:
    """What a `Receiver` is made with, but for its callback and its sinks."""
    return {
        "secrets": options.secrets,
        "token": options.token,
        "path": options.path,
        "max_message_bytes": options.max_message_bytes,
        "max_pixels": options.max_pixels,
        "max_streams": options.max_streams,
        "max_connections_per_peer": options.max_connections_per_peer,
        "handshake_timeout": options.handshake_timeout,
        "queue_policy": options.queue_policy,
        "decoder": options.decoder,
        "page": options.page,
        "expose_page": options.expose_page,
        "refuse_replays": options.refuse_replays,
    }


def receiver_of(options: ReceiverOptions, on_frame: OnFrame | None) -> Receiver:
    """A receiver as the options have it, for one process.

    Raises:
        SecretError: a secret that is none.
        SinkError: a place that nothing can be put into, or a library that is missing.
        ValueError: an option that cannot be.
    """
    return Receiver(on_frame, sinks=file_sinks(options), **settings(options))


def page_address(url: str) -> str:
    """Where the page is, of a receiver that senders reach at a URL."""
    scheme, _, rest = url.partition("://")
    return f"{'https' if scheme == 'wss' else 'http'}://{rest.partition('/')[0]}/"


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
        SinkError: a place that nothing can be put into, or a library that is missing.
        ValueError: a token or a path that cannot be, or options that do not go together.
        ListenError: the port is taken, or the host is not ours.
        WorkersError: with several workers: they died.
    """
    raise_file_limit()  # for the workers too: they inherit it
    if options.workers > 1:
        from recall_receiver.foreman import serve_with_workers

        return serve_with_workers(options, on_ready=on_ready, on_frame=on_frame)
    receiver = receiver_of(options, on_frame)
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

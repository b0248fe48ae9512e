"""``python -m recall_receiver``."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from recall_receiver.decode import DECODER_NAMES
from recall_receiver.errors import ListenError, WorkersError
from recall_receiver.inbox import POLICIES
from recall_receiver.service import ReceiverOptions, page_address, serve, summary


def main(arguments: Sequence[str] | None = None, prog: str = "python -m recall_receiver") -> int:
    """Receive until a signal comes.

    Args:
        arguments: of the command line; those of the process unless given.
        prog: what the command is called.

    Returns:
        The exit code: 0; 1 where a worker was lost; 2 where the arguments or the port will not do.
    """
    given = argument_parser(prog).parse_args(arguments)
    out = sys.stderr if given.json else sys.stdout

    def ready(url: str) -> None:
        print(f"listening on {url}", file=out, flush=True)
        if not given.no_page and out.isatty():
            print(f"watch it arrive at {page_address(url)}", file=out, flush=True)

    try:
        report = serve(_options(given), on_ready=ready)
    except (ValueError, ListenError) as error:
        print(f"recall_receiver: {error}", file=sys.stderr)
        return 2
    except WorkersError as error:
        print(f"recall_receiver: {error}", file=sys.stderr)
        return 1
    print(json.dumps(report, ensure_ascii=False) if given.json else summary(report), flush=True)
    return 0


def argument_parser(prog: str) -> argparse.ArgumentParser:
    """The command line of the receiver.

    Args:
        prog: what the command is called.
    """
    defaults = ReceiverOptions()
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Receive Recall.ai's real-time video over a websocket, until SIGTERM or "
        "SIGINT. On the same port: a page at /, /report.json, /metrics and /healthz.",
    )
    parser.add_argument("--host", default=defaults.host, help="default: %(default)s")
    parser.add_argument(
        "--port", type=_port, default=defaults.port, help="0: any free one; default: %(default)s"
    )
    parser.add_argument(
        "--secret", action="append", default=[], metavar="whsec_...", help="may be repeated"
    )
    parser.add_argument("--token", help="what token= in the URL must be")
    parser.add_argument("--path", help="what the URL's path must be; default: any")
    parser.add_argument(
        "--max-message-bytes",
        type=_positive,
        default=defaults.max_message_bytes,
        metavar="N",
        help="default: %(default)s",
    )
    parser.add_argument(
        "--max-pixels",
        type=_positive,
        default=defaults.max_pixels,
        metavar="N",
        help="default: %(default)s",
    )
    parser.add_argument("--save", type=Path, metavar="DIR", help="save every frame as a PNG file")
    parser.add_argument(
        "--mp4", type=Path, metavar="DIR", help="save every stream as a film (extra: video)"
    )
    parser.add_argument(
        "--index", type=Path, metavar="FILE", help="list every frame in an SQLite file"
    )
    parser.add_argument("--no-page", action="store_true", help="have no page at /")
    parser.add_argument(
        "--expose-page",
        action="store_true",
        help="show page, metrics and report to others than this machine; needs --token",
    )
    parser.add_argument(
        "--refuse-replays",
        action="store_true",
        help="refuse a signature that was used before; needs --secret",
    )
    parser.add_argument(
        "--decoder",
        choices=DECODER_NAMES,
        default=defaults.decoder,
        help="decode every picture with it; default: %(default)s",
    )
    parser.add_argument(
        "--queue-policy",
        choices=POLICIES,
        default=defaults.queue_policy,
        help="what becomes of a frame when its connection's queue is full; default: %(default)s",
    )
    for option, default in (
        ("--max-streams", defaults.max_streams),
        ("--max-connections-per-peer", defaults.max_connections_per_peer),
        ("--workers", defaults.workers),
    ):
        parser.add_argument(
            option, type=_positive, default=default, metavar="N", help="default: %(default)s"
        )
    parser.add_argument(
        "--handshake-timeout",
        type=_seconds,
        default=defaults.handshake_timeout,
        metavar="SECONDS",
        help="default: %(default)g",
    )
    parser.add_argument(
        "--no-tune-malloc", action="store_true", help="leave the C library's allocator alone"
    )
    parser.add_argument("--json", action="store_true", help="print the last report as JSON")
    return parser


def _options(given: argparse.Namespace) -> ReceiverOptions:
    return ReceiverOptions(
        host=given.host,
        port=given.port,
        secrets=tuple(given.secret),
        token=given.token,
        path=given.path,
        max_message_bytes=given.max_message_bytes,
        max_pixels=given.max_pixels,
        save=given.save,
        mp4=given.mp4,
        index=given.index,
        page=not given.no_page,
        expose_page=given.expose_page,
        refuse_replays=given.refuse_replays,
        decoder=given.decoder,
        queue_policy=given.queue_policy,
        max_streams=given.max_streams,
        max_connections_per_peer=given.max_connections_per_peer,
        handshake_timeout=given.handshake_timeout,
        workers=given.workers,
        tune_malloc=not given.no_tune_malloc,
    )


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"a whole number, not {text!r}") from None


def _seconds(text: str) -> float:
    found = re.fullmatch(r"([0-9]*\.?[0-9]+)(s|m)?", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"seconds, as 10 or 0.5s or 2m, not {text!r}")
    return float(found[1]) * (60 if found[2] == "m" else 1)


def _port(text: str) -> int:
    value = _whole(text)
    if not 0 <= value < 65536:
        raise argparse.ArgumentTypeError(f"a port is 0 to 65535, not {value}")
    return value


def _positive(text: str) -> int:
    value = _whole(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"must be over 0, not {value}")
    return value


if __name__ == "__main__":
    sys.exit(main())

"""``python -m recall_receiver``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from recall_receiver.errors import ListenError
from recall_receiver.service import ReceiverOptions, serve, summary


def main(arguments: Sequence[str] | None = None) -> int:
    """Receive until a signal comes.

    Returns:
        The exit code: 0, or 2 where the arguments or the port will not do.
    """
    defaults = ReceiverOptions()
    parser = argparse.ArgumentParser(
        prog="python -m recall_receiver",
        description="Receive Recall.ai's real-time video over a websocket, until SIGTERM or "
        "SIGINT. GET /report.json and /healthz on the same port.",
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
    parser.add_argument(
        "--no-tune-malloc", action="store_true", help="leave the C library's allocator alone"
    )
    given = parser.parse_args(arguments)
    options = ReceiverOptions(
        host=given.host,
        port=given.port,
        secrets=tuple(given.secret),
        token=given.token,
        path=given.path,
        max_message_bytes=given.max_message_bytes,
        max_pixels=given.max_pixels,
        tune_malloc=not given.no_tune_malloc,
    )
    try:
        report = serve(options, on_ready=lambda url: print(f"listening on {url}", flush=True))
    except (ValueError, ListenError) as error:
        print(f"recall_receiver: {error}", file=sys.stderr)
        return 2
    print(summary(report), flush=True)
    return 0


def _port(text: str) -> int:
    value = int(text)
    if not 0 <= value < 65536:
        raise argparse.ArgumentTypeError(f"a port is 0 to 65535, not {value}")
    return value


def _positive(text: str) -> int:
    value = int(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"must be over 0, not {value}")
    return value


if __name__ == "__main__":
    sys.exit(main())

"""`recallsim receive`: the reference receiver, until a signal ends it."""

import json
import sys
from typing import Annotated

import typer

from recall_simulator.record.errors import UsageError


def receive(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free one.")] = 8765,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    secret: Annotated[
        list[str] | None,
        typer.Option(help="Check handshakes with this whsec_… secret; repeatable."),
    ] = None,
    token: Annotated[str | None, typer.Option(help="What ?token= in the URL must be.")] = None,
    path: Annotated[str | None, typer.Option(help="What the URL's path must be.")] = None,
    max_message_bytes: Annotated[int, typer.Option(min=1)] = 16 * 2**20,
    max_pixels: Annotated[int | None, typer.Option(min=1)] = None,
    no_tune_malloc: Annotated[
        bool, typer.Option("--no-tune-malloc", help="Leave the C library's allocator alone.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the last report as JSON.")] = False,
) -> None:
    """Run the reference receiver until Ctrl-C.

    It answers GET /report.json and /healthz on the same port.
    """
    from recall_receiver.errors import ListenError
    from recall_receiver.parsing import MAX_PIXELS
    from recall_receiver.service import ReceiverOptions, serve, summary

    out = sys.stderr if as_json else sys.stdout
    try:
        report = serve(
            ReceiverOptions(
                host=host,
                port=port,
                secrets=tuple(secret or ()),
                token=token,
                path=path,
                max_message_bytes=max_message_bytes,
                max_pixels=max_pixels or MAX_PIXELS,
                tune_malloc=not no_tune_malloc,
            ),
            on_ready=lambda url: print(f"listening on {url}", file=out, flush=True),
        )
    except (ValueError, ListenError) as error:
        raise UsageError(str(error)) from None
    print(json.dumps(report, ensure_ascii=False) if as_json else summary(report), flush=True)

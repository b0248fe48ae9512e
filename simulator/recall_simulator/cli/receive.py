"""`recallsim receive`: the reference receiver, until a signal ends it."""

import json
import sys
from pathlib import Path
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
    save: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Save every frame as a PNG file.")
    ] = None,
    mp4: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Save every stream as a film; needs recallsim[video]."),
    ] = None,
    index: Annotated[
        Path | None, typer.Option(metavar="FILE", help="List every frame in an SQLite file.")
    ] = None,
    no_page: Annotated[bool, typer.Option("--no-page", help="Have no page at /.")] = False,
    expose_page: Annotated[
        bool,
        typer.Option(
            "--expose-page",
            help="Show page, metrics and report to others than this machine; needs --token.",
        ),
    ] = False,
    refuse_replays: Annotated[
        bool,
        typer.Option(
            "--refuse-replays", help="Refuse a signature that was used before; needs --secret."
        ),
    ] = False,
    no_tune_malloc: Annotated[
        bool, typer.Option("--no-tune-malloc", help="Leave the C library's allocator alone.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the last report as JSON.")] = False,
) -> None:
    """Run the reference receiver until Ctrl-C.

    On the same port it shows the meeting to a browser, and answers GET /report.json, /metrics and
    /healthz.
    """
    from recall_receiver.errors import ListenError
    from recall_receiver.parsing import MAX_PIXELS
    from recall_receiver.service import ReceiverOptions, page_address, serve, summary

    out = sys.stderr if as_json else sys.stdout

    def ready(url: str) -> None:
        print(f"listening on {url}", file=out, flush=True)
        if not no_page and out.isatty():
            print(f"watch it arrive at {page_address(url)}", file=out, flush=True)

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
                save=save,
                mp4=mp4,
                index=index,
                page=not no_page,
                expose_page=expose_page,
                refuse_replays=refuse_replays,
                tune_malloc=not no_tune_malloc,
            ),
            on_ready=ready,
        )
    except (ValueError, ListenError) as error:
        raise UsageError(str(error)) from None
    print(json.dumps(report, ensure_ascii=False) if as_json else summary(report), flush=True)

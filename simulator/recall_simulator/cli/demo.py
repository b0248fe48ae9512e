"""`recallsim demo`: a meeting and the reference receiver, with nothing to set up."""

import json
import os
import subprocess
import sys
import urllib.request
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from recall_simulator.cli import options
from recall_simulator.record.errors import UsageError

SCENARIO = "tour"

_STOP_TIMEOUT = 5.0
"""Real seconds that the receiver gets to stop of its own accord."""


def demo(
    seed: options.Seed = None,
    speed: options.Speed = "1",
    quiet: options.Quiet = False,
    no_open: Annotated[
        bool, typer.Option("--no-open", help="Do not open the receiver's page in a browser.")
    ] = False,
) -> None:
    """Play a short meeting into the reference receiver, and compare what both sides counted."""
    from recall_simulator.cli import terminal
    from recall_simulator.cli.playing import play_on_console
    from recall_simulator.report.console import print_summary
    from recall_simulator.session import Session, Settings
    from recall_simulator.wire import parse_endpoint

    with reference_receiver() as url:
        show_page(url, wanted=not no_open and not quiet)
        session = Session.open(
            Settings(
                endpoint=parse_endpoint(url),
                scenarios=[SCENARIO],
                seed=seed,
                speed=options.parse_speed(speed),
            )
        )
        played = play_on_console(
            session, journal=None, as_json=False, quiet=quiet, keep_frames=False
        )
        tally, verdict = played.tally, played.verdict
        print_summary(terminal.console(), tally, verdict)
        if any(bot.state == "interrupted" for bot in tally.bots.values()):
            raise typer.Exit(verdict.exit_code)
        report = fetch_report(url)
    received = {
        (stream["recording"], stream["participant"], stream["type"]): stream
        for stream in report["streams"]
    }
    sent = {
        (key.recording, key.participant, key.type): stream.frames
        for key, stream in tally.streams.items()
        if stream.frames
    }
    agree = sent == {key: stream["frames"] for key, stream in received.items()}
    legs = max((stream["legs"] for stream in received.values()), default=0)
    console = terminal.console()
    style = "green" if agree else "red"
    console.print(
        f"[{style}]the receiver parsed {report['frames']} of {tally.frames_sent} frames in "
        f"{len(received)} of {len(sent)} streams, over {legs} connections[/]",
        highlight=False,
    )
    console.print(
        "[dim]Your own receiver:[/] recallsim run all --url ws://127.0.0.1:8765/ --speed max",
        highlight=False,
    )
    raise typer.Exit(verdict.exit_code if agree else 1)


def show_page(url: str, *, wanted: bool) -> None:
    """Tell where the receiver's page is, and open it where there is a screen to see it on.

    Args:
        url: the receiver's.
        wanted: whether to open it at all.
    """
    page = url.replace("ws://", "http://", 1)
    print(f"watch it arrive at {page}", file=sys.stderr, flush=True)
    screen = sys.platform in ("darwin", "win32") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    if wanted and screen and sys.stdout.isatty():
        webbrowser.open(page)


@contextmanager
def reference_receiver() -> Iterator[str]:
    """Run the reference receiver in a process of its own; gives its URL.

    Raises:
        UsageError: it could not start.
    """
    command = [sys.executable, "-m", "recall_receiver", "--port", "0"]
    # In a session of its own it does not get our Ctrl-C: we end it ourselves, last of all.
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line.startswith("listening on "):
                raise UsageError("the reference receiver did not start: see its words above")
            yield line.removeprefix("listening on ").strip()
        finally:
            process.terminate()
            try:
                process.communicate(timeout=_STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                process.kill()


def fetch_report(url: str) -> dict[str, Any]:
    """The reference receiver's `/report.json`.

    Raises:
        UsageError: it is gone.
    """
    address = url.replace("ws://", "http://", 1) + "report.json"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(address, timeout=10) as answer:
            report: dict[str, Any] = json.load(answer)
    except OSError as error:
        raise UsageError(
            f"the reference receiver is gone, and its report with it: {error}"
        ) from None
    return report

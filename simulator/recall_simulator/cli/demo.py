"""`recallsim demo`: a meeting and the reference receiver, with nothing to set up."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

from recall_simulator.cli import options
from recall_simulator.record.errors import UsageError

SCENARIO = "tour"

_STOP_TIMEOUT = 5.0
"""Real seconds that the receiver gets to stop of its own accord."""


def demo(
    seed: options.Seed = None, speed: options.Speed = "1", quiet: options.Quiet = False
) -> None:
    """Play a short meeting into the reference receiver, and compare what both sides counted."""
    from recall_simulator.cli import terminal
    from recall_simulator.cli.run import play_and_report
    from recall_simulator.cli.session import Session

    with reference_receiver() as url:
        session = Session.open(references=[SCENARIO], url=url, seed=seed, speed=speed)
        tally, verdict = play_and_report(session, journal=None, as_json=False, quiet=quiet)
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
        "[dim]Your own receiver:[/] recallsim run all --url ws://127.0.0.1:PORT/", highlight=False
    )
    raise typer.Exit(verdict.exit_code if agree else 1)


@contextmanager
def reference_receiver() -> Iterator[str]:
    """Run the reference receiver in a process of its own; gives its URL.

    Raises:
        UsageError: it could not start.
    """
    command = [sys.executable, "-m", "recall_receiver", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
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
    """The reference receiver's `/report.json`."""
    address = url.replace("ws://", "http://", 1) + "report.json"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(address, timeout=10) as answer:
        report: dict[str, Any] = json.load(answer)
    return report

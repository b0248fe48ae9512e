"""The command line: thin, one file a command. Heavy parts load when a command needs them."""

import sys

import typer

from recall_simulator import __version__
from recall_simulator.cli import (
    bench,
    check,
    compare,
    demo,
    fuzz,
    load,
    probe,
    receive,
    run,
    scenarios,
)
from recall_simulator.record.errors import UsageError

USAGE_ERROR = 2

app = typer.Typer(
    name="recallsim",
    help="A meeting that never happened, streamed into your Recall.ai real-time video receiver.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    epilog="Not affiliated with Recall.ai.",
)
app.command("demo")(demo.demo)
app.command("run")(run.run)
app.command("check")(check.check)
app.command("compare")(compare.compare)
app.command("probe")(probe.probe)
app.command("load")(load.load)
app.command("fuzz")(fuzz.fuzz)
app.command("receive", context_settings=receive.PASS_ALL_ON)(receive.receive)
app.add_typer(scenarios.app, name="scenarios")
app.add_typer(bench.app, name="bench")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"recallsim {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    _: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Options of the command itself."""


def main() -> None:
    """Run the command line; a user's mistake ends in one plain sentence and exit code 2."""
    try:
        app()
    except UsageError as error:
        print(f"recallsim: {error}", file=sys.stderr)
        sys.exit(USAGE_ERROR)

"""`recallsim receive`: the reference receiver, until a signal ends it."""

import typer

PASS_ALL_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
"""The receiver has a command line of its own: every argument, `--help` too, is its."""


def receive(context: typer.Context) -> None:
    """Run the reference receiver until Ctrl-C; `recallsim receive --help` names its options."""
    from recall_receiver.__main__ import main

    raise typer.Exit(main(context.args, prog="recallsim receive"))

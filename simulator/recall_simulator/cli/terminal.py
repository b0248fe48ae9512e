"""The consoles that commands write to."""

import os
import sys

from rich.console import Console


class _Console(Console):
    """A console whose reader may go, as in `recallsim run … | head`: the run goes on unseen."""

    def on_broken_pipe(self) -> None:
        """Write to nowhere from now on."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.file.fileno())
        os.close(nowhere)


def console(*, to_stderr: bool = False) -> Console:
    """A console on standard output, or on standard error where that is taken by JSON."""
    return _Console(file=sys.stderr if to_stderr else sys.stdout)

"""The consoles that commands write to, and how a command is ended from elsewhere."""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator

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


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM, and a terminal that is closed, end a command as Ctrl-C does."""
    from recall_simulator.session.endings import ending_signals

    with contextlib.ExitStack() as stack:
        for number in ending_signals():
            before = signal.signal(number, lambda *_: signal.raise_signal(signal.SIGINT))
            stack.callback(signal.signal, number, before)
        yield

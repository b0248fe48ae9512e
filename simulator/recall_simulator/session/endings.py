"""Which signals end a run as Ctrl-C does."""

import signal

_NAMES = ("SIGTERM", "SIGHUP")


def ending_signals() -> list[signal.Signals]:
    """SIGTERM, and SIGHUP, which comes when a terminal is closed.

    A receiver of `--exec` has a session of its own, so that it gets neither: whoever started it has
    to live long enough to end it. What is ignored, as SIGHUP is under `nohup`, stays so. Windows
    knows SIGTERM alone.
    """
    known = [signal.Signals[name] for name in _NAMES if name in signal.Signals.__members__]
    return [number for number in known if signal.getsignal(number) is not signal.SIG_IGN]

"""Handlers of the engine's events: tally, console, journal."""

from recall_simulator.report.console import (
    LiveConsole,
    PlainConsole,
    print_head,
    print_summary,
)
from recall_simulator.report.journal import Journal
from recall_simulator.report.tally import Tally

__all__ = ["Journal", "LiveConsole", "PlainConsole", "Tally", "print_head", "print_summary"]

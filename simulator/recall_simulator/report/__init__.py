"""Handlers of the engine's events, and what is written of a run: tally, console, journal.

What is for a terminal loads from `console` and `table` alone.
"""

from recall_simulator.report.journal import Journal
from recall_simulator.report.tally import Tally

__all__ = ["Journal", "Tally"]

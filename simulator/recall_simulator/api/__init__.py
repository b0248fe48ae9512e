"""Checks for people's own tests: `check_receiver(...)` and `run_scenario(...)`.

Commands and the pytest plugin stand on the same functions. Nothing heavy loads before one of them
is called, and nothing of pytest or of the terminal loads at all.
"""

from recall_simulator.api.checking import check_receiver, run_scenario
from recall_simulator.api.result import CheckResult
from recall_simulator.record.errors import ReceiverError, ScenarioError, UsageError

__all__ = [
    "CheckResult",
    "ReceiverError",
    "ScenarioError",
    "UsageError",
    "check_receiver",
    "run_scenario",
]

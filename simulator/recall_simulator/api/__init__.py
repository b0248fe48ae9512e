"""For people's own tests: `check_receiver(...)`, `run_scenario(...)` and `probe_receiver(...)`.

Commands and the pytest plugin stand on the same functions. Nothing heavy loads before one of them
is called, and nothing of pytest or of the terminal loads at all.
"""

from recall_simulator.api.checking import check_receiver, run_scenario
from recall_simulator.api.probing import Limit, ProbeResult, probe_receiver
from recall_simulator.api.result import CheckResult
from recall_simulator.record.errors import ReceiverError, ScenarioError, UsageError

__all__ = [
    "CheckResult",
    "Limit",
    "ProbeResult",
    "ReceiverError",
    "ScenarioError",
    "UsageError",
    "check_receiver",
    "probe_receiver",
    "run_scenario",
]

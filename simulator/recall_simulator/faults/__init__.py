"""What goes wrong: one small file a fault, each a transformer of a plan.

Pure and lazy: a fault takes a plan and a seeded random source, and gives another plan.
"""

from recall_simulator.faults.scenario import (
    Fault,
    FaultedScenario,
    aimed_attempts,
    apply_faults,
    faulted_scenario_schema,
    is_about_signatures,
)

__all__ = [
    "Fault",
    "FaultedScenario",
    "aimed_attempts",
    "apply_faults",
    "faulted_scenario_schema",
    "is_about_signatures",
]

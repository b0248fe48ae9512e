"""The object that `recallsim check --json` prints."""

from collections.abc import Sequence
from typing import Any

import msgspec

from recall_simulator.record.findings import CaseVerdict, Verdict

SCHEMA = "recallsim.check/1"


def check_json(
    verdict: Verdict, rows: Sequence[CaseVerdict], run: dict[str, Any]
) -> dict[str, Any]:
    """The object that `recallsim check --json` prints.

    Args:
        verdict: of the whole.
        rows: case by case.
        run: the object of `recallsim run --json`, for seed, run id, counts and attempts.
    """
    return {
        **run,
        "schema": SCHEMA,
        "cases": [msgspec.to_builtins(row) for row in rows],
        "stream_verdicts": [msgspec.to_builtins(stream) for stream in verdict.streams],
    }

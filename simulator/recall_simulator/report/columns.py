"""What stands in a case's columns: counts, where somebody looked."""

from collections.abc import Collection, Mapping
from typing import Final

from recall_simulator.judge.verdict import PROCESS, UNDERSTOOD
from recall_simulator.record.findings import CaseVerdict

_SHOWS: Final[Mapping[str, str]] = {"dies": PROCESS, "loses": UNDERSTOOD}


def shown_counts(row: CaseVerdict, not_looked_at: Collection[str]) -> list[str]:
    """The counts of a case, column by column.

    Args:
        row: the case.
        not_looked_at: what nobody looked at in the whole check.

    Returns:
        A number; ``–`` where nothing was found; ``?`` where nothing could be.
    """
    unseen = not_looked_at if row.verdict != "skipped" else ()
    return [
        str(count) if count else "?" if _SHOWS.get(column) in unseen else "–"
        for column, count in row.columns.items()
    ]

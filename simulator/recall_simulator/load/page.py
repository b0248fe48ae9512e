"""The HTML report of a load run."""

from recall_simulator.load.outcome import Outcome, Played


def load_page(played: Played, outcome: Outcome) -> str:
    """One page that needs nothing else."""
    raise NotImplementedError(played, outcome)

"""Ground truth against what was observed: findings, and a verdict. Pure."""

from recall_simulator.judge.ledger import Ledger
from recall_simulator.judge.verdict import judge

__all__ = ["Ledger", "judge"]

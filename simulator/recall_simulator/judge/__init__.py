"""Ground truth against what was observed: findings, and a verdict. Pure."""

from recall_simulator.judge.connection import judge_connection

__all__ = ["judge_connection"]

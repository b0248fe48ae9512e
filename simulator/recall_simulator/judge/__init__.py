"""Ground truth against what was observed: findings, and a verdict. Pure."""

from recall_simulator.judge.aims import judge_aims
from recall_simulator.judge.cases import case_verdicts
from recall_simulator.judge.evidence import Evidence
from recall_simulator.judge.verdict import judge

__all__ = ["Evidence", "case_verdicts", "judge", "judge_aims"]

"""A run from beginning to end: settings in, everything checked, scenarios played.

What commands, the pytest plugin and load runs have in common stands here, below all of them.
"""

from recall_simulator.session.again import command_again, secrets_of
from recall_simulator.session.choices import (
    check_header,
    check_profile,
    scenes_by_type,
    tls_context,
)
from recall_simulator.session.endings import ending_signals
from recall_simulator.session.session import Session
from recall_simulator.session.settings import Settings

__all__ = [
    "Session",
    "Settings",
    "check_header",
    "check_profile",
    "command_again",
    "ending_signals",
    "scenes_by_type",
    "secrets_of",
    "tls_context",
]

"""What goes on the wire: event envelopes, upgrade signing, the endpoint URL, the retry machine.

Pure: values in, values out. The source of each fact is named where the fact stands.
"""

from recall_simulator.wire.endpoint import Endpoint, parse_endpoint
from recall_simulator.wire.envelope import (
    EventTemplate,
    FrameTemplate,
    Origin,
    Participant,
    Reference,
    WireOptions,
)
from recall_simulator.wire.framing import MaskedText, masked
from recall_simulator.wire.link_plan import LinkPlan
from recall_simulator.wire.retry import (
    RETRY_WAIT,
    GiveUp,
    Retry,
    RetryPolicy,
    Wait,
    parse_retry_policy,
)
from recall_simulator.wire.signing import Signer
from recall_simulator.wire.travel import USUAL, Travel

__all__ = [
    "RETRY_WAIT",
    "USUAL",
    "Endpoint",
    "EventTemplate",
    "FrameTemplate",
    "GiveUp",
    "LinkPlan",
    "MaskedText",
    "Origin",
    "Participant",
    "Reference",
    "Retry",
    "RetryPolicy",
    "Signer",
    "Travel",
    "Wait",
    "WireOptions",
    "masked",
    "parse_endpoint",
    "parse_retry_policy",
]

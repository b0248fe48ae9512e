"""How one connection attempt behaves, apart from what is sent over it."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from recall_simulator.record.streams import SignatureForm


class LinkPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The behaviour of one attempt. The defaults are what is known of the vendor's sender."""

    handshake: Annotated[
        Literal["complete", "abort", "slow"],
        Meta(
            description="abort: open TCP, send half of the upgrade request, and go. "
            "slow: send the request byte by byte, over two seconds."
        ),
    ] = "complete"
    signature: Annotated[
        SignatureForm,
        Meta(
            description="What is wrong with the signature, where a secret is given; rotated has "
            "two values of which the second is right, svix the legacy header names."
        ),
    ] = "right"
    bandwidth: (
        Annotated[float, Meta(gt=0, description="Bytes a second; as fast as it goes if left out.")]
        | None
    ) = None
    delay: Annotated[float, Meta(ge=0, description="Seconds that every message is held back.")] = (
        0.0
    )
    webhook_id: Annotated[
        Literal["new", "same"],
        Meta(description="Whether each attempt is signed with a Webhook-Id of its own."),
    ] = "new"
    ping_interval: (
        Annotated[float, Meta(gt=0, description="Seconds between pings of ours; none if left out.")]
        | None
    ) = None
    deflate: Annotated[bool, Meta(description="Offer permessage-deflate.")] = False
    subprotocol: Annotated[str | None, Meta(description="Offer this subprotocol.")] = None
    lenient: Annotated[
        bool,
        Meta(description="Pass over bytes after the 101 that are no websocket frame."),
    ] = False

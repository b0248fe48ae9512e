"""How a message travels: which websocket frames it is cut into."""

from typing import Annotated

import msgspec
from msgspec import Meta


class Travel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The websocket frames of one message (RFC 6455, section 5). The default is the usual one.

    Attributes:
        binary: opcode 2 in place of 1.
        fragments: frames that the message is split into.
        ping: payload of a ping that is sent right before, and between fragments; none if None.
        wide_length: the 64-bit form of the length, however short the message is.
    """

    binary: bool = False
    fragments: Annotated[int, Meta(ge=1, le=1000)] = 1
    ping: Annotated[bytes, Meta(max_length=125)] | None = None
    wide_length: bool = False


USUAL = Travel()

"""How a connection attempt ended, and whose doing that was."""

from typing import Literal

import msgspec

from recall_simulator.record.plain import without_orders

Cause = Literal["plan", "receiver", "unreachable"]


class Outcome(msgspec.Struct, frozen=True):
    """How one attempt ended.

    Attributes:
        text: the class of the outcome: `completed`, `planned cut`, `planned close 1001`,
            `planned overlap`, `planned abort`, `refused`, `timed out`, `dns`, `tls`, `network`,
            `http 401`, `junk after 101`, `bad handshake`, `protocol error`, `closed 1009`, `cut`,
            `stalled`, `unanswered ping`, `closed by us 1008`, `interrupted`.
        cause: `plan` when the scenario wanted it, `receiver` when the receiver answered and
            then ended it, `unreachable` when nobody answered.
        opened: whether the websocket handshake had succeeded.
        detail: one line of evidence: the system's message, the close reason, the bytes seen.
    """

    text: str
    cause: Cause
    opened: bool
    detail: str = ""


class Closing(msgspec.Struct, frozen=True):
    """What became of a close frame of ours (RFC 6455, sections 5.5.1 and 7.1).

    Attributes:
        code: of our frame.
        answer: code of the receiver's close frame; 1005 for one without, None where none came.
        left_open: whether the receiver left it to us to end TCP, which is the server's part.
    """

    code: int
    answer: int | None
    left_open: bool


class Pings(msgspec.Struct, frozen=True, kw_only=True):
    """Pings of ours over one link, and what came in answer (RFC 6455, sections 5.5.2 and 5.5.3).

    Attributes:
        sent: pings, those before a planned end among them.
        answered: pongs with the payload of a ping of ours.
        strays: other pongs.
    """

    sent: int = 0
    answered: int = 0
    strays: int = 0


COMPLETED = Outcome("completed", "plan", opened=True)
PLANNED_CUT = Outcome("planned cut", "plan", opened=True)
PLANNED_OVERLAP = Outcome("planned overlap", "plan", opened=True)
PLANNED_ABORT = Outcome("planned abort", "plan", opened=False)
CLOSED_BY_US = Outcome("closed by us", "plan", opened=True)
UNANSWERED_CLOSE = Outcome(
    "unanswered close", "plan", opened=True, detail="nothing came in answer to our close frame"
)
CUT_AT_CLOSE = Outcome(
    "cut at close",
    "plan",
    opened=True,
    detail="the answer to our close frame was a cut",
)
CLOSED_FOR_SLOWNESS = Outcome(
    "closed by us 1008", "receiver", opened=True, detail="the receiver was too slow for the policy"
)
INTERRUPTED = Outcome("interrupted", "plan", opened=True)


def planned_close(code: int) -> Outcome:
    """The scenario closed the link with a close frame."""
    return Outcome(f"planned close {code}", "plan", opened=True)


def closed(code: int, reason: str) -> Outcome:
    """The receiver sent a close frame with this code (RFC 6455, section 7.4)."""
    return Outcome(f"closed {code}", "receiver", opened=True, detail=without_orders(reason))


def cut(detail: str) -> Outcome:
    """The connection was lost without a close frame."""
    return Outcome("cut", "receiver", opened=True, detail=detail)


def http_status(status: int, detail: str) -> Outcome:
    """The receiver answered the upgrade request with something else than 101."""
    return Outcome(f"http {status}", "receiver", opened=False, detail=without_orders(detail))


def unanswered_ping(seconds: float, *, held_back: bool) -> Outcome:
    """No pong came for so long, and the link was closed for that.

    Args:
        seconds: real ones.
        held_back: a slow network of the scenario's own had the ping.
    """
    cause: Cause = "plan" if held_back else "receiver"
    return Outcome(
        "unanswered ping", cause, opened=True, detail=f"no pong came within {seconds:g} s"
    )


def stalled(seconds: float, unsent: int) -> Outcome:
    """The receiver took not a byte for so long, with so many waiting for it."""
    detail = f"not a byte taken for {seconds:g} s, {unsent} waiting"
    return Outcome("stalled", "receiver", opened=True, detail=detail)

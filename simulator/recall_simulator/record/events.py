"""What the engine says while it plays: frozen values, one class a happening.

Every time in here is named for what it is: `at` is schedule time (seconds since the recording
began), `lag` and `stall` are real seconds. Handlers (console, journal, tally) take these and
nothing else; the journal is their JSON, one a line, with the field `kind` first.
"""

from typing import Literal

import msgspec

from recall_simulator.record.outcomes import Closing, Outcome, Pings
from recall_simulator.record.streams import Expectation, SignatureForm, StreamType

DropReason = Literal["outage", "slow receiver", "slow network", "lost in sending", "interrupted"]


class RunStarted(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="run"):
    """The first event. With seed, run id and start time the run can be made again byte by byte.

    `signed` says whether there is a secret, and handshakes are signed with it.
    """

    schema: str = "recallsim.journal/1"
    run_id: str
    seed: int
    start_time: str
    url: str
    scenarios: list[str]
    speed: str
    signed: bool = False


class BotStarted(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="bot"):
    """A bot has joined its meeting. `bot` and `recording` are the UUIDs on the wire.

    The marks of its frames carry the run id plus `number`, so that bots are told apart. `began` is
    in real seconds since the run began.
    """

    scenario: str
    bot: str
    number: int
    recording: str
    ends_at: float
    began: float = 0.0


class AttemptStarted(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="dial"):
    """A bot dials. `attempt` counts from 1 over the bot's life.

    Attributes:
        signature: the form of the handshake's, where there is a secret.
    """

    scenario: str
    bot: str
    attempt: int
    at: float
    signature: SignatureForm = "right"


class LinkOpened(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="open"):
    """The websocket handshake has succeeded."""

    scenario: str
    bot: str
    attempt: int
    at: float


class FrameSent(msgspec.Struct, frozen=True, gc=False, tag_field="kind", tag="frame"):
    """A frame message was written whole.

    Attributes:
        relative: `timestamp.relative` as the message says it, seconds.
        name: the participant's name in this frame, None for null.
        length: bytes of the PNG.
        message_bytes: bytes of the whole message.
        sha256: digest of the PNG in hex; empty unless somebody asked for digests.
        expect: what is asked of the receiver for this frame.
        written: real seconds from the beginning of the run to when the frame was written.
        lag: real seconds that the frame was late by our own doing.
        stall: real seconds that the frame was late because the receiver took no more.
        oddity: what a fault made unusual about it, in words; empty where nothing.
    """

    scenario: str
    bot: str
    attempt: int
    at: float
    recording: str
    participant: int
    type: StreamType
    sequence: int
    relative: float
    name: str | None
    width: int
    height: int
    length: int
    message_bytes: int
    sha256: str
    expect: Expectation
    written: float
    lag: float
    stall: float
    oddity: str = ""


class EventSent(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="event"):
    """A message that carries no frame was written whole: a join, a rename, raw bytes.

    Attributes:
        event: its name.
        expect: what is asked of the receiver for it.
    """

    scenario: str
    bot: str
    attempt: int
    at: float
    event: str
    message_bytes: int
    expect: Expectation


class FrameDropped(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="dropped"):
    """A frame was due and not sent whole.

    Attributes:
        reason: `outage` when no link was up, `slow receiver` when the policy for a slow receiver
            gave it up, `slow network` when our own slowness left no room for it, `lost in sending`
            when the link went while it was being written: the receiver may have it or not;
            `interrupted` when the run was.
    """

    scenario: str
    bot: str
    at: float
    recording: str
    participant: int
    type: StreamType
    sequence: int
    name: str | None
    reason: DropReason


class Blocked(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="blocked"):
    """The receiver takes no more, for another second.

    Attributes:
        lasts: real seconds for which it has taken no more.
        unsent: bytes that have not left this process.
    """

    scenario: str
    bot: str
    attempt: int
    at: float
    lasts: float
    unsent: int


class Probed(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="probe"):
    """A ping before a planned end. With a pong, all that was sent before it has arrived.

    A pong proves the receiver's websocket layer, not its application.

    Attributes:
        held_back: the ping had not left when it was given up: a slow network of our making held it.
    """

    scenario: str
    bot: str
    attempt: int
    at: float
    answered: bool
    held_back: bool = False


class AttemptEnded(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="end"):
    """An attempt is over, in the handshake or later.

    Attributes:
        in_doubt: how many frames, the last ones written on this link, were not proven delivered
            when it went; the unsent ones come after them.
        unsent: how many frames, the very last ones written on this link, are proven never to have
            left when it was cut: they wait in our buffers, or in the socket's (Linux tells).
        largest_message: bytes of the largest message sent on this link.
        last_expect: what was asked of the receiver for the last message on this link.
        refusable: whether this link bore any message that the receiver may refuse.
        closing: what became of our close frame; None where we sent none, or sent it second.
        pings: of ours over this link, and what came in answer.
    """

    scenario: str
    bot: str
    attempt: int
    at: float
    outcome: Outcome
    in_doubt: int = 0
    unsent: int = 0
    largest_message: int = 0
    last_expect: Expectation = "must accept"
    refusable: bool = False
    closing: Closing | None = None
    pings: Pings = Pings()


class OldLinkClosed(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="late"):
    """The close frame of an overlapped link left, after the new one was up.

    Attributes:
        at: when it left; the event comes with the answer.
        closing: what became of it.
    """

    scenario: str
    bot: str
    attempt: int
    at: float
    closing: Closing | None = None


class RetryScheduled(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="retry"):
    """The bot will dial again after `wait` schedule seconds, as the `attempt`-th time."""

    scenario: str
    bot: str
    attempt: int
    at: float
    wait: float


class BotEnded(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="left"):
    """A bot's life is over.

    Attributes:
        reason: `finished` when its meeting ended with the link up, `unconnected` when the
            meeting ended while it was still dialling, `gave up` when its retry policy did,
            `interrupted` when the run was stopped.
        ended: real seconds since the run began.
    """

    scenario: str
    bot: str
    at: float
    reason: Literal["finished", "unconnected", "gave up", "interrupted"]
    ended: float = 0.0


class RunBroken(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="broken"):
    """Scenarios that were to be played will not be: the receiver can't be started, or played to.

    Attributes:
        reason: what it did, as a clause.
        not_played: names of the scenarios.
    """

    reason: str
    not_played: list[str]


class RunEnded(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="done"):
    """The last event."""

    interrupted: bool


EngineEvent = (
    RunStarted
    | BotStarted
    | AttemptStarted
    | LinkOpened
    | FrameSent
    | EventSent
    | FrameDropped
    | Blocked
    | Probed
    | AttemptEnded
    | OldLinkClosed
    | RetryScheduled
    | BotEnded
    | RunBroken
    | RunEnded
)

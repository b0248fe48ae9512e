"""What a fuzz campaign sends, finds and tells: the same in process and over the wire."""

from collections.abc import Callable
from typing import Literal

import msgspec

from recall_simulator.record.streams import Expectation

OutcomeKind = Literal["raised", "refused", "hung", "grew", "died", "dropped", "lost", "leaked"]
"""What a receiver did wrong.

`raised`: an exception that is not allowed. `refused`: a valid message was. `hung`: no end, or none
within the limit. `grew`: memory over the limit. `died`: the process ended. `dropped`: the
connection went. `lost`: the link stood, and the next valid frame did not get through, or, with the
error `this frame`, the message itself, which is one. `leaked`:
memory over the limit was kept, and more and more of it, whatever the messages were.
"""

EXPECTATIONS: tuple[Expectation, ...] = ("must accept", "must survive", "may refuse")
"""The classes of input, the greatest demand first."""


class Edit(msgspec.Struct, frozen=True):
    """One way in which a message differs from the plain one, as it was drawn.

    Attributes:
        name: of the edit, as in `missing field`.
        choices: what was drawn for it, each from 0, the simplest, upwards.
    """

    name: str
    choices: tuple[int, ...] = ()


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """One message to be parsed.

    Attributes:
        data: the payload of the websocket message.
        expect: what is asked of a receiver for it.
        what: one line on how it differs from the plain message, as in `participant.id is missing`.
        part: the field, chunk or layer that differs, as in `data.data.participant.id`, `PNG IHDR`,
            `base64`, `JSON text`; of several, joined by ` + `.
        binary: opcode 2 in place of 1.
        wire: the whole websocket frames, masked, where they are not the usual one: over the wire
            alone.
        edits: what it was made by, so that it can be made smaller; empty for the plain message,
            and for messages from elsewhere.
    """

    data: bytes
    expect: Expectation
    what: str
    part: str = ""
    binary: bool = False
    wire: bytes | None = None
    edits: tuple[Edit, ...] = ()

    def __repr__(self) -> str:
        """Short enough for a failing test: what differs comes first."""
        data = self.data if len(self.data) <= 2000 else self.data[:2000] + b"..."
        form = ", binary" if self.binary else ""
        return f"<{self.expect}: {self.what}{form}; {len(self.data)} bytes {data!r}>"


class FuzzFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One distinct thing that a receiver did wrong.

    Attributes:
        outcome: what it did.
        error: its class: `KeyError`, `SIGSEGV`, `exit code 3`, `closed 1011`; may be empty.
        message: one line of evidence: what the exception says, the last line of standard error.
        where: file, line and function of the receiver where that is known; else empty.
        input: the message as it was found.
        minimal: the smallest message that does the same.
        seconds: that the minimal message took.
        grown: bytes of memory that the minimal message took at its height.
        count: inputs of the campaign that did the same.
        first: number of the input that did it first, from 1.
    """

    outcome: OutcomeKind
    error: str = ""
    message: str = ""
    where: str = ""
    input: Input
    minimal: Input
    seconds: float = 0.0
    grown: int = 0
    count: int = 1
    first: int = 0

    @property
    def shape(self) -> tuple[str, str, str]:
        """Findings of one shape are one finding: outcome, error, and the part that differs."""
        return (self.outcome, self.error, self.minimal.part)

    @property
    def what(self) -> str:
        """One line: `raised KeyError: participant.id is missing`."""
        return " ".join(filter(None, (self.outcome, self.error))) + f": {self.minimal.what}"


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a finding of an earlier campaign.

    Attributes:
        name: of its folder.
        what: it was.
        now: what the receiver does wrong now; empty where it is mended.
    """

    name: str
    what: str
    now: str = ""


class FuzzReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a campaign came to.

    Attributes:
        target: `module:function` or the URL.
        seed: with which the same inputs are drawn again.
        inputs: messages that the receiver was given, those of shrinking left out.
        by_class: how many of each class.
        seconds: that they took.
        searching: seconds more in which it was looked for which message it was, and how small it
            can be.
        findings: distinct ones, in the order in which they came up.
        interrupted: whether it was stopped before its budget was spent.
        slowest: seconds of computing that the slowest input took each time that it was given, the
            very first left out, for which modules are loaded; None where that is not known.
        grown: bytes that the receiver kept, from after the first inputs to the end; None where
            that is not known.
        left_out: messages that were not given, because others with the same edit had ended the
            receiver several times.
        stopped: why the campaign could not go on, where it could not; else empty.
        replayed: known findings that were tried again before anything else.
        not_looked_at: what could not be seen, and so is not said to be good.
    """

    schema: str = "recallsim.fuzz/1"
    target: str
    seed: int
    inputs: int
    by_class: dict[str, int]
    seconds: float
    searching: float = 0.0
    findings: list[FuzzFinding]
    interrupted: bool = False
    slowest: float | None = None
    grown: int | None = None
    left_out: int = 0
    stopped: str = ""
    replayed: list[Replayed] = []
    not_looked_at: list[str] = []

    @property
    def rate(self) -> float:
        """Inputs a second."""
        return self.inputs / self.seconds if self.seconds else 0.0

    @property
    def exit_code(self) -> int:
        """3 where the campaign could not go on, 1 with findings, old ones too, else 0."""
        if self.stopped:
            return 3
        return int(bool(self.findings) or any(each.now for each in self.replayed))


class FuzzStarted(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="fuzz"):
    """The first event. The budget is a number of inputs, a number of seconds, or both."""

    target: str
    seed: int
    max_examples: int | None
    seconds: float | None


class FuzzProgress(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="progress"):
    """How far it is; told after each batch. Seconds are as in the report."""

    inputs: int
    by_class: dict[str, int]
    findings: int
    seconds: float
    searching: float = 0.0


class Searching(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="searching"):
    """Something went wrong, and it is looked for which message of many it was."""

    outcome: OutcomeKind
    messages: int


class Shrinking(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="shrinking"):
    """A finding has come up and is being made smaller."""

    outcome: OutcomeKind
    error: str
    input: Input


class FindingMade(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="finding"):
    """A distinct finding, with its minimal message."""

    finding: FuzzFinding


class FuzzEnded(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="done"):
    """The last event."""

    report: FuzzReport


FuzzEvent = FuzzStarted | FuzzProgress | Searching | Shrinking | FindingMade | FuzzEnded
FuzzHandler = Callable[[FuzzEvent], None]
"""Takes the events of a campaign; what it raises ends the campaign."""

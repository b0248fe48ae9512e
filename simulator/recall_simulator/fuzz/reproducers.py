"""A folder for each finding: its message, programs that send it again, and what happened in words.

The programs are the same in every folder: they read `finding.json` beside them.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

import msgspec

from recall_simulator.fuzz.messages import PLAIN
from recall_simulator.fuzz.records import FuzzFinding, Input, OutcomeKind
from recall_simulator.record.errors import UsageError
from recall_simulator.record.streams import Expectation
from recall_simulator.wire.framing import TEXT, masked_frame

_PROGRAMS: Final = Path(__file__).parent / "reproducing"
_LONGEST_NAME: Final = 60
_ASKS: Final[dict[Expectation, str]] = {
    "must accept": "it is valid, however rare, and must be understood",
    "must survive": "it is damaged or hostile: it may be refused, but the connection stays and the "
    "next valid frame is taken",
    "may refuse": "it is over what a receiver must put up with: the connection may be closed for "
    "it, but the process lives and takes the next connection",
}
_DID: Final[dict[OutcomeKind, str]] = {
    "raised": "An exception came out of the function that is not on the list of those allowed",
    "refused": "A valid message was refused",
    "hung": "Nothing came back in time",
    "grew": "Memory grew beyond the limit",
    "died": "The process ended",
    "dropped": "The connection was closed or cut",
    "lost": "The link stood, and a valid frame did not get through",
}


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """`finding.json`: a finding that can be tried again.

    Attributes:
        outcome: what the receiver did.
        error: its class.
        what: one line.
        evidence: one line more.
        expect: what is asked of a receiver for the message.
        part: the field, chunk or layer that differs from the plain message.
        file: the message, beside.
        sent_as: `text` or `binary` message, whole websocket `frames`, or `argument` of a function.
        target: the URL or `module:function`.
        command: of `--exec`; empty where the receiver ran already.
        observe: observers that saw it.
        timeout: seconds after which it hangs.
        memory: bytes beyond which it takes too much.
        allow: exceptions that are allowed.
    """

    schema: str = "recallsim.finding/1"
    outcome: OutcomeKind
    error: str
    what: str
    evidence: str
    expect: Expectation
    part: str
    file: str
    sent_as: Literal["text", "binary", "frames", "argument"]
    target: str
    command: str = ""
    observe: list[str] = []
    timeout: float
    memory: int
    allow: list[str] = []

    def input(self, folder: Path) -> Input:
        """The message of a folder.

        Raises:
            UsageError: its file can't be read.
        """
        try:
            data = (folder / self.file).read_bytes()
        except OSError as error:
            raise UsageError(f"{folder / self.file}: {error.strerror}") from None
        return Input(
            data=data,
            expect=self.expect,
            what=self.what,
            part=self.part,
            binary=self.sent_as == "binary",
            wire=data if self.sent_as == "frames" else None,
        )


def write_reproducer(
    parent: Path,
    finding: FuzzFinding,
    *,
    target: str,
    command: str = "",
    observe: Sequence[str] = (),
    timeout: float,
    memory: int,
    allow: Sequence[str] = (),
) -> Path:
    """Write the folder of a finding; gives its path.

    Args:
        parent: where the folders of findings are; made if it is missing.
        finding: what was found.
        target: the URL, or `module:function`.
        command: that starts the receiver.
        observe: observers of the campaign.
        timeout: seconds after which it hangs.
        memory: bytes beyond which it takes too much.
        allow: exceptions that are allowed.

    Raises:
        UsageError: it can't be written.
    """
    over_wire = "://" in target
    data, sent_as = _sent(finding.minimal, over_wire=over_wire)
    is_text = sent_as == "text" or (sent_as == "argument" and _is_utf8(data))
    known = Known(
        outcome=finding.outcome,
        error=finding.error,
        what=finding.what,
        evidence=finding.message,
        expect=finding.minimal.expect,
        part=finding.minimal.part,
        file="message.json" if is_text else "message.bin",
        sent_as=sent_as,
        target=target,
        command=command,
        observe=list(observe),
        timeout=timeout,
        memory=memory,
        allow=list(allow),
    )
    try:
        folder = _folder(parent, known)
        (folder / known.file).write_bytes(data)
        (folder / "next.json").write_bytes(PLAIN.data)
        document = msgspec.json.format(msgspec.json.encode(known), indent=2)
        (folder / "finding.json").write_bytes(document + b"\n")
        (folder / "finding.txt").write_text(_words(finding, known), encoding="utf-8")
        program = "over_wire" if over_wire else "in_process"
        _copy(f"{program}.py", folder / "reproduce.py")
        # pytest wants names that differ between folders.
        test = "test_" + re.sub(r"\W", "_", folder.name) + ".py"
        _copy("pytest_file.py", folder / test)
        if over_wire:
            _copy("over_wire.mjs", folder / "reproduce.mjs")
    except OSError as error:
        raise UsageError(f"{parent}: the finding can't be written: {error.strerror}") from None
    return folder


def read_known(parent: Path) -> list[tuple[Path, Known]]:
    """The findings in a folder, or the one that it is, sorted by name.

    Raises:
        UsageError: there are none, or one can't be read.
    """
    if (parent / "finding.json").is_file():
        files = [parent / "finding.json"]
    else:
        files = sorted(parent.glob("*/finding.json"))
    if not files:
        raise UsageError(
            f"{parent}: no finding in it; a campaign writes each into a folder of its own, with "
            "a finding.json"
        )
    found = []
    for file in files:
        try:
            found.append((file.parent, msgspec.json.decode(file.read_bytes(), type=Known)))
        except OSError as error:
            raise UsageError(f"{file}: {error.strerror}") from None
        except msgspec.MsgspecError as error:
            raise UsageError(f"{file} is no finding of ours: {error}") from None
    return found


def _sent(
    minimal: Input, *, over_wire: bool
) -> tuple[bytes, Literal["text", "binary", "frames", "argument"]]:
    if not over_wire:
        return minimal.data, "argument"
    if minimal.wire is not None:
        return minimal.wire, "frames"
    if minimal.binary:
        return minimal.data, "binary"
    if _is_utf8(minimal.data):
        return minimal.data, "text"
    return masked_frame(minimal.data, opcode=TEXT), "frames"


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _folder(parent: Path, known: Known) -> Path:
    """A new folder; one that holds the same finding already is taken again."""
    words = " ".join(filter(None, (known.outcome, known.error, known.part)))
    name = re.sub(r"[^A-Za-z0-9.]+", "-", words).strip("-.")[:_LONGEST_NAME].rstrip("-.")
    turn = 1
    while True:
        folder = parent / (name if turn == 1 else f"{name}-{turn}")
        if not folder.exists():
            folder.mkdir(parents=True)
            return folder
        if (folder / "finding.json").is_file():
            (_, other), *_ = read_known(folder)
            if (other.outcome, other.error, other.part, other.target) == (
                known.outcome,
                known.error,
                known.part,
                known.target,
            ):
                return folder
        turn += 1


def _copy(program: str, to: Path) -> None:
    to.write_bytes((_PROGRAMS / program).read_bytes())


def _words(finding: FuzzFinding, known: Known) -> str:
    """What happened, for a person."""
    minimal = finding.minimal
    size = len(minimal.data if minimal.wire is None else minimal.wire)
    lines = [
        finding.what,
        "",
        f"{_DID[finding.outcome]}: {finding.message or finding.error or 'see below'}.",
    ]
    if finding.where:
        lines.append(f"Where: {finding.where}")
    lines += [
        "",
        f"The message ({known.file}, {size:,} bytes) differs from a plain frame (next.json) in "
        f"this: {minimal.what}.",
        f"Its class is “{minimal.expect}”: {_ASKS[minimal.expect]}.",
        f"In the campaign input number {finding.first:,} was the first: {finding.input.what}.",
        "",
        f"To see it again: python reproduce.py{'' if known.command else ' ' + known.target}",
    ]
    if known.sent_as != "argument":
        lines.append(f"or in Node:      npm install ws && node reproduce.mjs {known.target}")
    lines += [
        "or as a test:    pytest test_*.py",
        "or all there are: recallsim fuzz --replay FOLDER, with the folder of all findings",
        "",
    ]
    return "\n".join(lines)

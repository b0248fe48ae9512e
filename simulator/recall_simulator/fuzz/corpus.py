"""The corpus: small named files, one message each, and an index of what is asked for each.

They lie in the package `recall_scenarios`, for any language to loop over. This module makes them
(`python -m recall_simulator.fuzz.corpus`, in a checkout) and reads them.
"""

import hashlib
import re
import sys
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

import msgspec

from recall_simulator.fuzz.draft import Choose
from recall_simulator.fuzz.edits import EDITS
from recall_simulator.fuzz.messages import PLAIN, built
from recall_simulator.fuzz.records import Input
from recall_simulator.record.streams import Expectation

LARGEST: Final = 64 * 1024
"""Bytes of a file at the most."""

_STEPS: Final = (1, 11, 13, 17)
_DRAWS: Final = 80


class Entry(msgspec.Struct, frozen=True, kw_only=True, rename={"expect": "class"}):
    """One file of the corpus, as `index.json` has it.

    Attributes:
        file: its path from the index.
        expect: what is asked of a receiver for it; called `class` in the file.
        opcode: 1 for a text message, 2 for a binary one (RFC 6455, section 5.2).
        reason: in what it differs from the plain message.
        part: the field, chunk or layer that differs.
        sha256: of the file, in hex.
    """

    file: str
    expect: Expectation
    opcode: int
    reason: str
    part: str
    sha256: str


class Index(msgspec.Struct, frozen=True, kw_only=True):
    """The whole of `index.json`."""

    schema: str = "recallsim.corpus/1"
    files: list[Entry]


def corpus_messages() -> Iterator[tuple[str, Input]]:
    """Every message of the corpus with its name: the same each time."""
    yield "a-plain-frame", PLAIN
    names = {"a-plain-frame"}
    messages = {(PLAIN.data, PLAIN.binary)}
    for family in EDITS.values():
        count = 0
        for turn in range(_DRAWS):
            message = built([(family, _turn(turn))])
            is_new = message.edits and (message.data, message.binary) not in messages
            if count == 2 * family.weight or not is_new or len(message.data) > LARGEST:
                continue
            name = _named(message, names)
            count += 1
            names.add(name)
            messages.add((message.data, message.binary))
            yield name, message


def _turn(turn: int) -> Choose:
    """Chooses the simplest at first, then goes through all, each choice at its own pace."""
    steps = iter(_STEPS * 10)
    return lambda count: turn * next(steps) % count


def _named(message: Input, taken: set[str]) -> str:
    words = message.what.replace("data.data.", "").encode("ascii", "ignore").decode()
    slug = re.sub(r"[^A-Za-z0-9.]+", "-", words).strip("-.").lower()[:72].rstrip("-.")
    name, number = slug, 2
    while name in taken:
        name, number = f"{slug}-{number}", number + 1
    return name


def write(folder: Path) -> Index:
    """Write the corpus into a folder, in place of what is there of it."""
    entries = []
    for old in folder.glob("*/*.msg"):
        old.unlink()
    for name, message in corpus_messages():
        file = Path(message.expect.replace(" ", "-"), f"{name}.msg")
        folder.joinpath(file).parent.mkdir(parents=True, exist_ok=True)
        folder.joinpath(file).write_bytes(message.data)
        entries.append(
            Entry(
                file=file.as_posix(),
                expect=message.expect,
                opcode=2 if message.binary else 1,
                reason=message.what,
                part=message.part,
                sha256=hashlib.sha256(message.data).hexdigest(),
            )
        )
    index = Index(files=entries)
    text = msgspec.json.format(msgspec.json.encode(index), indent=1)
    folder.joinpath("index.json").write_bytes(text + b"\n")
    return index


def folder() -> Traversable:
    """Where the corpus lies that was installed with us."""
    return files("recall_scenarios").joinpath("corpus")


def load() -> list[tuple[Entry, Input]]:
    """The corpus that was installed with us."""
    index = msgspec.json.decode(folder().joinpath("index.json").read_bytes(), type=Index)
    return [
        (
            entry,
            Input(
                data=folder().joinpath(entry.file).read_bytes(),
                expect=entry.expect,
                what=entry.reason,
                part=entry.part,
                binary=entry.opcode == 2,
            ),
        )
        for entry in index.files
    ]


if __name__ == "__main__":
    place = Path(str(folder()))
    made = write(place)
    size = sum(file.stat().st_size for file in place.glob("*/*.msg"))
    print(f"{len(made.files)} files, {size:,} bytes in {place}", file=sys.stderr)

"""Reads reports of earlier checks, and says plainly what is none."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from recall_simulator.record.errors import UsageError
from recall_simulator.report.document import SCHEMAS, CheckDocument, RunDocument

_HOW = "`recallsim check … --report json=FILE` writes one"


class _Head(msgspec.Struct):
    schema: str


def read_checks(paths: Sequence[Path]) -> list[CheckDocument]:
    """The reports in some files.

    Raises:
        UsageError: one can't be read, is no report of a check, or is of another version.
    """
    texts = [_read(path) for path in paths]
    schemas = [_schema(path, text) for path, text in zip(paths, texts, strict=True)]
    if len(set(schemas)) > 1:
        named = ", ".join(f"{path} is {name}" for path, name in zip(paths, schemas, strict=True))
        raise UsageError(f"reports of one version only can be compared: {named}")
    if schemas[0] != SCHEMAS[CheckDocument]:
        raise UsageError(
            f"{paths[0]} is {schemas[0]}, and this recallsim reads {SCHEMAS[CheckDocument]}: make "
            "all reports with one version of it"
        )
    return [_decode(path, text) for path, text in zip(paths, texts, strict=True)]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"the report {path} can't be read: {error.strerror}") from None


def _schema(path: Path, text: bytes) -> str:
    try:
        schema = msgspec.json.decode(text, type=_Head).schema
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise UsageError(f"{path} is no JSON report of a check; {_HOW}") from None
    if schema == SCHEMAS[RunDocument]:
        raise UsageError(f"{path} is the report of a run, and not of a check; {_HOW}")
    if not schema.startswith("recallsim.check/"):
        raise UsageError(f"{path} is {schema!r}, and no report of a check; {_HOW}")
    return schema


def _decode(path: Path, text: bytes) -> CheckDocument:
    try:
        return msgspec.json.decode(text, type=CheckDocument)
    except msgspec.DecodeError as error:
        raise UsageError(f"the report {path} is damaged: {error}") from None

"""The journal: NDJSON of all that was sent and of every link event; pictures as digests."""

from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from recall_simulator.record.errors import UsageError
from recall_simulator.record.events import EngineEvent, EventSent, FrameDropped, FrameSent


class Journal:
    """A handler that writes each event as one line of JSON.

    The first line has `kind` run and the schema's name and version; what the fields mean stands
    with the classes in `record.events`. It is flushed at every event
    but those of single messages.

    Args:
        path: of the file, which is made anew.

    Raises:
        UsageError: the file can't be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = path.open("wb")
        except OSError as error:
            raise self._trouble(error) from None

    def __call__(self, event: EngineEvent) -> None:
        """Write one event. Raises UsageError when the disk does not take it."""
        try:
            self._file.write(msgspec.json.encode(event) + b"\n")
            if not isinstance(event, FrameSent | FrameDropped | EventSent):
                self._file.flush()
        except OSError as error:
            raise self._trouble(error) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._file.close()
        except OSError as trouble:
            if error is None:
                raise self._trouble(trouble) from None

    def _trouble(self, error: OSError) -> UsageError:
        return UsageError(f"the journal {self._path} can't be written: {error.strerror}")

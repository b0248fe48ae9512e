"""What was seen of a receiver: its pictures, its counts, its process. Values from `observe/`.

Times are real seconds since the run began, on the same monotonic clock as the engine's.
"""

from typing import Literal

import msgspec

from recall_simulator.record.streams import StreamKey, StreamType


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """One picture that the receiver kept, handed on or showed.

    Attributes:
        observer: as the user wrote it, `files:out/*.png`.
        where: the evidence: a file's path, a frame of a film, an address.
        at: when it was seen first.
        run_id: from the mark; empty where the picture has none that can be read.
        participant: from the mark.
        type: from the mark.
        sequence: from the mark.
        sha256: of the PNG file as it was found, where the observer sees whole PNG files.
        width: pixels of the picture as it was found.
        height: pixels of the picture as it was found.
        place: what the receiver filed it under: pictures with one place are one stream to the
            receiver. Empty where the observer can't tell.
        recording: as the receiver says it; empty where it says none.
        relative: `timestamp.relative` as the receiver says it, seconds; None where it says none.
        credited: the stream that the receiver says a picture is of, where the picture itself tells
            too; its recording is empty where the receiver says none.
        exchanged: whether the picture shows red for blue.
        due: from the mark: when the frame was due, in seconds since the recording began; negative
            where no mark says it.
        film_time: seconds from the beginning of the film that shows it; negative where none does.
    """

    observer: str
    where: str
    at: float
    run_id: str = ""
    participant: int = -1
    type: StreamType = "webcam"
    sequence: int = -1
    sha256: str = ""
    width: int = 0
    height: int = 0
    place: str = ""
    recording: str = ""
    relative: float | None = None
    credited: StreamKey | None = None
    exchanged: bool = False
    due: float = -1.0
    film_time: float = -1.0


class Gone(msgspec.Struct, frozen=True, kw_only=True):
    """A picture that had been seen is no longer where it was: overwritten or deleted."""

    observer: str
    where: str
    at: float
    sighting: Sighting


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What a receiver says of itself: frames of a stream that it counted.

    The recording of the stream is empty where the receiver says none.
    """

    observer: str
    at: float
    stream: StreamKey
    frames: int


class ProcessSample(msgspec.Struct, frozen=True, kw_only=True):
    """The receiver's process and its children at one moment.

    Attributes:
        rss: resident bytes.
        handles: open file descriptors.
        threads: of all of them.
        cpu: processor seconds that all of them have used so far, ended ones included.
    """

    at: float
    rss: int
    handles: int
    threads: int
    cpu: float = 0.0


class ProcessEnded(msgspec.Struct, frozen=True, kw_only=True):
    """The receiver's process is gone, and not by our doing.

    Attributes:
        code: its exit code; negative for the signal that killed it.
        last_lines: of its standard error and output.
    """

    at: float
    code: int
    last_lines: list[str]


class Complaint(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the receiver's output that speaks of an error."""

    at: float
    line: str


class ObserverTrouble(msgspec.Struct, frozen=True, kw_only=True):
    """An observer that could not look: what it would have seen is inconclusive.

    Attributes:
        trouble: one sentence that says what to do.
        severity: `blind` when nothing was seen at all, `partial` when something was missed,
            `hollow` when nothing was: files that should be pictures have none in them.
        last_lines: of the receiver's standard error and output, where it was started here.
    """

    observer: str
    at: float
    trouble: str
    severity: Literal["blind", "partial", "hollow"] = "blind"
    last_lines: list[str] = []


Observation = Sighting | Gone | Claim | ProcessSample | ProcessEnded | Complaint | ObserverTrouble

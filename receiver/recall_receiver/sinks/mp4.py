"""Every stream as an MP4 film."""

from __future__ import annotations

import contextlib
import importlib.util
from pathlib import Path
from typing import BinaryIO, Final

from recall_receiver.errors import SinkError
from recall_receiver.events import StreamKey
from recall_receiver.sinks.film import Film
from recall_receiver.sinks.names import path_name
from recall_receiver.sinks.sink import Arrival

__all__ = ["MAX_FILMS", "Mp4Files"]

MAX_FILMS: Final = 64
"""Films that grow at the same time: each has an encoder and an open file.

With one more stream, the film that has waited longest is ended. Its stream gets another file.
"""


class Mp4Files:
    """Writes ``DIRECTORY/<recording>/<participant>-<type>.mp4``, for each stream one film.

    A film lasts as long as the receiver runs, however often a connection is lost. While nothing
    comes it holds the last picture. No file is ever overwritten: where there is one, the name
    becomes ``<participant>-<type>-1.mp4``, and so on. A process that is killed leaves films that
    play up to the last two seconds.

    Args:
        directory: made where it is missing.

    Raises:
        SinkError: the directory cannot be made, or PyAV is not installed.
    """

    name = "mp4"

    def __init__(self, directory: Path | str) -> None:
        if importlib.util.find_spec("av") is None:
            raise SinkError("films need PyAV, which is not there: pip install av")
        self._directory = Path(directory).absolute()
        self._films: dict[StreamKey, Film] = {}  # in order of the last picture
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SinkError(f"cannot make films in {directory}: {error.strerror}") from error

    def write(self, arrival: Arrival) -> None:
        """Add a frame to its stream's film.

        Raises:
            OSError: the disk is full, or the like.
            PictureError: the picture does not decode; the film holds the one before.
        """
        frame = arrival.frame
        pixels = frame.pixels
        film = self._films.pop(frame.stream, None)
        if film is None:
            if len(self._films) >= MAX_FILMS:
                self._films.pop(next(iter(self._films))).close()
            title = frame.participant.name or str(frame.stream.participant)
            title = f"{title.replace(chr(0), '')}, {frame.stream.type}"
            film = Film(self._create(frame.stream), frame.width, frame.height, title)
        self._films[frame.stream] = film
        film.add(pixels, frame.timestamp.relative)

    def _create(self, stream: StreamKey) -> BinaryIO:
        folder = self._directory / path_name(stream.recording)
        folder.mkdir(parents=True, exist_ok=True)
        stem = f"{stream.participant}-{stream.type}"
        number = 0
        while True:
            name = f"{stem}-{number}.mp4" if number else f"{stem}.mp4"
            with contextlib.suppress(FileExistsError):
                return (folder / name).open("xb")
            number += 1

    def flush(self) -> None:
        """Hand to the system what is written: it survives this process."""
        for film in self._films.values():
            film.flush()

    def close(self) -> None:
        """End every film.

        Raises:
            OSError: one could not be ended; the others are.
        """
        films, self._films = self._films, {}
        with contextlib.ExitStack() as closing:
            for film in films.values():
                closing.callback(film.close)

"""Films: growing, unfinished, finished at the end, and made anew at the same place."""

import io
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from recall_simulator.observe.files import FilesObserver
from recall_simulator.record.errors import UsageError
from recall_simulator.record.observations import Gone, ObserverTrouble, Sighting

from .conftest import PngMaker, Told

Run = Callable[[Callable[[], Any]], None]


class Film:
    """A film that is being written: 10 frames a second, each picture five times, as 2 a second."""

    def __init__(self, path: Path, **options: str) -> None:
        self._container = av.open(str(path), "w", options=options)
        self._stream = self._container.add_stream("libx264", rate=10)
        self._stream.width, self._stream.height = 256, 144
        self._stream.pix_fmt = "yuv420p"
        self._stream.options = {"tune": "zerolatency"}
        self._stream.time_base = Fraction(1, 10)
        self._pts = 0

    def show(self, pngs: Iterable[bytes], times: int = 5, form: str = "rgb24") -> None:
        for png in pngs:
            with Image.open(io.BytesIO(png)) as image:
                pixels = np.asarray(image.convert("RGB"))
            for _ in range(times):
                frame = av.VideoFrame.from_ndarray(pixels, format=form)
                frame.pts = self._pts
                self._pts += 1
                self._container.mux(self._stream.encode(frame))

    def finish(self) -> None:
        self._container.mux(self._stream.encode(None))
        self._container.close()


def watch(pattern: Path, told: Told) -> FilesObserver:
    return FilesObserver(f"files:{pattern}", str(pattern), now=told.now, tell=told.tell)


def sequences(told: Told) -> list[int]:
    return [sighting.sequence for sighting in told.of(Sighting)]


def test_red_for_blue_is_seen_in_films(run: Run, told: Told, png: PngMaker, tmp_path: Path) -> None:
    async def main() -> None:
        observer = watch(tmp_path / "*.mp4", told)
        await observer.start()
        film = Film(tmp_path / "100.mp4")
        film.show([png(0)])
        film.show([png(1)], form="bgr24")
        film.finish()
        await observer.stop()

    run(main)
    assert [(item.sequence, item.exchanged) for item in told.of(Sighting)] == [
        (0, False),
        (1, True),
    ]


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_repeated_frames_of_a_finished_film_are_one_picture(
    suffix: str, run: Run, told: Told, png: PngMaker, tmp_path: Path
) -> None:
    path = tmp_path / f"100.{suffix}"

    async def main() -> None:
        observer = watch(tmp_path / f"*.{suffix}", told)
        await observer.start()
        film = Film(path)
        film.show(png(number) for number in (0, 1, 2, 1))
        film.finish()
        await observer.stop()

    run(main)
    assert sequences(told) == [0, 1, 2, 1]
    assert [seen.where for seen in told.of(Sighting)] == [
        f"{path}, frame {frame}" for frame in (0, 5, 10, 15)
    ]
    assert [seen.film_time for seen in told.of(Sighting)] == pytest.approx([0.0, 0.5, 1.0, 1.5])
    assert {seen.place for seen in told.of(Sighting)} == {str(path)}
    assert told.of(ObserverTrouble) == []


def test_an_mp4_is_read_when_it_has_been_finished(
    run: Run, told: Told, png: PngMaker, tmp_path: Path
) -> None:
    async def main() -> None:
        observer = watch(tmp_path / "*.mp4", told)
        await observer.start()
        film = Film(tmp_path / "a.mp4")
        film.show(png(number) for number in range(6))
        await observer.settle()
        assert told.all == []
        film.finish()
        await observer.stop()

    run(main)
    assert sequences(told) == [0, 1, 2, 3, 4, 5]
    assert told.of(ObserverTrouble) == []


def test_an_mp4_that_is_never_finished_is_told_with_what_to_do(
    run: Run, told: Told, png: PngMaker, tmp_path: Path
) -> None:
    async def main() -> None:
        observer = watch(tmp_path / "*.mp4", told)
        await observer.start()
        film = Film(tmp_path / "a.mp4")
        film.show(png(number) for number in range(6))
        await observer.stop()
        film.finish()

    run(main)
    assert told.of(Sighting) == []
    assert told.trouble.severity == "blind"
    assert "a.mp4: it has no index yet, or is cut off" in told.trouble.trouble
    assert "must finish its films when it is stopped by SIGTERM" in told.trouble.trouble


@pytest.mark.slow
def test_a_fragmented_film_is_read_as_it_grows_and_nothing_is_told_twice(
    run: Run, told: Told, png: PngMaker, tmp_path: Path
) -> None:
    async def main() -> None:
        observer = watch(tmp_path / "*.mp4", told)
        await observer.start()
        film = Film(tmp_path / "a.mp4", movflags="frag_every_frame+empty_moov", flush_packets="1")
        film.show(png(number) for number in range(4))
        await observer.settle()
        early = sequences(told)
        assert early[:2] == [0, 1]
        film.show(png(number) for number in range(4, 20))
        await observer.settle()
        film.show(png(number) for number in range(20, 24))
        film.finish()
        await observer.stop()

    run(main)
    assert sequences(told) == list(range(24))
    assert told.of(Gone) == []


def test_a_film_that_is_begun_anew_takes_its_frames_with_it(
    run: Run, told: Told, png: PngMaker, tmp_path: Path
) -> None:
    async def main() -> None:
        observer = watch(tmp_path / "*.mp4", told)
        await observer.start()
        for leg in (range(3), range(10, 12)):
            film = Film(tmp_path / "a.mp4")
            film.show(png(number) for number in leg)
            film.finish()
            await observer.settle()
        await observer.stop()

    run(main)
    assert sequences(told) == [0, 1, 2, 10, 11]
    assert [gone.sighting.sequence for gone in told.of(Gone)] == [0, 1, 2]


def test_without_pyav_the_pattern_of_a_film_is_refused_before_the_run(
    told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    with pytest.raises(UsageError, match=r"recallsim\[video\]"):
        watch(tmp_path / "*.mp4", told)


def test_without_pyav_a_film_among_other_files_makes_it_blind(
    run: Run, told: Told, png: PngMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = Film(tmp_path / "a.mp4")
    film.show([png(1)])
    film.finish()
    data = (tmp_path / "a.mp4").read_bytes()
    monkeypatch.setitem(__import__("sys").modules, "av", None)

    async def main() -> None:
        observer = watch(tmp_path, told)
        await observer.start()
        (tmp_path / "b.mp4").write_bytes(data)
        await observer.stop()

    run(main)
    assert "pip install 'recallsim[video]'" in told.trouble.trouble
    assert told.trouble.severity == "blind"

"""Files as receivers write them, looked at while they grow."""

import asyncio
import io
import os
import threading
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from recall_simulator.observe.contents import Contents, look
from recall_simulator.observe.files import FilesObserver
from recall_simulator.observe.listing import Signature, matches
from recall_simulator.observe.shelf import Shelf
from recall_simulator.record.observations import Gone, ObserverTrouble, Sighting

from .conftest import WITHIN, PngMaker, Told

Run = Callable[[Callable[[], Any]], None]


def watch(pattern: Path | str, told: Told, **more: Any) -> FilesObserver:
    return FilesObserver(f"files:{pattern}", str(pattern), now=told.now, tell=told.tell, **more)


def sequences(told: Told) -> list[int]:
    return [sighting.sequence for sighting in told.of(Sighting)]


def as_jpeg(png: bytes) -> bytes:
    jpeg = io.BytesIO()
    with Image.open(io.BytesIO(png)) as image:
        image.save(jpeg, "JPEG", quality=80)
    return jpeg.getvalue()


def test_pictures_are_told_with_mark_digest_size_and_place(
    run: Run, told: Told, png: PngMaker, tmp_path: Path
) -> None:
    async def main() -> None:
        observer = watch(tmp_path / "**" / "*.png", told)
        await observer.start()
        for who, kind in ((100, "webcam"), (200, "screenshare")):
            folder = tmp_path / f"{who}-{kind}"
            folder.mkdir()
            for number in range(4):
                data = png(number, who, kind)  # type: ignore[arg-type]
                (folder / f"{number:04}.png").write_bytes(data)
        await observer.stop()

    run(main)
    assert len(told.all) == 8
    by_name = {sighting.where: sighting for sighting in told.of(Sighting)}
    seen = by_name[str(tmp_path / "200-screenshare" / "0003.png")]
    assert (seen.run_id, seen.participant, seen.type, seen.sequence) == (
        "0badcafe",
        200,
        "screenshare",
        3,
    )
    assert seen.sha256 == sha256(png(3, 200, "screenshare")).hexdigest()
    assert (seen.width, seen.height) == (256, 144)
    assert seen.place == str(tmp_path / "200-screenshare" / "*.png")
    assert seen.at >= 0
    assert sorted(sequences(told)) == [0, 0, 1, 1, 2, 2, 3, 3]


def test_jpeg_and_webp_are_read_by_their_marks_whatever_they_are_called(
    run: Run, told: Told, png: PngMaker, tmp_path: Path
) -> None:
    async def main() -> None:
        observer = watch(tmp_path, told)
        await observer.start()
        (tmp_path / "a.jpg").write_bytes(as_jpeg(png(5)))
        with Image.open(io.BytesIO(png(6))) as image:
            image.save(tmp_path / "b.webp", quality=90)
        (tmp_path / "c").write_bytes(as_jpeg(png(7)))
        (tmp_path / "notes.json").write_text("{}")
        await observer.stop()

    run(main)
    assert {seen.sequence: seen.sha256 for seen in told.of(Sighting)} == {5: "", 6: "", 7: ""}
    assert told.of(ObserverTrouble) == []


def test_what_is_older_than_the_run_does_not_count_until_it_changes(
    run: Run, told: Told, png: PngMaker, tmp_path: Path
) -> None:
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(png(number))

    async def main() -> None:
        observer = watch(tmp_path / "*.png", told)
        await observer.start()
        (tmp_path / "1.png").write_bytes(png(11))
        (tmp_path / "2.png").unlink()
        await observer.stop()

    run(main)
    assert sequences(told) == [11]
    assert told.of(Gone) == []


@pytest.mark.slow
def test_an_overwritten_picture_is_gone_and_the_new_one_is_seen(
    run: Run, told: Told, png: PngMaker, tmp_path: Path
) -> None:
    path = tmp_path / "latest.png"

    async def main() -> None:
        observer = watch(path, told)
        await observer.start()
        path.write_bytes(png(1))
        await observer.settle()
        (first,) = told.of(Sighting)
        path.write_bytes(png(2))
        await observer.settle()
        new = path.with_suffix(".new")
        new.write_bytes(png(3))
        new.replace(path)
        await observer.settle()
        os.utime(path)
        await observer.stop()
        assert [gone.sighting.sequence for gone in told.of(Gone)] == [1, 2]
        assert told.of(Gone)[0].where == str(path)
        assert first.sequence == 1

    run(main)
    assert sequences(told) == [1, 2, 3]
    assert [type(item).__name__ for item in told.all] == [
        "Sighting",
        "Gone",
        "Sighting",
        "Gone",
        "Sighting",
    ]


def test_a_deleted_picture_is_gone(run: Run, told: Told, png: PngMaker, tmp_path: Path) -> None:
    async def main() -> None:
        observer = watch(tmp_path / "*.png", told)
        await observer.start()
        (tmp_path / "1.png").write_bytes(png(1))
        await observer.settle()
        (tmp_path / "1.png").unlink()
        await observer.stop()

    run(main)
    (gone,) = told.of(Gone)
    assert gone.sighting == told.of(Sighting)[0]


@pytest.mark.slow
def test_a_half_written_picture_is_told_once_when_it_is_whole(
    run: Run, told: Told, png: PngMaker, tmp_path: Path
) -> None:
    data = png(4)

    async def main() -> None:
        observer = watch(tmp_path / "*.png", told)
        await observer.start()
        with (tmp_path / "a.png").open("wb", buffering=0) as file:
            for part in (data[:20], data[20 : len(data) // 2], data[len(data) // 2 : -6]):
                file.write(part)
                await observer.settle()
                assert told.all == []
            file.write(data[-6:])
        await observer.stop()

    run(main)
    (seen,) = told.of(Sighting)
    assert seen.sha256 == sha256(data).hexdigest()
    assert told.of(Gone) == []


def test_a_truncated_png_that_stays_so_is_told_by_its_digest(
    run: Run, told: Told, png: PngMaker, tmp_path: Path
) -> None:
    broken = png(4)[:-3_00]

    async def main() -> None:
        observer = watch(tmp_path / "*.png", told)
        await observer.start()
        (tmp_path / "a.png").write_bytes(broken)
        (tmp_path / "b.png").write_bytes(png(5))
        await observer.stop()

    run(main)
    digests = {seen.sha256: seen.sequence for seen in told.of(Sighting)}
    assert digests == {sha256(broken).hexdigest(): -1, sha256(png(5)).hexdigest(): 5}


def test_pictures_of_one_tick_are_told_in_the_order_of_their_numbers(
    run: Run, told: Told, png: PngMaker, tmp_path: Path
) -> None:
    async def main() -> None:
        observer = watch(tmp_path / "*.png", told)
        await observer.start()
        for number in range(12):
            (tmp_path / f"{number}.png").write_bytes(png(number))
        stamp = (tmp_path / "11.png").stat().st_mtime_ns
        for number in range(12):
            os.utime(tmp_path / f"{number}.png", ns=(stamp, stamp))
        await observer.stop()

    run(main)
    assert sequences(told) == list(range(12))
    assert len({seen.at for seen in told.of(Sighting)}) == 1


def test_letting_go_tells_nothing_more(run: Run, told: Told, png: PngMaker, tmp_path: Path) -> None:
    async def main() -> None:
        observer = watch(tmp_path / "*.png", told)
        await observer.start()
        (tmp_path / "1.png").write_bytes(png(1))
        await observer.stop(look=False)

    run(main)
    assert told.all == []


@pytest.mark.parametrize(
    ("before", "during", "words"),
    [
        ({}, {}, "matches no file (looked for from"),
        ({"old.png": b"x"}, {}, "1 file that"),
        ({}, {"a.txt": b"words", "b.txt": b"words"}, "2 files, but no picture and no film"),
        ({}, {"a.png": b"words"}, "1 file can't be read"),
        ({}, {"a.png": b""}, "it is empty"),
    ],
)
def test_an_observer_that_saw_nothing_is_blind_and_says_why(
    before: dict[str, bytes],
    during: dict[str, bytes],
    words: str,
    run: Run,
    told: Told,
    tmp_path: Path,
) -> None:
    for name, data in before.items():
        (tmp_path / name).write_bytes(data)

    async def main() -> None:
        observer = watch(tmp_path / "*.*", told)
        await observer.start()
        for name, data in during.items():
            (tmp_path / name).write_bytes(data)
        await observer.stop()

    run(main)
    assert told.all == [told.trouble]
    assert told.trouble.severity == "blind"
    assert words in told.trouble.trouble


def test_files_without_a_picture_are_told_apart_from_those_that_can_not_be_read(
    run: Run, told: Told, png: PngMaker, tmp_path: Path
) -> None:
    """Whoever keeps what a hostile message holds has seen all frames all the same."""
    jpeg = io.BytesIO()
    Image.new("RGB", (320, 240), "navy").save(jpeg, "JPEG")

    async def main() -> None:
        observer = watch(tmp_path / "*.*", told)
        await observer.start()
        (tmp_path / "a.png").write_bytes(png(0))
        (tmp_path / "b.png").write_bytes(b"")
        (tmp_path / "c.png").write_bytes(b"words")
        (tmp_path / "d.jpg").write_bytes(jpeg.getvalue()[:-200])
        await observer.stop()

    run(main)
    partial, hollow = told.of(ObserverTrouble)
    assert (partial.severity, hollow.severity) == ("partial", "hollow")
    assert "1 file can't be read to the end: " in partial.trouble
    assert "d.jpg" in partial.trouble
    assert "2 files without a picture: " in hollow.trouble
    assert "b.png: it is empty" in hollow.trouble
    assert "c.png: it is no picture" in hollow.trouble


def test_pictures_without_marks_make_it_blind(run: Run, told: Told, tmp_path: Path) -> None:
    async def main() -> None:
        observer = watch(tmp_path / "*.jpg", told)
        await observer.start()
        Image.new("RGB", (320, 240), "navy").save(tmp_path / "a.jpg")
        await observer.stop()

    run(main)
    assert told.trouble.severity == "blind"
    assert "none of 1 pictures has a mark" in told.trouble.trouble


@pytest.mark.slow
def test_thousands_of_files_are_each_seen_once(
    run: Run, told: Told, png: PngMaker, tmp_path: Path
) -> None:
    async def main() -> None:
        observer = watch(tmp_path / "*.png", told)
        await observer.start()
        writing = asyncio.to_thread(
            lambda: [(tmp_path / f"{n}.png").write_bytes(png(n)) for n in range(3_000)]
        )
        await writing
        await observer.stop()

    run(main)
    assert sorted(sequences(told)) == list(range(3_000))
    assert told.of(Gone) == []


def test_a_listing_that_takes_long_keeps_nobody(
    run: Run, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pattern may match all of a network drive, and be given up for it."""
    held, over, begun = threading.Event(), threading.Event(), asyncio.Event()

    async def main() -> None:
        loop = asyncio.get_running_loop()

        def slow(pattern: str) -> dict[str, Signature]:
            loop.call_soon_threadsafe(begun.set)
            held.wait(WITHIN)
            over.set()
            return {}

        monkeypatch.setattr("recall_simulator.observe.files.matches", slow)
        observer = FilesObserver("files:x", "x", now=told.now, tell=told.tell)
        starting = asyncio.create_task(observer.start())
        await begun.wait()
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        await observer.stop(look=False)

    run(main)
    assert not over.is_set()
    held.set()


def test_a_frame_was_there_when_its_file_was_written(
    run: Run, told: Told, png: PngMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not when somebody looked, and never before the look at which it was missing."""
    monkeypatch.setattr("recall_simulator.observe.files.clock_of_files", lambda: 1_000.0)
    time = 0.0

    async def main() -> None:
        nonlocal time
        observer = FilesObserver("files:x", str(tmp_path), now=lambda: time, tell=told.tell)
        await observer.start()
        time = 10.0
        for number, written in enumerate((900, 1_004, 2_000)):
            path = tmp_path / f"{number}.png"
            path.write_bytes(png(number))
            os.utime(path, (written, written))
        await observer.stop()

    run(main)
    assert [sighting.at for sighting in told.of(Sighting)] == [0.0, 4.0, 10.0]


def test_a_film_that_grows_is_read_when_it_has_doubled() -> None:
    shelf = Shelf("files:x", {})

    def due(size: int) -> list[str]:
        signature = Signature(float(size), size, 1)
        paths, changed = shelf.changed({"a.mp4": signature}, 0.0)
        assert changed
        for path in paths:
            shelf.take(path, signature, Contents("whole", film=True), 0.0, final=False)
        return paths

    assert [bool(due(size)) for size in (100, 150, 199, 200, 399, 20)] == [
        *(True, False, False, True, False),
        True,  # written anew
    ]


def test_a_png_without_its_end_is_half_written(png: PngMaker) -> None:
    whole = png(3)
    assert look(whole).state == "whole"
    cut = look(whole[:-12])  # all of the pixels are there
    assert (cut.state, cut.shown[0].mark) == ("broken", look(whole).shown[0].mark)


def test_brackets_that_match_nothing_are_explained(run: Run, told: Told, tmp_path: Path) -> None:
    folder = tmp_path / "[id]"
    folder.mkdir()
    (folder / "a.png").write_bytes(b"")

    async def main() -> None:
        observer = watch(folder / "*.png", told)
        await observer.start()
        await observer.stop()

    run(main)
    assert "a bracket in a folder's name is written [[]" in told.trouble.trouble
    assert list(matches(f"{tmp_path}/[[]id]/*.png")) == [str(folder / "a.png")]

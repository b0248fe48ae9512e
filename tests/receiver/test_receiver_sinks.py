"""Sinks: what is written, what is never overwritten, and what happens when one fails."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.client import connect

from recall_receiver import FrameEvent, PictureError, Receiver, parse
from recall_receiver.errors import SinkError
from recall_receiver.sinks import Arrival, Delivery, FrameIndex, Mp4Files, PngFiles, Sink
from recall_receiver.sinks.names import MAX_NAME, path_name
from recall_receiver.sinks.png_files import MAX_REMEMBERED

Build = Callable[..., bytes]

RECORDING = "8b8ed4b5-6d1f-4e3c-9d0a-0c7b6e1f2a33"
TIME = "20260920T054818.360372Z"


def event(message: bytes) -> FrameEvent:
    parsed = parse(message)
    assert isinstance(parsed, FrameEvent)
    return parsed


def receive(messages: Iterable[bytes], sinks: list[Sink], **settings: Any) -> dict[str, Any]:
    """Send messages over one connection; the report after the receiver has stopped."""

    async def main() -> Receiver:
        async with Receiver(sinks=sinks, **settings) as receiver:
            async with connect(receiver.url, compression=None) as link:
                for message in messages:
                    await link.send(message, text=True)
            assert await receiver.drained()
        return receiver

    return asyncio.run(main()).report()


def files(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


class Listing:
    """A sink that keeps a list."""

    name = "listing"

    def __init__(self) -> None:
        self.calls: list[Any] = []
        self.threads: set[str] = set()

    def write(self, arrival: Arrival) -> None:
        self.threads.add(threading.current_thread().name)
        self.calls.append(arrival.frame.timestamp.relative)

    def flush(self) -> None:
        self.calls.append("flush")

    def close(self) -> None:
        self.calls.append("close")


class Failing(Listing):
    def __init__(self, at: str, error: BaseException) -> None:
        super().__init__()
        self.at, self.error = at, error

    def write(self, arrival: Arrival) -> None:
        super().write(arrival)
        self._fail("write")

    def flush(self) -> None:
        self._fail("flush")

    def close(self) -> None:
        super().close()
        self._fail("close")

    def _fail(self, where: str) -> None:
        if where == self.at:
            raise self.error


# Names


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (RECORDING, RECORDING),
        ("../../x", "%2E%2E%2F%2E%2E%2Fx"),
        ("..", "%2E%2E"),
        (".", "%2E"),
        ("", "%"),
        ("/etc/passwd", "%2Fetc%2Fpasswd"),
        ("C:\\x", "C%3A%5Cx"),
        ("a\0b", "a%00b"),
        ("nul", "%6Eul"),
        ("COM1", "%43OM1"),
        ("%", "%25"),
        ("é", "%C3%A9"),
    ],
)
def test_ids_become_one_harmless_name(text: str, name: str) -> None:
    assert path_name(text) == name


@given(st.text(), st.text())
def test_names_are_components_and_tell_texts_apart(one: str, other: str) -> None:
    for text in (one, one * 50):
        name = path_name(text)
        assert 0 < len(name) <= MAX_NAME
        assert Path(name).name == name
        assert not set(name) & set("./\\: \0")
    assert (path_name(one) == path_name(other)) == (one == other)
    assert path_name(f"{'x' * 200}{one}") != path_name(f"{'x' * 200}{one}!")


# PNG files


def test_every_frame_is_a_file_under_its_stream(
    tmp_path: Path, frame_message: Build, png: Callable[..., bytes]
) -> None:
    messages = [
        frame_message(),
        frame_message(participant=200, kind="screenshare", width=64, height=48),
        frame_message(recording="../../x"),
    ]
    report = receive(messages, [PngFiles(tmp_path / "new" / "folder")])
    folder = tmp_path / "new" / "folder"
    assert files(folder) == [
        f"%2E%2E%2F%2E%2E%2Fx/100-webcam/{TIME}-0.png",
        f"{RECORDING}/100-webcam/{TIME}-0.png",
        f"{RECORDING}/200-screenshare/{TIME}-0.png",
    ]
    assert (folder / RECORDING / "200-screenshare" / f"{TIME}-0.png").read_bytes() == png(64, 48)
    assert report["sinks"] == [{"name": "png", "frames": 3, "undecodable": 0, "error": None}]


def test_no_file_is_overwritten_by_a_duplicate_or_after_a_restart(
    tmp_path: Path, frame_message: Build, png: Callable[..., bytes]
) -> None:
    for size in (1, 2):
        receive([frame_message(width=size, height=size)] * 2, [PngFiles(tmp_path)])
    folder = tmp_path / RECORDING / "100-webcam"
    widths = [
        (folder / f"{TIME}-{n}.png").read_bytes() == png(n // 2 + 1, n // 2 + 1) for n in range(4)
    ]
    assert widths == [True] * 4
    assert len(files(tmp_path)) == 4


def test_a_reconnect_and_a_second_start_go_on_in_the_same_folder(
    tmp_path: Path, frame_message: Build
) -> None:
    async def main() -> None:
        receiver = Receiver(sinks=[PngFiles(tmp_path), FrameIndex(tmp_path / "index.db")])
        for _ in range(2):
            async with receiver:
                for _ in range(2):
                    async with connect(receiver.url, compression=None) as link:
                        await link.send(frame_message(), text=True)
                await receiver.drained()

    asyncio.run(main())
    assert len(list((tmp_path / RECORDING).rglob("*.png"))) == 4
    assert len(rows(tmp_path / "index.db")) == 4


def test_a_file_that_appears_meanwhile_is_stepped_over(
    tmp_path: Path, frame_message: Build
) -> None:
    sink = PngFiles(tmp_path)
    sink.write(Arrival(event(frame_message())))
    foreign = tmp_path / RECORDING / "100-webcam" / f"{TIME}-1.png"
    foreign.write_bytes(b"mine")
    arrival = Arrival(event(frame_message()))
    sink.write(arrival)
    assert foreign.read_bytes() == b"mine"
    assert arrival.file == foreign.with_name(f"{TIME}-2.png")


def test_what_png_files_remembers_is_bounded(tmp_path: Path) -> None:
    sink = PngFiles(tmp_path)
    for n in range(MAX_REMEMBERED + 10):
        sink._remember(tmp_path / str(n), 1)
    assert len(sink._next) == MAX_REMEMBERED


def test_a_folder_that_cannot_be_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for make in (PngFiles, Mp4Files):
        with pytest.raises(SinkError, match=r"file/x: Not a directory"):
            make(tmp_path / "file" / "x")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of file sizes")
def test_a_disk_that_takes_no_more_turns_the_sink_off_and_leaves_no_part_of_a_file(
    tmp_path: Path, frame_message: Build
) -> None:
    (tmp_path / "message").write_bytes(frame_message(width=900, height=900))
    code = """
import resource, sys
from pathlib import Path
from recall_receiver import parse
from recall_receiver.sinks import Arrival, PngFiles
folder = Path(sys.argv[1])
frame = parse((folder / "message").read_bytes())
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    PngFiles(folder / "out").write(Arrival(frame))
except OSError as error:
    print(error.strerror)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "File too large\n"
    assert files(tmp_path / "out") == []


# The index


def rows(file: Path, columns: str = "*") -> list[tuple[Any, ...]]:
    database = sqlite3.connect(file)
    try:
        return database.execute(f"select {columns} from frames order by id").fetchall()
    finally:
        database.close()


def test_the_index_has_a_row_for_every_frame(
    tmp_path: Path, frame_message: Build, png: Callable[..., bytes]
) -> None:
    import hashlib

    file = tmp_path / "new" / "index.db"
    receive(
        [frame_message(relative=0.5), frame_message(relative=0.5), b"{"],
        [PngFiles(tmp_path), FrameIndex(file)],
    )
    picture = png()
    row = (
        *(RECORDING, 100, "Ada Lovelace", "webcam", 0.5, "2026-09-20T05:48:18.360372+00:00"),
        *(48, 36, len(picture), hashlib.sha256(picture).hexdigest()),
    )
    folder = tmp_path / RECORDING / "100-webcam"
    assert rows(file) == [
        (1, *row, str(folder / f"{TIME}-0.png")),
        (2, *row, str(folder / f"{TIME}-1.png")),
    ]


def test_the_index_goes_on_after_a_restart_and_alone_names_no_file(
    tmp_path: Path, frame_message: Build
) -> None:
    for n in range(2):
        receive([frame_message(relative=n)], [FrameIndex(tmp_path / "index.db")])
    assert rows(tmp_path / "index.db", "relative, file") == [(0.0, None), (1.0, None)]


def test_what_arrived_can_be_read_while_more_arrives(tmp_path: Path, frame_message: Build) -> None:
    index = FrameIndex(tmp_path / "index.db")
    index.write(Arrival(event(frame_message())))
    assert rows(tmp_path / "index.db") == []
    index.flush()
    assert len(rows(tmp_path / "index.db")) == 1
    index.close()
    index.close()


def test_two_indexes_may_write_the_same_file(tmp_path: Path, frame_message: Build) -> None:
    indexes = [FrameIndex(tmp_path / "index.db") for _ in range(2)]
    for index in indexes * 2:
        index.write(Arrival(event(frame_message())))
        index.flush()
    for index in indexes:
        index.close()
    assert len(rows(tmp_path / "index.db")) == 4


@pytest.mark.parametrize("what", ["text", "other", "newer", "folder"])
def test_an_index_that_is_something_else_is_left_alone(tmp_path: Path, what: str) -> None:
    file = tmp_path / "index.db"
    if what == "folder":
        file.mkdir()
    elif what == "text":
        file.write_text("not a database " * 100)
    else:
        database = sqlite3.connect(file)
        database.execute("create table mine (x)")
        if what == "newer":
            database.execute("pragma user_version = 2")
        database.commit()
        database.close()
    before = file.read_bytes() if what != "folder" else b""
    with pytest.raises(SinkError, match="cannot keep an index in"):
        FrameIndex(file)
    assert what == "folder" or file.read_bytes() == before


def test_a_full_disk_turns_the_index_off_and_reception_goes_on(
    tmp_path: Path, frame_message: Build, caplog: pytest.LogCaptureFixture
) -> None:
    class Small(FrameIndex):
        def _open(self) -> sqlite3.Connection:
            database = super()._open()
            database.execute("pragma max_page_count = 1")  # the same error as of a full disk
            return database

    index = Small(tmp_path / "index.db")
    messages = [frame_message(relative=n, recording="r" * 3000) for n in range(20)]
    report = receive(messages, [PngFiles(tmp_path / "png"), index])
    png, listed = report["sinks"]
    assert report["frames"] == png["frames"] == 20
    assert png["error"] is None
    assert listed["error"] == "OperationalError: database or disk is full"
    assert listed["frames"] < 20
    assert [r.levelname for r in caplog.records if "is off" in r.message] == ["ERROR"]


# Delivery


def test_sinks_run_in_one_thread_of_their_own_beside_the_callback(frame_message: Build) -> None:
    sinks: list[Sink] = [Listing(), Listing()]
    got: list[float] = []
    receive(
        [frame_message(relative=n) for n in range(50)],
        sinks,
        on_frame=lambda frame: got.append(frame.timestamp.relative),
    )
    assert got == list(range(50))
    for sink in sinks:
        assert isinstance(sink, Listing)
        assert [call for call in sink.calls if isinstance(call, float)] == got
        assert sink.calls[-2:] == ["flush", "close"]
        assert len(sink.threads) == 1
        assert sink.threads.isdisjoint({threading.main_thread().name})


class NoException(BaseException):
    """As a failed test raises, and Rust's panics."""


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(28, "No space left on device"), "OSError: [Errno 28] No space left on device"),
        (NoException("mine"), "NoException: mine"),
    ],
)
@pytest.mark.parametrize("at", ["write", "flush", "close"])
def test_a_sink_that_raises_is_off_and_the_others_go_on(
    frame_message: Build,
    caplog: pytest.LogCaptureFixture,
    at: str,
    error: BaseException,
    told: str,
) -> None:
    caplog.set_level(logging.WARNING)
    failing, other = Failing(at, error), Listing()
    report = receive([frame_message(relative=n) for n in range(20)], [failing, other])
    assert report["frames"] == report["sinks"][1]["frames"] == 20
    assert report["sinks"][0]["error"] == told
    assert [r.message for r in caplog.records] == [f"the sink listing is off from here on: {told}"]
    writes = [call for call in failing.calls if call != "close"]
    assert len(writes) == 1 if at == "write" else len(writes) > 0
    assert failing.calls[-1] == "close"


def test_a_picture_that_does_not_decode_is_only_skipped(frame_message: Build) -> None:
    failing = Failing("write", PictureError("corrupt-png", "damaged"))
    report = receive([frame_message(relative=n) for n in range(3)], [failing])
    assert report["sinks"] == [{"name": "listing", "frames": 0, "undecodable": 3, "error": None}]


def test_a_slow_sink_pushes_back(frame_message: Build) -> None:
    release = threading.Event()

    class Slow(Listing):
        def write(self, arrival: Arrival) -> None:
            release.wait()
            super().write(arrival)

    slow = Slow()

    async def main() -> None:
        async with Receiver(sinks=[slow], queue_frames=2) as receiver:
            async with connect(receiver.url, compression=None) as link:

                async def send() -> None:
                    for n in range(40):
                        await link.send(frame_message(relative=n), text=True)

                sending = asyncio.create_task(send())
                while receiver.reception.frames < 3:
                    await asyncio.get_running_loop().run_in_executor(None, lambda: None)
                assert (await receiver.board.snapshot()).queued == 2
                assert receiver.reception.frames == 3
                release.set()
                await sending
            assert await receiver.drained()

    asyncio.run(main())
    assert [call for call in slow.calls if isinstance(call, float)] == list(range(40))


def test_stopping_leaves_a_sink_that_never_returns_to_itself(
    frame_message: Build, caplog: pytest.LogCaptureFixture
) -> None:
    release = threading.Event()

    class Stuck(Listing):
        def close(self) -> None:
            release.wait()

    async def main() -> None:
        delivery = Delivery(None, [Stuck()])
        await delivery.handle([event(frame_message())])
        await delivery.close(grace=0)
        release.set()

    asyncio.run(main())
    assert "still busy" in caplog.text

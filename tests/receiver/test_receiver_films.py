"""Films: every stream one, through gaps, switches of dimensions, legs, restarts and a kill."""

from __future__ import annotations

import asyncio
import importlib.util
import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from websockets.asyncio.client import connect

from recall_receiver import FrameEvent, PictureError, Receiver, parse
from recall_receiver.__main__ import main as receiver_main
from recall_receiver.errors import SinkError
from recall_receiver.sinks import Arrival, Mp4Files
from recall_receiver.sinks.film import MAX_CANVAS, MAX_COPIES, MAX_HOLD, canvas_size, times

Build = Callable[..., bytes]

RECORDING = "8b8ed4b5-6d1f-4e3c-9d0a-0c7b6e1f2a33"


class Shown(NamedTuple):
    """A film, read back: seconds and pixels of every picture."""

    times: list[float]
    pictures: list[Any]
    title: str
    duration: float


def watch(file: Path, *, cut_short: bool = False) -> Shown:
    import av

    stamps: list[float] = []
    pictures: list[Any] = []
    with av.open(str(file)) as film:
        try:
            for picture in film.decode(video=0):
                assert picture.pts is not None
                assert picture.time_base is not None
                stamps.append(float(picture.pts * picture.time_base))
                pictures.append(picture.to_ndarray(format="rgb24"))
        except av.error.InvalidDataError:
            assert cut_short
        title, duration = film.metadata.get("title", ""), (film.duration or 0) / av.time_base
    return Shown(stamps, pictures, title, duration)


def plain(width: int, height: int, colour: tuple[int, int, int]) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(file, "PNG")
    return file.getvalue()


RED, BLUE, BLACK = (200, 30, 30), (30, 30, 200), (0, 0, 0)


@pytest.fixture
def frame_of(frame_message: Build) -> Callable[..., FrameEvent]:
    """A frame of a relative time and a colour."""

    def build(
        relative: float,
        colour: tuple[int, int, int] = RED,
        size: tuple[int, int] = (64, 48),
        **more: Any,
    ) -> FrameEvent:
        event = parse(frame_message(relative=relative, picture=plain(*size, colour), **more))
        assert isinstance(event, FrameEvent)
        return event

    return build


Frame = Callable[..., FrameEvent]


def near(pixel: Any, colour: tuple[int, int, int]) -> bool:
    return bool(np.abs(np.asarray(pixel, int) - colour).max() < 16)


def make(folder: Path, *frames: FrameEvent) -> list[Path]:
    sink = Mp4Files(folder)
    for frame in frames:
        sink.write(Arrival(frame))
        sink.flush()
    sink.close()
    return sorted(folder.rglob("*.mp4"))


# When what is shown


def test_a_steady_stream_is_shown_as_it_came() -> None:
    assert times(10.0, 10.49) == ([], 10.49)
    assert times(10.0, 11.0) == ([], 11.0)
    assert times(3.330009, 4.330009) == ([], 4.330009)


def test_a_gap_is_filled_with_the_last_picture() -> None:
    assert times(10.0, 12.0) == ([10.5, 11.0, 11.5], 12.0)
    copies, at = times(0.0, 1.2)
    assert copies == pytest.approx([0.4, 0.8])
    assert at == 1.2


@pytest.mark.parametrize("new", [10.0, 9.5, -50.0, 10.000001])
def test_what_is_not_new_is_left_out(new: float) -> None:
    assert times(10.0, new) == ([], None)


@pytest.mark.parametrize("new", [10 + MAX_HOLD + 1, -51.0, 1e300, -1e300])
def test_a_clock_that_was_set_does_not_stop_the_film(new: float) -> None:
    assert times(10.0, new) == ([], 10.5)


@given(st.floats(0, 1e6), st.floats(-1e9, 1e9))
def test_times_rise_and_are_bounded(last: float, new: float) -> None:
    copies, at = times(last, new)
    assert len(copies) <= MAX_COPIES
    shown = [last, *copies, *([] if at is None else [at])]
    assert shown == sorted(set(shown))
    if at is not None:
        steps = np.diff(shown)
        assert at == last + 0.5 or steps.max() <= 1.0 + 1e-5 or len(copies) == MAX_COPIES


@given(st.integers(1, 30_000), st.integers(1, 30_000))
def test_films_have_an_even_size_that_players_take(width: int, height: int) -> None:
    across, down = canvas_size(width, height)
    assert across % 2 == down % 2 == 0
    assert 16 <= across <= 4096
    assert 16 <= down <= 4096
    assert across * down <= MAX_CANVAS * 1.01
    if 16 <= width <= 3000 and 16 <= height <= 3000:
        assert (across - width, down - height) in {(0, 0), (0, 1), (1, 0), (1, 1)}


# Films


def test_a_film_goes_on_by_a_clock_that_was_set(tmp_path: Path, frame_of: Frame) -> None:
    ahead = 2 * MAX_HOLD
    relatives = [0.0, 0.5, ahead, ahead + 0.25, ahead, ahead + 1.0, 3.0, 3.75]
    (file,) = make(tmp_path, *(frame_of(relative, RED) for relative in relatives))
    assert watch(file).times == pytest.approx([0.0, 0.5, 1.0, 1.25, 2.0, 2.5, 3.25])


def test_a_film_has_every_picture_at_its_time(tmp_path: Path, frame_of: Frame) -> None:
    (file,) = make(tmp_path, *(frame_of(76.8 + n / 2, RED if n % 2 else BLUE) for n in range(50)))
    assert file == tmp_path / RECORDING / "100-webcam.mp4"
    shown = watch(file)
    assert shown.times == pytest.approx([n / 2 for n in range(50)], abs=1e-4)
    assert all(
        near(picture[24, 32], RED if n % 2 else BLUE) for n, picture in enumerate(shown.pictures)
    )
    assert shown.title == "Ada Lovelace, webcam"
    assert shown.duration == pytest.approx(25, abs=0.6)


def test_a_gap_holds_the_last_picture_and_a_second_leg_goes_on(
    tmp_path: Path, frame_message: Build
) -> None:
    async def main() -> None:
        async with Receiver(sinks=[Mp4Files(tmp_path)]) as receiver:
            for leg in (0.0, 3.0):
                async with connect(receiver.url, compression=None) as link:
                    for n in range(2):
                        picture = plain(64, 48, BLUE if leg else RED)
                        message = frame_message(relative=leg + n / 2, picture=picture)
                        await link.send(message, text=True)
                await receiver.drained()

    asyncio.run(main())
    (file,) = tmp_path.rglob("*.mp4")
    shown = watch(file)
    assert shown.times == pytest.approx([0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5], abs=1e-3)
    colours = [near(picture[24, 32], BLUE) for picture in shown.pictures]
    assert colours == [False] * 6 + [True] * 2


def test_another_size_is_fitted_between_black_bars(tmp_path: Path, frame_of: Frame) -> None:
    (file,) = make(
        tmp_path,
        frame_of(0, RED, (64, 48)),
        frame_of(0.5, RED, (128, 48)),
        frame_of(1, RED, (30, 60)),
        frame_of(1.5, BLUE, (64, 48)),
    )
    first, wide, tall, last = watch(file).pictures
    assert first.shape == last.shape == (48, 64, 3)
    assert near(first[2, 2], RED)
    assert near(wide[24, 2], RED)
    assert near(wide[4, 32], BLACK)
    assert near(wide[44, 32], BLACK)
    assert near(tall[2, 32], RED)
    assert near(tall[24, 4], BLACK)
    assert near(tall[24, 60], BLACK)
    assert near(last[2, 2], BLUE)


@pytest.mark.parametrize("size", [(1, 1), (15, 33), (481, 361)])
def test_odd_and_tiny_pictures_make_films(
    tmp_path: Path, frame_of: Frame, size: tuple[int, int]
) -> None:
    (file,) = make(tmp_path, frame_of(0, RED, size), frame_of(0.5, RED, size))
    shown = watch(file)
    assert len(shown.pictures) == 2
    assert near(shown.pictures[0][shown.pictures[0].shape[0] // 2, 8], RED)


def test_duplicates_and_late_frames_are_left_out(tmp_path: Path, frame_of: Frame) -> None:
    (file,) = make(tmp_path, *(frame_of(at) for at in (5.0, 5.5, 5.5, 5.2, 6.0)))
    assert watch(file).times == pytest.approx([0, 0.5, 1])


def test_streams_have_films_of_their_own(tmp_path: Path, frame_of: Frame) -> None:
    made = make(
        tmp_path,
        frame_of(0),
        frame_of(0, kind="screenshare"),
        frame_of(0, participant=200),
        frame_of(0, recording="../../x"),
    )
    assert [str(file.relative_to(tmp_path)) for file in made] == [
        "%2E%2E%2F%2E%2E%2Fx/100-webcam.mp4",
        f"{RECORDING}/100-screenshare.mp4",
        f"{RECORDING}/100-webcam.mp4",
        f"{RECORDING}/200-webcam.mp4",
    ]


def test_a_restart_overwrites_nothing(tmp_path: Path, frame_of: Frame) -> None:
    for n in range(3):
        make(tmp_path, *(frame_of(at / 2) for at in range(n + 1)))
    folder = tmp_path / RECORDING
    names = ["100-webcam.mp4", "100-webcam-1.mp4", "100-webcam-2.mp4"]
    assert [len(watch(folder / name).times) for name in names] == [1, 2, 3]


def test_films_at_once_are_bounded_and_none_is_lost(
    tmp_path: Path, frame_of: Frame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recall_receiver.sinks.mp4.MAX_FILMS", 2)
    frames = [frame_of(n / 2, participant=p) for n, p in enumerate([1, 2, 1, 3, 1, 2])]
    made = make(tmp_path, *frames)
    assert [file.name for file in made] == [
        "1-webcam.mp4",  # never the one that has waited longest
        "2-webcam-1.mp4",
        "2-webcam.mp4",
        "3-webcam.mp4",
    ]
    assert [len(watch(file).times) for file in made] == [3, 1, 1, 1]


def test_a_picture_that_does_not_decode_is_the_senders_fault(
    tmp_path: Path, frame_message: Build, raw_png: Callable[..., bytes], frame_of: Frame
) -> None:
    damaged = parse(frame_message(picture=raw_png(64, 48, b"\0")))
    assert isinstance(damaged, FrameEvent)
    sink = Mp4Files(tmp_path)
    with pytest.raises(PictureError):
        sink.write(Arrival(damaged))
    sink.write(Arrival(frame_of(0)))
    sink.close()
    assert len(list(tmp_path.rglob("*.mp4"))) == 1


@pytest.mark.slow
def test_a_film_whose_process_was_killed_plays(tmp_path: Path, frame_message: Build) -> None:
    (tmp_path / "message").write_bytes(frame_message(width=320, height=240))
    code = """
import dataclasses, os, signal, sys
from pathlib import Path
from recall_receiver import Timestamp, parse
from recall_receiver.sinks import Arrival, Mp4Files
folder = Path(sys.argv[1])
frame = parse((folder / "message").read_bytes())
sink = Mp4Files(folder)
for n in range(40):
    stamp = Timestamp(n / 2, frame.timestamp.absolute)
    sink.write(Arrival(dataclasses.replace(frame, timestamp=stamp)))
    sink.flush()
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert done.returncode == -9
    (file,) = tmp_path.rglob("*.mp4")
    assert len(watch(file, cut_short=True).times) >= 40 - 5


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of file sizes")
def test_a_disk_that_takes_no_more_is_one_error(tmp_path: Path, frame_message: Build) -> None:
    (tmp_path / "message").write_bytes(frame_message(width=320, height=240))
    code = """
import asyncio, dataclasses, resource, sys
from pathlib import Path
from recall_receiver import Timestamp, parse
from recall_receiver.sinks import Delivery, Mp4Files
folder = Path(sys.argv[1])
frame = parse((folder / "message").read_bytes())
async def main():
    delivery = Delivery(None, [Mp4Files(folder)])
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
    for n in range(40):
        stamp = Timestamp(n / 2, frame.timestamp.absolute)
        await delivery.handle([dataclasses.replace(frame, timestamp=stamp)])
    await delivery.close(5)
    print(delivery.report()[0]["error"])
asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert "File too large" in done.stdout
    assert done.stderr.count("\n") == 1
    assert "the sink mp4 is off" in done.stderr


def test_without_pyav_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(SinkError, match=r"pip install av"):
        Mp4Files(tmp_path)
    assert receiver_main(["--port", "0", "--mp4", str(tmp_path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "recall_receiver: films need PyAV, which is not there: " + ("pip install av\n")

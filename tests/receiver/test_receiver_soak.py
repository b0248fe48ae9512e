"""An hour of a meeting as fast as it is taken: memory stays where it was."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image
from websockets.sync.client import connect

Build = Callable[..., bytes]

PEOPLE = 16
SECONDS = 3600
LEG = 60  # seconds of the meeting for which a connection holds


def pictures() -> list[bytes]:
    """Eight pictures that compress as badly as photographs do."""
    found = []
    for seed in range(8):
        noise = np.random.default_rng(seed).normal(128, 24, (360, 480, 3)).clip(0, 255)
        file = io.BytesIO()
        Image.fromarray(noise.astype(np.uint8) & 0xF0).save(file, "PNG", compress_level=1)
        found.append(file.getvalue())
    return found


def templates(frame_message: Build) -> list[tuple[bytes, bytes, bytes]]:
    """Messages cut where the time and the participant go."""
    cut = []
    for png in pictures():
        message = frame_message(picture=png, relative=111.25, participant=987_654)
        head, rest = message.split(b"111.25")
        middle, tail = rest.split(b"987654")
        cut.append((head, middle, tail))
    return cut


def soak(frame_message: Build, seconds: int, leg: int) -> tuple[dict[str, Any], list[int]]:
    """Play a meeting; the receiver's last report, and its memory after each connection, bytes."""
    line = [sys.executable, "-m", "recall_receiver", "--port", "0", "--decoder", "auto"]
    cut = templates(frame_message)
    held: list[int] = []
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[-1]
            usage = psutil.Process(process.pid)
            for start in range(0, seconds, leg):
                with connect(url, compression=None, ping_interval=None) as link:
                    for half in range(2 * start, 2 * (start + leg)):
                        for person in range(PEOPLE):
                            head, middle, tail = cut[(half + person) % len(cut)]
                            parts = (head, b"%.1f" % (half / 2), middle, b"%d" % person, tail)
                            link.send(b"".join(parts), text=True)
                held.append(usage.memory_info().rss)
            with urllib.request.urlopen(url.replace("ws:", "http:") + "report.json") as answer:
                return json.load(answer), held
        finally:
            process.terminate()
            process.communicate()


def check(report: dict[str, Any], seconds: int, leg: int) -> None:
    assert report["drained"]
    assert report["frames"] == 2 * PEOPLE * seconds
    assert (report["refused"], report["undecodable"], report["dropped"]) == ({}, 0, 0)
    assert len(report["streams"]) == PEOPLE
    for stream in report["streams"]:
        assert (stream["gaps"], stream["duplicates"], stream["legs"]) == (0, 0, seconds // leg)


@pytest.mark.soak
def test_an_hour_with_sixteen_people_takes_no_more_memory_at_its_end(frame_message: Build) -> None:
    report, held = soak(frame_message, SECONDS, LEG)
    check(report, SECONDS, LEG)
    early, late = held[: len(held) // 4], held[-len(held) // 4 :]
    print(f"\nafter a quarter {max(early) / 1e6:.0f} MB, at the end {max(late) / 1e6:.0f} MB")
    assert max(late) < 1.1 * max(early)


@pytest.mark.slow
def test_a_few_seconds_of_the_same(frame_message: Build) -> None:
    report, held = soak(frame_message, 6, 2)
    check(report, 6, 2)
    assert len(held) == 3

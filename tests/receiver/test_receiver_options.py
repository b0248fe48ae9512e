"""What the commands are told about sinks, page and access."""

from __future__ import annotations

import json
import runpy
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

from recall_receiver import Receiver, parse
from recall_receiver.__main__ import main
from recall_receiver.service import ReceiverOptions, file_sinks, page_address
from recall_receiver.sinks import Arrival

Build = Callable[..., bytes]
ROOT = Path(__file__).parents[2]


def test_by_default_nothing_is_written() -> None:
    assert file_sinks(ReceiverOptions()) == []


def test_the_index_comes_last_and_so_knows_the_files(tmp_path: Path) -> None:
    options = ReceiverOptions(index=tmp_path / "i.db", mp4=tmp_path / "f", save=tmp_path / "p")
    sinks = file_sinks(options)
    assert [sink.name for sink in sinks] == ["png", "mp4", "index"]
    for sink in sinks:
        sink.close()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--expose-page"], "exposing the page needs a token"),
        (["--refuse-replays"], "refusing replays needs a secret"),
        (["--path", "/live"], "/live is the page's own path"),
        (["--save", "FILE/x"], "cannot save pictures in"),
        (["--mp4", "FILE/x"], "cannot make films in"),
        (["--index", "FILE/x"], "cannot keep an index in"),
        (["--index", "FILE"], "cannot keep an index in"),
    ],
)
def test_what_cannot_be_is_said_so_in_one_line(
    arguments: list[str], why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.write_text("something else")
    given = [argument.replace("FILE", str(file)) for argument in arguments]
    assert main(["--port", "0", *given]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert why in err
    assert err.count("\n") == 1
    assert file.read_text() == "something else"


def test_the_page_is_where_senders_connect() -> None:
    assert page_address("ws://127.0.0.1:8765/in") == "http://127.0.0.1:8765/"
    assert page_address("wss://[::1]:8765/") == "https://[::1]:8765/"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to catch")
@pytest.mark.parametrize(
    "command", [["-m", "recall_receiver"], ["-m", "recall_simulator", "receive"]]
)
def test_the_commands_write_what_they_are_told(
    command: list[str], tmp_path: Path, frame_message: Build
) -> None:
    arguments = ["--port", "0", "--save", "png", "--mp4", "mp4", "--index", "index.db"]
    arguments += ["--token", "t", "--expose-page"]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, *command, *arguments], stdout=pipe, stderr=pipe, text=True, cwd=tmp_path
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        with connect(f"{url}?token=t", compression=None) as link:
            link.send(frame_message(), text=True)
        address = url.replace("ws://", "http://")
        with urllib.request.urlopen(f"{address}report.json?token=t") as answer:
            sinks = json.load(answer)["sinks"]
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(f"{address}metrics")
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate()
    assert [(sink["name"], sink["frames"], sink["error"]) for sink in sinks] == [
        *(("png", 1, None), ("mp4", 1, None), ("index", 1, None)),
    ]
    assert (process.returncode, err) == (0, "")
    assert out == "1 frames in 1 streams, 0 refused\n"
    written = sorted(path.suffix for path in tmp_path.rglob("*") if path.is_file())
    assert written == [".db", ".mp4", ".png"]


def test_the_docs_sink_is_the_example_and_runs(
    frame_message: Build, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    example = ROOT / "examples" / "own_sink.py"
    assert example.read_text("utf-8") in (ROOT / "docs" / "receiver.md").read_text("utf-8")
    ports: list[int] = []
    monkeypatch.setattr(Receiver, "run", lambda _, port: ports.append(port))
    names: dict[str, Any] = runpy.run_path(str(example))
    frame: Any = parse(frame_message())
    names["Sizes"]().write(Arrival(frame))
    assert ports == [8765]
    assert capsys.readouterr().out.endswith(f" {len(frame.png)} None\n")


def test_the_docs_name_every_metric_and_every_column(tmp_path: Path) -> None:
    from recall_receiver.live import Snapshot
    from recall_receiver.metrics import exposition
    from recall_receiver.sinks.index import _TABLE

    page = (ROOT / "docs" / "receiver.md").read_text("utf-8")
    text = exposition(Snapshot(at=0, started=0, refused={"x": 1}, dropped={"x": 1})).decode()
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            name = line.split()[2]
            assert f"`{name}" in page or f"`{name.removeprefix('recall_receiver')}" in page
    for line in _TABLE.splitlines()[3:-1]:
        assert f"`{line.split()[0]}`" in page

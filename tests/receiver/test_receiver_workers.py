"""Several processes on one port: one account, whichever of them a connection comes to."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import msgspec
import psutil
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from recall_receiver import ListenError, ReceiverOptions, serve
from recall_receiver.__main__ import main
from recall_receiver.events import OtherEvent
from recall_receiver.foreman import Foreman, _added_up
from recall_receiver.live.snapshot import Distribution
from recall_receiver.memory import FILES
from recall_receiver.parsing import parse
from recall_receiver.records import Seen, State, record_of

Build = Callable[..., bytes]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="SO_REUSEPORT spreads on Linux only"),
]


@contextmanager
def receiver(*arguments: str, workers: int = 3) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A receiver with workers, and its URL."""
    command = [sys.executable, "-m", "recall_receiver", "--port", "0", "--workers", str(workers)]
    pipe = subprocess.PIPE
    with subprocess.Popen([*command, *arguments], stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("listening on ws://127.0.0.1:")
            yield process, line.split()[-1]
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(20)
        finally:
            process.kill()


def dial(url: str, **more: Any) -> ClientConnection:
    link: ClientConnection = connect(url, compression=None, max_size=None, **more)
    return link


def get(url: str, path: str) -> bytes:
    body: bytes = urllib.request.urlopen(url.replace("ws:", "http:", 1) + path, timeout=20).read()
    return body


def report_of(url: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(get(url, "report.json"))
    return report


def children(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """The workers, not the process that looks after shared resources."""
    every = psutil.Process(process.pid).children()
    return [each for each in every if "spawn_main" in " ".join(each.cmdline())]


def own_links(worker: psutil.Process) -> int:
    connections = worker.net_connections("tcp")
    return sum(each.status == psutil.CONN_ESTABLISHED for each in connections)


def test_one_stream_over_many_workers_is_one_stream(frame_message: Build) -> None:
    with receiver() as (process, url):
        for leg in range(12):
            with dial(url) as link:
                for n in range(3):
                    link.send(frame_message(relative=leg * 3 + n / 2), text=True)
                link.send(frame_message(relative=leg * 3 + 0.5), text=True)
                link.send("nonsense")
                link.send('{"event":"transcript.data","data":{}}')
            report_of(url)  # a sender dials again after seconds, not while the last is being told
        for _ in range(8):  # whichever worker is asked
            report = report_of(url)
            assert report["drained"]
            assert report["frames"] == 48
            assert report["refused"] == {"bad-json": 12}
            assert report["events"] == {"transcript.data": 12}
            assert report["connections"] == {"now": 0, "ever": 12}
            assert report["workers"] == {"now": 3, "ever": 3}
            (stream,) = report["streams"]
            assert (stream["legs"], stream["gaps"], stream["duplicates"]) == (12, 11, 12)
            assert (stream["out_of_order"], stream["connected"]) == (0, False)
        assert report["bytes"] > 48 * len(frame_message())
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=20)
        assert process.returncode == 0
        assert out == "48 frames in 1 streams, 12 refused (bad-json 12)\n"
        assert "Traceback" not in err


def test_a_second_ctrl_c_ends_it_with_its_account_and_no_traceback(frame_message: Build) -> None:
    with receiver() as (process, url):
        workers = children(process)
        with dial(url) as link:
            link.send(frame_message(), text=True)
            link.ping().wait(20)
            assert report_of(url)["frames"] == 1
            process.send_signal(signal.SIGINT)
            with pytest.raises(ConnectionClosed):
                link.recv()
            process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        assert out == "1 frames in 1 streams, 0 refused\n"
        assert "Traceback" not in err
        psutil.wait_procs(workers, timeout=20)
        assert not any(worker.is_running() for worker in workers)


def test_the_late_close_of_an_old_link_elsewhere_changes_nothing(frame_message: Build) -> None:
    with receiver() as (_, url), ExitStack() as stack:
        links = []
        for _ in range(6):
            links.append(stack.enter_context(dial(url)))
            report_of(url)  # two that are made at the same moment have no order
        for n, link in enumerate(links):
            link.send(frame_message(relative=n / 2), text=True)
            link.ping().wait(20)
            report_of(url)
        for link in links[:-1]:
            link.close()
        report = report_of(url)
        (stream,) = report["streams"]
        assert (stream["legs"], stream["frames"], stream["connected"]) == (6, 6, True)
        assert report["connections"] == {"now": 1, "ever": 6}


def test_page_metrics_and_live_come_from_the_same_account(frame_message: Build) -> None:
    with receiver("--decoder", "pillow") as (_, url):
        with dial(url) as link:
            link.send(frame_message(), text=True)
            report_of(url)
            for _ in range(6):
                assert b"<html" in get(url, "")
                metrics = get(url, "metrics").decode()
                assert "recall_receiver_frames_total 1.0" in metrics
                assert "recall_receiver_decode_seconds_count 1.0" in metrics
                origin = url.replace("ws:", "http:").rstrip("/")
                with dial(url + "live", origin=origin) as live:
                    assert b"Ada" in live.recv(timeout=20, decode=False)
                    assert b"JFIF" in live.recv(timeout=20, decode=False)
        report_of(url)
        with dial(url + "live", origin=origin) as live:
            assert b"Closed with 1000" in live.recv(timeout=20, decode=False)
        for _ in range(4):
            with pytest.raises(urllib.error.HTTPError, match="426"):
                get(url, "nothing")


def test_a_request_that_is_too_long_to_hand_over_is_answered_so() -> None:
    with receiver() as (_, url):
        for length, status in ((5000, 200), (6000, 431)):
            headers = {f"X-Long-{n}": "y" * length for n in range(3)}
            address = url.replace("ws:", "http:", 1) + "report.json"
            request = urllib.request.Request(address, headers=headers)
            try:
                with urllib.request.urlopen(request, timeout=20) as answer:
                    assert answer.status == status
            except urllib.error.HTTPError as error:
                assert error.code == status  # noqa: PT017


@pytest.mark.parametrize(
    ("answers", "drained"),
    [([True, True], True), ([True, False], False), ([False, True], False), ([True, None], False)],
)
def test_all_is_handled_when_every_worker_says_so(
    monkeypatch: pytest.MonkeyPatch, *, answers: list[bool | None], drained: bool
) -> None:
    """None is a worker that did not answer in time."""

    async def ask(drain: float | None) -> list[State | None]:
        assert drain == 1.5
        return [None if each is None else state(drained=each) for each in answers]

    foreman = Foreman(ReceiverOptions(workers=2))
    monkeypatch.setattr(foreman, "_ask_all", ask)
    assert asyncio.run(foreman.drained(1.5)) is drained


def test_what_waited_in_a_worker_that_died_waits_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask(_: float | None) -> list[State | None]:
        return []

    foreman = Foreman(ReceiverOptions(workers=2))
    monkeypatch.setattr(foreman, "_ask_all", ask)
    decoding = foreman.receiver.board.now().decoding
    for alive, queued in ((True, 3), (False, 40)):
        answered = msgspec.structs.replace(state(drained=True), queued=queued, decoding=decoding)
        foreman._workers.append(Mock(alive=alive, state=answered))
    assert asyncio.run(foreman.snapshot()).queued == 3


def state(*, drained: bool) -> State:
    return State(
        ask=1,
        drained=drained,
        queued=0,
        callback_errors=0,
        undecodable=0,
        sinks=[],
        decoding=Distribution.within(()),
    )


def test_who_has_a_streams_picture_is_forgotten_with_the_stream(
    monkeypatch: pytest.MonkeyPatch, frame_message: Build
) -> None:
    monkeypatch.setattr("recall_receiver.foreman.MAX_KEPT", 2)
    foreman, worker = Foreman(ReceiverOptions(workers=2)), Mock()
    reception = foreman.receiver.reception
    link = reception.attach()
    for who in range(5):
        seen = record_of(1, reception.message(link, frame_message(participant=who)), 9, 0.0)
        assert isinstance(seen, Seen)
        if who < 2:
            reception.streams.clear()
        foreman._note(worker, seen)
    assert [key.participant for key in foreman._last] == [2, 3, 4]


def test_workers_check_who_connects_and_the_account_says_so() -> None:
    with receiver("--token", "t") as (_, url):
        for _ in range(5):
            with pytest.raises(InvalidStatus, match="401"), dial(url):
                pass
        with dial(url + "?token=t"):
            pass
        report = report_of(url)
        assert report["refused"] == {"bad-token": 5}
        assert report["connections"]["ever"] == 1


def test_sinks_and_decoders_work_in_every_worker(frame_message: Build, tmp_path: Path) -> None:
    arguments = ["--save", str(tmp_path / "pictures"), "--index", str(tmp_path / "index.db")]
    with receiver("--decoder", "auto", *arguments) as (_, url):
        for n in range(8):
            with dial(url) as link:
                link.send(frame_message(relative=n / 2), text=True)
        report = report_of(url)
        assert report["frames"] == 8
        assert [sink["frames"] for sink in report["sinks"]] == [8, 8]
        assert not any(sink["error"] for sink in report["sinks"])
    assert len(list((tmp_path / "pictures").rglob("*.png"))) == 8


def test_a_worker_that_dies_is_told_and_the_others_go_on(frame_message: Build) -> None:
    with receiver(workers=2) as (process, url), ExitStack() as stack:
        links = [stack.enter_context(dial(url)) for _ in range(12)]
        for n, link in enumerate(links):
            link.send(frame_message(participant=n), text=True)
        assert report_of(url)["frames"] == 12
        victim = max(children(process), key=own_links)
        lost = own_links(victim)
        assert lost
        victim.kill()
        while victim.is_running() and victim.status() != psutil.STATUS_ZOMBIE:
            pass
        while (report := report_of(url))["workers"]["now"] == 2:
            pass
        assert report["workers"] == {"now": 1, "ever": 2}
        assert report["frames"] == 12
        assert report["connections"] == {"now": 12 - lost, "ever": 12}
        with dial(url) as link:
            link.send(frame_message(participant=99), text=True)
        assert report_of(url)["frames"] == 13
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=20)
        assert process.returncode == 0
        assert "died, its connections with it; 1 go on" in err


def test_when_every_worker_has_died_it_ends_with_an_error() -> None:
    with receiver(workers=2) as (process, _):
        for worker in children(process):
            worker.kill()
        _, err = process.communicate(timeout=20)
        assert process.returncode == 1
        assert "every worker died" in err
        assert "Traceback" not in err


def test_workers_end_when_their_foreman_is_killed() -> None:
    with receiver(workers=2) as (process, _):
        workers = children(process)
        assert len(workers) == 2
        process.kill()
        gone, alive = psutil.wait_procs(workers, timeout=20)
        assert (len(gone), alive) == (2, [])


def test_a_signal_to_the_whole_group_closes_with_1001() -> None:
    with receiver(workers=2) as (process, url):
        with dial(url) as link:
            for each in (*children(process), psutil.Process(process.pid)):
                os.kill(each.pid, signal.SIGINT)
            with pytest.raises(ConnectionClosed) as closed:
                link.recv(timeout=20)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1001
        process.communicate(timeout=20)
        assert process.returncode == 0


def test_a_port_that_workers_share_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    with receiver(workers=2) as (_, url):
        port = url.split(":")[-1].strip("/")
        assert main(["--port", port, "--workers", "2"]) == 2
        assert "the port is taken" in capsys.readouterr().err
        with pytest.raises(ListenError, match="taken"):
            serve(ReceiverOptions(port=int(port)))


@pytest.mark.parametrize(
    "arguments", [["--mp4", "films"], ["--refuse-replays", "--secret", "whsec_QUJD"]]
)
def test_what_needs_one_worker_says_so(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--port", "0", "--workers", "2", *arguments]) == 2
    assert f"{arguments[0]} needs one worker, not 2" in capsys.readouterr().err


def test_bad_settings_are_said_once(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for arguments in (["--secret", "x"], ["--save", str(tmp_path / "file" / "in")]):
        assert main(["--port", "0", "--workers", "2", *arguments]) == 2
        assert capsys.readouterr().err.count("\n") == 1
    with pytest.raises(ValueError, match="at least 1"):
        ReceiverOptions(workers=0)


def test_workers_may_have_as_many_open_files_as_one_process() -> None:
    shell = 'ulimit -Sn 512; exec "$@"'
    command = ["sh", "-c", shell, "sh", sys.executable, "-m", "recall_receiver", "--port", "0"]
    with subprocess.Popen(
        [*command, "--workers", "2"], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("listening")
            limits = [worker.rlimit(psutil.RLIMIT_NOFILE) for worker in children(process)]
        finally:
            process.send_signal(signal.SIGTERM)
    assert len(limits) == 2
    assert all(soft == min(hard, FILES) > 512 for soft, hard in limits)


def test_what_is_told_of_a_frame_comes_back(frame_message: Build) -> None:
    frame = parse(frame_message())
    assert not isinstance(frame, OtherEvent)
    told = record_of(3, frame, 7, 1.5)
    assert isinstance(told, Seen)
    again = told.event()
    assert (told.link, told.size, told.arrived) == (3, 7, 1.5)
    assert (again.stream, again.timestamp) == (frame.stream, frame.timestamp)
    assert again.participant.name == frame.participant.name
    assert (again.width, again.height, again.png) == (48, 36, b"")


def test_sinks_of_several_workers_are_added_up() -> None:
    one = {"name": "files", "frames": 2, "undecodable": 0, "error": None}
    two = {"name": "files", "frames": 3, "undecodable": 1, "error": "full"}
    assert _added_up([one, two]) == [
        {"name": "files", "frames": 5, "undecodable": 1, "error": "full"}
    ]

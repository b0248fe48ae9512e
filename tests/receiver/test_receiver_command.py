"""``python -m recall_receiver``, from outside."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from recall_receiver import Receiver, service, worker
from recall_receiver.__main__ import argument_parser, main
from recall_receiver.memory import tune_malloc
from recall_receiver.service import ReceiverOptions, serve, summary
from recall_receiver.worker import work

Build = Callable[..., bytes]


@contextmanager
def receiver(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A receiver's process and the URL that it printed."""
    command = [sys.executable, "-m", "recall_receiver", "--port", "0", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("listening on ws://127.0.0.1:")
            yield process, line.split()[-1]
        finally:
            process.kill()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to catch")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_closes_with_1001_and_exits_0(
    frame_message: Build, number: signal.Signals
) -> None:
    with receiver() as (process, url):
        assert url.endswith("/")
        with connect(url, compression=None) as link:
            link.send(frame_message(), text=True)
            link.send("nonsense")
            with urllib.request.urlopen(url.replace("ws:", "http:") + "report.json") as answer:
                report = json.load(answer)
            assert (report["frames"], report["refused"]) == (1, {"bad-json": 1})
            process.send_signal(number)
            with pytest.raises(ConnectionClosed) as closed:
                link.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1001
        out, err = process.communicate()
        assert process.returncode == 0
        assert out == "1 frames in 1 streams, 1 refused (bad-json 1)\n"
        assert err.count("\n") == 1
        assert "Traceback" not in err


STUCK = """
import threading
from recall_receiver import Receiver

stuck = lambda frame: threading.Event().wait()
Receiver(stuck).run(port=0, on_ready=lambda url: print(url, flush=True))
print("ended")
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to catch")
def test_a_second_signal_ends_it_whatever_the_callback_does(frame_message: Build) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STUCK], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            with connect(process.stdout.readline().strip(), compression=None) as link:
                link.send(frame_message(), text=True)
                link.ping().wait(20)
                process.send_signal(signal.SIGINT)
                with pytest.raises(ConnectionClosed):
                    link.recv()
                process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=20)
        finally:
            process.kill()
    assert out == "ended\n"
    assert "Traceback" not in err


@pytest.mark.slow
def test_importing_it_loads_neither_numpy_nor_pillow() -> None:
    code = (
        "import sys, recall_receiver; "
        "print(sorted({'numpy', 'PIL', 'recall_simulator', 'recall_scenarios'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_taken_port_is_said_so(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["--port", str(port)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (f"recall_receiver: cannot listen on 127.0.0.1:{port}: the port is taken\n")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--secret", "topsecret"], "begins with whsec_"),
        (["--secret", "whsec_topsecret!"], "not standard base64"),
        (["--token", ""], "empty token"),
        (["--path", "in"], "begins with a slash"),
    ],
)
def test_bad_settings_are_said_so_in_one_line(
    arguments: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--port", "0", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert why in err
    assert err.count("\n") == 1
    assert "topsecret" not in err


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--port", "70000"], "a port is 0 to 65535, not 70000"),
        (["--port", "x"], "a whole number, not 'x'"),
        (["--max-pixels", "0"], "must be over 0, not 0"),
        (["--max-message-bytes", "-1"], "must be over 0, not -1"),
        (["--max-message-bytes", "16MB"], "a whole number, not '16MB'"),
        (["--handshake-timeout", "soon"], "seconds, as 10 or 0.5s or 2m, not 'soon'"),
        (["--handshake-timeout", "-1"], "seconds, as 10 or 0.5s or 2m, not '-1'"),
    ],
)
def test_bad_numbers_end_with_usage(
    arguments: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    err = capsys.readouterr().err
    assert "usage:" in err
    assert err.endswith(f"argument {arguments[0]}: {why}\n")


@pytest.mark.parametrize(("text", "seconds"), [("5", 5), ("0.5", 0.5), ("2s", 2), (".5m", 30)])
def test_durations_are_read_as_everywhere(text: str, seconds: float) -> None:
    given = argument_parser("x").parse_args(["--handshake-timeout", text])
    assert given.handshake_timeout == seconds


def test_options_keep_secrets_out_of_their_repr() -> None:
    assert "hidden" not in repr(ReceiverOptions(secrets=("whsec_hidden",), token="hidden"))


def test_the_summary_is_one_line() -> None:
    report = {"frames": 7, "streams": [{}, {}], "refused": {"wrong-type": 2, "bad-json": 1}}
    assert summary(report) == "7 frames in 2 streams, 3 refused (bad-json 1, wrong-type 2)"
    assert (
        summary({"frames": 0, "streams": [], "refused": {}}) == "0 frames in 0 streams, 0 refused"
    )


@pytest.mark.parametrize("wanted", [True, False])
def test_malloc_is_tuned_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, *, wanted: bool
) -> None:
    tuned: list[str] = []
    for module in (service, worker):
        name = module.__name__
        monkeypatch.setattr(module, "tune_malloc", lambda name=name: tuned.append(name))
    monkeypatch.setattr(Receiver, "run", lambda *_, **__: None)
    monkeypatch.setattr("recall_receiver.worker.signal.signal", lambda *_: None)
    monkeypatch.setattr("recall_receiver.worker.asyncio.run", lambda running: running.close())
    options = ReceiverOptions(tune_malloc=wanted)
    serve(options)
    one, other = socket.socketpair()
    with one, other:
        work(options, None, one, one, other)
    assert tuned == ([service.__name__, worker.__name__] if wanted else [])


def test_malloc_is_tuned_where_it_can_be() -> None:
    assert tune_malloc() is (sys.platform == "linux" and os.confstr("CS_GNU_LIBC_VERSION") != "")

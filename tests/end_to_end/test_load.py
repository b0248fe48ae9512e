"""Load runs as a user starts them: Locust in processes of its own, the reference receiver counting.

Locust patches the standard library when it is imported, so it never is in this process.
"""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.ports import free_port

pytestmark = pytest.mark.slow

SMALL = ("--bots", "6", "--participants", "3", "--scene", "flat")
TIMEOUT = 60.0


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "recall_simulator", "load", *arguments]


@contextmanager
def running(
    arguments: list[str], folder: Path, **options: Any
) -> Iterator["subprocess.Popen[str]"]:
    """A command that is ended with the test, whatever becomes of it."""
    with subprocess.Popen(
        arguments,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(process: "subprocess.Popen[str]", text: str) -> str:
    """The first line on standard error that holds a text."""
    assert process.stderr is not None
    for line in process.stderr:
        if text in line:
            return line
    raise AssertionError(f"it ended without saying {text!r}")


def workers_of(process: "subprocess.Popen[str]") -> list[psutil.Process]:
    """The processes that play bots, of a run with --processes."""
    (master,) = psutil.Process(process.pid).children()
    return master.children()


def test_two_processes_count_what_the_receiver_counts(
    recallsim: Any, receiver: str, report: Callable[[str], dict[str, Any]]
) -> None:
    before = report(receiver)
    ran = recallsim(
        "load", "--url", receiver, *SMALL, "--duration", "4s", "--processes", "2", "--json"
    )
    after = report(receiver)
    assert ran.code in (0, 3), ran.err  # 3 where this machine is too busy to keep the pace
    found = ran.object
    assert found["schema"] == "recallsim.load/1"
    assert found["processes"] == 2
    assert found["frames_sent"] == after["frames"] - before["frames"] > 10
    assert found["bytes_sent"] == after["bytes"] - before["bytes"]
    assert found["links_opened"] == 6
    assert after["connections"]["now"] == 0
    assert sum(row["frames_sent"] for row in found["by_second"]) == found["frames_sent"]


def test_locusts_own_statistics_are_exact_across_processes(
    tmp_path: Path, receiver: str, report: Callable[[str], dict[str, Any]]
) -> None:
    (tmp_path / "mine.py").write_text(
        "from recall_simulator.load.users import RecallBotUser\n\n"
        "class Gallery(RecallBotUser):\n"
        "    participants = 3\n"
        '    scene = "flat"\n'
    )
    before = report(receiver)["frames"]
    port = str(free_port())
    done = subprocess.run(
        [
            sys.executable, "-m", "locust", "-f", "mine.py", "--host", receiver, "--headless",
            "--users", "6", "--spawn-rate", "6", "--run-time", "4s", "--processes", "2",
            "--json", "--loglevel", "ERROR", "--master-port", port, "--master-bind-port", port,
        ],
        cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT,
        check=False,
    )  # fmt: skip
    # The workers print their own, empty by then.
    told = json.loads(done.stdout[done.stdout.index("[\n") :])
    entries = {entry["name"]: entry for entry in told}
    assert entries["frame"]["num_requests"] == report(receiver)["frames"] - before > 10
    assert entries["connect"]["num_requests"] == 6
    assert entries["lag"]["num_requests"] == entries["frame"]["num_requests"]


def test_a_master_and_two_workers_count_what_the_receiver_counts(
    tmp_path: Path, receiver: str, report: Callable[[str], dict[str, Any]]
) -> None:
    port = str(free_port())
    before = report(receiver)["frames"]
    worker = command("--worker", "--master-port", port)
    master = command(
        "--master", "--expect-workers", "2", "--master-port", port, "--url", receiver, *SMALL,
        "--duration", "4s", "--json",
    )  # fmt: skip
    with running(master, tmp_path) as first, running(worker, tmp_path), running(worker, tmp_path):
        out, err = first.communicate(timeout=TIMEOUT)
    found = json.loads(out)
    assert found["processes"] == 2, err
    assert found["frames_sent"] == report(receiver)["frames"] - before > 10


def test_a_worker_that_is_killed_is_missed_and_its_load_taken_over(
    tmp_path: Path, receiver: str
) -> None:
    run = command(
        "--url", receiver, *SMALL, "--duration", "18s", "--processes", "2", "--json"
    )  # fmt: skip
    with running(run, tmp_path) as process:
        wait_for(process, " links up")
        workers_of(process)[0].kill()
        out, _ = process.communicate(timeout=TIMEOUT)
    found = json.loads(out)
    assert (process.returncode, found["verdict"]) == (3, "inconclusive")
    (trouble,) = found["troubles"]
    assert trouble.startswith("a worker was lost with 3 bots: last heard of at ")
    assert f"some {found['frames_unknown']} frames" in trouble
    assert 2 * 18 < found["frames_unknown"] < 9 * 18  # 18 a second, and three heartbeats missed
    assert found["links_opened"] == 9
    assert max(row["links"]["up"] for row in found["by_second"][-8:]) == 6


def test_a_run_whose_workers_are_all_killed_says_so_of_each(tmp_path: Path, receiver: str) -> None:
    run = command("--url", receiver, *SMALL, "--duration", "30s", "--processes", "2", "--json")
    with running(run, tmp_path) as process:
        wait_for(process, " links up")
        for worker in workers_of(process):
            worker.kill()
        out, _ = process.communicate(timeout=TIMEOUT)
    found = json.loads(out)
    assert (process.returncode, found["verdict"]) == (3, "inconclusive")
    lost = [each for each in found["troubles"] if "lost with 3 bots" in each]
    assert len(lost) == 2
    assert "others have its bots" not in lost[-1]


def test_a_worker_of_another_version_is_refused_with_both_versions(
    tmp_path: Path, receiver: str
) -> None:
    port = str(free_port())
    (tmp_path / "old.py").write_text(
        "import recall_simulator\n"
        'recall_simulator.__version__ = "0.0.9"\n'
        "from recall_simulator.load.users import RecallBotUser\n\n"
        "class Bot(RecallBotUser):\n"
        "    pass\n"
    )
    master = command(
        "--master", "--expect-workers", "2", "--master-port", port, "--url", receiver, *SMALL,
        "--duration", "3s", "--json",
    )  # fmt: skip
    old = [
        sys.executable, "-m", "locust", "-f", "old.py", "--worker", "--master-port", port,
        "--skip-log-setup",
    ]  # fmt: skip
    with running(master, tmp_path) as process:
        with running(old, tmp_path) as refused:
            _, err = refused.communicate(timeout=TIMEOUT)
        assert refused.returncode == 2
        line = wait_for(process, "refused")
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=TIMEOUT)
    for said in (err, line, json.loads(out)["troubles"][0]):
        assert "recallsim 0.0.9" in said
        assert "the master has recallsim 0.1.0" in said
    assert process.returncode == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_a_signal_closes_every_link_and_ends_every_process(
    tmp_path: Path,
    receiver: str,
    report: Callable[[str], dict[str, Any]],
    number: signal.Signals,
) -> None:
    run = command("--url", receiver, *SMALL, "--duration", "60s", "--processes", "2", "--json")
    before = report(receiver)["frames"]
    with running(run, tmp_path) as process:
        wait_for(process, " links up")
        (master,) = psutil.Process(process.pid).children()
        everyone = [master, *master.children()]
        process.send_signal(number)
        out, _ = process.communicate(timeout=TIMEOUT)
    found = json.loads(out)
    assert (process.returncode, found["ended"]) == (3, "stopped")
    assert found["frames_sent"] == report(receiver)["frames"] - before
    assert report(receiver)["connections"]["now"] == 0
    assert not any(each.is_running() for each in everyone)


def test_a_master_is_stopped_while_it_waits_for_its_workers(tmp_path: Path, receiver: str) -> None:
    port = str(free_port())
    run = command("--master", "--master-port", port, "--url", receiver, *SMALL, "--json")
    with running(run, tmp_path) as process:
        wait_for(process, "waiting for 1 worker")
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=TIMEOUT)
    found = json.loads(out)
    assert (process.returncode, found["ended"], found["processes"]) == (3, "stopped", 0)
    assert "while the workers that it waited for have not come" in found["reasons"][0]


def test_nothing_goes_on_when_the_command_is_killed(tmp_path: Path, receiver: str) -> None:
    run = command("--url", receiver, *SMALL, "--duration", "60s", "--processes", "2", "--json")
    with running(run, tmp_path) as process:
        wait_for(process, " links up")
        (master,) = psutil.Process(process.pid).children()
        everyone = [master, *master.children()]
        process.kill()
        _, left = psutil.wait_procs(everyone, timeout=TIMEOUT / 2)
        for each in left:
            each.kill()
    assert not left


def test_a_receiver_that_refuses_all_ends_the_run_with_the_class(recallsim: Any) -> None:
    url = f"ws://127.0.0.1:{free_port()}/"
    ran = recallsim("load", "--url", url, "--bots", "50", "--duration", "40s", "--json")
    found = ran.object
    assert (ran.code, found["ended"]) == (3, "unreachable")
    assert found["handshake_failures"] == {"refused": found["dials"]}
    assert found["dials"] < 20
    assert "refused" in found["reasons"][0]


def test_a_storm_and_what_an_observer_sees(
    tmp_path: Path, recallsim: Any, run_receiver: Callable[..., Any]
) -> None:
    with run_receiver("--save", str(tmp_path / "out")) as url:
        ran = recallsim(
            "load", "--url", url, "--bots", "3", "--scene", "flat", "--duration", "9s",
            "--storm-at", "3s", "--observe", "files:out/**/*.png", "--fail-if", "loss > 0",
            "latency.p99 > 20s", "--report", "html=load.html", "--report", "json=load.json",
            "--json",
        )  # fmt: skip
    found = ran.object
    assert found["planned_cuts"] == 3
    assert found["times"]["recover"]["count"] == 3
    assert found["times"]["recover"]["p50"] >= 3.0
    assert found["frames_seen"] >= found["frames_sent"] - found["frames_in_doubt"] > 5
    assert found["frames_lost"] == 0
    assert found["times"]["latency"]["count"] == found["frames_seen"]
    assert sum(row["seen"] for row in found["streams"]) == found["frames_seen"]
    assert json.loads((tmp_path / "load.json").read_text()) == found
    assert "<svg" in (tmp_path / "load.html").read_text()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
def test_a_full_disk_takes_no_other_report_with_it(
    tmp_path: Path, recallsim: Any, receiver: str
) -> None:
    ran = recallsim(
        "load", "--url", receiver, *SMALL, "--duration", "2s", "--json", "--report",
        "html=/dev/full", "--report", "json=load.json", env={"TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert ran.code == 2
    assert "--report html=/dev/full can't be written: No space left on device" in ran.err
    (saved,) = tmp_path.glob("recallsim-*/full")
    assert "<svg" in saved.read_text()
    assert json.loads((tmp_path / "load.json").read_text()) == ran.object


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        ([], "--url is missing"),
        (["--url", "http://x/"], "ws://x/"),
        (["--url", "ws://192.0.2.1/", "--duration", "11m"], "--max-duration"),
        (["--url", "ws://93.184.216.34/"], "--i-own-this-receiver"),
        (["--url", "ws://127.0.0.1/", "--shape", "stepz"], "'steps'"),
        (["--url", "ws://127.0.0.1/", "--fail-if", "latency.p99 > 1s"], "--observe"),
        (["--url", "ws://127.0.0.1/", "--fail-if", "late.p99 > 1s", "losss > 0"], "'loss'"),
        (["--url", "ws://127.0.0.1/", "--report", "html=nowhere/x.html"], "no folder nowhere"),
        (["--url", "ws://127.0.0.1/", "--report", "junit=x.xml"], "html=FILE or json=FILE"),
        (["--url", "ws://127.0.0.1/", "--storm-at", "31s"], "--storm-at"),
        (["--url", "ws://127.0.0.1/", "--scene", "webcan"], "'webcam'"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_sent(
    recallsim: Any, arguments: list[str], hint: str
) -> None:
    ran = recallsim("load", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("recallsim: ")
    assert hint in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_too_few_file_descriptors_are_said_with_the_number_needed(tmp_path: Path) -> None:
    import resource

    def few() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))

    done = subprocess.run(
        command("--url", "ws://127.0.0.1/", "--bots", "500"),
        cwd=tmp_path, env=os.environ, preexec_fn=few, capture_output=True, text=True,
        timeout=TIMEOUT, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "628 file descriptors" in done.stderr
    assert "200 are allowed" in done.stderr


def test_locusts_page_has_a_tab_with_our_figures(tmp_path: Path, receiver: str) -> None:
    port = str(free_port())
    run = command("--url", receiver, *SMALL, "--duration", "30s", "--web", "--web-port", port)
    with running(run, tmp_path) as process:
        assert process.stdout is not None
        assert any(" links up" in line for line in process.stdout)
        page = urllib.request.urlopen(f"http://127.0.0.1:{port}/").read().decode()
        told = urllib.request.urlopen(f"http://127.0.0.1:{port}/stats/requests").read()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=TIMEOUT)
    assert "Recall bots" in page
    (tab,) = json.loads(told)["extended_stats"]
    counts = {row["name"]: row["count"] for row in tab["data"]}
    assert int(counts["frames sent"]) == int(counts["lag: of our own doing"]) > 10
    assert counts["links opened"] == "6"
    assert json.loads(told)["stats"], "Locust's own statistics are gone"


SLOW = """
import asyncio
import sys
import time

from websockets.asyncio.server import serve


async def read(link):
    async for message in link:
        time.sleep(0.15)


async def main():
    async with serve(read, "127.0.0.1", int(sys.argv[1]), max_size=None):
        print("listening", flush=True)
        await asyncio.get_running_loop().create_future()


asyncio.run(main())
"""


def test_the_limit_of_a_slow_receiver_is_found(tmp_path: Path, recallsim: Any) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    port = str(free_port())
    with running([sys.executable, "slow.py", port], tmp_path) as receiver:
        assert receiver.stdout is not None
        assert receiver.stdout.readline() == "listening\n"
        ran = recallsim(
            "load", "--url", f"ws://127.0.0.1:{port}/", "--bots", "5", "--scene", "black",
            "--find-limit", "--duration", "90s", "--json",
        )  # fmt: skip
    found = ran.object
    # It takes 1 / 0.15 s = 6.7 messages a second, of bots that send two: three, and not four.
    assert found["limit"]["kept_up"] in (2, 3), ran.err
    assert found["limit"]["fell_behind"] in (3, 4)
    assert "a pong took" in found["reasons"][-1] or "no pong" in found["reasons"][-1]


def test_a_bug_in_a_bot_does_not_pass_for_a_good_run(tmp_path: Path, receiver: str) -> None:
    (tmp_path / "mine.py").write_text(
        "from recall_simulator.load import fleet\n"
        "from recall_simulator.load.users import RecallBotUser\n\n"
        "async def live(self):\n"
        '    raise RuntimeError("planted")\n\n'
        "fleet.Bot.live = live\n\n"
        "class Gallery(RecallBotUser):\n"
        '    scene = "flat"\n'
    )
    done = subprocess.run(
        [
            sys.executable, "-m", "locust", "-f", "mine.py", "--host", receiver, "--headless",
            "--users", "1", "--run-time", "6s", "--loglevel", "ERROR",
        ],
        cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT,
        check=False,
    )  # fmt: skip
    assert "a bug in recallsim ended bots: RuntimeError('planted')" in done.stderr

"""Receivers as processes: real ones, and none of them left behind."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from recall_simulator.observe import ReceiverProcess
from recall_simulator.observe.ports import Port
from recall_simulator.record.errors import UsageError
from recall_simulator.record.observations import ProcessEnded, ProcessSample

from .conftest import LISTENS, WITHIN, Run, Script, Told, failure, is_running, receiver

BACKGROUND = """
import os, select, socket, signal
parents, ours = os.pipe()
if os.fork() == 0:
    os.setsid()
    os.close(parents)
    if os.fork() == 0:
        for fd in (0, 1, 2):
            os.close(fd)
        open({pidfile!r}, "w").write(str(os.getpid()))
        if {late}:
            parent = select.poll()
            parent.register(ours, 0)
            parent.poll()  # until the parent is gone
        listener = socket.create_server(("127.0.0.1", {port}))
        signal.pause()
    os._exit(0)
print("gone to the background", flush=True)
if not {late}:
    while socket.socket().connect_ex(("127.0.0.1", {port})):
        pass
"""


@pytest.mark.slow
def test_it_is_waited_for_sampled_and_stopped(
    run: Run, script: Script, free_port: int, told: Told
) -> None:
    async def main() -> None:
        process = receiver(script(LISTENS.format(port=free_port, then="")), free_port, told)
        await process.start()
        with socket.create_connection(("127.0.0.1", free_port)):
            pass
        assert process.pid is not None
        assert is_running(process.pid)
        # Ctrl-C in the terminal is for us: we end it, and it may finish its files.
        assert os.getsid(process.pid) == process.pid != os.getsid(0)
        first, second = (await told.until(ProcessSample, 2))[:2]
        assert first.rss > 2**20
        assert first.threads >= 1
        assert first.handles >= 4
        assert 0 <= first.at < second.at
        assert first.cpu <= second.cpu
        await process.stop()
        assert not process.is_alive
        assert not is_running(process.pid)
        assert process.last_lines == ["up"]
        assert told.of(ProcessEnded) == []

    run(main)


@pytest.mark.slow
def test_children_are_counted_and_stopped_too(
    run: Run, script: Script, free_port: int, told: Told
) -> None:
    then = (
        "import subprocess\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'],"
        " start_new_session=True, env={})\n"
        "print(child.pid, flush=True)"
    )

    async def main() -> None:
        process = receiver(script(LISTENS.format(port=free_port, then=then)), free_port, told)
        await process.start()
        sample = (await told.until(ProcessSample, 3))[-1]
        assert sample.threads >= 2
        child = int(process.last_lines[-1])
        assert is_running(child)
        await process.stop()
        assert not is_running(child)

    run(main)


@pytest.mark.slow
def test_one_that_ignores_sigterm_is_killed(
    run: Run, script: Script, free_port: int, told: Told
) -> None:
    then = "signal.signal(signal.SIGTERM, lambda *_: print('no', flush=True))\nwhile True:"

    async def main() -> None:
        command = script(
            LISTENS.format(port=free_port, then=then).replace("\nsignal.p", " signal.p")
        )
        process = receiver(command, free_port, told, grace=0.5)
        await process.start()
        await process.stop()
        assert process.pid is not None
        assert not is_running(process.pid)
        assert process.last_lines == ["up", "no"]

    run(main)


@pytest.mark.parametrize(
    ("end", "code"), [("sys.exit(7)", 7), ("import os; os.kill(os.getpid(), 9)", -9)]
)
def test_its_death_is_told_with_its_last_lines_and_it_can_be_started_anew(
    end: str, code: int, run: Run, script: Script, free_port: int, told: Told
) -> None:
    then = (
        "connection, _ = listener.accept()\nconnection.recv(1)\n"
        f"print('I die', file=sys.stderr, flush=True)\n{end}"
    )

    async def main() -> None:
        process = receiver(script(LISTENS.format(port=free_port, then=then)), free_port, told)
        await process.start()
        with socket.create_connection(("127.0.0.1", free_port)) as connection:
            connection.send(b"x")
            (ended,) = await told.until(ProcessEnded)
        assert ended.code == code
        assert sorted(ended.last_lines) == ["I die", "up"]
        before = process.pid
        assert before is None or not is_running(before)
        await process.restart()
        assert process.is_alive
        assert process.pid != before
        await process.stop()
        assert len(told.of(ProcessEnded)) == 1

    run(main)


def test_a_death_just_before_a_restart_is_told_all_the_same(
    run: Run, script: Script, free_port: int, told: Told
) -> None:
    async def main() -> None:
        process = receiver(script(LISTENS.format(port=free_port, then="")), free_port, told)
        await process.start()
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        await process.restart()
        (ended,) = told.of(ProcessEnded)
        assert ended.code == -signal.SIGKILL
        await process.stop()
        assert told.of(ProcessEnded) == [ended]

    run(main)


def test_one_that_dies_at_once_is_told_with_its_last_lines(
    run: Run, script: Script, free_port: int, told: Told
) -> None:
    command = script("import sys; print('no config', file=sys.stderr); sys.exit(3)")
    error = failure(run, lambda: receiver(command, free_port, told))
    assert f"exit code 3 before it listened at 127.0.0.1:{free_port}" in error.problem
    assert error.last_lines == ["no config"]
    assert "\n  | no config" in str(error)


@pytest.mark.slow
def test_one_that_never_listens_is_ended(
    run: Run, script: Script, free_port: int, told: Told
) -> None:
    command = script("import signal; print('thinking', flush=True); signal.pause()")
    error = failure(run, lambda: receiver(command, free_port, told, start_within=1.0))
    assert f"did not listen at 127.0.0.1:{free_port} within 1 s" in error.problem
    assert error.last_lines == ["thinking"]


@pytest.mark.slow
def test_one_that_listens_elsewhere_is_told_where(
    run: Run, script: Script, free_port: int, told: Told
) -> None:
    command = script(LISTENS.format(port=0, then="print(listener.getsockname()[1], flush=True)"))
    error = failure(run, lambda: receiver(command, free_port, told, start_within=1.5))
    assert f"it listens at 127.0.0.1:{error.last_lines[-1]}: make --url" in error.problem


@pytest.mark.parametrize("late", [True, False], ids=["listens after", "listens before"])
def test_a_daemon_is_told_to_stay_and_is_ended(
    late: bool, run: Run, script: Script, free_port: int, told: Told, tmp_path: Path
) -> None:
    pidfile = tmp_path / "pid"
    command = script(BACKGROUND.format(port=free_port, pidfile=str(pidfile), late=late))
    error = failure(run, lambda: receiver(command, free_port, told))
    assert "must stay in the foreground" in error.problem
    assert "exit code 0) and has left python" in error.problem
    # Where it was ended before it had written its number, its port must be free all the same.
    assert not pidfile.exists() or not is_running(int(pidfile.read_text() or 0))
    with socket.socket() as dialling:
        assert dialling.connect_ex(("127.0.0.1", free_port)) != 0


def test_a_port_that_is_taken_is_told_with_its_holder(run: Run, script: Script, told: Told) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        command = script(LISTENS.format(port=port, then=""))
        error = failure(run, lambda: receiver(command, port, told))
    assert f"(pid {os.getpid()}) listens at 127.0.0.1:{port} already" in error.problem
    assert "another port" in error.problem


def test_a_host_that_does_not_exist_is_told(run: Run, script: Script, told: Told) -> None:
    error = failure(
        run,
        lambda: ReceiverProcess(
            script(""), url="ws://no-such-host.invalid:1/", now=told.now, tell=told.tell
        ),
    )
    assert "'no-such-host.invalid' can't be found" in error.problem


def test_a_program_that_is_none_is_told_at_the_start(
    run: Run, free_port: int, told: Told, tmp_path: Path
) -> None:
    program = tmp_path / "receiver"
    program.write_bytes(b"\x7fELF no")
    program.chmod(0o755)
    error = failure(run, lambda: receiver(str(program), free_port, told))
    assert "could not be started: Exec format error" in error.problem


def test_being_cancelled_leaves_nothing_behind(
    run: Run, script: Script, free_port: int, told: Told
) -> None:
    async def main() -> None:
        up = asyncio.Event()
        process = receiver(
            script("import signal; print('up', flush=True); signal.pause()"),
            free_port,
            told,
            on_line=lambda fd, line: up.set(),
        )
        starting = asyncio.create_task(process.start())
        await asyncio.wait_for(up.wait(), WITHIN)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        assert process.pid is not None
        assert not is_running(process.pid)

    run(main)


@pytest.mark.slow
def test_memory_files_and_threads_are_those_of_all_its_processes(
    run: Run, script: Script, free_port: int, told: Told, tmp_path: Path
) -> None:
    weighs = "import signal; kept = bytearray(b'x') * 2**27; print(len(kept), flush=True)"
    holds = "files = [open('/dev/null') for _ in range(200)]; print(len(files), flush=True)"
    then = "import subprocess\n" + "\n".join(
        f"with_{name} = subprocess.Popen([sys.executable, '-c', {program!r}],"
        f" stdout=subprocess.PIPE)\nwith_{name}.stdout.readline()"
        for name, program in (
            ("memory", weighs + "; signal.pause()"),
            ("files", "import signal; " + holds + "; signal.pause()"),
        )
    )
    said = asyncio.Event()

    def on_line(fd: int, line: str) -> None:
        if line == "both":
            said.set()

    async def main() -> None:
        then_said = then + "\nprint('both', flush=True)"
        command = script(LISTENS.format(port=free_port, then=then_said))
        process = receiver(command, free_port, told, on_line=on_line)
        await process.start()
        await asyncio.wait_for(said.wait(), WITHIN)
        before = len(told.of(ProcessSample))
        sample = (await told.until(ProcessSample, before + 2))[-1]
        assert sample.rss > 2**27
        assert sample.handles > 200
        assert sample.threads >= 3
        await process.stop()

    run(main)


@pytest.mark.skipif(sys.platform != "linux", reason="one loopback address is all there is")
def test_who_listens_at_another_address_has_not_taken_the_port(run: Run) -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.2", 0)) as listener:
            number = listener.getsockname()[1]
            taken = []
            for host in ("127.0.0.1", "127.0.0.2"):
                port = Port(host, number)
                await port.resolve()
                taken.append(await port.is_taken())
            assert taken == [False, True]

    run(main)


@pytest.mark.slow
def test_it_settles_when_it_idles(run: Run, script: Script, free_port: int, told: Told) -> None:
    busy = "import hashlib\nfor _ in range(300): hashlib.sha256(bytes(10**6))\nprint('done')"

    async def main() -> None:
        process = receiver(script(LISTENS.format(port=free_port, then=busy)), free_port, told)
        await process.start()
        await process.settle()
        assert process.last_lines[-1] == "done"
        await process.stop()

    run(main)


def test_one_that_never_rests_is_told_of_once_and_waited_for_no_longer(
    run: Run, script: Script, free_port: int, told: Told
) -> None:
    spins = script(LISTENS.format(port=free_port, then="while True: pass"))

    async def main() -> None:
        process = receiver(spins, free_port, told, rest_within=0.1)
        await process.start()
        await asyncio.wait_for(process.rest(), WITHIN)
        await asyncio.wait_for(process.rest(), WITHIN)
        assert process.is_alive
        await process.stop()

    run(main)
    assert told.trouble.severity == "partial"
    assert "it was still busy 0.1 s after its connections had ended" in told.trouble.trouble


@pytest.mark.parametrize(
    ("command", "hint"),
    [
        ("", "is empty"),
        ("python 'app.py", "No closing quotation"),
        ("no-such-program --port 1", "there is no program 'no-such-program'"),
        ("PORT=8080 node app.js", "env PORT=8080 …"),
        ("cd app && node app.js", "sh -c '…'"),
    ],
)
def test_a_command_that_cannot_be_is_told_before_anything_starts(
    command: str, hint: str, told: Told
) -> None:
    with pytest.raises(UsageError) as caught:
        receiver(command, 8765, told)
    assert hint in str(caught.value)


@pytest.mark.parametrize("program", ["./app.py", "./sources"])
def test_a_program_that_is_there_and_may_not_be_started_is_not_said_to_be_missing(
    program: str, told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "app.py").write_text("print()")
    (tmp_path / "sources").mkdir()
    with pytest.raises(UsageError, match="may be started; for a script write its interpreter"):
        receiver(f"{program} --port 1", 8765, told, folder=tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=f"as python {program}, or make it executable"):
        receiver(program, 8765, told)


STACKS = Path(__file__).parents[2] / "other_stacks"


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["websockets_default", "aiohttp_receiver", "fastapi_receiver", "node_ws"]
)
def test_receivers_of_other_stacks_start_and_end(
    name: str,
    run: Run,
    free_port: int,
    told: Told,
    tmp_path: Path,
    node_script: Callable[[Path], list[str]],
) -> None:
    if name == "node_ws":
        words = node_script(STACKS / name / "receiver.mjs")
    else:
        words = [sys.executable, str(STACKS / f"{name}.py")]
    words += ["--port", str(free_port), "--out", str(tmp_path / "out.json")]

    async def main() -> None:
        process = receiver(" ".join(f"'{word}'" for word in words), free_port, told)
        await process.start()
        assert process.pid is not None
        family = psutil.Process(process.pid).children(recursive=True)
        await process.settle()
        await process.stop()
        assert not any(is_running(pid) for pid in (process.pid, *(child.pid for child in family)))
        assert process.last_lines[0].endswith(f"listening {free_port}")
        # Looking for its port leaves no trace in its log: no connection was made.
        assert not any("error" in line.lower() for line in process.last_lines)
        if name != "aiohttp_receiver":
            assert '"connections": 0' in (tmp_path / "out.json").read_text().replace(":0", ": 0")

    run(main)

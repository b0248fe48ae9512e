"""A `wss` receiver with a certificate of its own: every command can trust it, and says how."""

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from recall_simulator.api import UsageError, check_receiver

if TYPE_CHECKING:
    from tests.other_stacks.conftest import StartStack

COMMANDS = {
    "check": ["--only", "8.3", "--scene", "flat"],
    "run": ["unknown-event", "--speed", "max", "--scene", "flat", "--retry", "max-attempts=1"],
    "probe": [],
    "fuzz": ["--max-examples", "50", "--retry", "max-attempts=1"],
    "load": ["--bots", "2", "--duration", "2s", "--scene", "flat"],
}
TIMEOUT = 180.0

pytestmark = pytest.mark.slow


def recallsim(
    command: str, url: str, folder: Path, *arguments: str
) -> subprocess.CompletedProcess[str]:
    own = COMMANDS[command]
    return subprocess.run(
        [sys.executable, "-m", "recall_simulator", command, *own, "--url", url, *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


@pytest.mark.parametrize("trust", ["--insecure", "--ca"])
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_takes_its_certificate_where_it_is_asked_to(
    command: str, trust: str, stack: "StartStack", tmp_path: Path
) -> None:
    with stack("tls_receiver") as receiver:
        options = [trust]
        if trust == "--ca":
            options.append(str(receiver.folder / "certificate.pem"))
        ran = recallsim(command, receiver.url, tmp_path, *options)
    # A campaign may find something: what counts is that it could go on.
    assert ran.returncode in ((0, 1) if command == "fuzz" else (0,)), ran.stdout + ran.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_how_to_trust_it(
    command: str, stack: "StartStack", tmp_path: Path
) -> None:
    with stack("tls_receiver") as receiver:
        ran = recallsim(command, receiver.url, tmp_path)
    assert ran.returncode == 3, ran.stdout + ran.stderr
    told = " ".join((ran.stdout + ran.stderr).split())
    assert "give its authority with --ca FILE, or go without a check with --insecure" in told


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("url", "options", "words"),
    [
        ("ws://127.0.0.1:9/", ["--insecure"], "--insecure is about certificates"),
        ("ws://127.0.0.1:9/", ["--ca", "x.pem"], "--ca is about certificates"),
        ("wss://127.0.0.1:9/", ["--ca", "gone.pem"], "--ca gone.pem: no certificate"),
        ("wss://127.0.0.1:9/", ["--ca", "x", "--insecure"], "and not both"),
    ],
)
def test_what_can_not_be_is_one_sentence(
    command: str, url: str, options: list[str], words: str, tmp_path: Path
) -> None:
    ran = recallsim(command, url, tmp_path, *options)
    assert ran.returncode == 2, ran.stdout + ran.stderr
    assert words in ran.stderr
    assert "Traceback" not in ran.stderr


def test_from_python_too(stack: "StartStack", tmp_path: Path) -> None:
    with stack("tls_receiver") as receiver:
        certificate = receiver.folder / "certificate.pem"
        trusted = check_receiver(receiver.url, only="8.3", scenes="flat", ca=certificate)
        blind = check_receiver(receiver.url, only="8.3", scenes="flat", insecure=True)
        unknown = check_receiver(receiver.url, only="8.3", scenes="flat")
    assert trusted.passed, trusted
    assert blind.passed, blind
    assert "--ca FILE" in str(unknown)
    assert json.dumps(trusted.document).count("--ca") == 1
    with pytest.raises(UsageError, match="no certificate could be read there"):
        check_receiver(receiver.url, only="8.3", ca=tmp_path / "gone.pem")
    with pytest.raises(UsageError, match="and not both"):
        check_receiver(receiver.url, only="8.3", ca=certificate, insecure=True)

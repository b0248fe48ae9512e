"""Passes once the receiver is mended. `RECALLSIM_TARGET` names another URL or function.

Where finding.json names the command that starts the receiver, it is started for the test.
"""

import importlib.util
import json
import os
import shlex
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).parent
FINDING = json.loads((HERE / "finding.json").read_text(encoding="utf-8"))
START_SECONDS = 20.0


@contextmanager
def running(command: str, url: str) -> Iterator[None]:
    """The receiver, where there is a command for it."""
    if not command:
        yield
        return
    process = subprocess.Popen(shlex.split(command))
    try:
        address = urlsplit(url).hostname, urlsplit(url).port or 80
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert process.poll() is None, f"{command} ended before it listened"
            try:
                socket.create_connection(address, timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield
    finally:
        process.kill()
        process.wait()


def test_it_is_mended() -> None:
    """The message does no harm any more."""
    spec = importlib.util.spec_from_file_location("reproduce", HERE / "reproduce.py")
    assert spec is not None
    assert spec.loader is not None
    reproduce = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reproduce)
    target = os.environ.get("RECALLSIM_TARGET", "")
    with running("" if target else FINDING["command"], FINDING["target"]):
        code, words = reproduce.run(target)
    assert code == 0, f"{FINDING['what']}: {words}"

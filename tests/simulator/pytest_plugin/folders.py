"""A user's folder with a receiver of their own in it, and pytest run there in another process."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from tests.ports import free_port

ROOT = Path(__file__).parents[3]
RECEIVER = ROOT / "examples" / "python_websockets" / "receiver.py"
PLANTED = "-m planted.receiver"
TIMEOUT = 120.0


class Ran(NamedTuple):
    """What a run of pytest said: its exit code, what it printed, and test by test."""

    code: int
    out: str
    outcomes: dict[str, str]
    """`passed`, `skipped`, or the message of a failure or an error, by test id."""


ENV = {name: text for name, text in os.environ.items() if "XDIST" not in name} | {
    "PYTHONPATH": str(ROOT / "tests" / "quality")
}
"""Of a pytest that is nobody's worker, though ours may be; `PLANTED` is found in it."""


class Folder:
    """A user's folder, with a receiver of their own in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        shutil.copy(RECEIVER, path / "receiver.py")
        self.port = free_port()

    def options(self, command: str | None = None) -> list[str]:
        """What starts the folder's receiver, or another, and looks at its files."""
        command = command or f"{sys.executable} receiver.py"
        return [
            *("--recallsim-url", f"ws://127.0.0.1:{self.port}/"),
            *("--recallsim-exec", f"{command} --port {self.port} --save frames"),
            *("--recallsim-observe", "files:frames/**/*.png"),
        ]

    def pytest(self, test: str, *arguments: str) -> Ran:
        """Run pytest over a file of tests."""
        (self.path / "test_it.py").write_text(test, encoding="utf-8")
        report = self.path / "junit.xml"
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-W", "error", "-p", "no:cacheprovider"),
                *("--strict-markers", "--rootdir", str(self.path), f"--junitxml={report}"),
                *arguments,
            ],
            cwd=self.path,
            env=ENV,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        outcomes = {}
        for case in ElementTree.parse(report).iter("testcase"):
            children = [child for child in case if child.tag in ("failure", "error", "skipped")]
            said = [
                child.get("message", "") + (child.text or "")
                if child.tag != "skipped"
                else "skipped: " + child.get("message", "")
                for child in children
            ]
            outcomes[case.get("name", "")] = "\n".join(said) or "passed"
        return Ran(done.returncode, done.stdout + done.stderr, outcomes)


MARKED = """
import pytest

@pytest.mark.recallsim_scenario("8.3", "quick-c*")
def test_receiver(recallsim):
    result = recallsim.check()
    assert [case.verdict for case in result.cases] == ["ok"]
"""

TWICE = (
    MARKED
    + """
def test_another(recallsim):
    recallsim.check(only="8.3")
"""
)

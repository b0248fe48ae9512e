"""What every test may ask for."""

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.ports import free_port

with contextlib.suppress(ImportError):  # an installed wheel is tested without it
    from hypothesis import HealthCheck, settings

    # No test judges how fast a machine is; what CI's profile says beyond that stays.
    settings.register_profile(
        "any machine",
        parent=settings.default,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("any machine")


@pytest.fixture(name="free_port")
def port_for_a_receiver() -> int:
    """A port for one receiver."""
    return free_port()


@pytest.fixture(scope="session")
def require_program() -> Callable[[str, str], str]:
    """A program that is no Python package: its path, or a skip that says what to install.

    Where `CI` is `true` nothing is skipped for want of a program: the test fails.
    """

    def require(program: str, install: str) -> str:
        found = shutil.which(program)
        if found is not None:
            return found
        reason = f"`{program}` is not on the PATH: install {install}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)

    return require


@pytest.fixture(scope="session")
def node_script(require_program: Callable[[str, str], str]) -> Callable[[Path], list[str]]:
    """The command that runs a Node script, with the packages of its folder installed.

    `package.json` beside the script names them in exact versions; there is no lock file.
    """

    from filelock import FileLock  # an installed wheel is tested without it

    def install(folder: Path) -> None:
        wanted = json.loads((folder / "package.json").read_text())["dependencies"]
        if all((folder / "node_modules" / name / "package.json").is_file() for name in wanted):
            return
        npm = require_program("npm", "npm, which comes with Node (nodejs.org)")
        arguments = ["install", "--no-package-lock", "--no-audit", "--no-fund"]
        installed = subprocess.run(
            [npm, *arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        if installed.returncode != 0:
            said = installed.stdout + installed.stderr
            pytest.fail(f"`npm {' '.join(arguments)}` failed in {folder.name}:\n{said}")

    def command(script: Path) -> list[str]:
        node = require_program("node", "Node 18.17 or later (nodejs.org)")
        folder = script.parent
        with FileLock(folder / "node_modules.lock", timeout=200):  # several processes may run tests
            install(folder)
        return [node, str(script)]

    return command

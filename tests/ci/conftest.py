"""Runs CI files as the CI would: every `run:` in bash, with the environment that it gives.

What is installed is there already: `pip` finds every requirement satisfied, or fails, for it may
ask no index.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pytest
import yaml
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
TIMEOUT = 300.0
PROVIDED = {"checkout", "setup-python", "setup-node", "cache", "upload-artifact"}
"""Actions whose work is done here, or of no use here."""


class Done(NamedTuple):
    """What a step came to."""

    code: int
    said: str


class Runner:
    """A machine of a CI, with a checkout of somebody's repository."""

    def __init__(self, folder: Path) -> None:
        self.temp = folder / "temp"
        self.checkout = folder / "checkout"
        self.temp.mkdir()
        self.port = free_port()
        self.env = {
            **os.environ,
            "CI": "true",
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "PIP_NO_INDEX": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "XDG_CACHE_HOME": str(folder / "cache"),
            "RUNNER_TEMP": str(self.temp),
            "CI_PROJECT_DIR": str(self.checkout),
        }
        for name in ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
            file = self.temp / name
            file.touch()
            self.env[name] = str(file)

    def check_out(self, example: str) -> None:
        """Have a repository that consists of an example, without what was installed into it."""
        shutil.copytree(
            ROOT / "examples" / example,
            self.checkout,
            ignore=shutil.ignore_patterns("node_modules", "__pycache__", "frames"),
        )

    def told(self, name: str) -> str:
        """What steps wrote into one of the files that the CI gives them."""
        return (self.temp / name).read_text(encoding="utf-8")

    def bash(self, script: str, env: Mapping[str, str], folder: str = ".") -> Done:
        """Run a script as GitHub runs `shell: bash`."""
        given = dict(line.split("=", 1) for line in self.told("GITHUB_ENV").splitlines())
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=self.checkout / folder,
            env={**self.env, **given, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        return Done(done.returncode, done.stdout)

    def workflow(self, file: Path) -> Done:
        """Run a GitHub workflow of one job, on a port of the test's own."""
        (job,) = _read_yaml(file)["jobs"].values()
        env = {name: str(value) for name, value in job.get("env", {}).items()}
        if "PORT" in env:
            env["PORT"] = str(self.port)
        done = Done(0, "")
        for step in job["steps"]:
            if "uses" in step:
                owner, name = step["uses"].partition("@")[0].split("/")
                assert owner == "actions"
                assert name in PROVIDED
                continue
            assert set(step) <= {"name", "run"}
            done = self.bash(step["run"], env)
            if done.code:
                break
        return done

    def composite(self, action: Mapping[str, Any], inputs: Mapping[str, str]) -> Done:
        """Run a composite action, with inputs as a workflow gives them."""
        assert set(inputs) <= set(action["inputs"])
        values = {
            name: str(inputs.get(name, declared.get("default")))
            for name, declared in action["inputs"].items()
        }

        def filled(text: str) -> str:
            return re.sub(r"\$\{\{ inputs\.([a-z-]+) \}\}", lambda found: values[found[1]], text)

        done = Done(0, "")
        for step in action["runs"]["steps"]:
            assert step["shell"] == "bash"
            env = {name: filled(text) for name, text in step.get("env", {}).items()}
            env["GITHUB_ACTION_PATH"] = str(ROOT)
            done = self.bash(step["run"], env, filled(step.get("working-directory", ".")))
            if done.code:
                break
        return done


def _read_yaml(file: Path) -> dict[Any, Any]:
    """A file's one document."""
    document: dict[Any, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return document


def _junit_counts(file: Path) -> dict[str, int]:
    """Tests, failures, errors and skipped tests of a JUnit report."""
    suites = list(ElementTree.parse(file).getroot().iter("testsuite"))
    names = ("tests", "failures", "errors", "skipped")
    return {name: sum(int(suite.get(name, 0)) for suite in suites) for name in names}


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


ReadYaml = Callable[[Path], dict[Any, Any]]
JunitCounts = Callable[[Path], dict[str, int]]


@pytest.fixture(scope="session")
def read_yaml() -> ReadYaml:
    return _read_yaml


@pytest.fixture(scope="session")
def junit_counts() -> JunitCounts:
    return _junit_counts


@pytest.fixture(scope="session")
def node(require_program: Callable[[str, str], str]) -> None:
    """Node and npm are there."""
    require_program("node", "Node 18.17 or later (nodejs.org)")
    require_program("npm", "npm, which comes with Node (nodejs.org)")

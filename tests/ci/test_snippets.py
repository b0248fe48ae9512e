"""The snippets under examples/ci are what they say: they run, and the action takes their inputs."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from recall_simulator.sources.scenarios import SMOKE, load_scenarios

if TYPE_CHECKING:
    from tests.ci.conftest import JunitCounts, ReadYaml, Runner

SNIPPETS = Path(__file__).parents[2] / "examples" / "ci"

pytestmark = pytest.mark.slow


def test_the_github_command_passes(runner: "Runner", junit_counts: "JunitCounts") -> None:
    runner.check_out("python_websockets")
    done = runner.workflow(SNIPPETS / "github-command.yml")
    assert done.code == 0, done.said
    assert junit_counts(runner.checkout / "recallsim.xml")["tests"] == len(load_scenarios([SMOKE]))
    assert (runner.checkout / "recallsim.html").stat().st_size > 10_000
    assert "| 10.4 |" in runner.told("GITHUB_STEP_SUMMARY")


def test_the_gitlab_job_passes(
    runner: "Runner", junit_counts: "JunitCounts", read_yaml: "ReadYaml"
) -> None:
    runner.check_out("python_websockets")
    (job,) = read_yaml(SNIPPETS / "gitlab.yml").values()
    env = {
        name: text.replace("$CI_PROJECT_DIR", str(runner.checkout))
        for name, text in job["variables"].items()
    }
    env["PORT"] = str(runner.port)
    for line in job["script"]:
        done = runner.bash(line, env)
        assert done.code == 0, done.said
    artifacts = job["artifacts"]
    counts = junit_counts(runner.checkout / artifacts["reports"]["junit"])
    assert counts["tests"] == len(load_scenarios([SMOKE]))
    assert [(runner.checkout / path).is_file() for path in artifacts["paths"]] == [True]
    (cached,) = job["cache"]["paths"]
    assert any((runner.checkout / cached).iterdir())

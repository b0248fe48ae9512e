"""The snippets under examples/ci are what they say: they run, and the action takes their inputs."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from recall_simulator import __version__
from recall_simulator.sources.scenarios import SMOKE, load_scenarios

if TYPE_CHECKING:
    from tests.ci.conftest import JunitCounts, ReadYaml, Runner

ROOT = Path(__file__).parents[2]
SNIPPETS = ROOT / "examples" / "ci"

CI_FILES = [*SNIPPETS.glob("*.yml"), *SNIPPETS.parent.glob("*/.github/workflows/*.yml")]
USES = re.compile(r"(actions/[a-z-]+@v[0-9]+|OWNER/recallsim@v[0-9.]+)")


@pytest.mark.parametrize("file", CI_FILES, ids=lambda file: file.name)
def test_every_file_is_yaml_that_its_ci_would_take(file: Path, read_yaml: "ReadYaml") -> None:
    document = read_yaml(file)
    if file.name == "gitlab.yml":
        (job,) = document.values()
        assert set(job) == {"image", "timeout", "variables", "cache", "script", "artifacts"}
        assert all(isinstance(text, str) for text in (*job["script"], *job["variables"].values()))
        return
    # YAML 1.1 reads the key `on` as a truth value.
    assert set(document) == {"name", True, "permissions", "jobs"}
    for job in document["jobs"].values():
        assert {"runs-on", "timeout-minutes", "steps"} <= set(job)
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step)
            assert isinstance(step.get("run", ""), str)
            assert "uses" not in step or USES.fullmatch(step["uses"])


def test_the_page_shows_the_snippet_as_it_is_and_says_who_owner_is(read_yaml: "ReadYaml") -> None:
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    shown = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)]
    (job,) = read_yaml(SNIPPETS / "github-action.yml")["jobs"].values()
    used = [step for step in job["steps"] if step.get("uses", "").startswith("OWNER/")]
    assert shown == [used]
    assert used[0]["uses"] == f"OWNER/recallsim@v{__version__}"
    assert "`OWNER` stands for" in page
    assert "# OWNER stands for" in (SNIPPETS / "github-action.yml").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_github_command_passes(runner: "Runner", junit_counts: "JunitCounts") -> None:
    runner.check_out("python_websockets")
    done = runner.workflow(SNIPPETS / "github-command.yml")
    assert done.code == 0, done.said
    assert junit_counts(runner.checkout / "recallsim.xml")["tests"] == len(load_scenarios([SMOKE]))
    assert (runner.checkout / "recallsim.html").stat().st_size > 10_000
    assert "| 10.4 |" in runner.told("GITHUB_STEP_SUMMARY")


@pytest.mark.slow
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

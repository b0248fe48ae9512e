"""The GitHub action: what it declares is what it uses, and its steps do what they say."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.ci.conftest import JunitCounts, ReadYaml, Runner

ROOT = Path(__file__).parents[2]
SNIPPET = ROOT / "examples" / "ci" / "github-action.yml"
PLANTED = f"env PYTHONPATH={ROOT}/tests/quality python -m planted.receiver"


@pytest.fixture
def action(read_yaml: "ReadYaml") -> dict[str, Any]:
    return read_yaml(ROOT / "action.yml")


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def test_every_input_is_used_and_every_input_used_is_declared(action: dict[str, Any]) -> None:
    used = {
        name
        for text in strings(action["runs"])
        for name in re.findall(r"\$\{\{ *inputs\.([a-z-]+) *\}\}", text)
    }
    assert used == set(action["inputs"])
    for declared in action["inputs"].values():
        assert declared["description"]
        assert declared.get("required", False) != ("default" in declared)
        assert isinstance(declared.get("default", ""), str)


def test_no_input_is_pasted_into_a_script(action: dict[str, Any]) -> None:
    for step in action["runs"]["steps"]:
        assert "${{" not in step["run"]
        for name in step["env"]:
            assert f'"${name}"' in step["run"] or f"${name}" in step["run"]


def test_every_output_comes_from_a_step_that_writes_it(action: dict[str, Any]) -> None:
    steps = {step["id"]: step["run"] for step in action["runs"]["steps"] if "id" in step}
    for name, output in action["outputs"].items():
        found = re.fullmatch(r"\$\{\{ steps\.([a-z]+)\.outputs\.([a-z]+) \}\}", output["value"])
        assert found is not None
        assert found[2] == name
        assert f"{name}=" in steps[found[1]]


def test_the_snippet_gives_what_the_action_takes(
    action: dict[str, Any], read_yaml: "ReadYaml"
) -> None:
    given = snippet_inputs(read_yaml(SNIPPET))
    required = {name for name, declared in action["inputs"].items() if declared.get("required")}
    assert required <= set(given) <= set(action["inputs"])


def snippet_inputs(workflow: dict[Any, Any]) -> dict[str, str]:
    (job,) = workflow["jobs"].values()
    (inputs,) = [
        step["with"] for step in job["steps"] if step.get("uses", "").startswith("OWNER/recallsim@")
    ]
    return {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in inputs.items()
    }


@pytest.mark.slow
class TestForReal:
    """Every step in bash: recallsim is built and installed from the checkout, and plays."""

    def test_it_plays_reports_and_fails_with_the_receiver(
        self,
        runner: "Runner",
        action: dict[str, Any],
        read_yaml: "ReadYaml",
        junit_counts: "JunitCounts",
    ) -> None:
        runner.check_out("python_websockets")
        del runner.env["PIP_NO_INDEX"]
        inputs = snippet_inputs(read_yaml(SNIPPET))
        for name in ("url", "exec"):
            inputs[name] = inputs[name].replace("8765", str(runner.port))
        done = runner.composite(action, inputs)
        assert done.code == 0, done.said
        reports = runner.checkout / action["inputs"]["reports"]["default"]
        assert sorted(path.name for path in reports.iterdir()) == [
            "check.html", "check.json", "junit.xml", "summary.md",
        ]  # fmt: skip
        assert runner.told("GITHUB_OUTPUT") == "verdict=ok\n"
        assert runner.told("GITHUB_STEP_SUMMARY") == (reports / "summary.md").read_text()
        document = json.loads((reports / "check.json").read_text())
        assert document["seed"] == 1
        assert junit_counts(reports / "junit.xml")["tests"] == len(document["cases"])

        # The same machine, now with a receiver that has a bug, and then with none.
        *_, check = action["runs"]["steps"]
        only_check = {**action, "runs": {"steps": [check]}}
        inputs["exec"] = f"{PLANTED} limit-of-1-mib --port {runner.port} --save frames"
        inputs |= {"only": "10.4\n8.3\n", "skip": "8.*", "reports": "again", "seed": "7"}
        done = runner.composite(only_check, inputs)
        assert done.code == 1, done.said
        assert runner.told("GITHUB_OUTPUT").splitlines()[1:] == ["verdict=failed"]
        document = json.loads((runner.checkout / "again" / "check.json").read_text())
        assert ([case["number"] for case in document["cases"]], document["seed"]) == (["10.4"], 7)
        assert "default max\\_size is 1 MiB" in runner.told("GITHUB_STEP_SUMMARY")

        inputs["only"] = "10.44"
        done = runner.composite(only_check, inputs)
        assert done.code == 2, done.said
        assert "10.44" in done.said
        assert len(runner.told("GITHUB_OUTPUT").splitlines()) == 2

    def test_an_old_python_is_told_what_to_do(
        self, runner: "Runner", action: dict[str, Any], tmp_path: Path
    ) -> None:
        runner.checkout.mkdir()
        old = tmp_path / "python3.10"
        old.write_text("#!/bin/sh\nexit 1\n")
        old.chmod(0o755)
        done = runner.composite(action, {"url": "ws://127.0.0.1:1/", "python": str(old)})
        assert done.code == 3
        assert done.said == (
            "::error::recallsim needs Python 3.11 or newer: have actions/setup-python before it\n"
        )

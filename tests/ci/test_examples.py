"""Each example runs in the commands of its own CI file, and passes."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from recall_simulator.sources.scenarios import SMOKE, load_scenarios

if TYPE_CHECKING:
    from tests.ci.conftest import JunitCounts, Runner

EXAMPLES = Path(__file__).parents[2] / "examples"
RECEIVERS = ["fastapi", "node_ws", "python_websockets"]

pytestmark = pytest.mark.slow


def test_every_example_with_a_ci_file_is_known() -> None:
    assert sorted(path.parents[2].name for path in EXAMPLES.glob("*/.github/*/*.yml")) == RECEIVERS


@pytest.mark.parametrize("example", RECEIVERS)
def test_an_example_passes_in_its_own_ci_file(
    example: str, runner: "Runner", junit_counts: "JunitCounts", node: None
) -> None:
    runner.check_out(example)
    done = runner.workflow(runner.checkout / ".github" / "workflows" / "recallsim.yml")
    assert done.code == 0, done.said
    counts = junit_counts(runner.checkout / "recallsim.xml")
    cases = len(load_scenarios([SMOKE]))
    assert counts == {"tests": cases, "failures": 0, "errors": 0, "skipped": 0}


def test_an_examples_ci_file_fails_with_its_receiver(runner: "Runner", node: None) -> None:
    runner.check_out("node_ws")
    receiver = runner.checkout / "receiver.mjs"
    good = receiver.read_text()
    receiver.write_text(good.replace("MAX_MESSAGE = 16 * 2 ** 20", "MAX_MESSAGE = 2 ** 20"))
    assert receiver.read_text() != good
    done = runner.workflow(runner.checkout / ".github" / "workflows" / "recallsim.yml")
    assert done.code == 1, done.said
    assert "10.4" in done.said
    assert "closed 1009" in done.said

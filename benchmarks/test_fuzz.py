"""How many messages a second a Python parser is fuzzed with, drawing them included.

Speed is messages a second of processor time, that of the campaign and that of the process with
the target together, so that a busy machine is forgiven: it is what one core comes to that has
nothing else to do. The rival draws each message alone, by Hypothesis, as property tests do.
"""

import contextlib
import resource
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from recall_receiver import MessageError
from recall_simulator.fuzz import strategies
from recall_simulator.fuzz.in_process import fuzz_target
from recall_simulator.fuzz.records import Input

Figure = Callable[..., None]
SECTION = "Fuzzing in process"
INPUTS = 20_000
BY_HYPOTHESIS = 500


def processor_seconds() -> float:
    """Of this process and of those that it started and that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def one_by_one(target: Callable[[bytes], None]) -> float:
    """Messages a processor second, each an example of Hypothesis."""

    @settings(
        max_examples=BY_HYPOTHESIS,
        database=None,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategies.messages())
    def run(message: Input) -> None:
        with contextlib.suppress(MessageError):
            target(message.data)

    began = processor_seconds()
    run()
    return BY_HYPOTHESIS / (processor_seconds() - began)


@pytest.mark.parametrize(("name", "target"), [("trivial", "5,000"), ("reference", "400")])
def test_messages_a_second(
    name: str, target: str, figure: Figure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(__file__).parent)
    monkeypatch.syspath_prepend(Path(__file__).parent)
    naive = one_by_one(getattr(__import__("fuzz_targets"), name))
    began = processor_seconds()
    report = fuzz_target(f"fuzz_targets:{name}", allow=["MessageError"], max_examples=INPUTS)
    rate = INPUTS / (processor_seconds() - began)
    assert report.findings == []
    figure(
        SECTION,
        f"messages a second, {name} target",
        f"{rate:,.0f}",
        rival=f"{naive:,.0f}, drawn one by one by Hypothesis",
        ratio=f"{rate / naive:.1f}",
        target=target,
    )

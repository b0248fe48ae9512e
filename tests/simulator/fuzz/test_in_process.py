"""A campaign against a Python function, and functions that are hard to run."""

from pathlib import Path

import pytest

from recall_simulator.fuzz.in_process import fuzz_target
from recall_simulator.fuzz.records import (
    FindingMade,
    FuzzEnded,
    FuzzEvent,
    FuzzFinding,
    FuzzProgress,
    FuzzStarted,
    Shrinking,
)
from recall_simulator.record.errors import UsageError

pytestmark = pytest.mark.slow  # each starts a process


@pytest.fixture(autouse=True)
def _beside_the_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parent / "targets")


def first_finding(target: str, *, allow: tuple[str, ...] = ()) -> FuzzFinding:
    report = fuzz_target(f"oddities:{target}", allow=allow, max_examples=64, slow=0.2)
    assert report.inputs + report.left_out == 64
    assert {(finding.outcome, finding.error) for finding in report.findings} == {
        (report.findings[0].outcome, report.findings[0].error)
    }
    return report.findings[0]


@pytest.mark.parametrize("target", ["quiet", "prints", "reads_input", "Parser.parse"])
def test_nothing_is_found_where_nothing_is_wrong(target: str) -> None:
    report = fuzz_target(f"oddities:{target}", max_examples=200)
    assert report.findings == []
    assert report.inputs == sum(report.by_class.values()) == 200
    assert set(report.by_class) == {"must accept", "must survive", "may refuse"}
    assert (report.exit_code, report.interrupted) == (0, False)


def test_what_ends_the_process_is_found_and_the_campaign_goes_on() -> None:
    finding = first_finding("ends_the_process")
    assert (finding.outcome, finding.error) == ("died", "exit code 7")
    assert len(finding.minimal.edits) == 1
    assert finding.count >= 1


def test_what_was_wrong_before_the_process_ended_is_not_lost() -> None:
    report = fuzz_target("oddities:raises_and_ends", max_examples=128)
    counts = {finding.outcome: finding.count for finding in report.findings}
    alone = fuzz_target("oddities:raises_without_email", max_examples=128)
    assert counts["died"] >= 1
    assert report.left_out == 0
    assert counts["raised"] == sum(finding.count for finding in alone.findings)


def test_what_happens_once_is_told_apart() -> None:
    finding = first_finding("fails_at_its_tenth_call")
    assert finding.first == 10
    assert finding.minimal == finding.input
    assert finding.message == " (not again when it was given alone)"


def test_a_crash_is_named_with_its_place() -> None:
    finding = first_finding("crashes")
    assert (finding.outcome, finding.error) == ("died", "SIGSEGV")
    assert "string_at" in finding.where
    assert finding.message == "Fatal Python error: Segmentation fault"


@pytest.mark.parametrize(
    "target", ["computes_for_ever", "waits_for_ever", "waits_for_ever_on_a_loop"]
)
def test_what_never_ends_is_ended(target: str) -> None:
    finding = first_finding(target)
    assert finding.outcome == "hung"
    assert finding.message.startswith("no end after ")
    assert len(finding.minimal.edits) == 1


def test_a_hang_has_a_place_so_that_it_is_made_small_once() -> None:
    report = fuzz_target("oddities:waits_for_ever", max_examples=192, slow=0.2)
    (finding,) = report.findings
    assert finding.where.endswith(" in waits_for_ever")
    assert finding.count > 1


def test_memory_that_is_kept_message_by_message_is_found() -> None:
    report = fuzz_target("oddities:keeps_everything", max_examples=10_000, memory=20 * 2**20)
    (finding,) = report.findings
    assert finding.outcome == "leaked"
    assert finding.grown == report.grown
    assert finding.grown > 20 * 2**20


def test_when_the_time_is_up_nothing_is_made_smaller() -> None:
    report = fuzz_target("oddities:waits_for_ever", max_examples=None, seconds=0.0, slow=0.2)
    (finding,) = report.findings
    assert finding.message.endswith("(the time was up before it was made small)")
    assert finding.minimal == finding.input


def test_a_coroutine_is_awaited() -> None:
    finding = first_finding("raises_on_a_loop")
    assert (finding.outcome, finding.error, finding.message) == ("raised", "KeyError", "'event'")
    assert finding.where.startswith("oddities.py:")


def test_leaving_is_raising() -> None:
    assert first_finding("exits").error == "SystemExit"


def test_an_error_that_cannot_be_shown_is_shown_all_the_same() -> None:
    finding = first_finding("raises_what_cannot_be_shown")
    assert (finding.error, finding.message) == ("Broken", "(its text raises ValueError)")


@pytest.mark.parametrize("allow", ["Refused", "oddities.Refused", "oddities:ReallyRefused"])
def test_what_is_valid_must_not_be_refused(allow: str) -> None:
    finding = first_finding("refuses_all", allow=(allow,))
    assert (finding.outcome, finding.error) == ("refused", "ReallyRefused")
    assert finding.minimal.what == "a plain frame"
    assert finding.input.expect == "must accept"


def test_the_same_seed_finds_the_same() -> None:
    reports = [
        fuzz_target("oddities:raises_on_a_loop", max_examples=300, seed=seed) for seed in (4, 4, 5)
    ]
    first, again, other = ([f.input.data for f in report.findings] for report in reports)
    assert first == again
    assert first != other


def test_handlers_are_told_what_happens() -> None:
    events: list[FuzzEvent] = []
    report = fuzz_target("oddities:raises_on_a_loop", max_examples=150, handlers=[events.append])
    assert events[0] == FuzzStarted(
        target="oddities:raises_on_a_loop", seed=0, max_examples=150, seconds=None
    )
    assert events[-1] == FuzzEnded(report=report)
    kinds = [type(event) for event in events[1:-1]]
    assert kinds.index(Shrinking) < kinds.index(FindingMade)
    counts = [event.inputs for event in events if isinstance(event, FuzzProgress)]
    assert counts == [64, 128, 150]


def test_what_a_handler_raises_ends_the_campaign_and_its_process() -> None:
    class Enough(Exception):
        pass

    def stop(event: FuzzEvent) -> None:
        if isinstance(event, FuzzProgress):
            raise Enough

    with pytest.raises(Enough):
        fuzz_target("oddities:quiet", max_examples=None, handlers=[stop])


def test_ctrl_c_keeps_what_was_found() -> None:
    def stop(event: FuzzEvent) -> None:
        if isinstance(event, FuzzProgress) and event.findings:
            raise KeyboardInterrupt

    report = fuzz_target("oddities:raises_on_a_loop", max_examples=None, handlers=[stop])
    assert report.interrupted
    assert [finding.error for finding in report.findings] == ["KeyError"]


def test_time_is_a_budget_too() -> None:
    report = fuzz_target("oddities:quiet", max_examples=None, seconds=0.0)
    assert report.inputs == 64
    assert not report.interrupted


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("oddities", "give it as module:function"),
        ("oddities:", "give it as module:function"),
        ("nowhere:parse", "No module named 'nowhere'"),
        ("oddities:nothing", "has no attribute 'nothing'"),
        ("oddities:NUMBER", "NUMBER is no function"),
        ("oddities:takes_two", "cannot be called with one argument, the message's bytes"),
        ("oddities:takes_none", "cannot be called with one argument, the message's bytes"),
        ("unimportable:parse", "RuntimeError: no configuration"),
        ("ends:parse", "importing it ended the process (exit code 5)"),
    ],
)
def test_a_target_that_cannot_be_run_is_the_users_to_mend(target: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        fuzz_target(target, max_examples=10)
    assert str(caught.value).startswith(f"--target {target}: ")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "allow", ["json.JSONDecodeError", "asyncio.TimeoutError", "csv:Error", "Parser.Unreadable"]
)
def test_an_exception_goes_by_any_of_its_names(allow: str) -> None:
    assert fuzz_target("oddities:quiet", allow=[allow], max_examples=1).findings == []


@pytest.mark.parametrize(
    ("allow", "words"),
    [
        ("ValueErorr", "there is no such exception; did you mean ValueError?"),
        ("Refusd", "there is no such exception; did you mean Refused?"),
        ("oddities.Refuse", "there is no such exception; did you mean oddities.Refused"),
        ("nowhere.Refused", "there is no such exception"),
        ("NotAnywhere", "there is no such exception; give its name in full"),
        ("Parser", "it is no exception"),
        ("sys.exit", "it is no exception"),
    ],
)
def test_an_exception_that_nobody_can_raise_is_the_users_to_mend(allow: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        fuzz_target("oddities:quiet", allow=["ValueError", allow], max_examples=10)
    assert str(caught.value).startswith(f"--allow {allow}: {words}")


def test_an_alias_of_an_exception_is_allowed_as_well() -> None:
    finding = first_finding("refuses_all", allow=("oddities.NotLiked",))
    assert (finding.outcome, finding.error) == ("refused", "ReallyRefused")

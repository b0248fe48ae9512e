"""What a person sees."""

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from recall_simulator.judge import Evidence, judge
from recall_simulator.meeting import Plan
from recall_simulator.record.events import EngineEvent, RunStarted
from recall_simulator.record.findings import Finding, Verdict
from recall_simulator.record.outcomes import Outcome
from recall_simulator.report import Tally
from recall_simulator.report.console import (
    LiveConsole,
    PlainConsole,
    print_head,
    print_summary,
)
from recall_simulator.report.quantities import size_of

PlansOf = Callable[..., list[Plan]]
PlayOut = Callable[..., list[EngineEvent]]
BEGUN = RunStarted(
    run_id="0badcafe", seed=4711, start_time="then", url="ws://h/", scenarios=["test"], speed="1"
)
MEETING = 'duration = 9\ncrowd = 2\npeople = [{key = "x", unnamed = true}]\n'
CUT = 'timeline = [{at = 4, do = "cut"}]'


def terminal(*, is_terminal: bool, width: int = 100, height: int = 30) -> Console:
    return Console(
        file=io.StringIO(),
        force_terminal=is_terminal,
        color_system=None,
        width=width,
        height=height,
    )


def text_of(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_plain_lines_name_the_seed_and_every_link_event(
    plans_of: PlansOf, play_out: PlayOut
) -> None:
    console = terminal(is_terminal=False)
    with PlainConsole(console) as plain:
        for event in [BEGUN, *play_out(plans_of(MEETING + CUT))]:
            plain(event)
    lines = text_of(console).splitlines()
    assert [line.split("  ")[-1] for line in lines] == [
        "connected", "planned cut", "dials again in 3 s", "connected", "completed",
    ]  # fmt: skip


def test_the_live_view_has_a_row_for_each_stream_and_the_state_of_the_link(
    plans_of: PlansOf, play_out: PlayOut
) -> None:
    console = terminal(is_terminal=True)
    tally = Tally()
    live = LiveConsole(console, tally)
    console.print(live.view())
    for event in [BEGUN, *play_out(plans_of(MEETING + CUT))]:
        tally(event)
        live(event)
        if event.__class__.__name__ == "RetryScheduled":
            console.print(live.view())
    console.print(live.view())
    text = text_of(console)
    assert "again at 7.0 s" in text
    assert "100/webcam" in text
    assert "(null)" in text
    assert "480x360" in text
    assert "9.0/9 s" in text


def test_many_bots_are_counted_by_state_and_many_streams_cut_to_the_height(
    plans_of: PlansOf, play_out: PlayOut
) -> None:
    console = terminal(is_terminal=True, height=14)
    tally = Tally()
    for event in [BEGUN, *play_out(plans_of("duration = 3\nbots = 4\ncrowd = 3"))]:
        tally(event)
    console.print(LiveConsole(console, tally).view())
    assert "4 finished" in text_of(console)
    assert "and 7 more streams" in text_of(console)


def test_the_head_has_all_that_makes_a_run_again() -> None:
    console = terminal(is_terminal=False)
    print_head(console, BEGUN)
    text = text_of(console)
    for word in ("test", "seed 4711", "run id 0badcafe", "start then", "ws://h/"):
        assert word in text


@pytest.mark.parametrize("is_terminal", [True, False])
def test_the_summary_has_counts_findings_and_verdict(
    plans_of: PlansOf, play_out: PlayOut, is_terminal: bool
) -> None:
    refused = Outcome("refused", "unreachable", opened=False, detail="nothing listens there")
    console = terminal(is_terminal=is_terminal, width=200)
    tally, evidence = Tally(), Evidence()
    for event in [BEGUN, *play_out(plans_of(MEETING), answer=lambda attempt: refused)]:
        tally(event)
        evidence(event)
    print_summary(console, tally, judge(evidence))
    text = text_of(console)
    assert "0 frames of 0 streams" in text
    assert "refused 3 times (nothing listens there)" in text
    assert "start the receiver first" in text
    assert "verdict inconclusive" in text
    assert "not looked at:" in text


@pytest.mark.parametrize("is_terminal", [False, True])
def test_what_a_finding_rests_on_stands_under_it(is_terminal: bool) -> None:
    console = terminal(is_terminal=is_terminal, width=80)
    lost = Finding(
        kind="lost", severity="failed", what="2 were never seen", evidence=["frames 3, 4"]
    )
    verdict = Verdict(verdict="failed", findings=[lost], looked_at=[], not_looked_at=[])
    print_summary(console, Tally(), verdict)
    told = [line.strip() for line in text_of(console).splitlines()]
    assert told.index("frames 3, 4") == 1 + told.index("failed  2 were never seen")


def test_where_everything_was_looked_at_the_summary_says_so() -> None:
    console = terminal(is_terminal=False, width=80)
    all_seen = Verdict(verdict="ok", findings=[], looked_at=["all"], not_looked_at=[])
    print_summary(console, Tally(), all_seen)
    counts, verdict = text_of(console).splitlines()
    assert counts.endswith("of the receiver's doing")
    assert verdict == "verdict ok  (looked at: all; not looked at: nothing)"


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (325_000, "325 KB"), (1_600_000, "1.6 MB"), (5e12, "5000.0 GB")],
)
def test_sizes_are_for_people(count: float, text: str) -> None:
    assert size_of(count) == text

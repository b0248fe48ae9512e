"""What is made of a run: lines while it goes on, a verdict at the end."""

import socket
from typing import Any

import jsonschema
import msgspec
import pytest
from prometheus_client import CollectorRegistry
from rich.console import Console

from recall_simulator.load.conditions import USUAL, parse_condition
from recall_simulator.load.document import SCHEMA, LoadDocument, document
from recall_simulator.load.figures import Counts, Delta, Figures, Links
from recall_simulator.load.histogram import Histogram
from recall_simulator.load.limit import Trial
from recall_simulator.load.metrics import LoadMetrics, serve_metrics
from recall_simulator.load.mission import Mission
from recall_simulator.load.orders import Aimed, Began, Flushed, Orders, Over, Tried, Trouble, Why
from recall_simulator.load.outcome import Played, judge_run
from recall_simulator.load.page import load_page
from recall_simulator.load.shapes import Shape
from recall_simulator.load.sight import Sight
from recall_simulator.load.view import forecast, live, print_summary, sparkline
from recall_simulator.load.watch import Watch
from recall_simulator.load.web import rows
from recall_simulator.record.errors import UsageError
from recall_simulator.record.observations import Sighting
from recall_simulator.report.document import json_schema

ORDERS = Orders(
    mission=Mission(url="ws://127.0.0.1:1/?token=secret", participants=4, run_id="00000010"),
    shape=Shape(name="constant", bots=10, duration=10.0),
)


def of(*seconds: float) -> Histogram:
    histogram = Histogram(counts={})
    histogram.take(seconds)
    return histogram


def told(second: int, links: Links, worker: str = "a", **counts: Any) -> Flushed:
    return Flushed(Delta(worker=worker, second=second, counts=Counts(**counts), links=links))


def played(*lines: Any, orders: Orders = ORDERS) -> Played:
    found = Played(orders=orders, figures=Figures())
    watch = Watch(found)
    for each in (Began(1), *lines):
        watch.take(each)
    return found


UP = told(0, Links(10, 0, 0, 0), sent=40, opened=10, lag=of(*[0.01] * 40))


def test_a_run_without_trouble_is_ok() -> None:
    outcome = judge_run(played(UP, Over("done")), [parse_condition("disconnects > 0")])
    assert (outcome.verdict, outcome.exit_code, outcome.reasons) == ("ok", 0, [])


@pytest.mark.parametrize(
    ("why", "said"),
    [("no workers", "have not come: start each with"), ("stopped", "it was stopped while")],
)
def test_a_run_that_never_began_says_what_it_waited_for(why: Why, said: str) -> None:
    run = played(Over(why))
    run.processes = 0
    outcome = judge_run(run, [parse_condition("disconnects > 0")])
    assert outcome.verdict == "inconclusive"
    assert said in outcome.reasons[0]
    console = Console(width=100)
    with console.capture() as capture:
        print_summary(console, run, outcome)
    assert "p99" not in capture.get()


def test_a_broken_condition_fails_the_run() -> None:
    run = played(UP, told(1, Links(9, 0, 1, 0), losses={"cut": 1}), Over("done"))
    outcome = judge_run(run, [parse_condition("disconnects > 0")])
    assert (outcome.verdict, outcome.exit_code) == ("failed", 1)
    assert outcome.reasons == ["disconnects > 0: it was 1"]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([told(0, Links(), failures={"refused": 3}), Over("unreachable")], "refused 3 times"),
        ([UP, told(1, Links(10), lag=of(*[0.4] * 40)), Over("done")], "sender was the bottleneck"),
        ([UP, Trouble("a", "a worker was lost", 3.0), Over("done")], "a worker was lost"),
        ([UP], "Locust is gone"),
        ([UP, Over("stopped")], "stopped before its time"),
    ],
)
def test_what_makes_the_figures_worthless_is_inconclusive(lines: list[Any], reason: str) -> None:
    outcome = judge_run(played(*lines), [])
    assert (outcome.verdict, outcome.exit_code) == ("inconclusive", 3)
    assert reason in outcome.reasons[0]


def test_a_condition_that_nothing_was_measured_for_is_inconclusive() -> None:
    run = played(UP, Over("done"))
    outcome = judge_run(run, [parse_condition("latency.p99 > 500ms")])
    assert outcome.verdict == "inconclusive"
    assert "nothing was measured" in outcome.reasons[0]
    assert judge_run(run, [parse_condition("recover.p99 > 5s")]).verdict == "ok"
    lost_for_good = played(UP, told(1, Links(0, 0, 10, 0), losses={"cut": 10}), Over("done"))
    assert judge_run(lost_for_good, [parse_condition("recover.p99 > 5s")]).exit_code == 3


def test_pings_without_a_pong_fail_a_run_that_names_no_condition() -> None:
    usual = [parse_condition(text) for text in USUAL]
    run = played(UP, told(1, Links(10), unanswered=2), Over("done"))
    assert judge_run(run, usual).reasons == ["unanswered > 0: it was 2"]
    assert judge_run(played(UP, Over("done")), usual).verdict == "ok"


@pytest.mark.parametrize("disturbed", [[Trouble("a", "a worker was lost", 3.0)], []])
def test_a_search_for_the_limit_needs_all_its_workers(disturbed: list[Any]) -> None:
    trial = Trial(
        bots=10, kept="kept up", why="", frames_per_second=80, megabytes_per_second=1,
        stall_p99=0, lag_p99=0,
    )  # fmt: skip
    search = msgspec.structs.replace(ORDERS, find_limit=True)
    run = played(UP, *disturbed, Tried(trial), Over("done"), orders=search)
    assert judge_run(run, []).verdict == ("inconclusive" if disturbed else "ok")


def test_a_lost_worker_takes_the_frames_with_it_that_nobody_counted() -> None:
    lost = Trouble("b", "a worker was lost with 3 bots", at=8.0, bots=3, heard=3.0)
    run = played(UP, told(0, Links(3), worker="b"), lost, Over("done"))
    frames = 3 * 4 * 2 * 5
    (trouble,) = run.troubles
    assert f"some {frames} frames" in trouble
    assert document(run, judge_run(run, [])).frames_unknown == frames
    assert trouble in load_page(run, judge_run(run, []))


def test_a_late_sender_does_not_make_the_receiver_fail() -> None:
    late = told(1, Links(10), lag=of(*[0.4] * 40), losses={"cut": 1})
    outcome = judge_run(played(UP, late, Over("done")), [parse_condition("disconnects > 0")])
    assert outcome.verdict == "inconclusive"


def test_the_death_of_a_receiver_is_said_at_its_second_and_so_is_its_return() -> None:
    run = played(
        UP,
        told(1, Links(10)),
        told(4, Links(0, 0, 10, 0), losses={"cut": 10}),
        told(5, Links(0, 0, 10, 0)),
        told(7, Links(0, 0, 10, 0), failures={"refused": 10}),
        told(8, Links(10)),
    )
    assert [(each.second, each.what) for each in run.happenings] == [
        (4, "10 of 10 links are down: cut 10 times"),
        (8, "10 links are up again"),
    ]


def test_the_links_of_a_lost_worker_are_counted_no_more() -> None:
    run = played(UP, told(0, Links(5), worker="b"), Trouble("b", "lost", 2.0))
    assert run.figures.all_links.up == 10
    assert run.happenings[0].second == 2


def test_a_change_of_the_load_is_said() -> None:
    run = played(Aimed(2, 0.0), Aimed(4, 5.0))
    assert [each.what for each in run.happenings] == ["4 bots from here on"]


def test_the_object_holds_what_is_promised_and_no_secret() -> None:
    run = played(UP, told(1, Links(10), sent=8, message_bytes=80), Over("done"))
    found = msgspec.to_builtins(document(run, judge_run(run, [])))
    jsonschema.validate(found, json_schema(LoadDocument, SCHEMA))
    assert (found["schema"], found["verdict"], found["frames_sent"]) == (SCHEMA, "ok", 48)
    assert [row["frames_sent"] for row in found["by_second"]] == [40, 8]
    assert found["times"]["lag"]["count"] == 40
    assert found["streams"] is None
    assert "secret" not in str(found)


def test_the_forecast_has_the_arithmetic() -> None:
    text = forecast(played(), [100_000, 200_000])
    assert "10 bots x 4 streams x 2 fps x 150 KB = 80 frames/s, 12.0 MB/s, for 10 s" in text


@pytest.mark.parametrize("width", [80, 140])
def test_the_live_view_fits_its_terminal(width: int) -> None:
    stalled = told(1, Links(6, 1, 2, 1, 4.0), sent=8, late=of(0.2))
    run = played(UP, stalled, told(2, Links(9, 0, 1, 0)))
    console = Console(width=width, record=True, file=None, force_terminal=True, quiet=False)
    with console.capture() as capture:
        console.print(live(run, width))
        print_summary(console, run, judge_run(run, []))
    text = capture.get()
    assert "9 up" in text
    assert "1 retrying" in text
    assert "verdict" in text


def test_latency_runs_from_when_a_frame_was_due_and_each_frame_counts_once() -> None:
    figures = Figures()
    sight = Sight(figures, "00000010", 1000.0, lambda: 3)

    def seen(bot: int, sequence: int, at: float) -> None:
        sight(
            Sighting(
                observer="x",
                where="y",
                at=at,
                run_id=f"{0x10 + bot:08x}",
                participant=100,
                sequence=sequence,
                due=sequence * 0.5,
            )
        )

    seen(0, 0, 5.3)
    assert sight.flush() is None  # nobody has said yet when that bot joined
    figures.add(told(0, Links(), started={0: 1005.0, 1: 1006.0}).delta)
    seen(0, 0, 5.9)
    seen(1, 4, 8.2)
    delta = sight.flush()
    assert delta is not None
    assert (delta.second, delta.counts.seen) == (3, 2)
    assert delta.counts.latency.highest == pytest.approx(0.3)
    assert delta.counts.latency.total == 2
    assert sight.by_stream == {"0/100/webcam": 1, "1/100/webcam": 1}
    assert sight.flush() is None


def test_frames_that_an_outage_cost_count_in_the_second_they_were_due() -> None:
    run = played(UP, told(4, Links(10), sent=10, dropped={"outage": 30}, missed={2: 20, 3: 10}))
    assert [run.figures.seconds[number].offered for number in (0, 2, 3, 4)] == [40, 20, 10, 10]
    assert run.figures.total.offered == 80
    assert [run.figures.due(0, 2), run.figures.due(3, 4)] == [60, 20]
    run.observed = ["files:x"]
    console = Console(width=100)
    with console.capture() as capture:
        console.print(live(run, 100))
    assert "10 frames/s of 18 due" in capture.get()  # of the four seconds before the last
    assert "latency p99" in capture.get()


def test_the_page_shows_the_run_and_nothing_can_be_fetched_by_it() -> None:
    run = played(UP, told(1, Links(9, 0, 1, 0), losses={"<cut>": 1}, late=of(0.1)), Over("done"))
    page = load_page(run, judge_run(run, [parse_condition("disconnects > 0")]))
    assert page.count("<polyline") >= 2
    assert "&lt;cut&gt;" in page
    assert "<cut>" not in page
    assert "default-src 'none'" in page
    assert "secret" not in page
    assert "disconnects &gt; 0: it was 1" in page
    assert "stall so far" not in page
    run = played(UP, told(1, Links(10, 0, 0, 4, 2.5)), told(2, Links(10)), Over("done"))
    assert "the longest stall so far" in load_page(run, judge_run(run, []))
    assert "█" in sparkline(run, "late", 10).plain
    assert "█" not in sparkline(run, "latency", 10).plain


def test_prometheus_gets_what_was_counted() -> None:
    run = played(UP, told(1, Links(9, 0, 1, 1, 4.0), losses={"cut": 2}, late=of(0.002, 0.2, 0.4)))
    assert document(run, judge_run(run, [])).by_second[1].open_stall == 4.0
    registry = CollectorRegistry()
    registry.register(LoadMetrics(run))
    value = registry.get_sample_value
    assert value("recallsim_load_frames_sent_total") == 40
    assert value("recallsim_load_disconnects_total", {"class": "cut"}) == 2
    assert value("recallsim_load_links", {"state": "up"}) == 9
    assert value("recallsim_load_links", {"state": "blocked"}) == 1
    assert value("recallsim_load_open_stall_seconds") == 4.0
    assert value("recallsim_load_late_seconds_bucket", {"le": "0.25"}) == 2
    assert value("recallsim_load_late_seconds_count") == 3


def test_a_port_that_is_taken_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"--metrics-port {port}"):
            serve_metrics(played(), port)


def test_what_was_seen_stands_beside_what_was_sent_stream_by_stream() -> None:
    run = played(told(0, Links(1), sent=5, streams={"3/100/webcam": 5}), Over("done"))
    run.observed, run.seen_by_stream = ["files:x"], {"3/100/webcam": 4}
    (row,) = msgspec.to_builtins(document(run, judge_run(run, [])))["streams"]
    assert row == {"bot": 3, "participant": 100, "type": "webcam", "sent": 5, "seen": 4}


def test_locusts_page_gets_lag_and_stalls_as_rows() -> None:
    run = played(
        UP,
        told(
            4,
            Links(7, 0, 2, 1, 2.5),
            sent=50,
            stall=of(*[0.7] * 50),
            dropped={"slow receiver": 3},
            missed={4: 3},
        ),
        told(5, Links(7, 0, 2, 1, 3.5)),
    )
    table = {row["name"]: row for row in rows(run.figures)}
    assert table["lag: of our own doing"]["p99"] == "10 ms"
    stall = table["stall: receiver takes no more"]
    assert (stall["recent"], stall["count"], stall["max"]) == ("p99 700 ms", "50", "700 ms")
    assert table["frames sent"]["recent"] == "18/s of 19/s due"
    assert table["links opened"]["recent"] == "7 up, 2 retrying, 1 blocked for 3.50 s"
    assert table["frames not sent"]["count"] == "3"
    assert len({tuple(row) for row in rows(run.figures)}) == 1


def test_bots_that_leave_as_they_should_are_no_outage() -> None:
    assert played(UP, told(1, Links(10)), told(2, Links(1))).happenings == []

"""The HTML report of a load run: one page that needs nothing else."""

from collections.abc import Sequence

from recall_simulator import __version__
from recall_simulator.load.charts import Series, heat_strip, line_chart
from recall_simulator.load.conditions import lost
from recall_simulator.load.figures import Counts, Links, Second
from recall_simulator.load.histogram import Histogram
from recall_simulator.load.outcome import Outcome, Played
from recall_simulator.load.view import TIME_ROWS, duration
from recall_simulator.report.html.markup import Element, tag
from recall_simulator.report.html.page import facts, masthead, page
from recall_simulator.report.html.words import SIGNS
from recall_simulator.report.quantities import size_of

SENTENCES = {
    "ok": "It kept up with all that was asked of it.",
    "failed": "It broke a condition.",
    "inconclusive": "The figures say nothing certain about the receiver.",
}


def load_page(played: Played, outcome: Outcome) -> str:
    """The page.

    Args:
        played: the run.
        outcome: its verdict.
    """
    rows = [played.figures.seconds.get(n, Second(links={})) for n in range(played.seconds)]
    return page(
        f"{outcome.verdict}: recallsim load on {played.orders.mission.shown_url}",
        _head(played, outcome),
        tag(
            "main",
            _reasons(outcome),
            tag("section", tag("h2", "Second by second"), _charts(rows, played)),
            tag("section", tag("h2", "Times"), _times(played.figures.total)),
            _trials(played),
            _links(played.figures.total),
            _happenings(played),
            id="content",
            tabindex=-1,
        ),
    )


def _head(played: Played, outcome: Outcome) -> Element:
    orders, total = played.orders, played.figures.total
    seconds = max(1, played.seconds)
    frames = f"{total.sent:,} of {total.offered:,} due"
    pairs = [
        ("bots", f"{orders.shape.bots:,}"),
        ("shape", "find-limit" if orders.find_limit else orders.shape.name),
        ("streams of each", f"{orders.mission.participants} {orders.mission.scene}"),
        ("frames sent", frames),
        ("frames/s", f"{total.sent / seconds:,.0f}"),
        ("sent", f"{size_of(total.message_bytes)}, {size_of(total.message_bytes / seconds)}/s"),
        ("links opened", f"{total.opened:,} of {total.dials:,} dials"),
        ("lasted", f"{played.seconds} s"),
        ("processes", str(played.processes)),
        ("seed", str(orders.mission.seed)),
        ("run id", orders.mission.run_id),
    ]
    if played.observed:
        pairs.append(("seen", f"{total.seen:,}, lost {lost(total):,}"))
    return tag(
        "header",
        masthead(f"{__version__} load"),
        tag(
            "div",
            tag("span", SIGNS[outcome.verdict], class_="sign", aria_hidden="true"),
            tag(
                "div",
                tag("h1", outcome.verdict.capitalize(), " ",
                    tag("small", orders.mission.shown_url)),
                tag("p", SENTENCES[outcome.verdict]),
            ),
            class_=f"hero {outcome.verdict}",
        ),
        facts(pairs),
    )  # fmt: skip


def _reasons(outcome: Outcome) -> Element | None:
    if not outcome.reasons:
        return None
    return tag("section", tag("h2", "Why"), [tag("p", reason) for reason in outcome.reasons])


def _charts(rows: Sequence[Second], played: Played) -> list[Element]:
    def of(pick: str, percent: int) -> list[float | None]:
        histograms: list[Histogram] = [getattr(row.counts, pick) for row in rows]
        return [h.percentile(percent) if h.counts else None for h in histograms]

    sent = [float(row.counts.sent) for row in rows]
    offered = [float(row.offered) for row in rows]
    late = [
        Series("half of them", "var(--accent)", of("late", 50)),
        Series("99 of 100", "var(--stroke-doubt)", of("late", 99)),
        Series("99 of 100, our own lag alone", "var(--open)", of("lag", 99), dashed=True),
    ]
    stalled = [row.all_links.stalled or None for row in rows]
    if any(stalled):
        late.append(Series("the longest stall so far", "var(--stroke-lost)", stalled))
    charts = [
        line_chart(
            "Frames a second",
            f"{max(sent, default=0):,.0f} sent in the best second",
            [
                Series("due", "var(--stroke-plain)", offered),
                Series("sent", "var(--accent)", sent),
            ],
            lambda value: f"{value:,.0f}",
        ),
        line_chart(
            "From when a frame was due to the socket",
            f"p99 {duration(played.figures.total.late.percentile(99))} over the whole run",
            late,
            duration,
        ),
    ]
    if played.observed:
        charts.append(
            line_chart(
                "From when a frame was due to when it was seen",
                f"p99 {duration(played.figures.total.latency.percentile(99))}",
                [
                    Series("half of them", "var(--accent)", of("latency", 50)),
                    Series("99 of 100", "var(--stroke-doubt)", of("latency", 99)),
                ],
                duration,
            )
        )
    return [*charts, heat_strip([row.all_links if row.links else Links() for row in rows])]


def _times(total: Counts) -> Element:
    rows = []
    for name, what in TIME_ROWS:
        histogram: Histogram = getattr(total, name)
        if histogram.counts:
            values = [histogram.percentile(percent) for percent in (50, 90, 99)]
            cells = [duration(value) for value in (*values, histogram.highest)]
            rows.append((f"{name}: {what}", f"{histogram.total:,}", *cells))
    return _table(("", "count", "p50", "p90", "p99", "max"), rows)


def _trials(played: Played) -> Element | None:
    if not played.trials:
        return None
    rows = [
        (
            f"{trial.bots:,}",
            trial.kept,
            f"{trial.frames_per_second:,.0f}",
            f"{trial.megabytes_per_second:,.1f}",
            duration(trial.stall_p99),
            duration(trial.lag_p99),
            trial.why,
        )
        for trial in sorted(played.trials, key=lambda trial: trial.bots)
    ]
    heads = ("bots", "outcome", "frames/s", "MB/s", "stall p99", "lag p99", "why")
    return tag("section", tag("h2", "The search for the limit"), _table(heads, rows))


def _links(total: Counts) -> Element | None:
    rows = [
        (what, name, f"{count:,}", total.details.get(name, ""))
        for what, classes in (
            ("handshake failed", total.failures),
            ("ended by the receiver", total.losses),
            ("frame not sent", total.dropped),
        )
        for name, count in classes.items()
    ]
    if total.cuts:
        rows.append(("cut by us", "as planned", f"{total.cuts:,}", ""))
    if total.unanswered:
        rows.append(("ping without a pong", "within 2 s", f"{total.unanswered:,}", ""))
    if not rows:
        return None
    table = _table(("what", "class", "times", "evidence"), rows)
    return tag("section", tag("h2", "Links and frames that went wrong"), table)


def _happenings(played: Played) -> Element | None:
    if not played.happenings:
        return None
    rows = [(f"{each.second} s", each.what) for each in played.happenings]
    return tag("section", tag("h2", "What happened when"), _table(("at", "what"), rows))


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Element:
    return tag(
        "div",
        tag(
            "table",
            tag("thead", tag("tr", [tag("th", head, scope="col") for head in heads])),
            tag("tbody", [tag("tr", [tag("td", cell) for cell in row]) for row in rows]),
        ),
        class_="scroll",
    )

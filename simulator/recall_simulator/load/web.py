"""A tab of our own on Locust's page: lag, stalls and links, which its table knows nothing of."""

import json
from typing import TYPE_CHECKING, Any

from recall_simulator.load.figures import Figures
from recall_simulator.load.view import RECENT, TIME_ROWS, duration

if TYPE_CHECKING:
    from locust.web import WebUI

    from recall_simulator.load.conductor import Conductor

TAB = "recall"

_COLUMNS = (
    ("name", "Figure"),
    ("recent", f"Last {RECENT} seconds"),
    ("count", "Count"),
    ("p50", "p50"),
    ("p90", "p90"),
    ("p99", "p99"),
    ("max", "Max"),
)


def add_tab(web_ui: "WebUI", conductor: "Conductor") -> None:
    """Show the figures of a run beside Locust's own statistics.

    Locust's page draws tables of `template_args`, with rows that come with its own figures
    (https://docs.locust.io/en/stable/extending-locust.html).

    Args:
        web_ui: of the master, or of the only process.
        conductor: of the same.
    """
    web_ui.template_args["extended_tabs"] = [{"title": "Recall bots", "key": TAB}]
    web_ui.template_args["extended_tables"] = [
        {"key": TAB, "structure": [{"key": key, "title": title} for key, title in _COLUMNS]}
    ]

    def with_rows(response: Any) -> Any:
        told = json.loads(response.get_data())
        told["extended_stats"] = [{"key": TAB, "data": rows(conductor.figures)}]
        response.set_data(json.dumps(told))
        return response

    assert web_ui.app is not None
    views = web_ui.app.view_functions
    statistics = views["locust.request_stats"]
    views["locust.request_stats"] = lambda: with_rows(statistics())


def rows(figures: Figures) -> list[dict[str, str]]:
    """The rows of the table.

    Args:
        figures: of the run so far.
    """
    total, links = figures.total, figures.all_links
    last = max(figures.seconds, default=0)
    recent, due = figures.over(last - RECENT, last - 1), figures.due(last - RECENT, last - 1)
    seconds = max(1, min(RECENT, last))
    found = [
        _row(
            "frames sent",
            f"{recent.sent / seconds:,.0f}/s of {due / seconds:,.0f}/s due",
            total.sent,
        )
    ]
    for name, what in TIME_ROWS:
        whole, now = getattr(total, name), getattr(recent, name)
        if whole.counts:
            p50, p90, p99 = (duration(whole.percentile(percent)) for percent in (50, 90, 99))
            shown = f"p99 {duration(now.percentile(99))}" if now.counts else ""
            times = {"p50": p50, "p90": p90, "p99": p99, "max": duration(whole.highest)}
            found.append(_row(f"{name}: {what}", shown, whole.total, **times))
    states = f"{links.up} up, {links.waiting} retrying, {links.blocked} blocked"
    if links.stalled:
        states += f" for {duration(links.stalled)}"
    return [
        *found,
        _row("links opened", states, total.opened),
        _row("links ended by the receiver", "", sum(total.losses.values())),
        _row("handshakes failed", "", sum(total.failures.values())),
        _row("pings without a pong", "", total.unanswered),
        _row("frames not sent", "", sum(total.dropped.values())),
    ]


def _row(name: str, recent: str, count: int, **times: str) -> dict[str, str]:
    empty = dict.fromkeys(("p50", "p90", "p99", "max"), "")
    return {"name": name, "recent": recent, "count": f"{count:,}", **empty, **times}

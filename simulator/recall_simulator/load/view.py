"""What a person sees of a load run while it goes on, and at its end."""

from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from recall_simulator.load.conditions import lost
from recall_simulator.load.figures import Counts, Links
from recall_simulator.load.histogram import Histogram
from recall_simulator.load.limit import LAG_BOUND
from recall_simulator.load.outcome import Happening, Outcome, Played
from recall_simulator.report.quantities import size_of

RECENT = 5
"""Seconds that the figures of the live view are taken over."""

TIME_ROWS = (
    ("late", "due to socket"),
    ("lag", "of our own doing"),
    ("stall", "receiver takes no more"),
    ("latency", "due to observer"),
    ("connect", "dial to 101"),
    ("recover", "loss to 101"),
    ("ping", "ping to pong"),
)
"""The times of a run, and what they run from and to."""

_BARS = "▁▂▃▄▅▆▇█"
_STYLES = {"ok": "bold green", "failed": "bold red", "inconclusive": "bold magenta"}


def live(played: Played, width: int) -> RenderableType:
    """The live view.

    Args:
        played: so far.
        width: columns of the terminal.
    """
    shape = played.orders.shape
    last = max(played.figures.seconds, default=0)
    recent = played.figures.over(last - RECENT, last - 1)
    seconds, columns = max(1, min(RECENT, last)), max(10, min(60, width - 34))
    head = Table.grid(padding=(0, 2))
    head.add_row(
        Text("find-limit" if played.orders.find_limit else shape.name, "bold"),
        ProgressBar(total=shape.duration, completed=min(last, shape.duration), width=20),
        Text(f"{last}/{shape.duration:g} s", no_wrap=True),
        links_text(played.figures.all_links),
    )
    return Group(
        head,
        rates_and_times(recent, seconds, due=played.figures.due(last - RECENT, last - 1)),
        *(
            Text.assemble((f"{name} p99".ljust(13), "dim"), sparkline(played, name, columns))
            for name in (("late", "latency") if played.observed else ("late",))
        ),
    )


def links_text(links: Links) -> Text:
    """How many links are in which state."""
    blocked = f"blocked for {duration(links.stalled)}" if links.stalled else "blocked"
    parts = [Text(f"{links.up:,} up", "green" if links.up else "dim")]
    for count, name, style in (
        (links.dialling, "dialling", "yellow"),
        (links.waiting, "retrying", "red"),
        (links.blocked, blocked, "magenta"),
    ):
        if count:
            parts.append(Text(f"{count:,} {name}", style))
    return Text("  ").join(parts)


def rates_and_times(counts: Counts, seconds: int, *, due: int) -> RenderableType:
    """Of a stretch of so many seconds, in which so many frames came due."""
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for column in ("", "p50", "p90", "p99", "max"):
        table.add_column(column, justify="right" if column else "left", no_wrap=True)
    offered, sent = due / seconds, counts.sent / seconds
    rate = Text(f"{sent:,.0f} frames/s", "bold")
    rate.append(f" of {offered:,.0f} due, {size_of(counts.message_bytes / seconds)}/s", "dim")
    for name, what in TIME_ROWS:
        histogram: Histogram = getattr(counts, name)
        if not histogram.counts:
            continue
        label = Text.assemble(name, (f"  {what}", "dim"))
        values = [histogram.percentile(percent) for percent in (50, 90, 99)]
        bad = name == "lag" and values[-1] > LAG_BOUND
        table.add_row(
            label,
            *(Text(duration(value), "red" if bad else "") for value in values),
            duration(histogram.highest),
        )
    return Group(rate, table) if table.row_count else rate


def duration(seconds: float) -> str:
    """Seconds for people: `4.1 ms`, `1.32 s`."""
    if seconds >= 1:
        return f"{seconds:.2f} s"
    if seconds >= 0.01:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds * 1000:.1f} ms" if seconds else "0 ms"


def sparkline(played: Played, name: str, width: int) -> Text:
    """One of the times in the last seconds, p99, one character a second.

    While a receiver takes nothing, no frame is `late`: then it is for how long that has gone on.
    """
    rows = [row for _, row in sorted(played.figures.seconds.items())][:-1][-width:]
    times: list[Histogram] = [getattr(row.counts, name) for row in rows]
    values = [
        max(histogram.percentile(99), row.all_links.stalled * (name == "late"))
        for row, histogram in zip(rows, times, strict=True)
    ]
    highest = max(values, default=0.0)
    text = Text()
    for value in values:
        level = min(len(_BARS) - 1, int(value / highest * len(_BARS))) if highest else 0
        text.append(_BARS[level], "red" if value > 0.5 else "yellow" if value > 0.1 else "green")
    return text.append(f"  up to {duration(highest)}", "dim")


def line(happening: Happening) -> str:
    """A happening as a line of its own."""
    return f"{happening.second:5d} s  {happening.what}"


def print_summary(console: Console, played: Played, outcome: Outcome) -> None:
    """The last words of a run."""
    total = played.figures.total
    console.print(rates_and_times(total, max(1, played.seconds), due=total.offered))
    dropped = ", ".join(f"{count:,} ({why})" for why, count in total.dropped.items()) or "0"
    say(
        console,
        f"{total.sent:,} frames in {size_of(total.message_bytes)} over {total.opened:,} links of "
        f"{total.dials:,} dials, by {played.processes} "
        f"{'process' if played.processes == 1 else 'processes'}; not sent: {dropped}",
    )
    if played.observed:
        say(
            console,
            f"seen: {total.seen:,} of them; lost: {lost(total):,}; in doubt: {total.in_doubt:,}",
        )
    _print_classes(console, "handshakes failed", total.failures, total)
    _print_classes(console, "links ended by the receiver", total.losses, total)
    if total.unanswered:
        say(console, f"{total.unanswered:,} pings had no pong within 2 s")
    for reason in outcome.reasons:
        say(console, Text.assemble((f"{outcome.verdict:>12}  ", _STYLES[outcome.verdict]), reason))
    say(console, Text.assemble("verdict ", (outcome.verdict, _STYLES[outcome.verdict])))


def _print_classes(console: Console, what: str, classes: dict[str, int], counts: Counts) -> None:
    for name, count in classes.items():
        detail = counts.details.get(name)
        say(console, f"{what}: {name} {count:,} times" + (f": {detail}" if detail else ""))


def say(console: Console, text: str | Text) -> None:
    """A line that is wrapped by terminals alone."""
    console.print(text, highlight=False, markup=False, soft_wrap=not console.is_terminal)


def forecast(played: Played, message_bytes: Sequence[int]) -> str:
    """What the run is going to send, said before it begins.

    Args:
        played: nothing yet.
        message_bytes: sizes of one frame message of each stream.
    """
    orders = played.orders
    shape, mission = orders.shape, orders.mission
    rate = shape.bots * mission.frames_per_second
    volume = rate * sum(message_bytes) / len(message_bytes)
    most = "up to " if shape.name in ("ramp", "steps", "spike") or orders.find_limit else ""
    return (
        f"{most}{shape.bots:,} bots x {mission.participants} streams x 2 fps x "
        f"{size_of(sum(message_bytes) / len(message_bytes))} = {rate:,.0f} frames/s, "
        f"{size_of(volume)}/s, for {shape.duration:g} s at most"
    )

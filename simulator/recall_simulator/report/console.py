"""What a person sees of a run: a live table on a terminal, plain lines elsewhere, a summary."""

from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from recall_simulator.record.events import (
    AttemptEnded,
    BotEnded,
    EngineEvent,
    LinkOpened,
    RetryScheduled,
    RunStarted,
)
from recall_simulator.record.findings import Verdict
from recall_simulator.report.quantities import size_of
from recall_simulator.report.table import STYLES, print_finding
from recall_simulator.report.tally import BotTally, StreamTally, Tally

_STATE_STYLES = {"up": "green", "dialling": "yellow", "finished": "green", "starting": "dim"}
_BESIDE_STREAMS = 9
"""Lines of the terminal that the stream rows leave to the rest of the view."""


def head(event: RunStarted) -> str:
    """The line that a run begins with: all that is needed to make it again."""
    scenarios = event.scenarios
    named = ", ".join(scenarios) if len(scenarios) <= 3 else f"{len(scenarios)} scenarios"
    return (
        f"{named} · seed {event.seed} · run id {event.run_id} · start {event.start_time} · "
        f"speed {event.speed}"
    )


def print_head(console: Console, event: RunStarted) -> None:
    """The first lines of a run, quiet ones included."""
    console.print(Text(head(event), "dim"), soft_wrap=not console.is_terminal)
    console.print(Text.assemble("receiver ", (event.url, "cyan")), soft_wrap=True)


class PlainConsole:
    """A handler that writes a line for each link event: for logs and CI."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def __call__(self, event: EngineEvent) -> None:
        """Write one event, if it is one that a log should have."""
        match event:
            case LinkOpened():
                self._tell(event, "connected")
            case AttemptEnded(outcome=outcome):
                detail = f": {outcome.detail}" if outcome.detail else ""
                self._tell(event, f"{outcome.text}{detail}")
            case RetryScheduled():
                self._tell(event, f"dials again in {event.wait:g} s")
            case BotEnded(reason="unconnected" | "gave up"):
                self._tell(event, event.reason)

    def _tell(
        self, event: LinkOpened | AttemptEnded | RetryScheduled | BotEnded, what: str
    ) -> None:
        line = f"{_about(event)}  {what}"
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


class LiveConsole:
    """A handler that keeps a table of streams and links on the terminal up to date.

    Args:
        console: the terminal.
        tally: counts the same events, before this handler gets them.
    """

    def __init__(self, console: Console, tally: Tally) -> None:
        self._console = console
        self._tally = tally
        self._live = Live(
            console=console, get_renderable=self.view, refresh_per_second=8, transient=True
        )

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def __call__(self, event: EngineEvent) -> None:
        """Print what should stay; the table redraws itself."""
        match event:
            case LinkOpened() if event.attempt > 1:
                self._print(event, "connected", "green")
            case AttemptEnded(outcome=outcome) if outcome.text != "completed":
                detail = f": {outcome.detail}" if outcome.detail else ""
                style = "yellow" if outcome.cause == "plan" else "red"
                self._print(event, outcome.text + detail, style)

    def _print(self, event: LinkOpened | AttemptEnded, what: str, style: str) -> None:
        self._console.print(Text(f"{_about(event)}  ", "dim").append(what, style))

    def view(self) -> RenderableType:
        """What the terminal shows at this moment."""
        bots = list(self._tally.bots.values())
        if not bots:
            return Text("…")
        now = [bot for bot in bots if bot.scenario == bots[-1].scenario]
        streams = [
            stream
            for stream in list(self._tally.streams.values())
            if stream.scenario == bots[-1].scenario
        ]
        return Group(self._progress(now), stream_table(streams, self._console.height))

    def _title(self, scenario: str) -> str:
        """The scenario's name, and which of how many it is."""
        names = self._tally.run.scenarios if self._tally.run else [scenario]
        if len(names) == 1:
            return scenario
        return f"{scenario} ({names.index(scenario) + 1} of {len(names)})"

    def _progress(self, bots: list[BotTally]) -> RenderableType:
        at = min(bot.at for bot in bots)
        ends_at = max(bot.ends_at for bot in bots)
        line = Table.grid(padding=(0, 2))
        line.add_row(
            Text(self._title(bots[0].scenario), "bold"),
            ProgressBar(total=ends_at, completed=min(at, ends_at), width=20),
            Text(f"{at:.1f}/{ends_at:g} s", no_wrap=True),
            links(bots),
        )
        return line


def _about(event: LinkOpened | AttemptEnded | RetryScheduled | BotEnded) -> str:
    """When and where something happened, which a line begins with."""
    attempt = "" if isinstance(event, BotEnded) else f"  attempt {event.attempt}"
    return f"{event.at:7.1f} s  {event.scenario}  bot {event.bot[:8]}{attempt}"


def links(bots: list[BotTally]) -> Text:
    """The state of one bot's link, or how many links are in which state."""
    if len(bots) == 1:
        bot = bots[0]
        text = Text(f"link {bot.state}", _STATE_STYLES.get(bot.state, "red"))
        if bot.retry_at is not None:
            text.append(f", again at {bot.retry_at:.1f} s", "yellow")
        return text
    states: dict[str, int] = {}
    for bot in bots:
        states[bot.state] = states.get(bot.state, 0) + 1
    return Text("  ").join(
        Text(f"{count} {state}", _STATE_STYLES.get(state, "red")) for state, count in states.items()
    )


def stream_table(streams: list[StreamTally], height: int) -> Table:
    """One row a stream, as many as the terminal holds; the rest is counted."""
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("stream", no_wrap=True)
    table.add_column("name", max_width=26, no_wrap=True, overflow="ellipsis")
    for column in ("size", "sent", "bytes", "dropped", "late"):
        table.add_column(column, justify="right", no_wrap=True)
    streams = sorted(streams, key=lambda stream: (stream.key.participant, stream.key.type))
    shown = streams[: max(3, height - _BESIDE_STREAMS)]
    for stream in shown:
        table.add_row(
            Text(str(stream.key), "magenta" if stream.key.type == "screenshare" else "cyan"),
            Text("(null)", "dim italic") if stream.name is None else Text(stream.name),
            " ".join(f"{width}x{height}" for width, height in stream.sizes),
            str(stream.frames),
            size_of(stream.message_bytes),
            Text(str(stream.dropped), "yellow" if stream.dropped else "dim"),
            Text(f"{stream.late * 1000:.0f} ms", "yellow" if stream.late > 0.1 else "dim"),
        )
    if len(shown) < len(streams):
        table.add_row(Text(f"and {len(streams) - len(shown)} more streams", "dim"))
    return table


def print_summary(console: Console, tally: Tally, verdict: Verdict) -> None:
    """The last words of a run: the streams, the findings, the verdict and what it rests on."""
    streams = list(tally.streams.values())
    by_scenario: dict[str, list[StreamTally]] = {}
    for stream in streams:
        by_scenario.setdefault(stream.scenario, []).append(stream)
    if console.is_terminal:
        for scenario, played in by_scenario.items():
            if len(by_scenario) > 1:
                console.print(Text(scenario, "bold"))
            console.print(stream_table(played, max(console.height, 40)))
    dropped = ", ".join(f"{count} ({reason})" for reason, count in tally.dropped.items()) or "0"
    sent = sum(stream.frames > 0 for stream in streams)
    console.print(
        f"{tally.frames_sent} frames of {sent} streams sent in "
        f"{size_of(tally.bytes_sent)} over {len(tally.ends)} attempts; not sent: {dropped}; "
        f"latest by {tally.lag * 1000:.0f} ms of our own and {tally.stall * 1000:.0f} ms of the "
        "receiver's doing",
        highlight=False,
        soft_wrap=not console.is_terminal,
    )
    for finding in verdict.findings:
        where = f"{finding.scenario}: " if finding.scenario else ""
        print_finding(console, finding, where + finding.text)
    in_doubt = sum(end.in_doubt for end in tally.ends)
    if in_doubt:
        console.print(f"{in_doubt} frames are in doubt: sent, and not proven to have arrived")
    console.print(
        Text.assemble(
            "verdict ",
            (verdict.verdict, STYLES[verdict.verdict]),
            (f"  (looked at: {', '.join(verdict.looked_at)};", "dim"),
            (f" not looked at: {', '.join(verdict.not_looked_at) or 'nothing'})", "dim"),
        ),
        soft_wrap=not console.is_terminal,
    )

"""The verdict on the connection alone: what a run without observers can know.

Three ways in which a receiver fails are never merged: it drops (the connection), it dies (the
process), it loses (silently). From here only the first is seen.
"""

from collections.abc import Iterable, Sequence

from recall_simulator.judge.causes import usual_cause
from recall_simulator.record.events import (
    AttemptEnded,
    BotEnded,
    EngineEvent,
    FrameDropped,
    LinkOpened,
)
from recall_simulator.record.findings import Finding, Severity, Verdict, VerdictName

_WORST_FIRST: Sequence[VerdictName] = ("failed", "inconclusive", "tolerated", "ok")


def judge_connection(events: Iterable[EngineEvent]) -> Verdict:
    """Judge how a receiver treated the connections of a run.

    A receiver that ends a link of its own accord has failed. One that no link could be opened to
    was not judged: inconclusive. One that refused at first and accepted later is tolerated.

    Args:
        events: of the whole run; only those of attempts and bots are used.
    """
    opened: set[str] = set()
    ended: list[AttemptEnded] = []
    bots: list[BotEnded] = []
    too_slow = 0
    for event in events:
        match event:
            case LinkOpened():
                opened.add(event.bot)
            case AttemptEnded():
                ended.append(event)
            case BotEnded():
                bots.append(event)
            case FrameDropped(reason="slow receiver"):
                too_slow += 1
    findings = [*_losses(ended, opened), *_lives(bots, opened)]
    if too_slow:
        findings.append(
            Finding(
                kind="slow",
                severity="tolerated",
                what=f"{too_slow} frames were given up because the receiver took no more",
                count=too_slow,
            )
        )
    severities = {finding.severity for finding in findings}
    verdict = next(name for name in _WORST_FIRST if name in severities or name == "ok")
    return Verdict(
        verdict=verdict,
        findings=findings,
        looked_at=["handshakes", "who ended each connection", "backpressure"],
        not_looked_at=["whether the frames were understood, kept and told apart"],
    )


def _losses(ended: list[AttemptEnded], opened: set[str]) -> Iterable[Finding]:
    """One finding for each class of unplanned end and scenario."""
    groups: dict[tuple[str, str, bool], list[AttemptEnded]] = {}
    for attempt in ended:
        if attempt.outcome.cause != "plan":
            key = (attempt.scenario, attempt.outcome.text, attempt.bot in opened)
            groups.setdefault(key, []).append(attempt)
    for (scenario, text, was_up), attempts in groups.items():
        first = attempts[0].outcome
        severity: Severity = "inconclusive"
        if first.opened:
            severity = "failed"
        elif was_up:
            severity = "tolerated"
        times = "once" if len(attempts) == 1 else f"{len(attempts)} times"
        detail = f" ({first.detail})" if first.detail else ""
        yield Finding(
            kind="dropped" if first.opened else "refused",
            severity=severity,
            what=f"{text} {times}{detail}",
            cause=usual_cause(first, max(attempt.largest_message for attempt in attempts)),
            scenario=scenario,
            count=len(attempts),
        )


def _lives(bots: list[BotEnded], opened: set[str]) -> Iterable[Finding]:
    """What is to be said of how the bots' lives ended."""
    for reason, severity, what in (
        ("gave up", "failed", "the endpoint was given up for good: the retry policy ran out"),
        ("unconnected", "failed", "the meeting ended while the bot was still dialling"),
        ("interrupted", "inconclusive", "the run was interrupted before the meeting's end"),
    ):
        concerned = [bot for bot in bots if bot.reason == reason]
        for scenario in dict.fromkeys(bot.scenario for bot in concerned):
            here = [bot for bot in concerned if bot.scenario == scenario]
            never_up = not any(bot.bot in opened for bot in here)
            yield Finding(
                kind=reason.replace(" ", "-"),
                severity="inconclusive" if never_up or severity == "inconclusive" else "failed",
                what="no connection was ever up: " + what if never_up else what,
                scenario=scenario,
                count=len(here),
            )

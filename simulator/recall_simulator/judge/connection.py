"""What the connection alone tells of a receiver: the first of three ways to fail, dropping."""

from collections.abc import Iterable

from recall_simulator.judge.causes import usual_cause
from recall_simulator.record.events import (
    AttemptEnded,
    BotEnded,
    EngineEvent,
    FrameDropped,
    LinkOpened,
)
from recall_simulator.record.findings import Finding, Severity


def judge_connection(events: Iterable[EngineEvent]) -> list[Finding]:
    """What there is to say of how a receiver treated the connections of a run.

    A receiver that ends a link of its own accord has failed. One that no link could be opened to
    was not judged: inconclusive. One that refused at first and accepted later is tolerated, and so
    is one that ends a link right after a message that it may refuse.

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
    return findings


def _losses(ended: list[AttemptEnded], opened: set[str]) -> Iterable[Finding]:
    """One finding for each class of unplanned end and scenario."""
    groups: dict[tuple[str, str, Severity], list[AttemptEnded]] = {}
    for attempt in ended:
        if attempt.outcome.cause != "plan":
            severity: Severity = "inconclusive"
            if attempt.outcome.opened:
                severity = "tolerated" if attempt.last_expect == "may refuse" else "failed"
            elif attempt.bot in opened:
                severity = "tolerated"
            groups.setdefault((attempt.scenario, attempt.outcome.text, severity), []).append(
                attempt
            )
    for (scenario, text, severity), attempts in groups.items():
        first = attempts[0].outcome
        times = "once" if len(attempts) == 1 else f"{len(attempts)} times"
        detail = f" ({first.detail})" if first.detail else ""
        yield Finding(
            kind="dropped" if first.opened else "refused",
            column="drops",
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

"""What the connection alone tells of a receiver: the first of three ways to fail, dropping."""

from collections.abc import Collection, Iterable, Mapping

from recall_simulator.judge.causes import usual_cause
from recall_simulator.judge.evidence import Evidence
from recall_simulator.judge.signatures import judge_signatures
from recall_simulator.record.events import (
    AttemptEnded,
    BotEnded,
    BotStarted,
    EngineEvent,
    LinkOpened,
    RunBroken,
    RunEnded,
    RunStarted,
)
from recall_simulator.record.findings import Finding, Severity

SLOW = 2.0
"""Real seconds by which frames may be late on account of the receiver before it is called slow."""

_REFUSALS = tuple(f"closed {code}" for code in (1002, 1003, 1007, 1008, 1009))
"""Closes for what a message is (RFC 6455, section 7.4.1), and for nothing else.

A receiver may come to a message long after it has answered the ping behind it.
"""

_NOT_LET_BACK = (
    "it took the bot in once, and did not let it back: whoever dials again belongs to the same "
    "meeting, and its frames are to go on"
)

_FORBIDDEN = ("http 401", "http 403")
_ONCE_ONLY = (
    "it had let the same bot in: is a token good for one connection only, or is a meeting refused "
    "that is known already?"
)

_NO_MORE = "it had listened there before: does it take one connection only{}?"

_SHOWN = 5
"""Connections that a finding names."""

_DEAD = ("refused", "bad handshake", "cut")
"""How attempts end at a receiver that has died, or does so."""


def judge_connection(
    evidence: Evidence, *, died: Collection[str] = (), watched: bool = False
) -> list[Finding]:
    """What there is to say of how a receiver treated the connections of a run.

    A receiver that ends a link of its own accord has failed. One that no link could be opened to
    was not judged: inconclusive. One that refused at first and accepted later is tolerated, and so
    is one that ends a link right after a message that it may refuse, or later with a code that says
    so. A scenario that was to be played and was not is inconclusive too.

    Args:
        evidence: has taken the events of the whole run.
        died: the scenarios in which the receiver's process ended by itself.
        watched: its process was looked at.
    """
    events = evidence.events
    opened: dict[str, int] = {}
    for event in events:
        if isinstance(event, LinkOpened):
            opened.setdefault(event.bot, event.attempt)
    ended = [event for event in events if isinstance(event, AttemptEnded)]
    signatures, settled = judge_signatures(events)
    gone = set(died) | _found_dead(events, died)
    return [
        *_losses(
            [end for end in ended if (end.bot, end.attempt) not in settled],
            opened,
            gone=gone,
            watched=watched,
        ),
        *signatures,
        *_lives(
            [event for event in events if isinstance(event, BotEnded)],
            opened,
            ended,
            {end.bot for end in ended if _is_refusal(end)}
            - {end.bot for end in ended if _is_dropping(end) and not _is_refusal(end)},
            gone=gone,
        ),
        *_slowness(evidence),
        *_unplayed(events),
    ]


def _found_dead(events: Iterable[EngineEvent], died: Collection[str]) -> set[str]:
    """The scenarios in which no link came up because the receiver had died before."""
    links = [event for event in events if isinstance(event, AttemptEnded | LinkOpened)]
    up = {event.scenario for event in links if isinstance(event, LinkOpened)}
    played = list(dict.fromkeys(event.scenario for event in links))
    first = next((place for place, scenario in enumerate(played) if scenario in died), len(played))
    return set(played[first:]) - up


def _losses(
    ended: list[AttemptEnded], opened: Mapping[str, int], *, gone: Collection[str], watched: bool
) -> Iterable[Finding]:
    """One finding for each class of unplanned end and scenario.

    Args:
        ended: attempts.
        opened: the first attempt of each bot that had a link.
        gone: the scenarios in which the receiver's process ended by itself, or was gone before.
        watched: its process was looked at.
    """
    groups: dict[tuple[str, str, Severity], list[AttemptEnded]] = {}
    for attempt in ended:
        if attempt.outcome.cause != "plan":
            severity: Severity = "inconclusive"
            if attempt.outcome.opened:
                severity = "tolerated" if _is_refusal(attempt) else "failed"
            elif attempt.bot in opened:
                severity = "tolerated"
            key = (attempt.scenario, attempt.outcome.text, severity)
            groups.setdefault(key, []).append(attempt)
    too_large = [end.largest_message for end in ended if end.outcome.text == "closed 1009"]
    for (scenario, text, severity), attempts in groups.items():
        first = attempts[0].outcome
        times = "once" if len(attempts) == 1 else f"{len(attempts)} times"
        detail = f" ({first.detail})" if first.detail else ""
        yield Finding(
            kind="dropped" if first.opened else "refused",
            column="drops",
            severity=severity,
            what=f"{text} {times}{detail}",
            cause=_why(
                attempts,
                died=scenario in gone,
                watched=watched,
                refused=min(too_large, default=0),
                again=all(end.attempt > opened.get(end.bot, end.attempt) for end in attempts),
            ),
            scenario=scenario,
            count=len(attempts),
            evidence=[_told(end) for end in attempts if end.outcome.opened][:_SHOWN],
        )


def _told(end: AttemptEnded) -> str:
    """When an attempt ended, in seconds of the schedule, and what had been sent over it."""
    when = f"attempt {end.attempt} ended at {end.at:.1f} s"
    if not end.largest_message:
        return when
    frames = "1 frame" if end.in_doubt == 1 else f"{end.in_doubt} frames"
    doubt = f", {frames} in doubt" if end.in_doubt else ""
    return f"{when}: messages of up to {end.largest_message:,} bytes{doubt}"


def _why(
    attempts: list[AttemptEnded], *, died: bool, watched: bool, refused: int, again: bool
) -> str:
    """The usual cause of ends of one class.

    Args:
        attempts: those that ended so in one scenario.
        died: the receiver's process ended by itself, in this scenario or before it.
        watched: its process was looked at.
        refused: bytes of the smallest message of the run that was too large; 0 for none.
        again: the bots had been let in before.
    """
    outcome = attempts[0].outcome
    if died and outcome.text in _DEAD:
        return "its process was gone: see what it died of"
    if again and outcome.text in _FORBIDDEN:
        return _ONCE_ONLY
    if again and outcome.text == "refused":
        return _NO_MORE.format("" if watched else ", or has it died")
    largest = max(attempt.largest_message for attempt in attempts)
    return usual_cause(outcome, largest, lives=watched, refused=refused)


def _is_dropping(attempt: AttemptEnded) -> bool:
    """Whether the receiver ended a link of its own accord."""
    return attempt.outcome.opened and attempt.outcome.cause != "plan"


def _is_refusal(attempt: AttemptEnded) -> bool:
    """Whether it did so for a message that it may refuse."""
    told = attempt.refusable and attempt.outcome.text in _REFUSALS
    return _is_dropping(attempt) and (told or attempt.last_expect == "may refuse")


def _lives(
    bots: list[BotEnded],
    opened: Collection[str],
    ended: list[AttemptEnded],
    refusing: set[str],
    *,
    gone: set[str],
) -> Iterable[Finding]:
    """What is to be said of how the bots' lives ended.

    A bot whose last link the scenario ended, too late for another, was not kept away by anybody. Of
    one whose last link the receiver ended, too late for another, all is said by that.

    Args:
        bots: the ends of their lives.
        opened: bots that had a link at all.
        ended: all attempts, in the order of time.
        refusing: bots whose links the receiver ended for messages alone that it may refuse.
        gone: the scenarios in which the receiver's process ended by itself, or was gone before.
    """
    last = {attempt.bot: attempt for attempt in ended if attempt.bot in opened}
    too_late = {
        bot for bot, end in last.items() if end.outcome.cause == "plan" or _is_dropping(end)
    }
    for reason, what in (
        ("gave up", "the endpoint was given up for good: the retry policy ran out"),
        ("unconnected", "the meeting ended while the bot was still dialling"),
        ("interrupted", "the run was interrupted before the meeting's end"),
    ):
        concerned = [
            bot
            for bot in bots
            if bot.reason == reason and not (reason == "unconnected" and bot.bot in too_late)
        ]
        for scenario in dict.fromkeys(bot.scenario for bot in concerned):
            here = [bot for bot in concerned if bot.scenario == scenario]
            never_up = not any(bot.bot in opened for bot in here)
            severity: Severity = "failed"
            if never_up or reason == "interrupted":
                severity = "inconclusive"
            elif reason == "unconnected" and all(bot.bot in refusing for bot in here):
                severity = "tolerated"
            nobody = all(
                bot.bot in last and last[bot.bot].outcome.text == "refused" for bot in here
            )
            unsaid = scenario in gone or never_up or nobody or reason == "interrupted"
            yield Finding(
                kind=reason.replace(" ", "-"),
                column="other" if reason == "interrupted" else "drops",
                severity=severity,
                what="no connection was ever up: " + what if never_up else what,
                cause="" if unsaid else _NOT_LET_BACK,
                scenario=scenario,
                count=len(here),
            )


def _unplayed(events: Iterable[EngineEvent]) -> Iterable[Finding]:
    """Scenarios that were to be played, and were not; and a last look that was broken off."""
    asked: list[str] = []
    begun: set[str] = set()
    reasons: dict[str, str] = {}
    is_said = False
    for event in events:
        match event:
            case RunStarted():
                asked = event.scenarios
            case BotStarted():
                begun.add(event.scenario)
            case BotEnded(reason="interrupted"):
                is_said = True
            case RunBroken():
                reasons |= dict.fromkeys(event.not_played, event.reason)
            case RunEnded(interrupted=True):
                left = [scenario for scenario in asked if scenario not in begun]
                reasons = dict.fromkeys(left, "the run was interrupted") | reasons
                if not left and not is_said:
                    yield Finding(
                        kind="interrupted",
                        severity="inconclusive",
                        what="the run was interrupted before everything was looked at",
                    )
    for scenario, reason in reasons.items():
        yield Finding(
            kind="not-played",
            severity="inconclusive",
            what=f"not played: {reason}",
            scenario=scenario,
        )


def _slowness(evidence: Evidence) -> Iterable[Finding]:
    """What the receiver held up."""
    for scenario, stall in evidence.worst_stall.items():
        if stall >= SLOW:
            overtime = evidence.overtime[scenario]
            late = f", and the meeting's end {overtime:.1f} s late" if overtime >= SLOW else ""
            yield Finding(
                kind="slow",
                severity="tolerated",
                what=f"the receiver held frames up for as long as {stall:.1f} s{late}",
                cause="decode pictures off the event loop, or take fewer of them: it does not "
                "keep up at this speed",
                scenario=scenario,
            )
    for scenario, count in evidence.given_up.items():
        if count:
            yield Finding(
                kind="slow",
                severity="tolerated",
                what=f"{count} frames were given up because the receiver took no more",
                scenario=scenario,
                count=count,
            )

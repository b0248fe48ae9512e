"""Whether a receiver read what it was sent: by the pongs and close frames with which it answers."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from recall_simulator.judge.ledger import Ledger
from recall_simulator.judge.sightings import Matched, delays
from recall_simulator.record import outcomes
from recall_simulator.record.events import AttemptEnded, EngineEvent, Probed
from recall_simulator.record.findings import Finding, Severity
from recall_simulator.record.outcomes import Pings

IN_TIME = 1.0
"""Real seconds in which a frame has to be seen, to prove that the ping before it was read.

Links stay up for two after the last frame, while the pong for the last ping is waited for.
"""

_ANSWER_PINGS = (
    "answer each ping with a pong of the same payload (RFC 6455, 5.5.2): a sender that pings to "
    "keep its connection takes a silent one for dead, and drops it"
)

_Attempt = tuple[str, int]


def judge_reading(events: Sequence[EngineEvent], ledger: Ledger, matched: Matched) -> list[Finding]:
    """What there is to say of pings and close frames that nothing came in answer to.

    A receiver that answers no ping has failed where pings are sent in mid-meeting, and where
    frames are in doubt for want of a pong, if it is known to have read on: it has answered a close
    frame that came after the ping, or a frame after the ping was seen in time. Otherwise frames of
    which nothing proves that they were read, though proof was asked for, are inconclusive; where
    all of them were seen all the same, the answer that never came is tolerated.

    Args:
        events: of the whole run.
        ledger: the truth.
        matched: the sightings.
    """
    ended = [event for event in events if isinstance(event, AttemptEnded)]
    probes = [event for event in events if isinstance(event, Probed) and not event.held_back]
    silent = {(probe.bot, probe.attempt) for probe in probes if not probe.answered}
    prompt = _prompt(ledger, matched) & silent
    read_on = [end for end in ended if _answered_close(end) or (end.bot, end.attempt) in prompt]
    never = any(end.pings.sent for end in read_on) and not any(end.pings.answered for end in ended)
    asked = Counter((event.bot, event.attempt) for event in events if isinstance(event, Probed))
    findings = list(_unanswered(read_on, asked))
    told = {finding.scenario for finding in findings}
    unproven = [end for end in ended if end.in_doubt and not (never and end.scenario in told)]
    return findings + list(
        _unproven(unproven, silent, _seen_all_the_same(ledger, matched), never=never)
    )


def _answered_close(end: AttemptEnded) -> bool:
    """Whether the receiver has answered our close frame, which came after every ping."""
    return end.closing is not None and end.closing.answer is not None


def _prompt(ledger: Ledger, matched: Matched) -> set[_Attempt]:
    """The attempts whose last frame was seen in time."""
    first = delays(ledger, matched)
    last: dict[_Attempt, tuple[float, bool]] = {}
    for stream, frames in ledger.streams.items():
        for number, sent in frames.items():
            attempt = ledger.bots.get(stream.recording, ""), sent.attempt
            seen = first.get((stream, number), IN_TIME) < IN_TIME
            last[attempt] = max(last.get(attempt, (0.0, False)), (sent.written, seen))
    return {attempt for attempt, (_, seen) in last.items() if seen}


def _seen_all_the_same(ledger: Ledger, matched: Matched) -> set[_Attempt]:
    """The attempts with frames in doubt, all of which somebody saw that must be kept."""
    seen = {frame for frame, _ in matched.seen}
    all_seen: dict[_Attempt, bool] = {}
    for stream, frames in ledger.streams.items():
        for number, sent in frames.items():
            if sent.in_doubt and sent.expect == "must accept":
                attempt = ledger.bots.get(stream.recording, ""), sent.attempt
                all_seen[attempt] = all_seen.get(attempt, True) and (stream, number) in seen
    return {attempt for attempt, every in all_seen.items() if every}


def _unanswered(
    read_on: Sequence[AttemptEnded], asked: Mapping[_Attempt, int]
) -> Iterable[Finding]:
    """Pings in mid-meeting that were read, and that no pong came for.

    A receiver may answer the last of several pings alone (section 5.5.3): where the one before the
    end was answered and none before it, that is tolerated, unless pongs came with another payload.

    Args:
        read_on: attempts whose pings were read.
        asked: how many pings came before a planned end, by attempt.
    """
    groups: dict[tuple[str, bool], list[Pings]] = {}
    for end in read_on:
        pings, last = end.pings, asked[end.bot, end.attempt]
        if pings.sent > last >= pings.answered:
            elided = pings.answered > 0 and not pings.strays
            groups.setdefault((end.scenario, elided), []).append(pings)
    for (scenario, elided), here in groups.items():
        sent, strays = sum(p.sent for p in here), sum(p.strays for p in here)
        answered = sum(p.answered for p in here)
        other = f"; {strays} pongs had another payload" if strays else ""
        yield Finding(
            kind="no-pong",
            severity="tolerated" if elided else "failed",
            what=f"{answered or 'none'} of {sent} pings was answered, though all were read{other}",
            cause="the last of several pings may be answered alone (RFC 6455, 5.5.3)"
            if elided
            else _ANSWER_PINGS,
            scenario=scenario,
            count=sent - answered,
        )


def _unproven(
    ended: Sequence[AttemptEnded], silent: set[_Attempt], seen: set[_Attempt], *, never: bool
) -> Iterable[Finding]:
    """Frames of which no answer proves that they were read, though one was asked for.

    Args:
        ended: attempts with frames in doubt.
        silent: attempts whose last ping was not answered in time.
        seen: attempts of which somebody saw all frames in doubt.
        never: the receiver is known to answer no ping at all.
    """
    groups: Counter[tuple[str, str, bool]] = Counter()
    for end in ended:
        if (end.bot, end.attempt) in silent:
            what = "no pong came for the ping before the end of a connection"
        elif end.outcome.detail == outcomes.UNANSWERED_CLOSE.detail:
            what = outcomes.UNANSWERED_CLOSE.detail
        else:
            continue
        groups[end.scenario, what, (end.bot, end.attempt) in seen] += end.in_doubt
    for (scenario, what, kept), count in groups.items():
        severity: Severity = "tolerated" if kept else "inconclusive"
        yield Finding(
            kind="no-pong" if never else "unproven",
            severity="failed" if never else severity,
            what=f"{what}: {count} frames are in doubt"
            + (", and none of our pings was ever answered" if never else "")
            + (", and all that must be kept were seen nevertheless" if kept else ""),
            cause=_ANSWER_PINGS
            if never
            else "a receiver answers pings and close frames (RFC 6455, 5.5.1 and 5.5.2), unless "
            "its event loop is busy or it has stopped reading",
            scenario=scenario,
            count=count,
        )

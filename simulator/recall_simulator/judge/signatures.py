"""Whether a receiver checks the signatures of handshakes, where a secret was given."""

from collections.abc import Sequence

from recall_simulator.record.events import (
    AttemptEnded,
    AttemptStarted,
    EngineEvent,
    LinkOpened,
    RunStarted,
)
from recall_simulator.record.findings import Finding

_UNWELCOME: dict[str, str] = {
    "missing": "its handshake was not signed",
    "wrong-key": "its handshake was signed with another secret",
    "expired": "its signature was ten minutes old",
    "future": "its signature was ten minutes ahead of time",
}
"""Forms of signatures that are to be refused. A replayed one may be."""

_Attempt = tuple[str, int]


def judge_signatures(events: Sequence[EngineEvent]) -> tuple[list[Finding], set[_Attempt]]:
    """What a receiver made of handshakes that are not signed in the usual way.

    Without a secret nothing is signed, and nothing can be said.

    Args:
        events: of the whole run.

    Returns:
        Findings, and the attempts, by bot and number, of whose refusal all is said.
    """
    if not any(isinstance(event, RunStarted) and event.signed for event in events):
        return [], set()
    forms = {
        (event.bot, event.attempt): event.signature
        for event in events
        if isinstance(event, AttemptStarted) and event.signature != "right"
    }
    opened = [event for event in events if isinstance(event, LinkOpened)]
    findings = [
        Finding(
            kind="let-in",
            severity="failed",
            what=f"a connection was let in: {_UNWELCOME[form]}",
            cause="before the upgrade, check Webhook-Signature over ID.TIMESTAMP. with an empty "
            "body, and that the timestamp is within five minutes; a missing header is a wrong one",
            scenario=event.scenario,
        )
        for event in opened
        if (form := forms.get((event.bot, event.attempt))) in _UNWELCOME
    ]
    settled: set[_Attempt] = set()
    for end in (event for event in events if isinstance(event, AttemptEnded)):
        form = forms.get((end.bot, end.attempt))
        if form is None or end.outcome.opened or end.outcome.cause != "receiver":
            continue
        if form in _UNWELCOME or form == "replayed":
            settled.add((end.bot, end.attempt))
        elif form == "rotated" and any(event.bot == end.bot for event in opened):
            settled.add((end.bot, end.attempt))
            findings.append(
                Finding(
                    kind="refused",
                    column="drops",
                    severity="failed",
                    what=f"{end.outcome.text}: two signatures, of which the second is right",
                    cause="while a secret is rotated Webhook-Signature has several values, "
                    "separated by blanks: one that is right is enough",
                    scenario=end.scenario,
                )
            )
    return findings, settled

"""Whether what a scenario does to some attempts came to pass: a bot may dial fewer times."""

from collections.abc import Mapping, Sequence

from recall_simulator.judge.evidence import Evidence
from recall_simulator.record.events import AttemptStarted, BotEnded
from recall_simulator.record.findings import Finding


def judge_aims(
    evidence: Evidence, aimed: Mapping[str, Mapping[str, Sequence[int]]]
) -> list[Finding]:
    """A note for each key of a scenario that speaks of attempts that no bot came to.

    Args:
        evidence: has taken the events of the whole run.
        aimed: by scenario and key, the numbers of the attempts.
    """
    dials: dict[str, int] = {}
    whole: dict[str, bool] = {}
    for event in evidence.events:
        if isinstance(event, AttemptStarted):
            dials[event.scenario] = max(dials.get(event.scenario, 0), event.attempt)
        elif isinstance(event, BotEnded):
            ended = event.reason != "interrupted"
            whole[event.scenario] = whole.get(event.scenario, True) and ended
    return [
        Finding(
            kind="not-reached",
            severity="note",
            what=f"{key} is aimed at attempt {_listed(never)}, and "
            f"the bot dialled {_times(dials[scenario])}: "
            "nothing of it was played there",
            cause="let the connection go more often before the end, or aim at an earlier attempt",
            scenario=scenario,
        )
        for scenario, keys in aimed.items()
        for key, numbers in keys.items()
        if whole.get(scenario)
        and (never := sorted(number for number in numbers if number > dials.get(scenario, 0)))
    ]


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")

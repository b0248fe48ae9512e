"""Several checks told as one: what a session of tests played, on one page."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from recall_simulator.record.findings import VerdictName
from recall_simulator.report.document import CheckDocument

_WORST_FIRST: tuple[VerdictName, ...] = ("failed", "inconclusive", "tolerated", "ok")


def join_checks(documents: Sequence[Mapping[str, Any]]) -> CheckDocument:
    """One document of all cases, in the order in which they were played.

    A case that was played again gets a name of its own, as in `late-close#2`. What is said of a
    run as a whole (seed, run id, speed) is that of the first; each case has its own command.

    Args:
        documents: objects of `--json` of at least one check.
    """
    taken: set[str] = set()
    each: list[CheckDocument] = []
    for told in documents:
        names = {case["name"]: _free(case["name"], taken) for case in told["cases"]}
        taken |= set(names.values())
        each.append(msgspec.convert(_renamed(told, names), CheckDocument))
    verdicts = {document.verdict for document in each}
    dropped: dict[str, int] = {}
    for document in each:
        for reason, count in document.frames_dropped.items():
            dropped[reason] = dropped.get(reason, 0) + count
    return msgspec.structs.replace(
        each[0],
        verdict=next(name for name in _WORST_FIRST if name in verdicts),
        seconds=round(sum(document.seconds for document in each), 3),
        frames_sent=sum(document.frames_sent for document in each),
        bytes_sent=sum(document.bytes_sent for document in each),
        events_sent=sum(document.events_sent for document in each),
        frames_dropped=dropped,
        worst_lag=max(document.worst_lag for document in each),
        worst_stall=max(document.worst_stall for document in each),
        looked_at=_union([document.looked_at for document in each]),
        not_looked_at=_union([document.not_looked_at for document in each]),
        **{
            field: [row for document in each for row in getattr(document, field)]
            for field in (
                *("scenarios", "findings", "cases", "bots", "attempts", "streams"),
                *("stream_verdicts", "incidents", "timelines", "latencies"),
            )
        },
    )


def _free(name: str, taken: set[str]) -> str:
    free, turn = name, 1
    while free in taken:
        turn += 1
        free = f"{name}#{turn}"
    return free


def _renamed(document: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    def walk(value: Any) -> Any:
        if isinstance(value, Mapping):
            told = {key: walk(inner) for key, inner in value.items()}
            if "scenario" in told:
                told["scenario"] = names.get(told["scenario"], told["scenario"])
            return told
        return [walk(inner) for inner in value] if isinstance(value, list | tuple) else value

    told: dict[str, Any] = walk(document)
    told["scenarios"] = [names.get(name, name) for name in told["scenarios"]]
    for case in told["cases"]:
        case["name"] = names[case["name"]]
    return told


def _union(lists: Sequence[Sequence[str]]) -> list[str]:
    return list(dict.fromkeys(text for texts in lists for text in texts))

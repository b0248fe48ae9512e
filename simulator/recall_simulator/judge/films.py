"""Whether a film shows its pictures as far apart as they were: their marks say when that was."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median

from recall_simulator.judge.ledger import Ledger
from recall_simulator.judge.sightings import Matched, Seen
from recall_simulator.record.findings import Finding
from recall_simulator.record.streams import StreamKey

_OFF = 1.25
"""Times too fast, or too slow, that a film may run."""

_LEAST = 4
"""Steps from one picture to the next that tell the pace of a film."""

_INSTANT = 1e-3
"""Seconds by which times in a film are rounded."""

_LEAST_STEP = 1 / 61
"""Seconds between two pictures of a film of one rate, at least: 60 a second."""

_PAUSE = 1.5
"""Seconds between two pictures, three usual steps, above which time was left empty."""

_ONE_RATE = (
    "a film's rate is not that of the pictures: write each with the time of its `timestamp`, or as "
    "often as it takes to fill the time until the next; if they have the time of their arrival, "
    "play it with --speed 1"
)
_BY_ARRIVAL = (
    "are pictures given the time of their arrival? With --speed max that is not when they are due: "
    "play it with --speed 1, or take the time from `timestamp`"
)
_PASSED_OVER = "hold the last picture until the next one comes: sound would run ahead of the film"


def judge_films(ledger: Ledger, matched: Matched) -> Iterable[Finding]:
    """Films that run too fast or too slow, or pass over the time in which no picture came."""
    films: dict[tuple[str, str, StreamKey], list[Seen]] = defaultdict(list)
    for (key, number), sighting in matched.seen:
        if sighting.film_time >= 0:
            film = sighting.where.rpartition(", frame ")[0]
            films[sighting.observer, film, key].append(((key, number), sighting))
    for (_, film, key), seen in films.items():
        yield from _of_film(ledger, film, key, sorted(seen, key=lambda item: item[1].film_time))


def _of_film(ledger: Ledger, film: str, key: StreamKey, seen: Sequence[Seen]) -> Iterable[Finding]:
    steps = [
        (later.due - earlier.due, later.film_time - earlier.film_time)
        for ((_, number), earlier), ((_, following), later) in pairwise(seen)
        if following == number + 1 and later.due > earlier.due
    ]
    if len(steps) < _LEAST:
        return
    shown = median(step for _, step in steps)
    pace = median(due for due, _ in steps) / max(shown, _INSTANT)
    whole = sum(due for due, _ in steps) / max(sum(step for _, step in steps), _INSTANT)
    # A clock that jumped spoils the whole; a coarse grid, 5 a second, the middle: off are both.
    speed = 1.0
    if ledger.speed is not None and not _is_any((pace, whole), 1.0):
        speed = ledger.speed  # by arrival, perhaps, at the speed at which the pictures came
    if not _is_any((pace, whole), speed):
        same = sum(abs(step - shown) < _INSTANT for _, step in steps)
        steady = shown > _LEAST_STEP and same > 0.9 * len(steps)
        certain = steady or ledger.speed is not None
        fast = f"{pace:.3g} times too fast" if pace > 1 else f"{1 / pace:.3g} times too slow"
        yield Finding(
            kind="timing",
            severity="failed" if certain else "note",
            what=f"{key}: its film runs {fast}",
            cause=_ONE_RATE if certain else _BY_ARRIVAL,
            scenario=ledger.scenario_of(key),
            evidence=[f"{film} shows a picture every {shown:.3g} s"],
        )
        return
    lost = [
        (number, due - step)
        for ((_, number), earlier), ((_, following), later) in pairwise(seen)
        if (due := later.due - earlier.due) > _PAUSE
        and ledger.sent((key, following)).at - ledger.sent((key, number)).at > _PAUSE
        and (step := speed * (later.film_time - earlier.film_time)) < due / 2
        and not any(between in ledger.streams[key] for between in range(number + 1, following))
    ]
    if lost:
        yield Finding(
            kind="timing",
            severity="tolerated",
            what=f"{key}: its film leaves out {sum(time for _, time in lost):.1f} s in which no "
            "frame came",
            cause=_PASSED_OVER,
            scenario=ledger.scenario_of(key),
            count=len(lost),
            evidence=[f"{film} after frame {number}: {time:.1f} s" for number, time in lost[:12]],
        )


def _is_any(paces: Iterable[float], wanted: float) -> bool:
    return any(1 / _OFF < pace / wanted < _OFF for pace in paces)

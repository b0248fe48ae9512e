"""What stands on slides, in documents and in editors."""

from typing import Final

SLIDES: Final = (
    (
        "Where the third quarter took us",
        (
            "Revenue up 14 %, most of it from renewals",
            "Two regions opened, a third one in spring",
            "Support answers in 4 hours instead of 11",
            "Churn is level: we said it would fall",
        ),
        "bars",
    ),
    (
        "What slows new customers down",
        (
            "Importing old records takes nine steps",
            "Invitations wait for an administrator",
            "Nobody finds the second calendar view",
            "Half of all trials never meet a person",
        ),
        "lines",
    ),
    (
        "The plan until the end of the year",
        (
            "October: import in three steps",
            "November: invitations without waiting",
            "December: one calendar, two zoom levels",
            "Each month: ten visits to customers",
        ),
        "ring",
    ),
    (
        "What we ask of you today",
        (
            "Agree on one number that decides",
            "Lend us a designer for six weeks",
            "Name who speaks to the pilot group",
            "Read the appendix before Thursday",
        ),
        "bars",
    ),
)

TITLES: Final = (
    "Proposal for a shared archive",
    "Notes on the spring survey",
    "How the night shift hands over",
    "Report on the harbour crossing",
)

SENTENCES: Final = (
    "The first month went into counting what was there, and into finding out who still used it.",
    "Two of the older stores could be closed at once, since nobody had opened them for a year.",
    "For the rest we wrote down what each team reads, how often, and how quickly it has to come.",
    "It turned out that most requests touch the newest tenth of the material.",
    "A small store close to the readers would therefore carry nearly all of the load.",
    "The remainder may sit farther away, as long as people are told when to expect it.",
    "Costs were compared over five years, with power, floor space and repairs included.",
    "Neither of the two offers is clearly cheaper once moving the records is added.",
    "The deciding point is how a mistake is undone, and there the second offer is ahead.",
    "Staff who took part in the trial asked for fewer screens and for plainer wording.",
    "Their list of nineteen wishes is attached, with the six that we think are worth it marked.",
    "We asked the same questions again after four weeks and got steadier answers.",
    "Where numbers differ from the last report, the older ones had counted visits twice.",
    "A public holiday fell into the second week, which explains the dip on the left of figure 3.",
    "None of this changes the order of the steps, only how long each of them takes.",
    "The committee may want to hear from the people at the counter before it decides.",
    "If it agrees in November, the first shelf can be moved before the end of the winter.",
    "Should it not, the present contract runs on for another twelve months at the old price.",
)

CODE: Final = '''\
"""Keeps count of what passes the gate, hour by hour."""

from collections import defaultdict
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Passage:
    """One vehicle that went through."""

    lane: int
    second: float
    axles: int = 2
    plate: str | None = None


@dataclass
class Gate:
    """A gate with several lanes."""

    lanes: int
    limit: float = 3.5  # metres
    passages: list[Passage] = field(default_factory=list)

    def admit(self, passage: Passage, height: float) -> bool:
        """Let a vehicle in unless it is too high."""
        if height > self.limit:
            return False
        if not 0 <= passage.lane < self.lanes:
            raise ValueError(f"no lane {passage.lane}")
        self.passages.append(passage)
        return True

    def per_hour(self) -> dict[int, int]:
        """How many passed in each hour of the day."""
        hours: dict[int, int] = defaultdict(int)
        for passage in self.passages:
            hours[int(passage.second // 3600)] += 1
        return dict(sorted(hours.items()))

    def toll(self, rate: float, *, per_axle: float = 0.4) -> float:
        """What all of them paid together."""
        total = 0.0
        for passage in self.passages:
            extra = max(0, passage.axles - 2) * per_axle
            total += rate + extra
        return round(total, 2)

    def busiest(self, count: int = 3) -> list[tuple[int, int]]:
        """The hours with most passages, busiest first."""
        hours = self.per_hour().items()
        return sorted(hours, key=lambda pair: -pair[1])[:count]


def merge(gates: list[Gate]) -> Gate:
    """All gates of a road as if they were one."""
    whole = Gate(lanes=sum(gate.lanes for gate in gates))
    offset = 0
    for gate in gates:
        for passage in gate.passages:
            lane = passage.lane + offset
            whole.passages.append(
                Passage(lane, passage.second, passage.axles, passage.plate)
            )
        offset += gate.lanes
    return whole
'''

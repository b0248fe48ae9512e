"""What passes between `recallsim load` and the Locust that it starts: orders in, lines out."""

from typing import Literal

import msgspec

from recall_simulator.load.figures import Delta
from recall_simulator.load.limit import Trial
from recall_simulator.load.mission import Mission
from recall_simulator.load.shapes import Shape

ENVIRONMENT = "RECALLSIM_LOAD"
"""The environment variable that the orders are handed over in: nobody sees it in a process list."""


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """A load run.

    Attributes:
        mission: what each bot does.
        shape: how many bots when.
        find_limit: search for the receiver's limit; the shape says how many bots at most.
    """

    mission: Mission
    shape: Shape
    find_limit: bool = False


class Flushed(msgspec.Struct, frozen=True, tag_field="kind", tag="flushed"):
    """Figures came in."""

    delta: Delta


class Trouble(msgspec.Struct, frozen=True, tag_field="kind", tag="trouble"):
    """A worker was lost, or refused.

    Attributes:
        worker: its name.
        sentence: what happened, for people.
        at: seconds since the run began.
        bots: that it played; what workers are left are given them at `at`.
        heard: seconds since the run began, when it last told its figures.
    """

    worker: str
    sentence: str
    at: float
    bots: int = 0
    heard: float = 0.0


class Aimed(msgspec.Struct, frozen=True, tag_field="kind", tag="aimed"):
    """So many bots there are to be from now on."""

    bots: int
    at: float


class Tried(msgspec.Struct, frozen=True, tag_field="kind", tag="tried"):
    """The search for the limit has tried a load."""

    trial: Trial


class Began(msgspec.Struct, frozen=True, tag_field="kind", tag="began"):
    """The run has begun, with so many processes that play bots."""

    processes: int


Why = Literal["done", "unreachable", "no workers", "stopped"]


class Over(msgspec.Struct, frozen=True, tag_field="kind", tag="over"):
    """The last line: all figures have been told."""

    why: Why


Line = Flushed | Trouble | Aimed | Tried | Began | Over

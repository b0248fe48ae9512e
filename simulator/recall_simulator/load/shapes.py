"""Shapes of a load: how many bots there are to be at which moment. Pure."""

import math
from typing import Literal, get_args

import msgspec

ShapeName = Literal["constant", "ramp", "steps", "spike", "soak"]
SHAPES: tuple[str, ...] = get_args(ShapeName)

STEPS = 5
"""Steps of the shape `steps`."""

SOAK_MEETING = 60.0
"""Seconds that a bot stays in a soak, before another takes its place."""


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """A shape.

    Attributes:
        name: `constant` has all bots from the beginning. `ramp` adds them evenly over the whole
            run, `steps` in five equal steps. `spike` has a tenth of them, and all in the third
            fifth of the run. `soak` is constant, and each bot is replaced after a minute.
        bots: most of them.
        duration: seconds.
    """

    name: ShapeName
    bots: int
    duration: float

    def bots_at(self, second: float) -> int:
        """How many bots there are to be, so many seconds after the beginning."""
        share = min(1.0, max(0.0, second / self.duration))
        match self.name:
            case "ramp":
                return max(1, round(self.bots * share))
            case "steps":
                return math.ceil(self.bots * min(STEPS, math.floor(share * STEPS) + 1) / STEPS)
            case "spike":
                return self.bots if 0.4 <= share < 0.6 else math.ceil(self.bots / 10)
            case "constant" | "soak":
                return self.bots

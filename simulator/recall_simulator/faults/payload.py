"""Envelopes that are rare but valid: null and missing fields, unknown ones, other times."""

import random
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from recall_simulator.faults.aim import AimedAtFrames
from recall_simulator.faults.rewriting import change_frames, reform
from recall_simulator.meeting import Frame, Plan
from recall_simulator.record.streams import Expectation


class RareFields(AimedAtFrames, frozen=True, kw_only=True, tag="rare-fields"):
    """Fields are null, empty or missing; what is left out here stays as it is."""

    name: Annotated[Literal["null", "empty"] | None, Meta(description="participant.name")] = None
    platform: Annotated[Literal["null"] | None, Meta(description="participant.platform")] = None
    email: Annotated[
        Literal["null", "absent", "address"] | None, Meta(description="participant.email")
    ] = None
    extra_data: Annotated[
        Literal["empty", "null"] | None, Meta(description="participant.extra_data")
    ] = None
    bot: Annotated[Literal["null", "absent"] | None, Meta(description="data.bot")] = None
    artifact: Annotated[
        Literal["audio_mixed_raw"] | None,
        Meta(description="In place of video_separate: a slip of the vendor's TypeScript type."),
    ] = None

    def apply(self, plan: Plan, rng: random.Random) -> Plan:
        """Change envelopes."""
        names = ("name", "platform", "email", "extra_data", "bot", "artifact")
        changes = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        return _rewire(plan, rng, self, "must survive" if self.artifact else "must accept", changes)


class RareTimes(AimedAtFrames, frozen=True, kw_only=True, tag="rare-times"):
    """Timestamps are written otherwise; what is left out here stays as it is."""

    digits: Annotated[
        Literal[0, 3, 6, 7, 9] | None, Meta(description="Fraction digits of `absolute`.")
    ] = None
    suffix: Annotated[
        Literal["Z", "+00:00"] | None, Meta(description="How `absolute` says UTC.")
    ] = None
    relative_digits: Annotated[
        Literal[6, 7] | None, Meta(description="Fraction digits of `relative`.")
    ] = None

    def apply(self, plan: Plan, rng: random.Random) -> Plan:
        """Change envelopes."""
        wanted: dict[str, object] = {
            "absolute_digits": self.digits,
            "absolute_suffix": self.suffix,
            "relative_digits": self.relative_digits,
        }
        changes = {name: value for name, value in wanted.items() if value is not None}
        return _rewire(plan, rng, self, "must accept", changes)


class ExtraFields(AimedAtFrames, frozen=True, kw_only=True, tag="extra-fields"):
    """Every object of the envelope has a field that nobody has heard of."""

    def apply(self, plan: Plan, rng: random.Random) -> Plan:
        """Change envelopes."""
        return change_frames(plan, self, rng, lambda frame: reform(frame, extra_fields=True))


def _rewire(
    plan: Plan,
    rng: random.Random,
    aim: AimedAtFrames,
    expect: Expectation,
    changes: dict[str, object],
) -> Plan:
    if not changes:
        return plan

    def change(frame: Frame) -> Frame:
        wire = msgspec.structs.replace(frame.form.wire or plan.wire, **changes)
        return reform(frame, expect, wire=wire)

    return change_frames(plan, aim, rng, change)

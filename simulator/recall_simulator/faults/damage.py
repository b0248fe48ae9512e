"""Pictures that are broken."""

import random
from typing import Annotated, Literal

from msgspec import Meta

from recall_simulator.faults.aim import AimedAtFrames
from recall_simulator.faults.rewriting import change_frames, reform
from recall_simulator.meeting import Frame, Plan


class DamagePictures(AimedAtFrames, frozen=True, kw_only=True, tag="damage"):
    """The PNG of a frame, or its base64, is broken; the envelope is not."""

    what: Annotated[
        Literal["truncated", "wrong-crc", "not-a-png", "empty", "bad-base64"],
        Meta(
            description="truncated: the second half is missing. wrong-crc: of the image data. "
            "not-a-png: a file that begins like a JPEG. empty: no bytes. bad-base64: the last "
            "character is missing."
        ),
    ]

    def apply(self, plan: Plan, rng: random.Random) -> Plan:
        """Break pictures."""

        def change(frame: Frame) -> Frame:
            if self.what == "bad-base64":
                return reform(frame, "must survive", bad_base64=True)
            return reform(frame, "must survive", damage=self.what)

        return change_frames(plan, self, rng, change)

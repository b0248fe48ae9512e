"""Messages that no vendor would send: broken, hostile, or the user's own."""

import random
from collections.abc import Callable
from typing import Annotated, Literal, get_args

from msgspec import Meta

from recall_simulator.faults.aim import AimedAtMoments
from recall_simulator.faults.rewriting import insert_items
from recall_simulator.meeting import Plan, Raw
from recall_simulator.record.streams import Expectation
from recall_simulator.wire import FrameTemplate, Participant

HostileName = Literal[
    "bad-json",
    "half-json",
    "empty",
    "not-an-object",
    "no-event",
    "event-is-a-number",
    "data-is-null",
    "no-participant",
    "participant-is-null",
    "id-is-a-text",
    "buffer-is-null",
    "buffer-is-a-number",
    "buffer-missing",
    "relative-is-a-text",
    "deep-nesting",
    "huge-number",
    "lone-surrogate",
    "nul-bytes",
    "not-utf-8",
]

_NAME = b'"event":"video_separate_png.data"'
_ID = b'"id":4000000007'
_BUFFER = b'"buffer":"'
_PIXEL = (
    b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)
"""A PNG of one black pixel, so that nothing but the envelope is wrong."""

_MALLORY = Participant(
    id=4_000_000_007, name="Mallory", is_host=False, platform="unknown", extra_data={}
)


def _participant_to(value: bytes) -> Callable[[bytes], bytes]:
    """Replace the participant of a frame's message, which is the last field of `data.data`."""

    def changed(message: bytes) -> bytes:
        before, _, rest = message.partition(b',"participant":')
        after = rest[rest.index(b'},"realtime_endpoint"') :]
        return before + value + after

    return changed


_MAKE: dict[HostileName, Callable[[bytes], bytes]] = {
    "bad-json": lambda frame: frame.replace(b'"event":', b"event:", 1),
    "half-json": lambda frame: frame[: len(frame) // 2],
    "empty": lambda frame: b"",
    "not-an-object": lambda frame: b"[" + frame + b"]",
    "no-event": lambda frame: frame.replace(_NAME + b",", b"", 1),
    "event-is-a-number": lambda frame: frame.replace(_NAME, b'"event":7', 1),
    "data-is-null": lambda frame: b"{" + _NAME + b',"data":null}',
    "no-participant": _participant_to(b""),
    "participant-is-null": _participant_to(b',"participant":null'),
    "id-is-a-text": lambda frame: frame.replace(_ID, b'"id":"4000000007"', 1),
    "buffer-is-null": lambda frame: frame.replace(_BUFFER + _PIXEL + b'"', b'"buffer":null', 1),
    "buffer-is-a-number": lambda frame: frame.replace(_BUFFER + _PIXEL + b'"', b'"buffer":3', 1),
    "buffer-missing": lambda frame: frame.replace(_BUFFER + _PIXEL + b'",', b"", 1),
    "relative-is-a-text": lambda frame: frame.replace(b'"relative":', b'"relative":"soon","x":', 1),
    "deep-nesting": lambda frame: b'{"event":"x","data":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "huge-number": lambda frame: frame.replace(_ID, _ID + b"0" * 5_000, 1),
    "lone-surrogate": lambda frame: frame.replace(b"Mallory", b"\\ud800", 1).replace(
        _BUFFER + _PIXEL, _BUFFER, 1
    ),
    "nul-bytes": lambda frame: frame.replace(_BUFFER + _PIXEL, _BUFFER + bytes(64), 1),
    "not-utf-8": lambda frame: frame.replace(b"Mallory", b"\xff\xfe", 1),
}
assert set(_MAKE) == set(get_args(HostileName))


class HostileMessage(AimedAtMoments, frozen=True, kw_only=True, tag="hostile"):
    """A message that is not what it should be; the connection and what follows must not suffer."""

    message: Annotated[
        HostileName,
        Meta(
            description="What is wrong with it. For not-utf-8 the link may be closed with 1007 "
            "(RFC 6455, section 8.1)."
        ),
    ]

    def apply(self, plan: Plan, rng: random.Random) -> Plan:
        """Put the message into the schedule."""
        template = FrameTemplate(_MALLORY, "webcam", plan.origin, plan.wire)
        message = _MAKE[self.message](template.message((_PIXEL,), 0.0))
        expect: Expectation = "may refuse" if self.message == "not-utf-8" else "must survive"
        raw = Raw(message, f"hostile: {self.message}", expect=expect)
        return insert_items(plan, self, rng, lambda at, frame: raw)


class RawMessage(AimedAtMoments, frozen=True, kw_only=True, tag="raw"):
    """A text message of the user's own."""

    text: Annotated[str, Meta(description="The whole message.")]
    expect: Annotated[Expectation, Meta(description="What is asked of a receiver for it.")] = (
        "must survive"
    )

    def apply(self, plan: Plan, rng: random.Random) -> Plan:
        """Put the message into the schedule."""
        raw = Raw(self.text.encode(), "raw", expect=self.expect)
        return insert_items(plan, self, rng, lambda at, frame: raw)

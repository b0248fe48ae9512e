"""Messages that are no frame: what else comes on the same socket, and what may come one day."""

from typing import Any, Final

import msgspec

from recall_simulator.fuzz.draft import ORIGIN, PERSON, RELATIVE, Choose, Draft
from recall_simulator.fuzz.edits.family import edit, pick
from recall_simulator.wire import EventTemplate, WireOptions

_EVENTS: Final = EventTemplate(ORIGIN, WireOptions())
_NAMES: Final = (
    "join", "leave", "update", "speech_on", "speech_off", "webcam_on", "webcam_off",
    "screenshare_on", "screenshare_off", "chat_message",
)  # fmt: skip
_CHAT: Final = {"text": "Good morning. Καλημέρα. 🌅", "to": "everyone"}
_WORDS: Final = (("Good", 76.8, 77.05), ("morning", 77.1, None))
_AUDIO: Final = {
    "buffer": "AAABAAIAAwA=",
    "timestamp": {"relative": RELATIVE, "absolute": "2026-09-20T05:48:18.360372Z"},
}

_DOCUMENTED: Final[tuple[tuple[str, bytes], ...]] = (
    *(
        (
            f"participant_events.{name}",
            _EVENTS.participant_event(
                f"participant_events.{name}",
                PERSON,
                RELATIVE,
                _CHAT if name == "chat_message" else None,
            ),
        )
        for name in _NAMES
    ),
    ("transcript.data", _EVENTS.transcript("transcript.data", PERSON, _WORDS[:1], "en")),
    (
        "transcript.partial_data",
        _EVENTS.transcript("transcript.partial_data", PERSON, _WORDS, None),
    ),
    ("audio_mixed_raw.data", _EVENTS.other("audio_mixed_raw.data", "audio_mixed", _AUDIO)),
)
_UNKNOWN: Final[tuple[Any, ...]] = ({}, None, "x", [], 1, {"data": {"participant": None}})


@edit("another event", "must accept", "event", weight=6)
def _documented(draft: Draft, choose: Choose) -> None:
    name, message = pick(_DOCUMENTED, choose)
    draft.tree = msgspec.json.decode(message)
    draft.note("event", f"a {name} in place of a frame")


@edit("event that nobody has heard of", "must accept", "event")
def _unknown(draft: Draft, choose: Choose) -> None:
    inner = pick(_UNKNOWN, choose)
    message = _EVENTS.other("meeting_weather.changed", "meeting_weather", inner)
    draft.tree = msgspec.json.decode(message)
    shown = msgspec.json.encode(inner).decode()
    draft.note("event", f"an unknown event, meeting_weather.changed, with data {shown}")


@edit("event whose name is nearly right", "must survive", "event")
def _nearly(draft: Draft, choose: Choose) -> None:
    names = (
        "video_separate_png", "video_separate_png.data ", "VIDEO_SEPARATE_PNG.DATA",
        "video_separate_png.data.data", "video_separate_png.\0data", ".data",
        "video_mixed_png.data", "video_separate_h264.data", "participant_events.join",
    )  # fmt: skip
    name = pick(names, choose)
    draft.put(("event",), name)
    draft.note("event", f"event is {name!a}, and the rest is a frame's")

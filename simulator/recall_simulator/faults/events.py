"""Other events on the same socket, between the frames.

Sources: https://docs.recall.ai/docs/real-time-event-payloads for the shapes; that unknown events
come one day is the vendor's custom of adding them.
"""

import random
import uuid
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from recall_simulator.faults.aim import AimedAtMoments
from recall_simulator.faults.rewriting import insert_items
from recall_simulator.meeting import Frame, Plan, Raw
from recall_simulator.wire import EventTemplate, Origin, Participant

EventName = Literal[
    "participant_events.join",
    "participant_events.leave",
    "participant_events.update",
    "participant_events.speech_on",
    "participant_events.speech_off",
    "participant_events.webcam_on",
    "participant_events.webcam_off",
    "participant_events.screenshare_on",
    "participant_events.screenshare_off",
    "participant_events.chat_message",
    "transcript.data",
    "transcript.partial_data",
    "unknown",
]

UNKNOWN_EVENT = "meeting_weather.changed"
_UNKNOWN_ARTIFACT = "meeting_weather"
_NOBODY = Participant(id=100, name=None, is_host=False, platform=None, extra_data={})


class SendEvent(AimedAtMoments, frozen=True, kw_only=True, tag="event"):
    """An event that carries no frame: nothing need be done about it, and nothing may break.

    It is about the person in `who`, the person of the frame that follows, or anybody.
    """

    event: Annotated[EventName, Meta(description="unknown: an event that is in no documentation.")]
    text: Annotated[str, Meta(description="Of a chat message or a transcript.")] = (
        "Good morning. Καλημέρα. 🌅"
    )

    def apply(self, plan: Plan, rng: random.Random) -> Plan:
        """Put events into the schedule."""
        template = EventTemplate(_with_artifacts(plan.origin), plan.wire)

        def make(at: float, frame: Frame | None) -> Raw:
            person = self._participant(plan, at) if frame is None else frame.span.participant
            return self._raw(template, plan, person, at)

        return insert_items(plan, self, rng, make)

    def _participant(self, plan: Plan, at: float) -> Participant:
        """Who it is about: somebody who sends a stream at that time, where there is one."""
        spans = [span for span in plan.spans if self.who in (None, span.who)]
        before = [span for span in spans if span.start <= at]
        chosen = before[-1:] or spans[:1]
        return chosen[0].participant if chosen else _NOBODY

    def _raw(self, template: EventTemplate, plan: Plan, participant: Participant, at: float) -> Raw:
        name = self.event
        if name == "unknown":
            start = {"relative": at, "text": self.text, "participant": participant.id}
            return Raw(template.other(UNKNOWN_EVENT, _UNKNOWN_ARTIFACT, start), UNKNOWN_EVENT)
        if name == "transcript.data" or name == "transcript.partial_data":
            partial = name == "transcript.partial_data"
            words = self.text.split()
            spoken = [
                (
                    word,
                    round(at + 0.3 * number, 6),
                    None
                    if partial and number == len(words) - 1
                    else round(at + 0.3 * number + 0.25, 6),
                )
                for number, word in enumerate(words)
            ]
            language = None if partial else "en"
            return Raw(template.transcript(name, participant, spoken, language), name)
        chat = name == "participant_events.chat_message"
        data = {"text": self.text, "to": "everyone"} if chat else None
        return Raw(template.participant_event(name, participant, at, data), name)


def _with_artifacts(origin: Origin) -> Origin:
    """The origin with artifacts that bots have without a scenario's asking."""
    rng = random.Random(f"{origin.recording.id}:artifacts")
    more = {
        name: str(uuid.UUID(int=rng.getrandbits(128), version=4))
        for name in ("transcript", _UNKNOWN_ARTIFACT)
    }
    return msgspec.structs.replace(origin, artifacts={**more, **origin.artifacts})

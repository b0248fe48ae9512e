"""Event messages as bytes, field for field as the vendor's page shows them.

Source: https://docs.recall.ai/docs/real-time-video, payload of `video_separate_png.data`.
Where sources disagree, `WireOptions` has a field whose default is the documented behaviour.

A frame message is `HEAD + base64 + timestamp + tail`: only the picture and the timestamp differ
from frame to frame, so a template holds the rest, encoded once.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal

import msgspec

from recall_simulator.record.streams import StreamType

FRAME_EVENT = "video_separate_png.data"

Word = tuple[str, float, float | None]
"""A word of a transcript, its start and its end in seconds since the recording began.

The end is None while the word is being spoken.
"""

_HEAD = b'{"event":"video_separate_png.data","data":{"data":{"buffer":"'
_encode = msgspec.json.encode


class WireOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Choices where the vendor's pages disagree or say nothing.

    Attributes:
        email: the newer field `participant.email`: null, left out, or an address.
        bot: `data.bot`: an object, null, or left out (a recording that no bot made).
        extra_data: `participant.extra_data`: as the platform gives it, `{}`, or null.
        artifact: key of the artifact reference. The vendor's TypeScript type carries
            `audio_mixed_raw` by a slip of the page.
        absolute_digits: fraction digits of `timestamp.absolute`, 0 to 9; 6 as a rule,
            3 were seen.
        absolute_suffix: how `timestamp.absolute` says UTC.
        relative_digits: fraction digits of `timestamp.relative`; 6 as a rule, 7 were seen.
        name: `participant.name`: as it is, null, or an empty string.
        platform: `participant.platform`: as it is, or null.
    """

    email: Literal["null", "absent", "address"] = "null"
    bot: Literal["present", "null", "absent"] = "present"
    extra_data: Literal["platform", "empty", "null"] = "platform"
    artifact: Literal["video_separate", "audio_mixed_raw"] = "video_separate"
    absolute_digits: Literal[0, 3, 6, 7, 9] = 6
    absolute_suffix: Literal["Z", "+00:00"] = "Z"
    relative_digits: Literal[6, 7] = 6
    name: Literal["shown", "null", "empty"] = "shown"
    platform: Literal["shown", "null"] = "shown"


class Participant(msgspec.Struct, frozen=True, kw_only=True):
    """A participant as the wire shows one; the fields stand in the order of the page."""

    id: int
    name: str | None
    is_host: bool
    platform: str | None
    extra_data: dict[str, Any] | None
    email: str | msgspec.UnsetType | None = None

    def on_wire(self, options: WireOptions) -> "Participant":
        """This participant as these options want it shown."""
        email: str | msgspec.UnsetType | None = None
        if options.email == "absent":
            email = msgspec.UNSET
        elif options.email == "address":
            email = f"participant-{self.id}@example.com"
        extra_data = {"platform": self.extra_data, "empty": {}, "null": None}[options.extra_data]
        return msgspec.structs.replace(
            self,
            name={"shown": self.name, "null": None, "empty": ""}[options.name],
            platform=self.platform if options.platform == "shown" else None,
            email=email,
            extra_data=extra_data,
        )


class Reference(msgspec.Struct, frozen=True):
    """An object that the envelope points to: its UUID, and the metadata of its creation."""

    id: str
    metadata: dict[str, str] = {}


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a bot's messages come from: the references at the end of every envelope.

    Attributes:
        artifacts: UUID of each artifact by its key, as in `video_separate`.
        start_time: when the recording began, UTC.
    """

    realtime_endpoint: Reference
    artifacts: dict[str, str]
    recording: Reference
    bot: Reference
    start_time: datetime

    def references(self, artifact: str, key: str, options: WireOptions) -> bytes:
        """The envelope from after `data.data` to its end, for one artifact under this key."""
        fields: dict[str, Reference | None] = {
            "realtime_endpoint": self.realtime_endpoint,
            key: Reference(self.artifacts[artifact]),
            "recording": self.recording,
        }
        if options.bot != "absent":
            fields["bot"] = self.bot if options.bot == "present" else None
        return b"," + _encode(fields)[1:] + b"}"

    def timestamp(
        self,
        relative: float,
        options: WireOptions,
        *,
        absolute_first: bool = False,
        absolute_shift: float = 0.0,
    ) -> bytes:
        """The `timestamp` object for a moment, in seconds since the recording began."""
        absolute = absolute_time(self.start_time, relative + absolute_shift, options).encode()
        if absolute_first:
            form = b'{"absolute":"%b","relative":%.*f}'
            return form % (absolute, options.relative_digits, relative)
        return b'{"relative":%.*f,"absolute":"%b"}' % (options.relative_digits, relative, absolute)


def absolute_time(start_time: datetime, relative: float, options: WireOptions) -> str:
    """ISO 8601 in UTC, as `2026-09-20T05:48:18.360372Z`.

    Digits past the microsecond are zeros; digits fewer than six are cut, not rounded.
    """
    seconds, micros = divmod(round(relative * 1e6) + start_time.microsecond, 1_000_000)
    text = _whole_second(start_time, seconds)
    digits = options.absolute_digits
    if digits:
        text = f"{text}.{micros:06d}000"[: len(text) + 1 + digits]
    return text + options.absolute_suffix


@lru_cache(maxsize=4096)
def _whole_second(start_time: datetime, seconds: int) -> str:
    """Many frames share a second, and this is most of what their time costs."""
    moment = start_time + timedelta(seconds=seconds)
    return moment.astimezone(UTC).isoformat(timespec="seconds")[:-6]


class FrameTemplate:
    """Makes the messages of one stream while its participant stays as it is.

    Attributes:
        head: what stands before the picture.

    Args:
        participant: whose picture it is.
        type: `webcam` or `screenshare`.
        origin: the bot's references.
        options: choices of the wire form.
        extra_fields: add a field that nobody has heard of at every level.
    """

    head = _HEAD

    def __init__(
        self,
        participant: Participant,
        type: StreamType,
        origin: Origin,
        options: WireOptions,
        *,
        extra_fields: bool = False,
    ) -> None:
        self._origin = origin
        self._options = options
        person = _encode(participant.on_wire(options))
        references = origin.references("video_separate", options.artifact, options)
        extra = b""
        if extra_fields:
            extra = b',"x_new":{"list":[1,null,"x"],"deep":{"er":true}}'
            person = person[:-1] + extra + b"}"
            references = references[:-2] + extra + b"}" + extra + b"}"
        self._tail = b"".join(
            (b',"type":"%b","participant":' % type.encode(), person, extra, b"}", references)
        )

    def message(
        self, base64: Iterable[bytes], relative: float, *, absolute_shift: float = 0.0
    ) -> bytes:
        """One whole message.

        Args:
            base64: the PNG in standard padded base64, in pieces.
            relative: seconds since the recording began.
            absolute_shift: seconds that the absolute time is ahead of the relative one.
        """
        return b"".join((self.head, *base64, self.rest(relative, absolute_shift=absolute_shift)))

    def rest(self, relative: float, *, absolute_shift: float = 0.0) -> bytes:
        """What follows the picture: all that tells this message from others with it."""
        timestamp = self._origin.timestamp(relative, self._options, absolute_shift=absolute_shift)
        return b"".join((b'","timestamp":', timestamp, self._tail))


class EventTemplate:
    """Makes the messages that carry no picture, of one bot.

    Their `timestamp` has its two fields the other way round than a frame's, as the page shows.
    Source of the shapes: https://docs.recall.ai/docs/real-time-event-payloads.
    """

    def __init__(self, origin: Origin, options: WireOptions) -> None:
        self._origin = origin
        self._options = options

    def participant_event(
        self, event: str, participant: Participant, relative: float, data: Any = None
    ) -> bytes:
        """One `participant_events.*` message.

        Args:
            event: name of the event, as in `participant_events.join`.
            participant: whom it is about.
            relative: seconds since the recording began.
            data: null but for a chat message.
        """
        return b"".join(
            (
                b'{"event":',
                _encode(event),
                b',"data":{"data":{"participant":',
                _encode(participant.on_wire(self._options)),
                b',"timestamp":',
                self._origin.timestamp(relative, self._options, absolute_first=True),
                b',"data":',
                _encode(data),
                b"}",
                self._origin.references("participant_events", "participant_events", self._options),
            )
        )

    def transcript(
        self, event: str, participant: Participant, words: Iterable[Word], language: str | None
    ) -> bytes:
        """One `transcript.data` or `transcript.partial_data` message.

        Args:
            event: name of the event.
            participant: who speaks.
            words: what was said.
            language: `language_code`; left out where it is None.
        """
        data: dict[str, Any] = {
            "words": [
                {
                    "text": text,
                    "start_timestamp": {"relative": start},
                    "end_timestamp": None if end is None else {"relative": end},
                }
                for text, start, end in words
            ]
        }
        if language is not None:
            data["language_code"] = language
        data["participant"] = participant.on_wire(self._options)
        return self.other(event, "transcript", data)

    def other(self, event: str, artifact: str, data: Any) -> bytes:
        """One message of any event, with whatever `data.data` it has.

        Args:
            event: name of the event.
            artifact: key of its artifact, which the origin must have.
            data: what becomes `data.data`.
        """
        references = self._origin.references(artifact, artifact, self._options)
        return b'{"event":%b,"data":{"data":%b%b' % (_encode(event), _encode(data), references)

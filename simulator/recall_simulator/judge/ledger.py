"""The truth of a run, out of its events: which frame was sent, when, over which link, how surely.

Everything that the judge knows of the sender comes from here.
"""

from collections.abc import Iterable

import msgspec

from recall_simulator.record.events import (
    AttemptEnded,
    BotStarted,
    EngineEvent,
    FrameSent,
    RunStarted,
)
from recall_simulator.record.streams import Expectation, StreamKey

FrameId = tuple[StreamKey, int]
"""A stream and the number of a frame in it."""


class Sent(msgspec.Struct, kw_only=True):
    """One frame, however often it was sent.

    Attributes:
        copies: how often it was written whole.
        attempt: over which link it went first.
        written: real seconds since the run began.
        expect: what is asked of the receiver for it.
        in_doubt: whether the last link that it went over ended before it was proven delivered.
        sha256: digest of the PNG; empty where digests were not asked for.
        markable: whether its picture is large enough for a mark.
    """

    copies: int
    attempt: int
    written: float
    expect: Expectation
    in_doubt: bool = False
    sha256: str = ""

    @property
    def demanded(self) -> bool:
        """Whether a good receiver must have it."""
        return self.expect == "must accept" and not self.in_doubt


class Ledger:
    """What was sent, by stream.

    Attributes:
        run_id: of the run, 8 hex digits.
        streams: frames by number, for each stream.
        scenarios: the scenario of each recording.
        bots: the bot of each recording.
    """

    def __init__(self, events: Iterable[EngineEvent]) -> None:
        self.run_id = ""
        self.streams: dict[StreamKey, dict[int, Sent]] = {}
        self.scenarios: dict[str, str] = {}
        self.bots: dict[str, str] = {}
        self._recordings: dict[int, str] = {}
        self._by_digest: dict[str, FrameId] = {}
        unproven: dict[str, list[Sent]] = {}
        for event in events:
            match event:
                case RunStarted():
                    self.run_id = event.run_id
                case BotStarted():
                    self.scenarios[event.recording] = event.scenario
                    self.bots[event.recording] = event.bot
                    self._recordings[event.number] = event.recording
                case FrameSent():
                    unproven.setdefault(event.bot, []).append(self._add(event))
                case AttemptEnded():
                    frames = unproven.pop(event.bot, [])
                    for sent in frames[len(frames) - event.in_doubt :]:
                        sent.in_doubt = True

    def _add(self, event: FrameSent) -> Sent:
        stream = StreamKey(event.recording, event.participant, event.type)
        frames = self.streams.setdefault(stream, {})
        sent = frames.get(event.sequence)
        if sent is None:
            sent = frames[event.sequence] = Sent(
                copies=0,
                attempt=event.attempt,
                written=event.written,
                expect=event.expect,
                sha256=event.sha256,
            )
            if event.sha256:
                self._by_digest[event.sha256] = (stream, event.sequence)
        sent.copies += 1
        # A copy that is proven delivered takes the doubt from one that was not.
        sent.in_doubt = False
        return sent

    def find(
        self, run_id: str, participant: int, type_: str, sequence: int, sha256: str
    ) -> FrameId | None:
        """The frame that a picture shows, by its mark, or else by its digest; None for another's.

        Args:
            run_id: from the mark; empty where there is none.
            participant: from the mark.
            type_: from the mark.
            sequence: from the mark.
            sha256: of the PNG file; empty where the observer saw no PNG file.
        """
        if run_id:
            number = (int(run_id, 16) - int(self.run_id or "0", 16)) & 0xFFFF_FFFF
            recording = self._recordings.get(number)
            if recording is None:
                return None
            stream = StreamKey(
                recording, participant, "webcam" if type_ == "webcam" else "screenshare"
            )
            return (stream, sequence) if sequence in self.streams.get(stream, {}) else None
        return self._by_digest.get(sha256) if sha256 else None

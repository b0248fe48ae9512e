"""What the judge keeps of a run: a handler of the engine's events."""

from collections import defaultdict

from recall_simulator.record.events import (
    Blocked,
    BotEnded,
    BotStarted,
    EngineEvent,
    EventSent,
    FrameDropped,
    FrameSent,
)


class Evidence:
    """Takes the events of a run as they happen.

    Args:
        frames: keep every frame, sent or not, to be compared with what observers saw: about
            0.5 KB each.

    Attributes:
        events: all but those of single messages; with them where frames are kept.
        worst_stall: seconds that a frame was late by the receiver's doing, by scenario.
        given_up: frames that a policy for slow receivers gave up, by scenario.
        began: real seconds since the run began at which each scenario did.
        overtime: schedule seconds that a meeting went on after its end, by scenario.
    """

    def __init__(self, *, frames: bool = False) -> None:
        self.events: list[EngineEvent] = []
        self.worst_stall: dict[str, float] = defaultdict(float)
        self.given_up: dict[str, int] = defaultdict(int)
        self.began: dict[str, float] = {}
        self.overtime: dict[str, float] = defaultdict(float)
        self._frames = frames
        self._ends_at: dict[str, float] = {}

    def __call__(self, event: EngineEvent) -> None:
        """Take one event."""
        name = getattr(event, "scenario", "")
        match event:
            case FrameSent():
                self.worst_stall[name] = max(self.worst_stall[name], event.stall)
                if not self._frames:
                    return
            case FrameDropped():
                self.given_up[name] += event.reason == "slow receiver"
                if not self._frames:
                    return
            case Blocked():
                self.worst_stall[name] = max(self.worst_stall[name], event.lasts)
                return
            case EventSent():
                return
            case BotStarted():
                self._ends_at[event.bot] = event.ends_at
                self.began.setdefault(name, event.began)
            case BotEnded():
                over = event.at - self._ends_at.get(event.bot, event.at)
                self.overtime[name] = max(self.overtime[name], over)
        self.events.append(event)

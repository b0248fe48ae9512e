"""From a scenario's timeline to spans: who sends which stream, from when to when, at what size.

A sweep over the actions in the order of their times. After each moment the set of active streams
is worked out anew and compared with the set before; where a stream began, ended or changed, a
span closes and another opens.
"""

from collections.abc import Iterable
from typing import NamedTuple, assert_never

import msgspec

from recall_simulator.frames import DEFAULT_SCENES, Profile, Size
from recall_simulator.meeting import actions
from recall_simulator.meeting.cast import Member, iter_free_ids
from recall_simulator.meeting.duration import seconds
from recall_simulator.meeting.scenario import Platform, Scenario
from recall_simulator.record.errors import ScenarioError, closest
from recall_simulator.record.streams import StreamType
from recall_simulator.wire import Participant

STREAM_CAPS: dict[Platform, int] = {"zoom": 16, "teams": 9, "meet": 16}
"""Concurrent video streams that each platform gives a bot at most (vendor's platform pages)."""


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of one stream in which nothing about it changes.

    Attributes:
        start: seconds since the recording began; the first moment that belongs to it.
        end: the first moment that belongs to it no more.
        participant: the participant as the wire shows them in this stretch.
        type: webcam or screenshare.
        scene: what the pictures show.
        size: picture size.
        who: key of the person in the scenario.
    """

    start: float
    end: float
    participant: Participant
    type: StreamType
    scene: str
    size: Size
    who: str = ""


class MeetingEvent(msgspec.Struct, frozen=True):
    """Something that happened in the meeting, as `participant_events.*` tells it."""

    at: float
    event: str
    participant: Participant


class Timeline(msgspec.Struct, frozen=True):
    """A scenario worked out.

    Attributes:
        spans: by start.
        events: by time.
        link: what befalls the connection, as (seconds, action), by time.
    """

    spans: list[Span]
    events: list[MeetingEvent]
    link: list[tuple[float, actions.LinkAction]]


class _Look(NamedTuple):
    who: str
    participant: Participant
    scene: str
    size: Size


class _Seat:
    """One person's state during the sweep."""

    def __init__(self, member: Member) -> None:
        self.member = member
        self.key = member.person.key
        self.id = member.id
        self.name = member.name
        self.present = False
        self.left_at: float | None = None
        self.camera_since: float | None = None
        self.share_since: float | None = None
        self.webcam_size = member.person.webcam
        self.screen_size: tuple[int, int] | None = None

    @property
    def participant(self) -> Participant:
        return Participant(
            id=self.id,
            name=self.name,
            is_host=self.member.person.host,
            platform=self.member.platform,
            extra_data=self.member.extra_data,
        )


def work_out(
    scenario: Scenario,
    cast: list[Member],
    profile: Profile,
    scenes: dict[StreamType, str] | None = None,
) -> Timeline:
    """Play a scenario's timeline through.

    Args:
        scenario: what happens.
        cast: the people, as `make_cast` made them.
        profile: picture sizes.
        scenes: what streams show whose person chose nothing; by default `DEFAULT_SCENES`.

    Raises:
        ScenarioError: the timeline asks for what can't be, such as a share by somebody who left.
    """
    return _Sweep(scenario, cast, profile, {**DEFAULT_SCENES, **(scenes or {})}).run()


class _Sweep:
    def __init__(
        self,
        scenario: Scenario,
        cast: list[Member],
        profile: Profile,
        scenes: dict[StreamType, str],
    ) -> None:
        self._duration = seconds(scenario.duration)
        self._cap = STREAM_CAPS[scenario.platform]
        self._actions = scenario.timeline
        self._seats = {member.person.key: _Seat(member) for member in cast}
        self._profile = profile
        self._scenes = scenes
        self._free_ids = iter_free_ids([member.person for member in cast])
        self._open: dict[tuple[int, StreamType], tuple[float, _Look]] = {}
        self._spans: list[Span] = []
        self._events: list[MeetingEvent] = []
        self._link: list[tuple[float, actions.LinkAction]] = []

    def run(self) -> Timeline:
        for seat in self._seats.values():
            if seat.member.person.id is None:
                next(self._free_ids)  # the cast took it
        for seat in self._seats.values():
            if seat.member.person.present:
                self._enter(seat, 0.0, camera=seat.member.person.camera)
        numbered = sorted(enumerate(self._actions), key=lambda pair: seconds(pair[1].at))
        now = 0.0
        for index, action in numbered:
            at = seconds(action.at)
            if at > self._duration:
                raise ScenarioError(
                    f"timeline[{index}].at", f"{at:g} s is after the end, {self._duration:g} s"
                )
            if at > now:
                self._settle(now)
                now = at
            if isinstance(action, actions.LinkAction):
                self._link.append((at, action))
            else:
                self._act(f"timeline[{index}]", action, at)
        self._settle(now)
        self._open, still_open = {}, self._open
        for (_, type_), (start, look) in still_open.items():
            self._close(start, self._duration, type_, look)
        self._spans.sort(key=lambda span: span.start)
        return Timeline(self._spans, self._events, self._link)

    def _act(self, key: str, action: actions.PersonAction, at: float) -> None:
        seat = self._seats.get(action.who)
        if seat is None:
            raise ScenarioError(
                f"{key}.who", f"nobody is called {action.who!r}; {closest(action.who, self._seats)}"
            )

        def demand(fulfilled: object, problem: str) -> None:
            if not fulfilled:
                raise ScenarioError(f"{key}.do", f"at {at:g} s {action.who!r} {problem}")

        if not isinstance(action, actions.Join):
            left = "has not joined" if seat.left_at is None else f"has left at {seat.left_at:g} s"
            demand(seat.present, f"{left}: add a 'join' before this")
        match action:
            case actions.Join():
                demand(not seat.present, "is in the meeting already")
                if action.new_id:
                    seat.id = next(self._free_ids)
                self._enter(seat, at, camera=action.camera)
            case actions.Leave():
                self._stop_share(seat, at)
                seat.present, seat.left_at, seat.camera_since = False, at, None
                self._tell(seat, at, "leave")
            case actions.CameraOn():
                demand(seat.camera_since is None, "has the camera on already")
                seat.camera_since = at
                self._tell(seat, at, "webcam_on")
            case actions.CameraOff():
                demand(seat.camera_since is not None, "has the camera off already")
                seat.camera_since = None
                self._tell(seat, at, "webcam_off")
            case actions.Share():
                demand(seat.share_since is None, "shares already")
                self._share(seat, at)
            case actions.StopShare():
                demand(seat.share_since is not None, "shares nothing")
                self._stop_share(seat, at)
            case actions.Handover():
                demand(seat.share_since is None, "shares already: hand over to somebody else")
                for other in self._seats.values():
                    self._stop_share(other, at)
                self._share(seat, at)
            case actions.Rename():
                seat.name = action.name or None
                self._tell(seat, at, "update")
            case actions.Resize():
                if action.type == "webcam":
                    seat.webcam_size = action.size
                else:
                    seat.screen_size = action.size
            case _ as never:
                assert_never(never)

    def _enter(self, seat: _Seat, at: float, *, camera: bool) -> None:
        seat.present = True
        self._tell(seat, at, "join")
        if camera:
            seat.camera_since = at
            self._tell(seat, at, "webcam_on")

    def _share(self, seat: _Seat, at: float) -> None:
        seat.share_since = at
        self._tell(seat, at, "screenshare_on")

    def _stop_share(self, seat: _Seat, at: float) -> None:
        if seat.share_since is not None:
            seat.share_since = None
            self._tell(seat, at, "screenshare_off")

    def _tell(self, seat: _Seat, at: float, what: str) -> None:
        self._events.append(MeetingEvent(at, f"participant_events.{what}", seat.participant))

    def _settle(self, now: float) -> None:
        """Bring the open spans up to the state at `now`."""
        active = dict(self._active())
        for key, (start, look) in list(self._open.items()):
            if active.get(key) != look:
                del self._open[key]
                self._close(start, now, key[1], look)
        for key, look in active.items():
            self._open.setdefault(key, (now, look))

    def _close(self, start: float, end: float, type_: StreamType, look: _Look) -> None:
        if end > start:
            self._spans.append(
                Span(
                    start=start,
                    end=end,
                    participant=look.participant,
                    type=type_,
                    scene=look.scene,
                    size=look.size,
                    who=look.who,
                )
            )

    def _active(self) -> Iterable[tuple[tuple[int, StreamType], _Look]]:
        """Streams that the platform lets through: screens first, then cameras by seniority."""
        sharers = [seat for seat in self._seats.values() if seat.share_since is not None]
        cameras = [seat for seat in self._seats.values() if seat.camera_since is not None]
        sharers.sort(key=lambda seat: seat.share_since or 0.0)
        cameras.sort(key=lambda seat: seat.camera_since or 0.0)
        usual = self._profile.webcam_while_sharing if sharers else self._profile.webcam
        for seat in sharers[: self._cap]:
            size = Size(*(seat.screen_size or self._profile.screenshare))
            scene = seat.member.person.screen or self._scenes["screenshare"]
            yield (seat.id, "screenshare"), _Look(seat.key, seat.participant, scene, size)
        for seat in cameras[: max(0, self._cap - len(sharers))]:
            size = Size(*(seat.webcam_size or usual))
            scene = seat.member.person.scene or self._scenes["webcam"]
            yield (seat.id, "webcam"), _Look(seat.key, seat.participant, scene, size)

"""From a scenario to the plans of its bots."""

import random
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import msgspec

from recall_simulator.frames import PROFILES, SCENES, Profile, Size, check_size
from recall_simulator.meeting.cast import make_cast, uuid4
from recall_simulator.meeting.duration import seconds
from recall_simulator.meeting.plan import Close, Cut, Plan
from recall_simulator.meeting.scenario import (
    PARTICIPANT_EVENTS,
    CustomProfile,
    Scenario,
)
from recall_simulator.meeting.schedule import schedule
from recall_simulator.meeting.timeline import work_out
from recall_simulator.record.errors import ScenarioError, closest
from recall_simulator.record.streams import StreamType
from recall_simulator.wire import Origin, Reference


def make_plans(
    name: str,
    scenario: Scenario,
    *,
    seed: int,
    run_id: str,
    start_time: datetime,
    profile: str | None = None,
    scenes: Mapping[StreamType, str] | None = None,
    first_number: int = 0,
) -> list[Plan]:
    """Work a scenario out into one plan for each of its bots.

    The same arguments give plans that send the same bytes.

    Args:
        name: of the scenario, for reports.
        scenario: what happens.
        seed: of everything random.
        run_id: eight hex digits; a new one gives new UUIDs, so that a receiver tells runs apart.
        start_time: when the recordings began, with a time zone.
        profile: a named profile in place of the scenario's own.
        scenes: what streams show whose person chose nothing.
        first_number: number of the first bot in the run.

    Raises:
        ScenarioError: the scenario asks for what can't be.
    """
    plan = plan_maker(
        name,
        scenario,
        seed=seed,
        run_id=run_id,
        start_time=start_time,
        profile=profile,
        scenes=scenes,
        first_number=first_number,
    )
    return [plan(index) for index in range(scenario.bots)]


def plan_maker(
    name: str,
    scenario: Scenario,
    *,
    seed: int,
    run_id: str,
    start_time: datetime,
    profile: str | None = None,
    scenes: Mapping[StreamType, str] | None = None,
    first_number: int = 0,
) -> Callable[[int], Plan]:
    """The same for bots that come one by one: takes a bot's index, from 0, and gives its plan."""
    _check(scenario)
    sizes = _profile(profile or scenario.profile)
    cast = make_cast(scenario, seed)
    timeline = work_out(scenario, cast, sizes, dict(scenes or {}))
    events = frozenset(scenario.events)
    attempts = {
        attempt.number: msgspec.structs.replace(scenario.link, handshake=attempt.handshake)
        for attempt in scenario.attempts
    }

    def plan(index: int) -> Plan:
        return Plan(
            scenario=name,
            number=first_number + index,
            origin=_origin(scenario, random.Random(f"{seed}:{run_id}:{name}:{index}"), start_time),
            wire=scenario.wire,
            spans=timeline.spans,
            schedule=lambda: schedule(timeline, scenario.cadence, events, f"{seed}:bot:{index}"),
            links=lambda attempt: attempts.get(attempt, scenario.link),
            ends_at=seconds(scenario.duration),
            end=Close() if scenario.end == "close" else Cut(),
        )

    return plan


def _origin(scenario: Scenario, rng: random.Random, start_time: datetime) -> Origin:
    def new() -> str:
        return str(uuid4(rng))

    return Origin(
        realtime_endpoint=Reference(new()),
        artifacts={"video_separate": new(), "participant_events": new()},
        recording=Reference(new()),
        bot=Reference(new(), scenario.metadata),
        start_time=start_time,
    )


def _profile(profile: str | CustomProfile) -> Profile:
    if isinstance(profile, str):
        try:
            return PROFILES[profile]
        except KeyError:
            raise ScenarioError(
                "profile", f"there is no profile {profile!r}; {closest(profile, PROFILES)}"
            ) from None
    return Profile(
        webcam=Size(*profile.webcam),
        webcam_while_sharing=Size(*(profile.webcam_while_sharing or profile.webcam)),
        screenshare=Size(*profile.screenshare),
        source="the scenario",
    )


def _check(scenario: Scenario) -> None:
    """What the types alone can't say."""
    if seconds(scenario.duration) <= 0:
        raise ScenarioError("duration", f"{scenario.duration!r} is no length: give one as in '20s'")
    interval, jitter = seconds(scenario.cadence.interval), seconds(scenario.cadence.jitter)
    if interval < 0.01:
        raise ScenarioError("cadence.interval", f"{interval:g} s is less than 0.01 s")
    if jitter >= interval:
        raise ScenarioError(
            "cadence.jitter",
            f"{jitter:g} s is not less than the interval of {interval:g} s: frames of a stream "
            "would change places",
        )
    for index, event in enumerate(scenario.events):
        if event not in PARTICIPANT_EVENTS:
            raise ScenarioError(
                f"events[{index}]",
                f"no such event {event!r}; {closest(event, PARTICIPANT_EVENTS)}",
            )
    for key, size in _sizes(scenario):
        try:
            check_size(*size)
        except ValueError as error:
            raise ScenarioError(key, str(error)) from None
    for key, scene in _scenes(scenario):
        if scene not in SCENES:
            raise ScenarioError(key, f"there is no scene {scene!r}; {closest(scene, SCENES)}")


def _sizes(scenario: Scenario) -> Iterable[tuple[str, tuple[int, int]]]:
    if isinstance(scenario.profile, CustomProfile):
        yield "profile.webcam", scenario.profile.webcam
        yield "profile.screenshare", scenario.profile.screenshare
        if scenario.profile.webcam_while_sharing:
            yield "profile.webcam_while_sharing", scenario.profile.webcam_while_sharing
    for index, person in enumerate(scenario.people):
        if person.webcam:
            yield f"people[{index}].webcam", person.webcam
    for index, action in enumerate(scenario.timeline):
        if size := getattr(action, "size", None):
            yield f"timeline[{index}].size", size


def _scenes(scenario: Scenario) -> Iterable[tuple[str, str]]:
    for index, person in enumerate(scenario.people):
        if person.scene:
            yield f"people[{index}].scene", person.scene
        if person.screen:
            yield f"people[{index}].screen", person.screen

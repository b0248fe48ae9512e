"""The scenario format as typed models: what a TOML file may say, and its JSON Schema."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from recall_simulator.frames import PROFILES, SCENES
from recall_simulator.meeting.actions import Action, Attempt, PictureSize
from recall_simulator.meeting.duration import Duration
from recall_simulator.wire import LinkPlan, WireOptions

Platform = Literal["zoom", "meet", "teams"]

PARTICIPANT_EVENTS = (
    "participant_events.join",
    "participant_events.leave",
    "participant_events.update",
    "participant_events.webcam_on",
    "participant_events.webcam_off",
    "participant_events.screenshare_on",
    "participant_events.screenshare_off",
)
"""Events that a timeline brings about; a scenario subscribes to them under `events`."""


SceneName = Annotated[str, Meta(extra_json_schema={"enum": sorted(SCENES)})]


class Person(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody in the meeting."""

    key: Annotated[
        str, Meta(pattern="^[a-z][a-z0-9_-]*$", description="How the timeline names this person.")
    ]
    name: Annotated[
        str | None, Meta(description="Display name; left out, one is made up from the seed.")
    ] = None
    unnamed: Annotated[bool, Meta(description="The name is null on the wire.")] = False
    id: Annotated[
        int | None,
        Meta(description="Participant id; left out, 100, 200, … in the order of the cast."),
    ] = None
    host: bool = False
    present: Annotated[bool, Meta(description="In the meeting from the start.")] = True
    camera: Annotated[bool, Meta(description="Camera on from the start.")] = True
    scene: Annotated[SceneName | None, Meta(description="What the camera shows.")] = None
    screen: Annotated[SceneName | None, Meta(description="What a shared screen shows.")] = None
    webcam: Annotated[PictureSize | None, Meta(description="Webcam size of this person alone.")] = (
        None
    )


class CustomProfile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Picture sizes that no named profile has."""

    webcam: PictureSize
    screenshare: PictureSize
    webcam_while_sharing: Annotated[
        PictureSize | None, Meta(description="Left out: the same as webcam.")
    ] = None


class Cadence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When the frames of a stream are due."""

    interval: Annotated[
        Duration, Meta(description="From frame to frame of one stream; 0.5 s is 2 fps.")
    ] = 0.5
    jitter: Annotated[
        Duration, Meta(description="Each frame is late by up to this; less than the interval.")
    ] = 0.02
    stagger: Annotated[
        bool, Meta(description="Streams are spread over the interval, not all at once.")
    ] = True
    duplicate: Annotated[
        float, Meta(ge=0, le=1, description="Probability that a frame is sent twice.")
    ] = 0.0
    gap: Annotated[float, Meta(ge=0, lt=1, description="Probability that a frame is left out.")] = (
        0.0
    )


class Scenario(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A meeting that never took place, and what befalls the connection meanwhile."""

    title: str
    duration: Annotated[Duration, Meta(description="Length of the meeting: the bot's life.")]
    number: Annotated[str, Meta(description="Chapter and case, as in 4.1.")] = ""
    smoke: Annotated[bool, Meta(description="Part of the smoke check.")] = False
    description: str = ""
    expectation: Annotated[str, Meta(description="What a good receiver makes of it.")] = ""
    source: Annotated[
        str, Meta(description="Where that is demanded: a section of a standard, a page.")
    ] = ""
    platform: Platform = "meet"
    profile: Annotated[
        Annotated[str, Meta(extra_json_schema={"enum": sorted(PROFILES)})] | CustomProfile,
        Meta(description="Picture sizes: a named profile, or a table."),
    ] = "docs"
    bots: Annotated[int, Meta(ge=1, le=10_000, description="Bots, each with a link.")] = 1
    crowd: Annotated[
        int, Meta(ge=0, le=1_000, description="People made up beside those under [[people]].")
    ] = 0
    people: list[Person] = []
    timeline: list[Action] = []
    attempts: Annotated[
        list[Attempt], Meta(description="Attempts that behave unlike the others.")
    ] = []
    cadence: Cadence = Cadence()
    events: Annotated[
        list[Annotated[str, Meta(extra_json_schema={"enum": list(PARTICIPANT_EVENTS)})]],
        Meta(description="Events subscribed to beside the frames."),
    ] = []
    wire: WireOptions = WireOptions()
    link: LinkPlan = LinkPlan()
    end: Annotated[
        Literal["close", "cut"],
        Meta(description="How the link ends with the meeting: close frame 1000, or abruptly."),
    ] = "close"
    metadata: Annotated[
        dict[str, str], Meta(description="metadata of the bot, echoed in every message.")
    ] = {}


def scenario_schema(model: type[Scenario] = Scenario) -> dict[str, Any]:
    """The JSON Schema (2020-12) of the scenario format.

    Args:
        model: the format; one that has more than this, where there is one.
    """
    schema = msgspec.json.schema(model)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "recallsim scenario",
        **schema,
    }

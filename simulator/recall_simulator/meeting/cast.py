"""The people of a meeting, made up from a seed.

What each platform gives as `platform` and `extra_data` follows the samples on the vendor's pages
(https://docs.recall.ai/docs/meeting-participants-events and the platforms' own pages).
"""

import random
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from recall_simulator.meeting.scenario import Person, Platform, Scenario
from recall_simulator.record.errors import ScenarioError

if TYPE_CHECKING:
    from faker import Faker

LOCALES = (
    "en_US", "de_DE", "ja_JP", "el_GR", "es_MX", "uk_UA", "zh_CN", "fr_FR",
    "ar_SA", "pl_PL", "ko_KR", "hi_IN", "tr_TR", "pt_BR", "he_IL", "vi_VN",
)  # fmt: skip
"""Where made-up people come from, in turn: names in several scripts."""

FAMILY_NAME_FIRST = {"ja_JP", "ko_KR", "vi_VN", "zh_CN"}

LARGEST_ID = 2**32 - 1


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """One of the cast: a person of the scenario with everything made up that was left out.

    Attributes:
        person: what the scenario says.
        id: first participant id; a rejoin may bring another.
        name: display name, None for null.
        platform: `participant.platform` on the wire.
        extra_data: `participant.extra_data` on the wire.
    """

    person: Person
    id: int
    name: str | None
    platform: str | None
    extra_data: dict[str, Any]


def make_cast(scenario: Scenario, seed: int) -> list[Member]:
    """Make up the people of a meeting.

    Each person has a random source of their own, so that one more person changes nobody else.

    Raises:
        ScenarioError: two people have one key or id, or an id does not fit in 32 bits.
    """
    people = [*scenario.people, *(_stranger(index) for index in range(scenario.crowd))]
    free = iter_free_ids(people)
    cast: list[Member] = []
    for index, person in enumerate(people):
        key = f"people[{index}]"
        if any(member.person.key == person.key for member in cast):
            raise ScenarioError(f"{key}.key", f"{person.key!r} stands twice; each key names one")
        if person.id is not None and not 0 <= person.id <= LARGEST_ID:
            raise ScenarioError(f"{key}.id", f"{person.id} is not from 0 to {LARGEST_ID}")
        number = next(free) if person.id is None else person.id
        if any(member.id == number for member in cast):
            raise ScenarioError(f"{key}.id", f"{number} stands twice; an id names one person")
        rng = random.Random(f"{seed}:person:{index}")
        cast.append(
            Member(
                person=person,
                id=number,
                name=_name(person, index, rng),
                platform=_platform(scenario.platform, rng),
                extra_data=_extra_data(scenario.platform, is_host=person.host, rng=rng),
            )
        )
    return cast


def iter_free_ids(people: list[Person]) -> Iterator[int]:
    """Participant ids in the vendor's manner, 100, 200, …, less those that people chose."""
    taken = {person.id for person in people}
    return (number for number in range(100, LARGEST_ID, 100) if number not in taken)


def _stranger(index: int) -> Person:
    return Person(key=f"crowd-{index + 1}", host=False)


def _name(person: Person, index: int, rng: random.Random) -> str | None:
    if person.unnamed:
        return None
    if person.name is not None:
        return person.name
    locale = LOCALES[index % len(LOCALES)]
    fake = _faker(locale)
    fake.seed_instance(rng.getrandbits(64))
    given, family = fake.first_name(), fake.last_name()
    return f"{family} {given}" if locale in FAMILY_NAME_FIRST else f"{given} {family}"


@cache
def _faker(locale: str) -> "Faker":
    from faker import Faker  # loading its locales takes longer than all else at start

    return Faker(locale)


def _platform(platform: Platform, rng: random.Random) -> str | None:
    kinds: dict[Platform, list[str | None]] = {
        "zoom": ["desktop", "desktop", "mobile_app", "dial-in"],
        "meet": ["desktop", "desktop", "unknown"],
        "teams": ["desktop", "desktop", "unknown", None],
    }
    return rng.choice(kinds[platform])


def _extra_data(platform: Platform, *, is_host: bool, rng: random.Random) -> dict[str, Any]:
    match platform:
        case "zoom":
            return {
                "zoom": {
                    "os": rng.choice([1, 2, 3]),
                    "guest": rng.random() < 0.3,
                    "user_guid": str(uuid4(rng)).upper(),
                    "conf_user_id": str(rng.randrange(16_000_000, 17_000_000)),
                }
            }
        case "meet":
            return {"google_meet": {"static_participant_id": str(rng.randrange(10**20, 10**21))}}
        case "teams":
            return {
                "microsoft_teams": {
                    "role": "presenter" if is_host else "attendee",
                    "meeting_role": "organizer" if is_host else "attendee",
                    "participant_type": "inTenant",
                    "user_id": str(uuid4(rng)),
                    "tenant_id": str(uuid4(rng)),
                    "client_version": "SkypeSpaces",
                }
            }


def uuid4(rng: random.Random) -> UUID:
    """A UUID of version 4 from a random source of ours."""
    return UUID(int=rng.getrandbits(128), version=4)

"""What the wire looks like, told by the vendor's pages and by nothing of ours.

`messages/` holds messages transcribed by hand from the vendor's published pages. Each file says
which page, when it was read, how sure it is (H documented or seen live, M several independent
users, L inference) and what is particular about it. A `read` of 2025-06-10 is the date that the
stored copy of the page bears; any other is the day on which the page was read, where the page
itself tells no date.

`envelope.schema.json` is the frame, `event.schema.json` the participant events: closed schemas,
for whoever sends. Neither package reads these files at run time.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator
from referencing import Registry, Resource

HERE = Path(__file__).parent
FRAME = "video_separate_png.data"

Json = dict[str, Any]


def _load(path: Path) -> Json:
    loaded: Json = json.loads(path.read_text(encoding="utf-8"))
    return loaded


SCHEMAS = {path.name: _load(path) for path in sorted(HERE.glob("*.schema.json"))}
TRANSCRIBED = {path.stem: _load(path) for path in sorted(HERE.glob("messages/*.json"))}
_REGISTRY: Registry[bool | Mapping[str, Any]] = Registry().with_resources(
    (name, Resource.from_contents(schema)) for name, schema in SCHEMAS.items()
)


def _validator(name: str) -> Validator:
    Draft202012Validator.check_schema(SCHEMAS[name])
    return Draft202012Validator(SCHEMAS[name], registry=_REGISTRY)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test once for each file that its argument names."""
    frames = [name for name, file in TRANSCRIBED.items() if file["message"]["event"] == FRAME]
    participant_events = [
        name
        for name, file in TRANSCRIBED.items()
        if file["message"]["event"].startswith("participant_events.")
    ]
    for argument, names in {
        "any_name": list(TRANSCRIBED),
        "frame_name": frames,
        "participant_event_name": participant_events,
        "other_name": [name for name in TRANSCRIBED if name not in frames],
    }.items():
        if argument in metafunc.fixturenames:
            metafunc.parametrize(argument, names)


@pytest.fixture(scope="session")
def transcribed() -> Mapping[str, Json]:
    """Every file under `messages/` by its name: page, read, sureness, note, message."""
    return TRANSCRIBED


@pytest.fixture(scope="session")
def envelope_validator() -> Validator:
    """`.validate(message)` raises where a frame is not what may be on the wire."""
    return _validator("envelope.schema.json")


@pytest.fixture(scope="session")
def event_validator() -> Validator:
    """The same for `participant_events.*`."""
    return _validator("event.schema.json")


def _resolve(schema: Json, document: str) -> tuple[Json, str]:
    while "$ref" in schema:
        target, _, pointer = schema["$ref"].partition("#/")
        document = target or document
        schema = SCHEMAS[document]
        for step in pointer.split("/"):
            schema = schema[step]
    return schema, document


def _misplaced(value: object, schema: Json, document: str, path: str) -> Iterator[str]:
    schema, document = _resolve(schema, document)
    if isinstance(value, dict) and "anyOf" in schema:
        objects = [_resolve(branch, document) for branch in schema["anyOf"]]
        schema, document = next(found for found in objects if found[0].get("type") == "object")
    if not isinstance(value, dict) or "properties" not in schema:
        return
    present = [name for name in value if name in schema["properties"]]
    wanted = [name for name in schema["properties"] if name in value]
    if present != wanted:
        yield f"{path}: {', '.join(present)}; the wire has {', '.join(wanted)}"
    for name in present:
        yield from _misplaced(
            value[name], schema["properties"][name], document, f"{path}.{name}".lstrip(".")
        )


@pytest.fixture(scope="session")
def misplaced_fields() -> Callable[[bytes | str], list[str]]:
    """Name the objects of an encoded message whose fields stand in another order than the wire's.

    The order is that of `properties` in the schemas, so `misplaced_fields(encoded) == []` is the
    test of a sender's field order.
    """

    def misplaced(encoded: bytes | str) -> list[str]:
        message = json.loads(encoded)
        name = "envelope.schema.json" if message["event"] == FRAME else "event.schema.json"
        return list(_misplaced(message, SCHEMAS[name], name, ""))

    return misplaced

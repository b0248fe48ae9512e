"""Values that are rare but right, and values that look right and are not."""

from typing import Any, Final

import msgspec

from recall_simulator.fuzz.draft import Choose, Draft, Path, dotted
from recall_simulator.fuzz.edits.family import edit, pick

_PERSON: Final = ("data", "data", "participant")
_ID: Final[Path] = (*_PERSON, "id")
_NAME: Final[Path] = (*_PERSON, "name")
_TYPE: Final[Path] = ("data", "data", "type")
_RELATIVE: Final[Path] = ("data", "data", "timestamp", "relative")
_ABSOLUTE: Final[Path] = ("data", "data", "timestamp", "absolute")
_RECORDING: Final[Path] = ("data", "recording", "id")
_REFERENCES: Final = ("realtime_endpoint", "video_separate", "recording", "bot")


def _set(draft: Draft, path: Path, value: Any, words: str = "") -> None:
    draft.put(path, value)
    text = bytes(value).decode() if isinstance(value, msgspec.Raw) else ascii(value)
    draft.note(dotted(path), words or f"{dotted(path)} is {text}")


_IDS: Final = (200, 300, 1_600, 16_998_240, 1, 2**31 - 1)


@edit("another participant id", "must accept", "fields")
def _ids(draft: Draft, choose: Choose) -> None:
    _set(draft, _ID, pick(_IDS, choose))


@edit("participant id over 31 bits", "may refuse", "fields")
def _wide_ids(draft: Draft, choose: Choose) -> None:
    wide = (2**31, 2**32 - 1, 2**32, 2**32 + 100, 2**53, 2**53 + 1, 2**63 - 1, 2**63)
    _set(draft, _ID, pick(wide, choose))


_NAMES: Final = (
    "",
    "A",
    "Grace Hopper",
    "Ada Lovelace (guest)",
    "Ада Лавлейс",
    "עדה לאבלייס",
    "艾达·洛夫莱斯",
    "Zoë Ångström",
    "🧑🏽‍🚀",
    "a/b",
    "../../etc/passwd",
    "C:\\temp\\x",
    'say "hi"',
    "O'Brien; --",
    "<b>bold</b>",
    "100",
    "null",
    "two\nlines",
    "tab\there",
    " ",
    "%s %d {0}",
    "A" * 255,
)


@edit("another name", "must accept", "fields")
def _names(draft: Draft, choose: Choose) -> None:
    name = pick(_NAMES, choose)
    shown = ascii(name) if len(name) < 30 else f"{len(name)} characters long"
    _set(draft, _NAME, name, f"{dotted(_NAME)} is {shown}")


@edit("another person's fields", "must accept", "fields")
def _person(draft: Draft, choose: Choose) -> None:
    values: tuple[tuple[str, Any], ...] = (
        ("is_host", False),
        ("platform", "mobile_app"),
        ("platform", "dial-in"),
        ("platform", "unknown"),
        ("platform", "a platform of tomorrow"),
        ("email", "ada@example.com"),
        ("extra_data", {"zoom": {"os": 2, "guest": False, "user_guid": "x", "conf_user_id": "1"}}),
        ("extra_data", {"google_meet": {"static_participant_id": "spaces/x/devices/1"}}),
        ("extra_data", {"microsoft_teams": {"role": "guest", "user_id": None}}),
        ("extra_data", {"platform_of_tomorrow": {"list": [1, {"x": []}]}}),
    )
    name, value = pick(values, choose)
    _set(draft, (*_PERSON, name), value)


@edit("the other stream type", "must accept", "fields")
def _other_stream(draft: Draft, choose: Choose) -> None:
    _set(draft, _TYPE, "screenshare")


@edit("unknown stream type", "must survive", "fields")
def _unknown_type(draft: Draft, choose: Choose) -> None:
    _set(draft, _TYPE, pick(("Webcam", "webcam ", "video", "screen_share", "web\0cam"), choose))


_ABSOLUTES: Final = (
    "2026-09-20T05:48:18Z",
    "2026-09-20T05:48:18.360Z",
    "2026-09-20T05:48:18.3603720Z",
    "2026-09-20T05:48:18.360372000Z",
    "2026-09-20T05:48:18.360372+00:00",
    "2026-09-20T05:48:18.3Z",
    "2026-09-20T05:48:18.36Z",
    "2026-09-20T05:48:18.36037Z",
    "2024-02-29T23:59:59.999999Z",
    "2026-12-31T00:00:00.000000Z",
)


@edit("absolute time in another form", "must accept", "fields")
def _absolute(draft: Draft, choose: Choose) -> None:
    _set(draft, _ABSOLUTE, pick(_ABSOLUTES, choose))


_BAD_TIMES: Final = (
    "2026-09-20T05:48:18.360372",
    "2026-09-20T05:48:18",
    "2026-09-20",
    "2026-13-20T05:48:18.360372Z",
    "2026-02-30T05:48:18.360372Z",
    "2026-00-00T00:00:00.000000Z",
    "2026-09-20T24:00:00.000000Z",
    "2026-09-20T23:59:60.000000Z",
    "2026-09-20T05:61:18.360372Z",
    "0000-01-01T00:00:00.000000Z",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59.999999-23:59",
    "10000-01-01T00:00:00.000000Z",
    "-2026-09-20T05:48:18.360372Z",
    "2026-09-20T05:48:18.360372+99:99",
    "2026-09-20T05:48:18.360372+05:30",
    "2026-09-20T05:48:18.360372-00:00",
    "2026-09-20t05:48:18.360372z",
    "2026-09-20 05:48:18.360372Z",
    "2026-09-20T05:48:18,360372Z",
    "2026-09-20T05:48:18.Z",
    "2026-09-20T05:48:18.3603720000000000000001Z",
    "2026-09-20T05:48:18.360372Z ",
    "2026-09-20T05:48:18.360372ZZ",
    "20260920T054818Z",
    "2026-W38-7T05:48:18Z",
    "1789883298",
    "1789883298.360372",
    "now",
    "Sun, 20 Sep 2026 05:48:18 GMT",
    "２０２６-09-20T05:48:18.360372Z",
    "1970-01-01T00:00:00.000000Z",
)


@edit("absolute time that is none", "must survive", "fields", weight=8)
def _bad_absolute(draft: Draft, choose: Choose) -> None:
    _set(draft, _ABSOLUTE, pick(_BAD_TIMES, choose))


_RELATIVES: Final = (b"0.0", b"0.000000", b"0", b"77", b"76.8055581", b"3600.5", b"86399.999999")


@edit("relative time in another form", "must accept", "fields")
def _relative(draft: Draft, choose: Choose) -> None:
    _set(draft, _RELATIVE, msgspec.Raw(pick(_RELATIVES, choose)))


@edit("relative time that cannot be", "must survive", "fields")
def _bad_relative(draft: Draft, choose: Choose) -> None:
    bad = (b"-0.000001", b"-76.8", b"1e15", b"1e300", b"9007199254740993", b"76.80555812345678901")
    _set(draft, _RELATIVE, msgspec.Raw(pick(bad, choose)))


@edit("metadata", "must accept", "fields")
def _metadata(draft: Draft, choose: Choose) -> None:
    path = ("data", pick(_REFERENCES, choose), "metadata")
    many = {f"key {number}": "x" for number in range(50)}
    values: tuple[dict[str, str], ...] = (
        {"team": "blue"},
        {"": ""},
        {"buffer": "AAAA", "id": "x"},
        {"ключ": "значение 🎥"},
        {'"buffer":"': '"},{'},
        {"long": "x" * 500},
        many,
    )
    value = pick(values, choose)
    shown = ascii(value) if len(str(value)) < 60 else f"{len(str(value))} characters long"
    _set(draft, path, value, f"{dotted(path)} is {shown}")


@edit("metadata that is no text", "must survive", "fields")
def _bad_metadata(draft: Draft, choose: Choose) -> None:
    path = ("data", pick(_REFERENCES, choose), "metadata")
    _set(draft, path, pick(({"a": 1}, {"a": None}, {"a": {}}, {"a": ["x"]}, {"a": True}), choose))


@edit("another recording", "must accept", "fields")
def _recording(draft: Draft, choose: Choose) -> None:
    _set(draft, _RECORDING, f"8b8ed4b5-6d1f-4e3c-9d0a-0c7b6e1f2a{34 + choose(60)}")


@edit("id that is no UUID", "must survive", "fields")
def _no_uuid(draft: Draft, choose: Choose) -> None:
    path = ("data", pick(_REFERENCES, choose), "id")
    strange = (
        "x",
        "8b8ed4b56d1f4e3c9d0a0c7b6e1f2a33",
        "{8b8ed4b5-6d1f-4e3c-9d0a-0c7b6e1f2a33}",
        "8B8ED4B5-6D1F-4E3C-9D0A-0C7B6E1F2A33",
        "8b8ed4b5-6d1f-4e3c-9d0a-0c7b6e1f2a3g",
        "00000000-0000-0000-0000-000000000000",
        "../8b8ed4b5",
        "a/b",
        ".",
        "..",
        "x" * 300,
        "nul\0",
    )
    _set(draft, path, pick(strange, choose))


@edit("audio_mixed_raw in place of video_separate", "must survive", "fields", weight=1)
def _slip(draft: Draft, choose: Choose) -> None:
    data = draft.object_at(("data",))
    data["audio_mixed_raw"] = draft.object_at(("data", "video_separate"))
    del data["video_separate"]
    draft.note("data.video_separate", "data.video_separate is called audio_mixed_raw")

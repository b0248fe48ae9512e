"""Fields that are missing, doubled, strange, or of another type than documented."""

from typing import Any, Final

import msgspec

from recall_simulator.fuzz.draft import BUFFER, FIELDS, Choose, Draft, Path, dotted
from recall_simulator.fuzz.edits.family import edit, pick

MAY_BE_NULL: Final[tuple[Path, ...]] = (
    ("data", "data", "participant", "name"),
    ("data", "data", "participant", "platform"),
    ("data", "data", "participant", "extra_data"),
    ("data", "bot"),
)
MAY_MISS: Final[tuple[Path, ...]] = (("data", "data", "participant", "email"), ("data", "bot"))

_encode = msgspec.json.Encoder().encode
_ALL: Final = tuple(FIELDS)
_REQUIRED: Final = tuple(path for path in _ALL if path not in MAY_MISS)
_NOT_NULL: Final = tuple(p for p in _ALL if p not in MAY_BE_NULL and FIELDS[p] is not None)
_OBJECTS: Final[tuple[Path, ...]] = tuple(
    path for path, value in FIELDS.items() if isinstance(value, dict)
)
_NUMBERS: Final = tuple(path for path, value in FIELDS.items() if type(value) in (int, float))
_STRINGS: Final = tuple(
    path for path, value in FIELDS.items() if isinstance(value, str) and path != BUFFER
)


@edit("field is missing, as it may be", "must accept", "fields")
def _may_miss(draft: Draft, choose: Choose) -> None:
    _remove(draft, pick(MAY_MISS, choose))


@edit("field is missing", "must survive", "fields", weight=8)
def _missing(draft: Draft, choose: Choose) -> None:
    _remove(draft, pick(_REQUIRED, choose))


def _remove(draft: Draft, path: Path) -> None:
    node, name = draft.at(path)
    del node[name]
    draft.note(dotted(path), f"{dotted(path)} is missing")


@edit("field is null, as it may be", "must accept", "fields", weight=8)
def _may_be_null(draft: Draft, choose: Choose) -> None:
    _set(draft, pick(MAY_BE_NULL, choose), None)


@edit("field is null", "must survive", "fields", weight=8)
def _null(draft: Draft, choose: Choose) -> None:
    _set(draft, pick(_NOT_NULL, choose), None)


def _set(draft: Draft, path: Path, value: Any) -> None:
    draft.put(path, value)
    draft.note(dotted(path), f"{dotted(path)} is {_shown(value)}")


def _shown(value: Any) -> str:
    text = bytes(value) if isinstance(value, msgspec.Raw) else _encode(value)
    shown = text.decode("utf-8", "backslashreplace")
    return shown if len(shown) <= 60 else f"{shown[:40]}... ({len(text)} bytes)"


def _kind(value: Any) -> str:
    """The JSON type of a value."""
    if isinstance(value, bool):
        return "boolean"
    return {int: "number", float: "number", str: "string", dict: "object", list: "array"}.get(
        type(value), "null"
    )


@edit("field has another type", "must survive", "fields", weight=12)
def _other_type(draft: Draft, choose: Choose) -> None:
    path = pick(_ALL, choose)
    was = FIELDS[path]
    strange: list[Any] = [0, "", True, [], {}, "x", -1, 1.5, [was], {"x": was}, [[]], [None]]
    strange.append(_encode(was).decode().strip('"') if not isinstance(was, str) else len(was))
    _set(draft, path, pick([v for v in strange if _kind(v) != _kind(was)], choose))


@edit("field that nobody has heard of", "must accept", "fields", weight=8)
def _extra(draft: Draft, choose: Choose) -> None:
    path = pick(((), *(path for path in _OBJECTS if path[-1] not in _OPEN)), choose)
    values: tuple[Any, ...] = (None, "x", 1, True, {}, [], {"deep": {"er": [1, None, "x"]}})
    value = pick(values, choose)
    _add(draft, path, "x_new", value)


_OPEN: Final = ("metadata", "extra_data")
_STRANGE_KEYS: Final = (
    "",
    " ",
    "id ",
    "ID",
    "__proto__",
    "constructor",
    "toString",
    "__class__",
    "$ref",
    "a.b",
    "\0",
    "\u202e",
    "é",
    "k" * 1000,
)


@edit("field with a strange name", "must survive", "fields")
def _strange_key(draft: Draft, choose: Choose) -> None:
    path = pick(((), *_OBJECTS), choose)
    value = pick((None, "x", {"x": 1}, ["x"]), choose)
    _add(draft, path, pick(_STRANGE_KEYS, choose), value)


def _add(draft: Draft, path: Path, name: str, value: Any) -> None:
    node = draft.object_at(path)
    node[name] = value
    shown = name if len(name) <= 20 else f"{name[:8]}... ({len(name)} characters)"
    where = dotted((*path, shown))
    draft.note(dotted((*path, name[:20])), f"{where!a} is there: {_shown(value)}")


@edit("field stands twice", "must survive", "fields", weight=8)
def _twice(draft: Draft, choose: Choose) -> None:
    path = pick(_ALL, choose)
    node, name = draft.at(path)
    value = node[name]
    other = pick((value, None, 0, "x", {}), choose)
    first = choose(2)
    pairs = []
    for key, each in node.items():
        if key == name:
            both = (other, value) if first else (value, other)
            pairs += [(key, both[0]), (key, both[1])]
        else:
            pairs.append((key, each))
    draft.replace(path[:-1], raw_object(pairs))
    words = "the same" if other is value else f"{'first' if first else 'second'} {_shown(other)}"
    draft.note(dotted(path), f"{dotted(path)} stands twice, {words}")


def raw_object(pairs: list[tuple[str, Any]]) -> msgspec.Raw:
    """An object as JSON text, whose keys may be equal."""
    return msgspec.Raw(b"{" + b",".join(_encode(k) + b":" + _encode(v) for k, v in pairs) + b"}")


_BAD_NUMBERS: Final = (
    b"NaN", b"Infinity", b"-Infinity", b"nan", b"0100", b"+100", b".5", b"1.", b"0x64", b"1e",
    b"--1", b"1_000", b"1,5", b"100n", "١٠٠".encode(), b"1 2", b"-",
)  # fmt: skip


@edit("number that JSON has not", "must survive", "fields", weight=8)
def _bad_number(draft: Draft, choose: Choose) -> None:
    _set(draft, pick(_NUMBERS, choose), msgspec.Raw(pick(_BAD_NUMBERS, choose)))


_ODD_NUMBERS: Final = (
    b"-1", b"-0", b"-0.0", b"1e400", b"-1e400", b"1e-400", b"1E+2", b"100.5", b"100.0", b"1e22",
    b"18446744073709551615", b"18446744073709551616", b"9223372036854775808",
    b"9007199254740993", b"4294967296", b"1" + b"0" * 30, b"1" + b"0" * 400, b"9" * 4400,
    b"0." + b"1" * 400, b"1e999999999999",
)  # fmt: skip


@edit("odd number", "must survive", "fields", weight=8)
def _odd_number(draft: Draft, choose: Choose) -> None:
    _set(draft, pick(_NUMBERS, choose), msgspec.Raw(pick(_ODD_NUMBERS, choose)))


_BAD_WORDS: Final = (
    b"True", b"None", b"undefined", b"'x'", b'"x', b'x"', b"", b"[1,]", b'{"a":1,}', b"{a:1}",
    b'"\\x41"', b'"\\u12"', b'"\\"', b'"a\tb"', b'"a\nb"', b'"a\0b"', b"/* */ 1", b"[1 2]",
    b'{"a" 1}', b"{1:2}", b"]", b"}", b"[", b"{", b'{"a"}', b"nul", b"tru", b"NULL",
)  # fmt: skip


@edit("value that JSON has not", "must survive", "fields", weight=8)
def _bad_word(draft: Draft, choose: Choose) -> None:
    _set(draft, pick(_ALL, choose), msgspec.Raw(pick(_BAD_WORDS, choose)))


_ODD_STRINGS: Final = (
    b'""', b'"\\ud800"', b'"\\udc00\\ud800"', b'"\\u0000"', b'"a\\u0000b"', b'" "', b'"\\n"',
    b'"../../../../etc/passwd"', b'"%s%n%x"', b'"{0.__class__}"', b'"\\ufeffx"', b'"\\ufffe"',
    b'"\\u202egnp.exe"', b'"NaN"', b'"null"', b'"-1"', b'"1e999"', b'"CON"', b'"\'; DROP TABLE"',
    b'"<script>"', b'"${jndi:x}"', '"İ"'.encode(), '"e\u0301\u0301\u0301"'.encode(),
    b'"' + b"A" * 5_000 + b'"', b'"' + b"a" * 40 + b'!"', b'"' + b"\\\\" * 2_000 + b'"',
)  # fmt: skip


@edit("odd text", "must survive", "fields", weight=8)
def _odd_text(draft: Draft, choose: Choose) -> None:
    _set(draft, pick((*_STRINGS, BUFFER), choose), msgspec.Raw(pick(_ODD_STRINGS, choose)))


@edit("text that is not UTF-8", "may refuse", "fields")
def _not_utf8(draft: Draft, choose: Choose) -> None:
    path = pick((*_STRINGS, BUFFER), choose)
    broken = pick(
        (b"\xff", b"\x80", b"\xc3", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82"),
        choose,
    )
    draft.put(path, msgspec.Raw(b'"x' + broken + b'"'))
    draft.note(dotted(path), f"{dotted(path)} is not UTF-8: {broken.hex(' ')}")


_DEEP: Final = (65, 200, 600, 1_100, 3_000, 10_000, 100_000)


@edit("deep nesting", "must survive", "fields", weight=3)
def _deep(draft: Draft, choose: Choose) -> None:
    path = pick(_ALL, choose)
    opening, closing = pick(((b"[", b"]"), (b'{"a":', b"}")), choose)
    depth = pick(_DEEP, choose)
    whole = choose(4) < 3
    text = opening * depth + (b"1" + closing * depth if whole else b"")
    draft.put(path, msgspec.Raw(text))
    words = "deep" if whole else "deep, and not closed"
    draft.note(dotted(path), f"{dotted(path)} is nested {depth} {words}")


@edit("very much of it", "may refuse", "fields", weight=1)
def _much(draft: Draft, choose: Choose) -> None:
    path = pick((*_STRINGS, ("data", "recording", "metadata")), choose)
    count = pick((65_536, 300_000, 1_100_000), choose)
    if path[-1] == "metadata":
        draft.put(path, {str(number): "x" for number in range(count // 16)})
    else:
        draft.put(path, "x" * count)
    draft.note(dotted(path), f"{dotted(path)} takes about {count} bytes")


@edit("one level too few or too many", "must survive", "fields")
def _levels(draft: Draft, choose: Choose) -> None:
    path = pick(_OBJECTS, choose)
    node, name = draft.at(path)
    inner = node[name]
    if choose(2):
        node[name] = {name: inner}
        draft.note(dotted(path), f"{dotted(path)} stands in an object of its own")
    else:
        del node[name]
        if isinstance(inner, dict):
            node.update(inner)
        draft.note(dotted(path), f"the fields of {dotted(path)} stand one level higher")

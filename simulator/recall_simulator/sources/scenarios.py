"""Finds and reads scenarios: a bundled one, a TOML file, or `module:function`."""

import difflib
import importlib
import re
import sys
import tomllib
import traceback
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from recall_simulator.faults import FaultedScenario
from recall_simulator.meeting import Scenario, seconds
from recall_simulator.record.errors import ScenarioError, UsageError, closest

ALL, SMOKE, EVERY = "all", "smoke", "every"
"""Stand for the bundled scenarios: those without hostile messages, the smoke check, and all."""

GIVEN = "the scenario"
"""The source of one that was given as a value, and that no command line can name."""

HOSTILE = "9."
"""Chapter of the scenarios with messages that a receiver may throw away."""

_FILE_NAME = re.compile(r"(?P<number>[0-9]+\.[0-9]+)-(?P<name>[a-z0-9-]+)\.toml")


class Named(msgspec.Struct, frozen=True):
    """A scenario with the name that reports use for it, and where it came from."""

    name: str
    scenario: Scenario
    source: str

    @property
    def is_bundled(self) -> bool:
        """Whether it is one of the numbered cases."""
        return self.source == f"{self.scenario.number}-{self.name}.toml"


Reference = str | Scenario | Mapping[str, Any] | Named
"""What names a scenario, or is one."""


def bundled() -> dict[str, Named]:
    """The scenarios of the package `recall_scenarios` by name, in the order of their numbers."""
    found: list[tuple[list[int], Named]] = []
    for file in files("recall_scenarios").iterdir():
        match = _FILE_NAME.fullmatch(file.name)
        if match:
            scenario = read_toml(file.read_text(encoding="utf-8"), file.name)
            number = match["number"]
            scenario = msgspec.structs.replace(scenario, number=number)
            order = [int(part) for part in number.split(".")]
            found.append((order, Named(match["name"], scenario, file.name)))
    return {named.name: named for _, named in sorted(found, key=lambda pair: pair[0])}


def bundled_text(name: str) -> str:
    """The TOML text of a bundled scenario."""
    for file in files("recall_scenarios").iterdir():
        match = _FILE_NAME.fullmatch(file.name)
        if match and match["name"] == name:
            return file.read_text(encoding="utf-8")
    raise KeyError(name)


def load_scenarios(references: Iterable[Reference]) -> list[Named]:
    """Load what a command line, or a test, names.

    Args:
        references: each a bundled scenario's name or number, `all`, `smoke` or `every`, the path
            of a TOML file, or `module:function` (the module is looked for in the current folder
            too; the function takes nothing and returns a `Scenario` or a dictionary of the same
            keys); or a `Scenario`, such a dictionary, or what was loaded before.

    Raises:
        UsageError: there is no such scenario, or it can't be read.
        ScenarioError: it says something that can't be.
    """
    loaded: list[Named] = []
    for reference in references:
        if isinstance(reference, Named):
            loaded.append(reference)
        elif isinstance(reference, Scenario):
            loaded.append(_given(reference))
        elif isinstance(reference, Mapping):
            loaded.append(_given(convert(dict(reference), GIVEN)))
        elif reference in (ALL, SMOKE, EVERY):
            loaded += [named for named in bundled().values() if _is_in(reference, named.scenario)]
        else:
            loaded.append(_load(reference))
    return loaded


def by_name(scenarios: Iterable[Named]) -> dict[str, Named]:
    """Each under a name of its own: one that is played again is another meeting."""
    named: dict[str, Named] = {}
    for each in scenarios:
        name, turn = each.name, 1
        while name in named:
            turn += 1
            name = f"{each.name}#{turn}"
        named[name] = each
    return named


def select(
    cases: Iterable[Named], *, only: Iterable[str] = (), skip: Iterable[str] = ()
) -> list[Named]:
    """Those of some cases that are wanted, in their order.

    Args:
        cases: with numbers.
        only: globs on number or name, as `3.*`, `4.1` or `late-*`; without any, all.
        skip: globs of those that are left out.

    Raises:
        UsageError: a glob matches none of them, or none is left.
    """
    cases, only, skip = list(cases), list(only), list(skip)
    for pattern in (*only, *skip):
        if not any(_fits(pattern, named) for named in cases):
            raise UsageError(f"no case is called {pattern!r}; {_near(pattern, cases)}")
    chosen = [
        named
        for named in cases
        if (not only or any(_fits(pattern, named) for pattern in only))
        and not any(_fits(pattern, named) for pattern in skip)
    ]
    if not chosen:
        raise UsageError("every case that is wanted is skipped: nothing is left to play")
    return chosen


def _fits(pattern: str, named: Named) -> bool:
    return fnmatchcase(named.scenario.number, pattern) or fnmatchcase(named.name, pattern)


def _near(word: str, cases: Iterable[Named]) -> str:
    """A hint: the closest numbers and names, or where all of them are listed."""
    words = [word for named in cases for word in (named.scenario.number, named.name)]
    near = difflib.get_close_matches(word, words, n=3, cutoff=0.55)
    if near:
        return "did you mean " + " or ".join(repr(name) for name in near) + "?"
    return "`recallsim scenarios list` prints numbers and names; '3.*' is a whole chapter"


def _given(scenario: Scenario) -> Named:
    """A scenario that was given as a value, under a name made of its title."""
    words = re.findall(r"[a-z0-9]+", scenario.title.lower())
    return Named("-".join(words)[:40] or "scenario", scenario, GIVEN)


def _is_in(group: str, scenario: Scenario) -> bool:
    if group == SMOKE:
        return scenario.smoke
    return group == EVERY or not scenario.number.startswith(HOSTILE)


def _load(reference: str) -> Named:
    if reference.endswith(".toml") or "/" in reference or "\\" in reference:
        return _load_file(Path(reference))
    if ":" in reference:
        return _load_function(reference)
    known = bundled()
    for named in known.values():
        if reference in (named.name, named.scenario.number):
            return named
    raise UsageError(
        f"there is no scenario {reference!r}; {_near(reference, known.values())} "
        "(a file of your own ends in .toml, a function is written module:function)"
    )


def _load_file(path: Path) -> Named:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UsageError(f"there is no scenario file {path}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the scenario file {path} can't be read: {error}") from None
    return Named(path.stem, read_toml(text, str(path)), str(path))


def _load_function(reference: str) -> Named:
    module_name, _, function_name = reference.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        function = getattr(importlib.import_module(module_name), function_name)
    except ImportError as error:
        raise UsageError(f"the scenario {reference!r} can't be imported: {error}") from None
    except AttributeError:
        raise UsageError(f"{module_name!r} has no {function_name!r}") from None
    if not callable(function):
        raise UsageError(f"{reference!r} is no function: it must return a Scenario when called")
    try:
        scenario = function()
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        raise UsageError(
            f"{reference!r} raised {type(error).__name__}: {error} "
            f"({last.filename}, line {last.lineno})"
        ) from error
    if isinstance(scenario, dict):
        scenario = convert(scenario, reference)
    if not isinstance(scenario, Scenario):
        raise UsageError(f"{reference!r} returned {type(scenario).__name__}, not a Scenario")
    return Named(function_name, scenario, reference)


def read_toml(text: str, source: str) -> Scenario:
    """Read a scenario from TOML.

    Args:
        text: the TOML.
        source: name of the file, for errors.

    Raises:
        ScenarioError: with the file, the key, the value and the closest right key.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError("", f"this is not TOML: {error}", source) from None
    return convert(data, source)


def convert(data: dict[str, Any], source: str) -> Scenario:
    """Check a dictionary against the scenario format.

    Raises:
        ScenarioError: with the source, the key, the value and the closest right key.
    """
    try:
        return msgspec.convert(data, FaultedScenario)
    except msgspec.ValidationError as error:
        key, problem = _explain(str(error), data)
        raise ScenarioError(key, problem, source) from None


_PLAIN = {"array": "a list in brackets", "object": "a table"}
"""What msgspec calls things, and people who write TOML."""


def _explain(message: str, data: dict[str, Any]) -> tuple[str, str]:
    """Make of msgspec's message a key path and a sentence that says what would be right."""
    text, _, path = message.partition(" - at `$")
    key = path.removeprefix(".").removesuffix("`")
    steps = re.findall(r"[^.\[\]]+", key)
    if unknown := re.match(r"Object contains unknown field `(.+)`", text):
        name = unknown[1]
        hint = closest(name, _known_words(steps, data))
        return f"{key}.{name}".lstrip("."), f"there is no key {name!r} here; {hint}"
    value = _value_at(steps, data)
    if text.startswith("Invalid"):
        return key, f"{value!r} can't stand here; {closest(str(value), _known_words(steps, data))}"
    if "matching regex" in text:
        try:
            seconds(value)
        except ValueError as error:
            return key, str(error)
    text = text[0].lower() + text[1:].replace("`", "")
    for word, plain in _PLAIN.items():
        text = text.replace(word, plain)
    return key, f"{value!r} can't stand here: {text}" if steps else text


def _value_at(steps: list[str], data: Any) -> Any:
    for step in steps:
        data = data[int(step)] if isinstance(data, list) else data.get(step)
    return data


def _known_words(steps: list[str], data: Any) -> list[str]:
    """The keys, or the values, that can stand at a place of a scenario."""
    kinds: list[msgspec.inspect.Type] = [msgspec.inspect.type_info(FaultedScenario)]
    for step in steps:
        inner: list[msgspec.inspect.Type] = []
        for kind in kinds:
            if isinstance(kind, msgspec.inspect.ListType):
                inner.append(kind.item_type)
            elif isinstance(kind, msgspec.inspect.StructType):
                if step == kind.tag_field:
                    inner.append(msgspec.inspect.LiteralType((kind.tag,)))
                inner += [field.type for field in kind.fields if field.encode_name == step]
        data = data[int(step)] if isinstance(data, list) else data.get(step)
        kinds = [kind for outer in inner for kind in _alternatives(outer, data)]
    words: list[str] = []
    for kind in kinds:
        if isinstance(kind, msgspec.inspect.StructType):
            words += [field.encode_name for field in kind.fields]
        elif isinstance(kind, msgspec.inspect.LiteralType):
            words += [str(value) for value in kind.values]
    return sorted(set(words))


def _alternatives(kind: msgspec.inspect.Type, data: Any) -> list[msgspec.inspect.Type]:
    """A union's members, less those whose tag is not the one in the data."""
    if isinstance(kind, msgspec.inspect.Metadata):
        return _alternatives(kind.type, data)
    if not isinstance(kind, msgspec.inspect.UnionType):
        return [kind]
    members = [inner for member in kind.types for inner in _alternatives(member, data)]
    tagged: list[msgspec.inspect.Type] = [
        member
        for member in members
        if isinstance(member, msgspec.inspect.StructType)
        and isinstance(data, dict)
        and member.tag_field is not None
        and data.get(member.tag_field) == member.tag
    ]
    return tagged or members

"""The exceptions by which a target may refuse a message, as the user names them: `--allow`."""

import builtins
import difflib
import importlib
import inspect
import re
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any, Final

_SEPARATOR: Final = re.compile(r"[.:]")


class NoSuchException(Exception):
    """A name is no exception's; the text says which, and what may have been meant."""


def names_of(kind: type) -> tuple[str, str, str]:
    """How a user may call a class: `Refused`, `receiver.Refused`, `receiver:Refused`."""
    name = kind.__qualname__
    return name, f"{kind.__module__}.{name}", f"{kind.__module__}:{name}"


def allowed_names(named: Iterable[str], module: str) -> frozenset[str]:
    """The names of the classes that are meant.

    Args:
        named: as the user wrote them: the bare name of any exception that is loaded with the
            target, or that its module has; or a dotted one, from where it is defined or imported.
        module: of the target; imported already.

    Raises:
        NoSuchException: one of them is none.
    """
    loaded = set(_loaded(BaseException))
    known = {form for kind in loaded for form in names_of(kind)}
    found = set()
    for name in named:
        if name in known:
            found.add(name)
        else:
            found.add(names_of(_looked_up(name, module))[2])
    return frozenset(found)


def _loaded(kind: type) -> Iterator[type]:
    yield kind
    subclasses: list[type] = type.__subclasses__(kind)
    for each in subclasses:
        yield from _loaded(each)


def _looked_up(name: str, module: str) -> type:
    """A class that goes by another name here, or whose module nobody has loaded yet."""
    parts = _SEPARATOR.split(name)
    for length in range(len(parts) - 1, 0, -1):
        found = _at(".".join(parts[:length]), parts[length:])
        if found is not None:
            break
    else:
        found = _at(module, parts)
    if not (inspect.isclass(found) and issubclass(found, BaseException)):
        words = "there is no such exception" if found is None else "it is no exception"
        raise NoSuchException(f"--allow {name}: {words}; {_meant(name, module)}")
    return found


def _at(module: str, path: list[str]) -> Any:
    """What a module has at a path; None where there is no such module, or nothing there."""
    try:
        found: Any = importlib.import_module(module)
        for part in path:
            found = getattr(found, part)
    except BaseException:  # a module may do anything when it is imported
        return None
    return found


def _meant(name: str, module: str) -> str:
    own = importlib.import_module(module)
    bare = {*_exceptions_in(builtins), *_exceptions_in(own)}
    dotted = {names_of(kind)[1] for kind in _loaded(BaseException)}
    near = difflib.get_close_matches(name, sorted(bare | dotted), n=2, cutoff=0.7)
    if near:
        return "did you mean " + " or ".join(near) + "?"
    return "give its name in full, as in package.module.Refused"


def _exceptions_in(module: ModuleType) -> Iterator[str]:
    for name, value in vars(module).items():
        if inspect.isclass(value) and issubclass(value, BaseException):
            yield name

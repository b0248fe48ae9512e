"""What functions are called with, read and checked: a slip is a `UsageError` that says the fix."""

import asyncio
import shlex
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from recall_simulator.record.errors import UsageError, closest

if TYPE_CHECKING:
    import ssl

    from recall_simulator.engine import Handler
    from recall_simulator.session import Settings
    from recall_simulator.sources.scenarios import Named, Reference

Texts = str | Sequence[str]
"""One text, or several."""


class Access(TypedDict, total=False):
    """How a receiver is started and reached; all of it may be left out.

    Attributes:
        command: starts the receiver, which will listen at the URL; without one it runs already.
            One line in shell quoting, or its words.
        secret: workspace secret `whsec_…`; signs every handshake.
        headers: further headers of the handshake.
        ca: file of a certificate authority that a wss receiver's certificate is checked with.
        insecure: take any certificate of a wss receiver.
        tls: a context of your own, in place of `ca` and `insecure`.
        owned: the receiver is yours, though its address is public.
    """

    command: str | Sequence[str] | None
    secret: str | None
    headers: Mapping[str, str] | Iterable[tuple[str, str]]
    ca: "str | PathLike[str] | None"
    insecure: bool
    tls: "ssl.SSLContext | None"
    owned: bool


class How(Access, total=False):
    """How cases are played; all of it may be left out, and so may all of `Access`.

    Attributes:
        observe: `KIND:ARG`, one or several, as `--observe` takes them.
        seed: of everything random; a new one by default.
        speed: 1 is real time; "max", the default, is as fast as the link takes it.
        profile: a named profile in place of the scenarios' own.
        scenes: what pictures show where a scenario leaves it open.
    """

    observe: Texts
    seed: int | None
    speed: float | Literal["max"] | None
    profile: str | None
    scenes: Texts


def texts(name: str, value: object) -> list[str]:
    """One text, or several, as a list.

    Args:
        name: of the argument.
        value: that it was given; None is none.

    Raises:
        UsageError: something in it is no text.
    """
    if value is None:
        return []
    several = [value] if isinstance(value, str) else value
    if not isinstance(several, Iterable) or isinstance(several, bytes | Mapping):
        raise UsageError(f"{name}={value!r}: give a text, or a list of texts")
    listed = list(several)
    for each in listed:
        if not isinstance(each, str):
            raise UsageError(f"{name}: {each!r} is no text: write it in quotes")
    return listed


def check_names(how: Mapping[str, object], kind: type[Access], *own: str) -> None:
    """See that there are such arguments.

    Args:
        how: what was given by name.
        kind: of arguments.
        *own: further names that the function takes.

    Raises:
        UsageError: there is none of a name.
    """
    known = {*Access.__annotations__, *kind.__annotations__, *own}
    for name in how:
        if name not in known:
            raise UsageError(f"there is no argument {name!r}; {closest(name, known)}")


def read_scenario(value: object) -> "Reference":
    """What names a scenario, or is one.

    Raises:
        UsageError: it is nothing that does.
    """
    from recall_simulator.meeting import Scenario

    if isinstance(value, PathLike):
        return str(value)
    if isinstance(value, str) and value.startswith(("ws://", "wss://")):
        raise UsageError(f"{value!r} is no scenario: first comes the scenario, and then the URL")
    if not isinstance(value, str | Scenario | Mapping):
        raise UsageError(
            f"{value!r} is no scenario: give one number, name, file, 'module:function', Scenario "
            "or dictionary"
        )
    return value


def check_handlers(handlers: "Sequence[Handler]") -> None:
    """See that handlers can be called.

    Raises:
        UsageError: one can't.
    """
    if not isinstance(handlers, Sequence) or not all(map(callable, handlers)):
        raise UsageError(f"handlers={handlers!r}: give a list of functions")


def see_that_no_loop_runs() -> None:
    """See that a run can have an event loop of its own here.

    Raises:
        UsageError: one runs in this thread.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise UsageError(
        "an event loop runs in this thread, and would stand still meanwhile: call it in another, "
        "as in `await asyncio.to_thread(check_receiver, url)`"
    )


def settings_of(url: str, cases: "list[Named]", how: How) -> "Settings":
    """What a session is told.

    Args:
        url: of the receiver.
        cases: to be played.
        how: see `How`.

    Raises:
        UsageError: something won't do.
    """
    from recall_simulator.engine import Conduct
    from recall_simulator.session import Settings, check_profile, scenes_by_type
    from recall_simulator.wire import Signer, parse_endpoint

    if not isinstance(url, str):
        raise UsageError(f"url={url!r}: give the receiver's, as in 'ws://127.0.0.1:8765/'")
    endpoint = parse_endpoint(url)
    observe = texts("observe", how.get("observe"))
    secret = _text("secret", how.get("secret"))
    return Settings(
        endpoint=endpoint,
        scenarios=cases,
        seed=_seed(how.get("seed")),
        speed=_speed(how.get("speed")),
        profile=check_profile(_text("profile", how.get("profile"))),
        scenes=scenes_by_type(texts("scenes", how.get("scenes"))),
        signer=Signer(secret) if secret is not None else None,
        headers=_headers(how.get("headers", ())),
        tls=_tls(how, secure=endpoint.secure),
        conduct=Conduct(digests=bool(observe)),
        command=_command(how.get("command")),
        observe=observe,
        owned=_yes_or_no("owned", how.get("owned", False)),
    )


def _text(name: str, value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise UsageError(f"{name}={value!r}: give a text, in quotes")
    return value


def _yes_or_no(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise UsageError(f"{name}={value!r}: give True or False")
    return value


def _seed(value: object) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise UsageError(f"seed={value!r}: give a whole number from 0 on")
    return value


def _speed(value: object) -> float | None:
    if value is None or value == "max":
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UsageError(f"speed={value!r}: give a number above 0, as in 4, or 'max'")
    return float(value)


def _command(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return shlex.join(texts("command", value))


def _headers(value: Any) -> list[tuple[str, str]]:
    from recall_simulator.session import check_header

    pairs = value.items() if isinstance(value, Mapping) else value or ()
    try:
        named = [(name, text) for name, text in pairs]
    except (TypeError, ValueError):
        raise UsageError(f"headers={value!r}: write them as {{'Name': 'value'}}") from None
    for name, text in named:
        if not isinstance(name, str) or not isinstance(text, str):
            raise UsageError(f"headers: name and value of {name!r} are texts, and not {text!r}")
    return [check_header(name, text) for name, text in named]


def _tls(how: How, *, secure: bool) -> "ssl.SSLContext | None":
    import ssl

    from recall_simulator.session import tls_context

    own, ca = how.get("tls"), how.get("ca")
    insecure = _yes_or_no("insecure", how.get("insecure", False))
    if own is None:
        if not isinstance(ca, str | PathLike | None):
            raise UsageError(f"ca={ca!r}: give the file of a certificate authority")
        authority = None if ca is None else Path(fspath(ca))
        return tls_context(authority, insecure=insecure, secure=secure)
    if not isinstance(own, ssl.SSLContext):
        raise UsageError(
            f"tls={own!r}: give an ssl.SSLContext; or ca='FILE', or insecure=True, in its place"
        )
    if ca is not None or insecure:
        raise UsageError("give tls, or else ca or insecure")
    return own

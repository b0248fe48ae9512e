"""`python:module:function`: a function of the user's that says at the end what the receiver has."""

import asyncio
import importlib
import inspect
import os
import sys
import traceback
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Literal

from recall_simulator.observe.aside import aside
from recall_simulator.observe.contents import look, sighted
from recall_simulator.observe.observer import Now, Tell
from recall_simulator.observe.rows import RowError, Rows, read_row
from recall_simulator.record.errors import UsageError, closest
from recall_simulator.record.observations import Claim, ObserverTrouble, Sighting

TIMEOUT: Final = 60.0
"""Real seconds that it may take."""


class HookObserver:
    """Calls a function once, after the receiver of `--exec` has ended.

    The function takes nothing. It returns or yields `Sighting`, `Claim`, rows (`rows.read_row`), or
    paths of pictures; it may be a coroutine function or an asynchronous generator.

    Args:
        name: as the user wrote it.
        reference: `module:function`; the module is looked for in the current folder too.
        now: real seconds since the run began.
        tell: takes Sighting, Claim and ObserverTrouble.
        timeout: real seconds that it may take.

    Raises:
        UsageError: there is no such function.
    """

    def __init__(
        self,
        name: str,
        reference: str,
        *,
        now: Now,
        tell: Tell,
        timeout: float = TIMEOUT,
    ) -> None:
        self.name = name
        self._function = _load(name, reference)
        self._now = now
        self._tell = tell
        self._timeout = timeout

    async def start(self) -> None:
        """Nothing is to be done: it is called at the end."""

    async def settle(self) -> None:
        """Nothing is to be waited for."""

    async def stop(self, *, look: bool = True) -> None:
        """Call it, and tell what it says."""
        if not look:
            return
        try:
            async with asyncio.timeout(self._timeout):
                items = await self._call()
            rows = Rows([], [])
            for number, item in enumerate(items, 1):
                try:
                    rows.seen.append(await self._read(item, f"item {number}"))
                except RowError as error:
                    rows.problems.append(str(error))
            if not rows.seen:
                raise RowError(rows.unread or "it returned nothing")
        except TimeoutError:
            self._trouble(f"it was not done after {self._timeout:g} s")
        except RowError as error:
            self._trouble(str(error))
        except (Exception, SystemExit) as error:
            self._trouble(f"it raised {_raised(error)}")
        else:
            for sighting in rows.seen:
                self._tell(sighting)
            if rows.unread:
                self._trouble(rows.unread, "partial")

    async def _call(self) -> list[Any]:
        function: Callable[[], Any] = self._function
        if inspect.iscoroutinefunction(function):
            answer = await function()
        elif inspect.isasyncgenfunction(function):
            answer = function()
        else:
            answer = await aside(lambda: _whole(function))
            if inspect.isawaitable(answer):
                answer = await answer
        if isinstance(answer, AsyncIterator):
            return [item async for item in answer]
        return _listed(answer)

    async def _read(self, item: object, where: str) -> Sighting | Claim:
        if isinstance(item, Sighting | Claim):
            return item
        if isinstance(item, Mapping):
            try:
                return read_row(item, observer=self.name, where=where, at=self._now())
            except RowError as error:
                raise RowError(f"{where}: {error}") from None
        if isinstance(item, str | os.PathLike):
            return await self._picture(Path(item))
        raise RowError(f"{where} is {type(item).__name__}: neither a sighting nor a row nor a path")

    async def _picture(self, path: Path) -> Sighting:
        try:
            contents = await asyncio.to_thread(lambda: look(path.read_bytes()))
        except OSError as error:
            raise RowError(f"{path} can't be read: {error.strerror}") from None
        if not contents.shown:
            raise RowError(f"{path} can't be read as a picture: {contents.problem}")
        (shown,) = contents.shown
        return sighted(shown, observer=self.name, where=str(path), at=self._now())

    def _trouble(self, trouble: str, severity: Literal["blind", "partial"] = "blind") -> None:
        self._tell(
            ObserverTrouble(observer=self.name, at=self._now(), trouble=trouble, severity=severity)
        )


def _load(name: str, reference: str) -> Callable[[], Any]:
    module_name, colon, function_name = reference.partition(":")
    if not colon or not module_name or not function_name:
        raise UsageError(f"--observe {name}: write python:module:function")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise UsageError(f"--observe {name}: {module_name} can't be imported: {error}") from None
    except (Exception, SystemExit) as error:
        raise UsageError(
            f"--observe {name}: {module_name} can't be imported: it raised {_raised(error)}"
        ) from None
    function = getattr(module, function_name, None)
    if not callable(function):
        known = [word for word, value in vars(module).items() if inspect.isfunction(value)]
        hint = f"; {closest(function_name, known)}" if known else ""
        raise UsageError(f"--observe {name}: {module_name} has no function {function_name!r}{hint}")
    called: Callable[[], Any] = function
    try:
        inspect.signature(called).bind()
    except TypeError:
        raise UsageError(f"--observe {name}: the function is called without arguments") from None
    return called


def _raised(error: BaseException) -> str:
    """What was raised, and where."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = "" if isinstance(error, SyntaxError) else f" ({last.filename}, line {last.lineno})"
    return f"{type(error).__name__}: {error}{where}"


def _whole(function: Callable[[], Any]) -> Any:
    """Call it, and run a generator to its end, all in one thread."""
    answer = function()
    return answer if inspect.isawaitable(answer) else _listed(answer)


def _listed(answer: Any) -> list[Any]:
    if answer is None:
        return []
    if isinstance(answer, Mapping | str | os.PathLike | Sighting | Claim):
        return [answer]
    if isinstance(answer, Iterable):
        return list(answer)
    return [answer]

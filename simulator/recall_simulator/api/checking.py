"""Cases played into a receiver, from Python: free of pytest, of the terminal and of exit codes."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, Unpack

import msgspec

from recall_simulator.api.arguments import (
    How,
    Texts,
    check_handlers,
    check_names,
    read_scenario,
    see_that_no_loop_runs,
    settings_of,
    texts,
)
from recall_simulator.api.result import CheckResult
from recall_simulator.record.errors import UsageError

if TYPE_CHECKING:
    from os import PathLike

    from recall_simulator.api.playing import Played
    from recall_simulator.engine import Handler
    from recall_simulator.meeting import Scenario
    from recall_simulator.observe import Standing
    from recall_simulator.session import Session
    from recall_simulator.sources.scenarios import Named, Reference


SIGNATURES = "how signatures are checked shows only with --secret"
"""Why cases about signatures are skipped without one."""


def check_receiver(
    url: str,
    *,
    only: Texts = (),
    skip: Texts = (),
    smoke: bool = False,
    handlers: "Sequence[Handler]" = (),
    **how: Unpack[How],
) -> CheckResult:
    """Play the numbered cases into a receiver and judge what it made of them.

        result = check_receiver("ws://127.0.0.1:8765/", command="python receiver.py", smoke=True)
        assert result.passed, result

    Args:
        url: of the receiver, as `ws://127.0.0.1:8765/`.
        only: a glob on number or name, as `3.*` or `late-close`, or several; all cases by default.
        skip: likewise, cases that are left out.
        smoke: only the short cases that are meant for each push.
        handlers: take the engine's events.
        **how: see `How`.

    Raises:
        UsageError: an argument won't do, or an event loop runs in this thread; nothing was sent.
        ReceiverError: the receiver of `command` could not be started.
        KeyboardInterrupt: Ctrl-C; every link was closed first.
    """
    return ready_check(url, only=only, skip=skip, smoke=smoke, handlers=handlers, **how)()


def run_scenario(
    scenario: "str | PathLike[str] | Scenario | Mapping[str, Any]",
    url: str,
    *,
    handlers: "Sequence[Handler]" = (),
    **how: Unpack[How],
) -> CheckResult:
    """Play one scenario into a receiver and judge what it made of it.

    Args:
        scenario: a bundled one's name or number, the path of a TOML file, `module:function`, a
            `Scenario`, or a dictionary of the same keys as a TOML file has.
        url: of the receiver.
        handlers: take the engine's events.
        **how: see `How`.

    Raises:
        UsageError: an argument won't do, or an event loop runs in this thread; nothing was sent.
        ReceiverError: the receiver of `command` could not be started.
        KeyboardInterrupt: Ctrl-C; every link was closed first.
    """
    return ready_scenario(scenario, url, handlers=handlers, **how)()


class Ready(Protocol):
    """A run of which everything was checked, and nothing sent."""

    def __call__(self, *, standing: "Standing | None" = None) -> CheckResult:
        """Play it; see `Check.play`."""


def ready_check(
    url: str,
    *,
    only: Texts = (),
    skip: Texts = (),
    smoke: bool = False,
    handlers: "Sequence[Handler]" = (),
    **how: Unpack[How],
) -> Ready:
    """What `check_receiver` plays.

    Raises:
        UsageError: an argument won't do.
    """
    check_names(how, How, "only", "skip", "smoke", "handlers")
    check_handlers(handlers)
    see_that_no_loop_runs()
    cases = choose_cases(only=only, skip=skip, smoke=smoke)
    return partial(Check.open(url, cases, **how).play, handlers)


def ready_scenario(
    scenario: "str | PathLike[str] | Scenario | Mapping[str, Any]",
    url: str,
    *,
    handlers: "Sequence[Handler]" = (),
    **how: Unpack[How],
) -> Ready:
    """What `run_scenario` plays.

    Raises:
        UsageError: an argument won't do.
    """
    check_names(how, How, "handlers")
    check_handlers(handlers)
    see_that_no_loop_runs()
    return partial(Check.open(url, [read_scenario(scenario)], **how).play, handlers)


def choose_cases(*, only: Texts, skip: Texts, smoke: bool) -> "list[Named]":
    """The bundled cases, or some of them.

    Raises:
        UsageError: a glob matches no case, or none is left.
    """
    from recall_simulator.sources.scenarios import EVERY, SMOKE, load_scenarios, select

    if not isinstance(smoke, bool):
        raise UsageError(f"smoke={smoke!r}: give True or False")
    wanted, unwanted = texts("only", only), texts("skip", skip)
    cases = load_scenarios([EVERY])
    chosen = select(cases, only=wanted, skip=unwanted)
    if not smoke:
        return chosen
    short = {named.name for named in load_scenarios([SMOKE])}
    for pattern in wanted:
        if short.isdisjoint(named.name for named in select(cases, only=[pattern])):
            raise UsageError(
                f"{pattern!r} is none of the short cases, which alone are played with smoke "
                "(--smoke): leave one of the two out"
            )
    left = [named for named in chosen if named.name in short]
    if not left:
        raise UsageError("every case that is wanted is skipped: nothing is left to play")
    return left


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """Cases that are ready to be played: nothing has been sent yet.

    Attributes:
        session: plays them.
        cases: by name, in the order of the references, those that are skipped included.
        skipped: why a case is not played, by name.
    """

    session: "Session"
    cases: "dict[str, Named]"
    skipped: dict[str, str]

    @classmethod
    def open(cls, url: str, references: "Sequence[Reference]", **how: Unpack[How]) -> "Check":
        """Check everything that was asked for.

        Args:
            url: of the receiver.
            references: of scenarios, as `load_scenarios` takes them.
            **how: see `How`.

        Raises:
            UsageError: something won't do.
        """
        from recall_simulator.faults import is_about_signatures
        from recall_simulator.session import Session
        from recall_simulator.sources.scenarios import by_name, load_scenarios

        cases = by_name(load_scenarios(references))
        skipped = {
            name: SIGNATURES
            for name, named in cases.items()
            if how.get("secret") is None and is_about_signatures(named.scenario)
        }
        played = [named for name, named in cases.items() if name not in skipped]
        if not played:
            raise UsageError(f"nothing is left to play without a secret: {SIGNATURES}")
        session = Session.open(settings_of(url, played, how))
        return cls(session=session, cases=cases, skipped=skipped)

    def play(
        self, handlers: "Sequence[Handler]" = (), *, standing: "Standing | None" = None
    ) -> CheckResult:
        """Paint, play and judge.

        Args:
            handlers: take the engine's events.
            standing: has the receiver between runs.

        Raises:
            UsageError: a handler could not go on.
            ReceiverError: the receiver could not be started.
            KeyboardInterrupt: Ctrl-C; every link was closed first.
        """
        from recall_simulator.api.playing import play_and_judge

        warnings = self.session.paint(lambda done, total: None)
        played = play_and_judge(self.session, handlers, keep_frames=True, standing=standing)
        if played.trouble is not None:
            raise played.trouble
        if played.interrupted:
            raise KeyboardInterrupt
        return self.result(played, warnings)

    def result(self, played: "Played", warnings: Sequence[str] = ()) -> CheckResult:
        """What a run of this check came to.

        Args:
            played: the run.
            warnings: of painting.
        """
        from recall_simulator.api.documents import as_case, check_document
        from recall_simulator.judge import case_verdicts

        unseen = [
            f"{reason} (skipped: {list(self.skipped.values()).count(reason)})"
            for reason in dict.fromkeys(self.skipped.values())
        ]
        verdict = msgspec.structs.replace(
            played.verdict, not_looked_at=[*played.verdict.not_looked_at, *unseen]
        )
        rows = case_verdicts(
            verdict,
            [
                as_case(name, named, skipped=self.skipped.get(name, ""))
                for name, named in self.cases.items()
            ],
        )
        return CheckResult(
            verdict=verdict,
            cases=rows,
            document=msgspec.to_builtins(
                check_document(self.session, played._replace(verdict=verdict), rows)
            ),
            warnings=[*self.session.warnings, *warnings],
        )

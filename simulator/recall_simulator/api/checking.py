"""Cases played into a receiver, from Python: free of pytest, of the terminal and of exit codes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import msgspec

from recall_simulator.api.result import CheckResult
from recall_simulator.record.errors import UsageError

if TYPE_CHECKING:
    import ssl

    from recall_simulator.api.playing import Played
    from recall_simulator.engine import Handler
    from recall_simulator.meeting import Scenario
    from recall_simulator.session import Session, Settings
    from recall_simulator.sources.scenarios import Named, Reference


SIGNATURES = "how signatures are checked shows only with --secret"
"""Why cases about signatures are skipped without one."""


class Access(TypedDict, total=False):
    """How a receiver is started and reached; all of it may be left out.

    Attributes:
        command: starts the receiver, which will listen at the URL; without one it runs already.
        secret: workspace secret `whsec_…`; signs every handshake.
        headers: further headers of the handshake.
        tls: how a wss receiver's certificate is checked; the system's way by default.
        owned: the receiver is yours, though its address is public.
    """

    command: str | None
    secret: str | None
    headers: Mapping[str, str] | Iterable[tuple[str, str]]
    tls: "ssl.SSLContext | None"
    owned: bool


class How(Access, total=False):
    """How cases are played; all of it may be left out, and so may all of `Access`.

    Attributes:
        observe: `KIND:ARG` each, as `--observe` takes them.
        seed: of everything random; a new one by default.
        speed: 1 is real time; None, the default, is as fast as the link takes it.
        profile: a named profile in place of the scenarios' own.
        scenes: what pictures show where a scenario leaves it open.
    """

    observe: Sequence[str]
    seed: int | None
    speed: float | None
    profile: str | None
    scenes: Sequence[str]


def check_receiver(
    url: str,
    *,
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    smoke: bool = False,
    handlers: "Sequence[Handler]" = (),
    **how: Unpack[How],
) -> CheckResult:
    """Play the numbered cases into a receiver and judge what it made of them.

        result = check_receiver("ws://127.0.0.1:8765/", command="python receiver.py", smoke=True)
        assert result.passed, result

    Args:
        url: of the receiver, as `ws://127.0.0.1:8765/`.
        only: globs on number or name, as `3.*` or `late-close`; all cases by default.
        skip: globs on number or name of cases that are left out.
        smoke: only the short cases that are meant for each push.
        handlers: take the engine's events.
        **how: see `How`.

    Raises:
        UsageError: an argument won't do; nothing was sent.
        ReceiverError: the receiver of `command` could not be started.
        KeyboardInterrupt: Ctrl-C; every link was closed first.
    """
    return Check.open(url, choose_cases(only=only, skip=skip, smoke=smoke), **how).play(handlers)


def run_scenario(
    scenario: "str | Scenario | Mapping[str, Any]",
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
        UsageError: an argument won't do; nothing was sent.
        ReceiverError: the receiver of `command` could not be started.
        KeyboardInterrupt: Ctrl-C; every link was closed first.
    """
    return Check.open(url, [scenario], **how).play(handlers)


def choose_cases(*, only: Sequence[str], skip: Sequence[str], smoke: bool) -> "list[Named]":
    """The bundled cases, or some of them.

    Raises:
        UsageError: a glob matches no case, or none is left.
    """
    from recall_simulator.sources.scenarios import EVERY, SMOKE, load_scenarios, select

    return select(load_scenarios([SMOKE if smoke else EVERY]), only=only, skip=skip)


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
        session = Session.open(settings_of(url, played, **how))
        return cls(session=session, cases=cases, skipped=skipped)

    def play(self, handlers: "Sequence[Handler]" = ()) -> CheckResult:
        """Paint, play and judge.

        Raises:
            UsageError: a handler could not go on.
            ReceiverError: the receiver could not be started.
            KeyboardInterrupt: Ctrl-C; every link was closed first.
        """
        from recall_simulator.api.playing import play_and_judge

        warnings = self.session.paint(lambda done, total: None)
        played = play_and_judge(self.session, handlers, keep_frames=True)
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


def settings_of(
    url: str,
    cases: "list[Named]",
    *,
    command: str | None = None,
    observe: Sequence[str] = (),
    seed: int | None = None,
    speed: float | None = None,
    profile: str | None = None,
    scenes: Sequence[str] = (),
    secret: str | None = None,
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    tls: "ssl.SSLContext | None" = None,
    owned: bool = False,
) -> "Settings":
    """What a session is told: see `How`.

    Raises:
        UsageError: something won't do.
    """
    from recall_simulator.engine import Conduct
    from recall_simulator.session import Settings, check_header, check_profile, scenes_by_type
    from recall_simulator.wire import Signer, parse_endpoint

    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return Settings(
        endpoint=parse_endpoint(url),
        scenarios=cases,
        seed=seed,
        speed=speed,
        profile=check_profile(profile),
        scenes=scenes_by_type(scenes),
        signer=Signer(secret) if secret is not None else None,
        headers=[check_header(name, value) for name, value in pairs],
        tls=tls,
        conduct=Conduct(digests=bool(observe)),
        command=command,
        observe=list(observe),
        owned=owned,
    )

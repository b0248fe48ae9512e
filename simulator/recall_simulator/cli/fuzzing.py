"""A fuzz campaign as `recallsim fuzz` runs it: what it is told, and what it keeps."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
from rich.console import Console

from recall_simulator.cli.fuzz_words import Done, print_summary, shown
from recall_simulator.cli.terminal import terminable
from recall_simulator.fuzz.in_process import MEMORY, fuzz_target
from recall_simulator.fuzz.in_process import SLOW as CPU_SECONDS
from recall_simulator.fuzz.over_wire import MEMORY as WIRE_MEMORY
from recall_simulator.fuzz.over_wire import TIMEOUT as WIRE_SECONDS
from recall_simulator.fuzz.over_wire import fuzz_url
from recall_simulator.fuzz.records import (
    FindingMade,
    FuzzEvent,
    FuzzHandler,
    FuzzReport,
    Input,
)
from recall_simulator.fuzz.replay import replay_target
from recall_simulator.fuzz.reproducers import Known, read_known, write_reproducer
from recall_simulator.meeting import seconds
from recall_simulator.record.errors import UsageError
from recall_simulator.session import tls_context
from recall_simulator.wire import RetryPolicy, Signer, parse_endpoint

MAX_EXAMPLES = 10_000


class Limits(NamedTuple):
    """Of a message: seconds, and bytes of memory."""

    seconds: float
    memory: int


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """What is fuzzed, and what counts as a finding."""

    target: str | None
    url: str | None
    command: str | None
    observe: list[str]
    allow: list[str]
    timeout: float | None
    memory: int | None
    retry: RetryPolicy
    secret: str | None
    headers: list[tuple[str, str]]
    ca: Path | None
    insecure: bool
    owned: bool

    @property
    def limits(self) -> Limits:
        """As given, or the defaults of the kind."""
        wire = self.url is not None
        return Limits(
            self.timeout or (WIRE_SECONDS if wire else CPU_SECONDS),
            self.memory or (WIRE_MEMORY if wire else MEMORY),
        )


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """How long a campaign goes on, and with which seed."""

    max_examples: int | None
    seconds: float | None
    seed: int | None


def parse_duration(option: str, text: str) -> float:
    """Read a duration that is an option's.

    Raises:
        UsageError: it is none, or nothing.
    """
    try:
        found = seconds(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None
    if found <= 0:
        raise UsageError(f"{option} {text}: give more than nothing, as in 30s")
    return found


def known_of(folder: Path, conditions: Conditions) -> list[tuple[str, Input]]:
    """The findings of earlier campaigns against the same, where there are any."""
    if not any(folder.glob("*/finding.json")):
        return []
    return [
        (path.name, known.input(path))
        for path, known in read_known(folder)
        if (known.target == conditions.target)
        or (conditions.url is not None and known.sent_as != "argument")
    ]


def known_by_conditions(
    folder: Path, conditions: Conditions
) -> list[tuple[Conditions, list[tuple[str, Input]]]]:
    """The findings of a folder, each with what it was found in unless something else is given.

    Raises:
        UsageError: there are none.
    """
    groups: dict[bytes, tuple[Conditions, list[tuple[str, Input]]]] = {}
    for path, known in read_known(folder):
        found_in = _found_in(known, conditions)
        if found_in is not None:
            key = msgspec.json.encode(found_in)
            groups.setdefault(key, (found_in, []))[1].append((path.name, known.input(path)))
    if not groups:
        kind = "in process" if conditions.target is not None else "over the wire"
        raise UsageError(f"--replay {folder}: no finding there was made {kind}")
    return list(groups.values())


def _found_in(known: Known, conditions: Conditions) -> Conditions | None:
    if known.sent_as == "argument":
        if conditions.url is not None:
            return None
        return msgspec.structs.replace(
            conditions,
            target=conditions.target or known.target,
            allow=conditions.allow or known.allow,
        )
    if conditions.target is not None:
        return None
    if conditions.url is not None:
        return conditions
    return msgspec.structs.replace(
        conditions,
        url=known.target,
        command=conditions.command or known.command or None,
        observe=conditions.observe or known.observe,
    )


def campaign(
    conditions: Conditions,
    known: Sequence[tuple[str, Input]],
    budget: Budget,
    *,
    folder: Path,
    console: Console,
    quiet: bool,
) -> Done:
    """Run a campaign, and write the folder of each finding as soon as it is made.

    Raises:
        UsageError: something that was asked for won't do.
        ReceiverError: the receiver of --exec could not be started.
    """
    folders: list[Path] = []
    limits = conditions.limits

    def keep(event: FuzzEvent) -> None:
        # Of a leak no message alone is guilty: there is nothing to send again.
        if isinstance(event, FindingMade) and event.finding.outcome != "leaked":
            made = write_reproducer(
                folder,
                event.finding,
                target=conditions.url or conditions.target or "",
                command=conditions.command or "",
                observe=conditions.observe,
                timeout=limits.seconds,
                memory=limits.memory,
                allow=conditions.allow,
            )
            folders.append(made)

    with shown(console, quiet=quiet) as show, terminable():
        fuzz = _over_wire if conditions.url is not None else _in_process
        report = fuzz(conditions, known, budget, [keep, show])
    done = Done(report, folders)
    print_summary(console, done)
    return done


def _over_wire(
    conditions: Conditions,
    known: Sequence[tuple[str, Input]],
    budget: Budget,
    handlers: Sequence[FuzzHandler],
) -> FuzzReport:
    assert conditions.url is not None
    secure = parse_endpoint(conditions.url).secure
    return fuzz_url(
        conditions.url,
        command=conditions.command,
        observe=conditions.observe,
        max_examples=budget.max_examples,
        seconds=budget.seconds,
        seed=budget.seed,
        handlers=handlers,
        known=known,
        headers=conditions.headers,
        signer=Signer(conditions.secret) if conditions.secret is not None else None,
        tls=tls_context(conditions.ca, insecure=conditions.insecure, secure=secure),
        retry=conditions.retry,
        timeout=conditions.limits.seconds,
        memory=conditions.limits.memory,
        owned=conditions.owned,
    )


def _in_process(
    conditions: Conditions,
    known: Sequence[tuple[str, Input]],
    budget: Budget,
    handlers: Sequence[FuzzHandler],
) -> FuzzReport:
    assert conditions.target is not None
    allow, limits = conditions.allow, conditions.limits
    replayed = replay_target(
        conditions.target, known, allow=allow, slow=limits.seconds, memory=limits.memory
    )
    seed = random.SystemRandom().randrange(10**6) if budget.seed is None else budget.seed
    unlimited = budget.max_examples is None and budget.seconds is None
    report = fuzz_target(
        conditions.target,
        allow=allow,
        max_examples=MAX_EXAMPLES if unlimited else budget.max_examples,
        seconds=budget.seconds,
        seed=seed,
        handlers=handlers,
        slow=limits.seconds,
        memory=limits.memory,
    )
    return msgspec.structs.replace(report, replayed=replayed)

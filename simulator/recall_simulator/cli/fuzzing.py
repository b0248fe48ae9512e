"""A fuzz campaign under the eyes of a console, and what it came to as JSON and as a verdict."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn

from recall_simulator.fuzz.records import (
    EXPECTATIONS,
    FindingMade,
    FuzzEvent,
    FuzzFinding,
    FuzzHandler,
    FuzzProgress,
    FuzzReport,
    FuzzStarted,
    Input,
    Shrinking,
)
from recall_simulator.fuzz.reproducers import Known, read_known, write_reproducer
from recall_simulator.meeting import seconds
from recall_simulator.record.errors import UsageError
from recall_simulator.record.findings import Column, Finding, Verdict, worst
from recall_simulator.wire import RetryPolicy, Signer

COULD_NOT_RUN = 3
_COLUMNS: dict[str, Column] = {"died": "dies", "dropped": "drops", "lost": "loses"}
_SHOWN = 400
"""Characters of a minimal message that are printed."""


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """What is fuzzed, and what counts as a finding."""

    target: str | None
    url: str | None
    command: str | None
    observe: list[str]
    allow: list[str]
    timeout: float
    memory: int
    retry: RetryPolicy
    secret: str | None
    headers: list[tuple[str, str]]
    owned: bool


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """How long a campaign goes on, and with which seed."""

    max_examples: int | None
    seconds: float | None
    seed: int | None


Done = Sequence[tuple[FuzzReport, dict[int, Path]]]
"""Reports, each with the folders of its findings by their numbers."""


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
) -> tuple[FuzzReport, dict[int, Path]]:
    """Run a campaign, and write the folder of each finding as soon as it is made.

    Raises:
        UsageError: something that was asked for won't do.
        ReceiverError: the receiver of --exec could not be started.
    """
    folders: dict[int, Path] = {}

    def keep(event: FuzzEvent) -> None:
        if isinstance(event, FindingMade):
            folders[len(folders)] = write_reproducer(
                folder,
                event.finding,
                target=conditions.url or conditions.target or "",
                command=conditions.command or "",
                observe=conditions.observe,
                timeout=conditions.timeout,
                memory=conditions.memory,
                allow=conditions.allow,
            )

    with _shown(console, quiet=quiet) as show:
        handlers: list[FuzzHandler] = [keep, show]
        if conditions.url is not None:
            from recall_simulator.fuzz.over_wire import fuzz_url

            report = fuzz_url(
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
                retry=conditions.retry,
                timeout=conditions.timeout,
                memory=conditions.memory,
                owned=conditions.owned,
            )
        else:
            from recall_simulator.fuzz.in_process import fuzz_target

            assert conditions.target is not None
            report = fuzz_target(
                conditions.target,
                allow=conditions.allow,
                max_examples=budget.max_examples,
                seconds=budget.seconds,
                seed=budget.seed,
                handlers=handlers,
                known=known,
                timeout=conditions.timeout,
                memory=conditions.memory,
            )
    _print_summary(console, report, folders)
    return report, folders


@contextlib.contextmanager
def _shown(console: Console, *, quiet: bool) -> Iterator[FuzzHandler]:
    """A handler that shows how far it is: a bar on a terminal, and a line for each finding."""
    columns = (
        TextColumn("{task.fields[state]}"),
        BarColumn(),
        TextColumn("{task.fields[numbers]}"),
    )
    live = console.is_terminal and not quiet
    with Progress(*columns, console=console, transient=True, disable=not live) as progress:
        task = progress.add_task("", total=None, state="starting", numbers="")

        def show(event: FuzzEvent) -> None:
            match event:
                case FuzzStarted():
                    budget = [
                        f"{event.max_examples:,} inputs" if event.max_examples else "",
                        f"{event.seconds:g} s" if event.seconds else "",
                    ]
                    words = " or ".join(filter(None, budget)) or "known findings alone"
                    console.print(
                        f"[dim]fuzzing[/] [cyan]{escape(event.target)}[/] "
                        f"[dim]· seed {event.seed} · {words}[/]",
                        highlight=False,
                        soft_wrap=True,
                    )
                    total = event.seconds or event.max_examples
                    progress.update(task, total=total, state="fuzzing", by_time=event.seconds)
                case FuzzProgress():
                    by_time = progress.tasks[task].fields.get("by_time")
                    progress.update(
                        task,
                        completed=event.seconds if by_time else event.inputs,
                        state="fuzzing",
                        numbers=_numbers(event),
                    )
                case Shrinking() if not quiet:
                    progress.update(task, state="shrinking")
                case FindingMade() if not quiet:
                    console.print(f"[red]found[/] {escape(event.finding.what)}", highlight=False)
                case _:
                    pass

        yield show


def _numbers(event: FuzzProgress) -> str:
    rate = event.inputs / event.seconds if event.seconds else 0.0
    classes = " · ".join(f"{event.by_class.get(name, 0):,} {name}" for name in EXPECTATIONS)
    style = "red" if event.findings else "green"
    return f"{rate:,.0f}/s · {classes} · [{style}]{event.findings} found"


def _print_summary(console: Console, report: FuzzReport, folders: dict[int, Path]) -> None:
    def line(text: str) -> None:
        console.print(text, highlight=False, soft_wrap=True)

    for each in report.replayed:
        state = f"[red]still fails[/] ({escape(each.now)})" if each.now else "[green]mended[/]"
        line(f"{escape(each.name)}: {state}")
    if report.inputs:
        classes = ", ".join(f"{report.by_class.get(name, 0):,} {name}" for name in EXPECTATIONS)
        grown = f"; memory grew by {report.grown / 1e6:.1f} MB" if report.grown else ""
        line(
            f"{report.inputs:,} inputs in {report.seconds:.1f} s ({report.rate:,.0f}/s): "
            f"{classes}{grown}"
        )
    for number, finding in enumerate(report.findings):
        times = f" [dim]({finding.count} times)[/]" if finding.count > 1 else ""
        line(f"\n[bold red]{escape(finding.what)}[/]{times}")
        if finding.message:
            line(f"  {escape(finding.message)}")
        if finding.where:
            line(f"  [dim]{escape(finding.where)}[/]")
        shown = finding.minimal.data[:_SHOWN].decode(errors="backslashreplace")
        if finding.minimal.wire is None:
            line(f"  [dim]{escape(shown)}{'…' if len(finding.minimal.data) > _SHOWN else ''}[/]")
        if number in folders:
            line(f"  [dim]python[/] {escape(str(folders[number] / 'reproduce.py'))}")
    if report.stopped:
        line(f"\n[bold magenta]could not go on[/] {escape(report.stopped)}")
    elif report.findings:
        count = len(report.findings)
        line(f"\n[bold red]{count} {'finding' if count == 1 else 'findings'}[/]")
    elif not any(each.now for each in report.replayed):
        line("[bold green]nothing found[/]" + (", and stopped early" if report.interrupted else ""))


def verdict(done: Done) -> Verdict:
    """The findings of campaigns in the words of a run, for reports."""
    findings: list[Finding] = []
    for report, folders in done:
        findings += [_again(each.name, each.now) for each in report.replayed if each.now]
        for number, finding in enumerate(report.findings):
            findings.append(_in_words(finding, folders.get(number)))
        if report.stopped:
            findings.append(Finding(kind="stopped", severity="inconclusive", what=report.stopped))
    return Verdict(verdict=worst(findings), findings=findings, looked_at=[], not_looked_at=[])


def _again(name: str, now: str) -> Finding:
    return Finding(kind="again", severity="failed", what=f"still fails: {now}", scenario=name)


def _in_words(finding: FuzzFinding, folder: Path | None) -> Finding:
    return Finding(
        kind=finding.outcome,
        severity="failed",
        column=_COLUMNS.get(finding.outcome, "other"),
        what=finding.what,
        scenario=finding.minimal.expect,
        count=finding.count,
        evidence=[line for line in (finding.message, finding.where, str(folder or "")) if line],
    )


def document(done: Done) -> dict[str, Any]:
    """The object of `--json`: of several campaigns, their sums."""
    reports = [report for report, _ in done]
    first = reports[0]
    by_class = {
        name: sum(report.by_class.get(name, 0) for report in reports) for name in EXPECTATIONS
    }
    replayed = [each for report in reports for each in report.replayed]
    inputs, spent = sum(by_class.values()), sum(report.seconds for report in reports)
    return {
        "schema": first.schema,
        "verdict": verdict(done).verdict,
        "target": first.target,
        "seed": first.seed,
        "inputs": inputs,
        "by_class": by_class,
        "seconds": spent,
        "rate": inputs / spent if spent else 0.0,
        "interrupted": any(report.interrupted for report in reports),
        "stopped": "; ".join(filter(None, (report.stopped for report in reports))),
        "slowest": first.slowest,
        "grown": first.grown,
        "scenarios": [*(name for name in EXPECTATIONS if inputs), *(e.name for e in replayed)],
        "replayed": [msgspec.structs.asdict(each) for each in replayed],
        "findings": [
            _finding(finding, folders.get(number))
            for report, folders in done
            for number, finding in enumerate(report.findings)
        ],
    }


def _finding(finding: FuzzFinding, folder: Path | None) -> dict[str, Any]:
    return {
        "outcome": finding.outcome,
        "error": finding.error,
        "what": finding.what,
        "message": finding.message,
        "where": finding.where,
        "expect": finding.minimal.expect,
        "part": finding.minimal.part,
        "differs": finding.minimal.what,
        "bytes": len(finding.minimal.data),
        "count": finding.count,
        "first": finding.first,
        "seconds": finding.seconds,
        "grown": finding.grown,
        "folder": str(folder) if folder is not None else None,
    }

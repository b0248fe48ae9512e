"""A fuzz campaign in words: while it goes on, at its end, as JSON, and as a verdict for reports."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn

from recall_simulator.fuzz.messages import PLAIN
from recall_simulator.fuzz.records import (
    EXPECTATIONS,
    FindingMade,
    FuzzEvent,
    FuzzFinding,
    FuzzHandler,
    FuzzProgress,
    FuzzReport,
    FuzzStarted,
    Searching,
    Shrinking,
)
from recall_simulator.record.errors import ReceiverError
from recall_simulator.record.findings import Column, Finding, Verdict, worst

_COLUMNS: dict[str, Column] = {"died": "dies", "dropped": "drops", "lost": "loses"}
_SHOWN = 300
"""Bytes of a minimal message that are printed."""
_BEFORE = 40
"""Bytes of it that are printed before the first one that differs."""


class Done(NamedTuple):
    """A campaign that is over.

    Attributes:
        report: what it came to.
        folders: of the findings, in their order.
    """

    report: FuzzReport
    folders: list[Path]


@contextlib.contextmanager
def shown(console: Console, *, quiet: bool) -> Iterator[FuzzHandler]:
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
                    amount = " or ".join(filter(None, budget))
                    words = f"seed {event.seed} · {amount}" if amount else "known findings alone"
                    console.print(
                        f"[dim]fuzzing[/] [cyan]{escape(event.target)}[/] [dim]· {words}[/]",
                        highlight=False,
                        soft_wrap=True,
                    )
                    total = event.seconds or event.max_examples
                    progress.update(task, total=total, state="fuzzing", by_time=event.seconds)
                case FuzzProgress():
                    by_time = progress.tasks[task].fields.get("by_time")
                    progress.update(
                        task,
                        completed=event.seconds + event.searching if by_time else event.inputs,
                        state="fuzzing",
                        numbers=_numbers(event),
                    )
                case Searching():
                    progress.update(task, state="searching")
                case Shrinking():
                    progress.update(task, state="shrinking")
                case FindingMade() if not quiet:
                    console.print(
                        f"[red]found[/] {escape(event.finding.what)}",
                        highlight=False,
                        soft_wrap=True,
                    )
                case _:
                    pass

        yield show


def _numbers(event: FuzzProgress) -> str:
    rate = event.inputs / event.seconds if event.seconds else 0.0
    classes = " · ".join(f"{event.by_class.get(name, 0):,} {name}" for name in EXPECTATIONS)
    style = "red" if event.findings else "green"
    return f"{rate:,.0f}/s · {classes} · [{style}]{event.findings} found"


def print_summary(console: Console, done: Done) -> None:
    """The end of a campaign, for a person."""
    report, folders = done

    def line(text: str) -> None:
        console.print(text, highlight=False, soft_wrap=True)

    for each in report.replayed:
        state = f"[red]still fails[/] ({escape(each.now)})" if each.now else "[green]mended[/]"
        line(f"{escape(each.name)}: {state}")
    if report.inputs:
        classes = ", ".join(f"{report.by_class.get(name, 0):,} {name}" for name in EXPECTATIONS)
        more = report.grown or 0
        grown = f"; memory grew by {more / 1e6:.1f} MB" if more > 0 else ""
        search = f" and {report.searching:.1f} s of searching" if report.searching > 0.05 else ""
        left_out = f"; {report.left_out:,} like known ones left out" if report.left_out else ""
        line(
            f"{report.inputs:,} inputs in {report.seconds:.1f} s ({report.rate:,.0f}/s){search}: "
            f"{classes}{left_out}{grown}"
        )
    if report.not_looked_at:
        line(f"[dim]not looked at: {escape('; '.join(report.not_looked_at))}[/]")
    for number, finding in enumerate(report.findings):
        times = f" [dim]({finding.count} times)[/]" if finding.count > 1 else ""
        line(f"\n[bold red]{escape(finding.what)}[/]{times}")
        if finding.message:
            line(f"  {escape(finding.message)}")
        if finding.where:
            line(f"  [dim]{escape(finding.where)}[/]")
        if finding.minimal.wire is None and finding.minimal.data != PLAIN.data:
            line(f"  [dim]{escape(excerpt(finding.minimal.data))}[/]")
        if number < len(folders):
            line(f"  [dim]python[/] {escape(str(folders[number] / 'reproduce.py'))}")
    if report.stopped:
        line(f"\n[bold magenta]could not go on:[/] {escape(report.stopped)}")
    elif report.findings:
        count = len(report.findings)
        early = ", and stopped early" if report.interrupted else ""
        line(f"\n[bold red]{count} {'finding' if count == 1 else 'findings'}[/]{early}")
    elif not any(each.now for each in report.replayed):
        line("[bold green]nothing found[/]" + (", and stopped early" if report.interrupted else ""))


def excerpt(data: bytes) -> str:
    """The part of a message that differs from the plain one, with a little before it."""
    same = next(
        (at for at, pair in enumerate(zip(data, PLAIN.data, strict=False)) if pair[0] != pair[1]),
        min(len(data), len(PLAIN.data)),
    )
    first = same - _BEFORE if same > _BEFORE else 0
    cut = data[first : first + _SHOWN].decode(errors="backslashreplace")
    return f"{'…' if first else ''}{cut}{'…' if len(data) > first + _SHOWN else ''}"


def verdict(done: Sequence[Done]) -> Verdict:
    """The findings of campaigns in the words of a run, for reports."""
    findings: list[Finding] = []
    for report, folders in done:
        findings += [_again(each.name, each.now) for each in report.replayed if each.now]
        for number, finding in enumerate(report.findings):
            findings.append(_in_words(finding, _at(folders, number)))
        if report.stopped:
            findings.append(Finding(kind="stopped", severity="inconclusive", what=report.stopped))
    return Verdict(
        verdict=worst(findings),
        findings=findings,
        looked_at=[],
        not_looked_at=not_looked_at([report for report, _ in done]),
    )


def not_looked_at(reports: Sequence[FuzzReport]) -> list[str]:
    """What campaigns could not see, each once."""
    return list(dict.fromkeys(what for report in reports for what in report.not_looked_at))


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


def never_started(error: ReceiverError) -> Verdict:
    """On a campaign whose receiver could not be started."""
    finding = Finding(
        kind="not-started",
        severity="inconclusive",
        what=f"the receiver could not be started: {error.problem}",
        evidence=error.last_lines,
    )
    return Verdict(verdict="inconclusive", findings=[finding], looked_at=[], not_looked_at=[])


def document(done: Sequence[Done]) -> dict[str, Any]:
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
        "searching": sum(report.searching for report in reports),
        "rate": inputs / spent if spent else 0.0,
        "interrupted": any(report.interrupted for report in reports),
        "stopped": "; ".join(filter(None, (report.stopped for report in reports))),
        "slowest": first.slowest,
        "grown": first.grown,
        "left_out": sum(report.left_out for report in reports),
        "not_looked_at": not_looked_at(reports),
        "scenarios": [*(name for name in EXPECTATIONS if inputs), *(e.name for e in replayed)],
        "replayed": [msgspec.structs.asdict(each) for each in replayed],
        "findings": [
            _finding(finding, _at(folders, number))
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
        "excerpt": "" if finding.minimal.data == PLAIN.data else excerpt(finding.minimal.data),
        "folder": str(folder) if folder is not None else None,
    }


def _at(folders: list[Path], number: int) -> Path | None:
    return folders[number] if number < len(folders) else None

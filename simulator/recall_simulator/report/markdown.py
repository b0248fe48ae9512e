"""A run as Markdown: the table and what was found, for the summary of a CI job or a comment."""

from collections.abc import Collection, Iterator, Sequence

from recall_simulator.record.findings import CaseVerdict, Finding
from recall_simulator.report.columns import shown_counts
from recall_simulator.report.document import Document

SIGNS = {"ok": "✅", "tolerated": "🟡", "failed": "❌", "inconclusive": "❔", "skipped": "⏭️"}


def markdown_report(document: Document) -> str:
    """The report (GitHub Flavored Markdown, which GitLab takes too)."""
    lines = [
        f"## recallsim: {SIGNS[document.verdict]} {document.verdict}",
        "",
        f"{_code(document.url)} · seed {document.seed} · {document.frames_sent} frames in "
        f"{document.seconds:.0f} s",
        "",
        *_table(document.cases, document.not_looked_at),
    ]
    for case in document.cases:
        if case.verdict not in ("ok", "skipped"):
            lines += ["", f"### {case.label}: {case.verdict}", "", *_findings(case.findings)]
            if case.expectation:
                lines += ["", f"Expected: {_line(case.expectation)}"]
            if case.again:
                lines += ["", "Again:", "", f"    {case.again}"]
    common = [finding for finding in document.findings if not finding.scenario]
    if common:
        lines += ["", "### The run as a whole", "", *_findings(common)]
    lines += ["", f"Looked at: {', '.join(document.looked_at)}."]
    if document.not_looked_at:
        lines += [f"Not looked at: {', '.join(document.not_looked_at)}."]
    return "\n".join(lines) + "\n"


def _table(cases: Sequence[CaseVerdict], not_looked_at: Collection[str]) -> Iterator[str]:
    yield "| case | title | verdict | closing | drops | dies | loses |"
    yield "|---|---|---|---|--:|--:|--:|"
    for case in cases:
        counts = " | ".join(shown_counts(case, not_looked_at))
        verdict = f"{SIGNS[case.verdict]} {case.verdict}"
        label = case.number or _line(case.name)
        yield f"| {label} | {_line(case.title)} | {verdict} | {case.closing or '–'} | {counts} |"


def _findings(findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings:
        yield f"- {finding.severity}: {_line(finding.text)}"
        if finding.evidence:
            yield ""
            yield from (f"      {' '.join(line.splitlines())}" for line in finding.evidence)
            yield ""


def _line(text: str) -> str:
    """Text in a cell or in an item: what a receiver says must not become a table or a link."""
    text = " ".join(text.split())
    for sign in "\\`*_[]<>|":
        text = text.replace(sign, f"\\{sign}")
    return text


def _code(text: str) -> str:
    return f"`{text}`" if "`" not in text else _line(text)

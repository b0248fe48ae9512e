"""JUnit XML of a run: one test case a scenario, for CI systems that show it."""

import re
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree

from recall_simulator.record.findings import Finding, Verdict, worst

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(
    verdict: Verdict,
    scenarios: Sequence[str],
    seconds: float,
    *,
    skipped: Mapping[str, str] | None = None,
) -> bytes:
    """The document.

    A failed scenario is a `failure`, an inconclusive one an `error`; what is tolerated or noted
    stands in `system-out`. Findings that belong to no scenario make a test case of their own.

    Args:
        verdict: of the run.
        scenarios: names, in the order in which they were played.
        seconds: that the run took.
        skipped: why a case was not played, by name.
    """
    cases: dict[str, list[Finding]] = {name: [] for name in scenarios}
    for finding in verdict.findings:
        cases.setdefault(finding.scenario or "receiver", []).append(finding)
    suite = ElementTree.Element("testsuite", name="recallsim", time=f"{seconds:.3f}")
    counts = {"tests": 0, "failures": 0, "errors": 0}
    for name, findings in cases.items():
        case = ElementTree.SubElement(suite, "testcase", classname="recallsim", name=name)
        counts["tests"] += 1
        outcome = worst(findings)
        blame = [finding for finding in findings if finding.severity == outcome]
        if outcome == "failed":
            counts["failures"] += 1
            _add(case, "failure", blame)
        elif outcome == "inconclusive":
            counts["errors"] += 1
            _add(case, "error", blame)
        rest = [finding for finding in findings if finding not in blame or outcome == "tolerated"]
        if rest:
            ElementTree.SubElement(case, "system-out").text = "\n".join(map(_line, rest))
    for name, reason in (skipped or {}).items():
        case = ElementTree.SubElement(suite, "testcase", classname="recallsim", name=name)
        ElementTree.SubElement(case, "skipped", message=reason)
        counts["tests"] += 1
    if skipped:
        counts["skipped"] = len(skipped)
    for key, count in counts.items():
        suite.set(key, str(count))
    ElementTree.indent(suite)
    document: bytes = ElementTree.tostring(suite, encoding="utf-8", xml_declaration=True)
    return document


def _add(case: ElementTree.Element, tag: str, findings: Sequence[Finding]) -> None:
    element = ElementTree.SubElement(case, tag, message=_line(findings[0]), type=findings[0].kind)
    element.text = "\n".join(
        line for finding in findings for line in (_line(finding), *finding.evidence)
    )


def _line(finding: Finding) -> str:
    cause = f" — {finding.cause}" if finding.cause else ""
    return _printable(f"{finding.what}{cause}")


def _printable(text: str) -> str:
    """The text without what XML 1.0 has no place for (section 2.2); a receiver's words may."""
    return _NOT_XML.sub("\ufffd", text)

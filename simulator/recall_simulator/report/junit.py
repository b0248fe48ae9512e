"""JUnit XML of a run: one test case a scenario, for CI systems that show it.

There is no standard of it. This fits the schema of Jenkins' xUnit plugin (`junit-10.xsd` in
jenkinsci/xunit-plugin, read in November 2026).
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree

from recall_simulator.record.findings import Finding, Verdict, worst

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(
    verdict: Verdict,
    scenarios: Sequence[str],
    seconds: float,
    *,
    began: datetime,
    labels: Mapping[str, str] | None = None,
    times: Mapping[str, float] | None = None,
    skipped: Mapping[str, str] | None = None,
) -> bytes:
    """The document.

    A failed scenario is a `failure`, an inconclusive one an `error`; what is tolerated or noted
    stands in `system-out`. Findings that belong to no scenario make a test case of their own.

    Args:
        verdict: of the run.
        scenarios: names, in the order in which they were played.
        seconds: that the run took.
        began: when, with a time zone.
        labels: what a scenario is called there, by name; its name, where left out.
        times: seconds that a scenario took, by name.
        skipped: why a case was not played, by name.
    """
    cases: dict[str, list[Finding]] = {name: [] for name in scenarios}
    for finding in verdict.findings:
        cases.setdefault(finding.scenario or "receiver", []).append(finding)
    labels, times, skipped = labels or {}, times or {}, skipped or {}
    total = {"name": "recallsim", "time": f"{seconds:.3f}"}
    root = ElementTree.Element("testsuites", total)
    moment = began.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
    suite = ElementTree.SubElement(root, "testsuite", total, timestamp=moment)

    def add_case(name: str) -> ElementTree.Element:
        return ElementTree.SubElement(
            suite,
            "testcase",
            classname="recallsim",
            name=_printable(labels.get(name, name)),
            time=f"{times.get(name, 0.0):.3f}",
        )

    counts = {"tests": len(cases) + len(skipped), "failures": 0, "errors": 0}
    for name, findings in cases.items():
        case = add_case(name)
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
    for name, reason in skipped.items():
        ElementTree.SubElement(add_case(name), "skipped", message=_printable(reason))
    for key, count in counts.items():
        root.set(key, str(count))
        suite.set(key, str(count))
    suite.set("skipped", str(len(skipped)))
    ElementTree.indent(root)
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _add(case: ElementTree.Element, tag: str, findings: Sequence[Finding]) -> None:
    element = ElementTree.SubElement(case, tag, message=_line(findings[0]), type=findings[0].kind)
    element.text = "\n".join(
        _printable(line) for finding in findings for line in (finding.text, *finding.evidence)
    )


def _line(finding: Finding) -> str:
    return _printable(finding.text)


def _printable(text: str) -> str:
    """The text without what XML 1.0 has no place for (section 2.2); a receiver's words may."""
    return _NOT_XML.sub("\ufffd", text)

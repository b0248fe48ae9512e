"""JUnit XML of a run."""

import re
from collections.abc import Mapping
from datetime import datetime
from xml.etree import ElementTree

from recall_simulator.record.findings import Finding, Severity, Verdict
from recall_simulator.report.junit import junit_xml

BEGAN = datetime.fromisoformat("2026-11-22T17:30:05.25+01:00")

MESSAGE = {"message", "type"}
TESTSUITES = {"name", "time", "tests", "failures", "errors"}
TESTSUITE = TESTSUITES | {
    "skipped", "timestamp", "hostname", "id", "package", "group", "file", "log", "url",
}  # fmt: skip
KNOWN: Mapping[str, tuple[set[str], set[str]]] = {
    "testsuites": (TESTSUITES, {"testsuite"}),
    "testsuite": (TESTSUITE, {"testsuite", "properties", "testcase", "system-out", "system-err"}),
    "testcase": (
        {"name", "time", "classname", "group"},
        {"skipped", "error", "failure", "system-out", "system-err"},
    ),
    "skipped": (MESSAGE, set()),
    "error": (MESSAGE, set()),
    "failure": (MESSAGE, set()),
    "system-out": (set(), set()),
}
"""Attributes and children of each element, as junit-10.xsd of Jenkins' xUnit plugin has them."""

REQUIRED = {
    "testsuites": set[str](),
    "testsuite": {"name", "tests", "failures", "errors"},
    "testcase": {"name"},
}


def check_form(element: ElementTree.Element) -> None:
    """See that an element is one that the schema knows, with all that it has in it."""
    attributes, children = KNOWN[element.tag]
    assert REQUIRED.get(element.tag, set()) <= set(element.keys()) <= attributes
    if element.get("time") is not None:
        assert re.fullmatch(r"[0-9]+\.[0-9]{3}", element.attrib["time"])
    for child in element:
        assert child.tag in children
        check_form(child)


def suite_of(document: bytes) -> ElementTree.Element:
    """The one suite of a document, whose form and totals are looked at."""
    root = ElementTree.fromstring(document)
    check_form(root)
    (suite,) = root
    cases = list(suite.iter("testcase"))
    totals = {
        "tests": len(cases),
        "failures": sum(case.find("failure") is not None for case in cases),
        "errors": sum(case.find("error") is not None for case in cases),
    }
    for element in (root, suite):
        assert {key: element.get(key) for key in totals} == {
            key: str(count) for key, count in totals.items()
        }
    assert suite.get("skipped") == str(sum(case.find("skipped") is not None for case in cases))
    return suite


def finding(severity: Severity, scenario: str = "b", what: str = "it happened") -> Finding:
    return Finding(
        kind="lost", severity=severity, what=what, scenario=scenario, evidence=["frames 1, 2"]
    )


def parsed(*findings: Finding) -> ElementTree.Element:
    verdict = Verdict(verdict="failed", findings=list(findings), looked_at=[], not_looked_at=[])
    return suite_of(junit_xml(verdict, ["a", "b"], 1.5, began=BEGAN))


def test_each_scenario_is_a_case_with_its_own_outcome() -> None:
    suite = parsed(
        finding("failed"), finding("tolerated"), finding("inconclusive", "", "x\x00y\uffff")
    )
    assert {key: suite.get(key) for key in ("name", "tests", "time", "timestamp")} == {
        "name": "recallsim", "tests": "3", "time": "1.500", "timestamp": "2026-11-22T16:30:05",
    }  # fmt: skip
    assert [case.get("name") for case in suite] == ["a", "b", "receiver"]
    a, b, receiver = suite
    assert list(a) == []
    failure = b.find("failure")
    assert failure is not None
    assert (failure.get("message"), failure.get("type")) == ("it happened", "lost")
    assert failure.text == "it happened\nframes 1, 2"
    assert b.findtext("system-out") == "it happened"
    error = receiver.find("error")
    assert error is not None
    assert error.get("message") == "x\ufffdy\ufffd"


def test_what_is_tolerated_is_no_failure_and_is_told() -> None:
    _, b = parsed(finding("tolerated"), finding("note"))
    assert [child.tag for child in b] == ["system-out"]
    assert b.findtext("system-out") == "it happened\nit happened"


def test_a_case_that_was_skipped_says_why() -> None:
    verdict = Verdict(verdict="ok", findings=[], looked_at=[], not_looked_at=[])
    skipped = {"unsigned": "it needs a secret"}
    suite = suite_of(junit_xml(verdict, ["a"], 1.5, began=BEGAN, skipped=skipped))
    assert (suite.get("tests"), suite.get("skipped")) == ("2", "1")
    told = suite[1].find("skipped")
    assert told is not None
    assert (suite[1].get("name"), told.get("message")) == ("unsigned", "it needs a secret")


def test_a_case_has_its_number_and_the_time_that_it_took() -> None:
    verdict = Verdict(verdict="ok", findings=[], looked_at=[], not_looked_at=[])
    suite = suite_of(
        junit_xml(
            verdict, ["a", "b"], 1234.5, began=BEGAN, labels={"a": "4.4 a"}, times={"a": 2.25}
        )
    )
    assert [(case.get("name"), case.get("time")) for case in suite] == [
        ("4.4 a", "2.250"),
        ("b", "0.000"),
    ]
    assert suite.get("time") == "1234.500"


def test_words_that_xml_has_no_place_for_are_left_out_everywhere() -> None:
    bad = "a\x1bb"
    verdict = Verdict(
        verdict="failed",
        findings=[
            Finding(kind="died", severity="failed", what=bad, scenario=bad, evidence=[bad]),
        ],
        looked_at=[],
        not_looked_at=[],
    )
    (case, other) = suite_of(junit_xml(verdict, [bad], 0, began=BEGAN, skipped={"c": bad}))
    assert case.get("name") == "a\ufffdb"
    assert case.findtext("failure") == "a\ufffdb\na\ufffdb"
    assert other[0].get("message") == "a\ufffdb"

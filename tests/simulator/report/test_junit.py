"""JUnit XML of a run."""

from xml.etree import ElementTree

from recall_simulator.record.findings import Finding, Severity, Verdict
from recall_simulator.report.junit import junit_xml


def finding(severity: Severity, scenario: str = "b", what: str = "it happened") -> Finding:
    return Finding(
        kind="lost", severity=severity, what=what, scenario=scenario, evidence=["frames 1, 2"]
    )


def parsed(*findings: Finding) -> ElementTree.Element:
    verdict = Verdict(verdict="failed", findings=list(findings), looked_at=[], not_looked_at=[])
    return ElementTree.fromstring(junit_xml(verdict, ["a", "b"], 1.5))


def test_each_scenario_is_a_case_with_its_own_outcome() -> None:
    suite = parsed(
        finding("failed"), finding("tolerated"), finding("inconclusive", "", "x\x00y\uffff")
    )
    assert {key: suite.get(key) for key in ("name", "tests", "failures", "errors", "time")} == {
        "name": "recallsim", "tests": "3", "failures": "1", "errors": "1", "time": "1.500",
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
    suite = ElementTree.fromstring(junit_xml(verdict, ["a"], 1.5, skipped=skipped))
    assert (suite.get("tests"), suite.get("skipped")) == ("2", "1")
    told = suite[1].find("skipped")
    assert told is not None
    assert (suite[1].get("name"), told.get("message")) == ("unsigned", "it needs a secret")

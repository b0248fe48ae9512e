"""The Markdown report: the table, what was found, and nothing that a receiver says as markup."""

from collections.abc import Callable

import msgspec
import pytest

from recall_simulator.record.findings import Finding
from recall_simulator.report.document import Document
from recall_simulator.report.markdown import markdown_report

DocumentOf = Callable[..., Document]


def test_a_good_run_is_a_table_and_what_was_looked_at(document_of: DocumentOf) -> None:
    lines = markdown_report(document_of()).splitlines()
    assert lines[0] == "## recallsim: ✅ ok"
    assert "| case | title | verdict | closing | drops | dies | loses |" in lines
    (row,) = [line for line in lines if line.startswith("| 4.1 |")]
    assert row.startswith("| 4.1 | A cut & the return | ✅ ok | ")
    assert row.endswith(" | – | ? | – |")  # nobody looked at the process
    assert lines[-1].startswith(("Looked at: ", "Not looked at: "))
    assert not [line for line in lines if line.startswith("### ")]


def test_a_failed_case_has_its_findings_and_the_command(document_of: DocumentOf) -> None:
    report = markdown_report(document_of(lambda sent: sent.sequence > 2))
    assert "### 4.1 test: failed\n" in report
    assert "| ❌ failed |" in report
    assert "\n- failed: 100/webcam: 3 of 14 frames were never seen" in report
    assert "\n      frames 0, 1, 2, due from " in report
    assert "\nExpected: Nothing is lost.\n" in report
    assert "\n    recallsim check --only 4.1 --url ws://h/ --seed 1\n" in report


@pytest.mark.parametrize("text", ["<b>x</b>", "a|b", "`code`", "[x](http://h/)", "one\ntwo"])
def test_words_of_a_receiver_are_no_markup(document_of: DocumentOf, text: str) -> None:
    finding = Finding(kind="died", severity="failed", what=text, evidence=[text])
    document = msgspec.structs.replace(document_of(), findings=[finding], verdict="failed")
    report = markdown_report(document)
    _, _, rest = report.partition("### The run as a whole\n\n")
    said, empty, evidence, *_ = rest.splitlines()
    assert said.startswith("- failed: ")
    for sign in "<|`[":
        assert said.count(sign) == said.count(f"\\{sign}")
    assert empty == ""
    assert evidence == "      " + " ".join(text.splitlines())

"""Reports on all that a run of pytest played."""

import json
import subprocess
import sys

import jsonschema
import pytest
from tests.simulator.pytest_plugin.folders import MARKED, PLANTED, ROOT, TWICE, Folder

pytestmark = pytest.mark.slow


def test_all_that_was_played_stands_in_one_report(folder: Folder) -> None:
    command = f"{sys.executable} {PLANTED} dies-on-unknown-event"
    reports = ["--recallsim-report", "html=r.html", "--recallsim-report", "json=r.json"]
    ran = folder.pytest(TWICE, *folder.options(command), *reports)
    assert ran.code == 1
    document = json.loads((folder.path / "r.json").read_text())
    schema = ROOT / "docs" / "schemas" / "recallsim.check-1.json"
    jsonschema.Draft202012Validator(json.loads(schema.read_text())).validate(document)
    assert [(case["name"], case["verdict"]) for case in document["cases"]] == [
        ("unknown-event", "failed"), ("quick-cut", "ok"), ("unknown-event#2", "failed"),
    ]  # fmt: skip
    assert document["verdict"] == "failed"
    assert document["scenarios"] == ["unknown-event", "quick-cut", "unknown-event#2"]
    assert {finding["scenario"] for finding in document["findings"]} == {
        "unknown-event", "unknown-event#2",
    }  # fmt: skip
    told = {timeline["scenario"] for timeline in document["timelines"]}
    assert told == set(document["scenarios"])
    assert document["frames_sent"] == sum(stream["frames"] for stream in document["streams"])
    page = (folder.path / "r.html").read_text()
    assert page.count("Events that nobody has heard of") >= 4
    assert "case-unknown-event-2" in page
    assert f"recallsim: 3 cases in html={folder.path / 'r.html'}" in ran.out


def test_workers_tell_their_cases_in_one_report(folder: Folder) -> None:
    ran = folder.pytest(MARKED, *folder.options(), "-n", "2", "--recallsim-report", "json=r.json")
    document = json.loads((folder.path / "r.json").read_text())
    assert sorted(case["number"] for case in document["cases"]) == ["4.5", "8.3"], ran.out


@pytest.mark.parametrize(
    ("report", "words"),
    [
        ("htlm=x", "--recallsim-report htlm=x: write html=FILE or json=FILE or markdown=FILE; did"),
        ("junit=x", "write html=FILE or json=FILE or markdown=FILE"),
        ("html=gone/x", "--recallsim-report html=gone/x: there is no folder gone"),
    ],
)
def test_a_report_that_can_not_be_is_told_before_any_test(
    folder: Folder, report: str, words: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--recallsim-report", report, "-p", "no:cacheprovider"],
        cwd=folder.path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 4
    assert words in done.stderr.replace(f"{folder.path}/", "")
    assert "Traceback" not in done.stderr

"""`recallsim compare` for real: reports of checks in which nobody, or somebody, listened."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Recallsim = Callable[..., Any]
SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"


@pytest.mark.slow
def test_a_receiver_that_went_away_is_a_regression(
    recallsim: Recallsim, receiver: str, tmp_path: Path
) -> None:
    for url, name in ((receiver, "good"), ("ws://127.0.0.1:9/", "gone")):
        recallsim(
            "check", "--only", "1.1", "--url", url, "--seed", "1", "--scene", "flat",
            "--report", f"json={name}.json", "--quiet",
        )  # fmt: skip
    alike = recallsim("compare", "good.json", "good.json")
    assert alike.code == 0, alike.err
    assert "B  0 regressions" in alike.out
    worse = recallsim(
        "compare", "good.json", "gone.json", "--json", "--report", "html=c.html",
        "--report", "json=c.json",
    )  # fmt: skip
    assert worse.code == 1, worse.err
    schema = json.loads((SCHEMAS / "recallsim.compare-1.json").read_text())
    from jsonschema import Draft202012Validator  # a wheel is tried without it

    Draft202012Validator(schema).validate(worse.object)
    assert worse.object["regressions"] == 1
    assert json.loads((tmp_path / "c.json").read_text()) == worse.object
    assert "1 regression" in (tmp_path / "c.html").read_text()
    assert "ok → inconclusive" in worse.err
    back = recallsim("compare", "gone.json", "good.json", "-q")
    assert back.code == 0
    assert "1 better than A" in back.out


def test_a_run_that_ended_early_proves_nothing_where_nothing_is_worse(
    recallsim: Recallsim, tmp_path: Path
) -> None:
    def check(name: str, *arguments: str) -> None:
        recallsim(
            "check", "--url", "ws://127.0.0.1:9/", "--seed", "1", "--scene", "flat", "--quiet",
            "--report", f"json={name}.json", *arguments,
        )  # fmt: skip

    check("gone", "--only", "8.3", "--only", "8.2")
    check("fewer", "--only", "8.3")
    check("died", "--only", "8.3", "--only", "8.2", "--exec", "false")
    fewer = recallsim("compare", "gone.json", "fewer.json")
    assert fewer.code == 0, fewer.out
    assert "0 regressions, 0 better than A; not asked for: 1 case of the first" in fewer.out
    early = recallsim("compare", "gone.json", "died.json", "--json")
    assert early.code == 3, early.err
    assert early.object["files"][1]["not_played"] == 2
    assert "not played, since the run ended early: 2 cases" in early.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["a.json"], "give two reports or more"),
        (["a.json", "gone.json"], "the report gone.json can't be read"),
        (["a.json", "a.json"], "the report of a run"),
        (["a.json", "a.json", "--report", "junit=x"], "write json=FILE or html=FILE"),
        (["a.json", "b.json", "--report", "html=./a.json"], "would write over a report"),
        (["a.json", "a.json", "--report", "html=no/x"], "there is no folder no"),
    ],
)
def test_mistakes_are_one_plain_sentence(
    recallsim: Recallsim, tmp_path: Path, arguments: list[str], words: str
) -> None:
    (tmp_path / "a.json").write_text('{"schema": "recallsim.run/1"}')
    ran = recallsim("compare", *arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert words in ran.err
    assert len(ran.err.splitlines()) == 1

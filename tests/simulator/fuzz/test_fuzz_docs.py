"""What docs/fuzz.md shows works, and its numbers are right."""

import re
from pathlib import Path

import pytest

from recall_simulator.fuzz import corpus, strategies

PAGE = (Path(__file__).parents[3] / "docs" / "fuzz.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_property_test_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"((?:    .*\n|\n(?=\n?    ))+)", PAGE)
    (code,) = (block for block in blocks if "@given" in block)
    (tmp_path / "receiver.py").write_text(
        "from recall_receiver import MessageError as Refused, parse\n__all__ = ['Refused', 'parse']"
    )
    monkeypatch.syspath_prepend(tmp_path)
    found: dict[str, object] = {}
    exec(re.sub(r"^    ", "", code, flags=re.MULTILINE), found)
    test = found["test_my_parser_survives"]
    assert callable(test)
    test()


def test_every_strategy_is_in_the_table() -> None:
    rows = set(re.findall(r"^\| `(\w+)\(.*?\)` \|", PAGE, re.MULTILINE))
    assert rows == {name for name in strategies.__all__ if name.islower()}


def test_the_number_of_files_is_that_of_the_corpus() -> None:
    assert f"\n{len(corpus.load())} small messages lie" in PAGE

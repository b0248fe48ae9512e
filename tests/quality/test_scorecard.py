"""The scorecard names the receivers that there are, and says of each what its row says."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "scorecard.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| \[([\w/]+)\]\(\.\./([^)]+)\) \| [^|]+ \| (\w+) \|", PAGE, re.MULTILINE)
"""Name, file and verdict of each receiver."""


@pytest.fixture(scope="module")
def scorecard() -> ModuleType:
    spec = importlib.util.spec_from_file_location("scorecard", ROOT / "docs" / "scorecard.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_has_every_receiver_that_there_is_and_no_other() -> None:
    stacks = ROOT / "tests" / "other_stacks"
    receivers = [
        *(path for path in stacks.glob("*.py") if not path.stem.startswith(("test_", "conftest"))),
        *stacks.glob("*/receiver.*"),
        *(path.parents[1] for path in ROOT.glob("examples/*/.github/workflows")),
        ROOT / "receiver" / "recall_receiver",
    ]
    known = {path.relative_to(ROOT).as_posix() for path in receivers}
    assert {source for _, source, _ in ROWS} == known


def test_the_page_is_made_of_the_receivers_of_the_script(scorecard: ModuleType) -> None:
    assert [source for _, source, _ in ROWS] == [
        receiver.source for receiver in scorecard.RECEIVERS
    ]


def test_who_is_not_ok_has_a_section_that_says_why() -> None:
    sections = re.findall(r"^## ([\w/]+)\n\n(\w+):\n\n- ", PAGE, re.MULTILINE)
    assert {row[0]: row[2] for row in ROWS if row[2] != "ok"}.items() <= dict(sections).items()


def test_the_receivers_that_we_ship_pass() -> None:
    for _, source, verdict in ROWS:
        if not source.startswith("tests/"):
            assert verdict in ("ok", "tolerated"), source

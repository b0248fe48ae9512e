"""The receiver's page and example say what is so."""

from __future__ import annotations

import re
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import recall_receiver
from recall_receiver import Receiver, Reception, parse
from recall_receiver.__main__ import main
from recall_receiver.errors import CAUSES
from recall_receiver.links import Links

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "receiver.md"
EXAMPLE = ROOT / "examples" / "six_lines.py"


def test_the_page_names_every_cause_and_no_other() -> None:
    named = re.findall(r"^\| `([a-z][a-z0-9-]+)` \|", PAGE.read_text("utf-8"), re.MULTILINE)
    assert sorted(named) == sorted(CAUSES)


def test_the_page_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    offered = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    assert set(re.findall(r"^\| `(--[a-z-]+)", PAGE.read_text("utf-8"), re.MULTILINE)) == offered


def test_the_page_names_every_key_of_the_report(frame_message: Callable[..., bytes]) -> None:
    receiver = Receiver()
    receiver.reception.message(receiver.reception.attach(), frame_message())
    report = receiver.report()
    page = PAGE.read_text("utf-8")
    for key in [*report, *report["streams"][0], *report["connections"], "drained"]:
        assert f'"{key}":' in page
    assert report["schema"] in page


def test_the_pages_example_is_the_example_and_runs(
    frame_message: Callable[..., bytes],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert EXAMPLE.read_text("utf-8") in PAGE.read_text("utf-8")
    ports: list[int] = []
    monkeypatch.setattr(Receiver, "run", lambda _, port: ports.append(port))
    names: dict[str, Any] = runpy.run_path(str(EXAMPLE))
    names["on_frame"](parse(frame_message()))
    assert ports == [8765]
    assert capsys.readouterr().out.endswith("(36, 48, 3)\n")


def test_everything_exported_is_there_and_documented() -> None:
    for name in recall_receiver.__all__:
        value = getattr(recall_receiver, name)
        assert value.__doc__ or name in ("Event", "StreamType")
    for value in (Reception, Links, Receiver):
        assert value.__doc__

"""Where reports go: tried before, and lost never."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from recall_simulator.record.errors import UsageError
from recall_simulator.report.destinations import (
    Destination,
    parse_destination,
    try_destinations,
    write_report,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("html", "write junit=FILE or json=FILE or html=FILE or markdown=FILE"),
        ("html=", "write junit=FILE"),
        ("htm=x", "did you mean 'html'"),
        ("=x", "write junit=FILE"),
    ],
)
def test_what_is_no_destination_is_told_what_one_looks_like(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse_destination(text)


def test_a_file_name_may_hold_anything() -> None:
    assert parse_destination("json=a=b.json") == Destination("json", Path("a=b.json"))


def test_trying_leaves_everything_as_it_was(tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.html"
    old.write_text("mine")
    try_destinations([Destination("json", old), Destination("html", new)])
    assert old.read_text() == "mine"
    assert not new.exists()


def test_what_can_not_be_written_is_said_before(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path, words in (
        (tmp_path / "no" / "a.html", "there is no folder"),
        (tmp_path / "file" / "a.html", "there is no folder"),
        (tmp_path, "Is a directory"),
        (tmp_path / ("n" * 300), "File name too long"),
    ):
        with pytest.raises(UsageError, match=words) as caught:
            try_destinations([Destination("html", path)])
        assert str(caught.value).startswith("--report html=")


def test_a_full_disk_is_said_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        free = 1_000_000

    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage)
    with pytest.raises(UsageError, match=r"1\.0 MB are free"):
        try_destinations([Destination("html", tmp_path / "a.html")])


def test_two_reports_in_one_file_are_refused(tmp_path: Path) -> None:
    both = [Destination("json", tmp_path / "a"), Destination("html", tmp_path / "a")]
    with pytest.raises(UsageError, match="would write over --report json="):
        try_destinations(both)
    assert not (tmp_path / "a").exists()


def test_a_pipe_is_not_opened_for_a_try(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    try_destinations([Destination("json", tmp_path / "pipe")])


def test_a_report_that_can_not_be_written_is_put_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_report(Destination("json", tmp_path / "a.json"), b"{}")
    assert (tmp_path / "a.json").read_bytes() == b"{}"
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(UsageError, match=r"it is in .* instead") as caught:
        write_report(Destination("json", tmp_path / "gone" / "a.json"), b"{}")
    (saved,) = tmp_path.glob("recallsim-*/a.json")
    assert str(saved) in str(caught.value)
    assert saved.read_bytes() == b"{}"


def test_where_nothing_can_be_written_at_all_it_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(UsageError, match=r"here it is:\n\{\}"):
        write_report(Destination("json", tmp_path / "gone" / "a.json"), b"{}")

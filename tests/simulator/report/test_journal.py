"""The journal: one line of JSON an event."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from recall_simulator.meeting import Plan
from recall_simulator.record.errors import UsageError
from recall_simulator.record.events import EngineEvent, RunEnded, RunStarted
from recall_simulator.report import Journal

BEGUN = RunStarted(
    run_id="0badcafe", seed=1, start_time="now", url="ws://h/", scenarios=["test"], speed="max"
)


def test_every_event_is_a_line_and_the_first_names_the_schema(
    plans_of: Callable[..., list[Plan]],
    play_out: Callable[..., list[EngineEvent]],
    tmp_path: Path,
) -> None:
    events = [
        BEGUN,
        *play_out(
            plans_of('duration = 4\ntimeline = [{at = 2, do = "cut"}]\ncrowd = 1'), digests=True
        ),
        RunEnded(interrupted=False),
    ]
    with Journal(tmp_path / "run.ndjson") as journal:
        for event in events:
            journal(event)
    lines = [json.loads(line) for line in (tmp_path / "run.ndjson").read_bytes().splitlines()]
    assert len(lines) == len(events)
    assert list(lines[0])[:2] == ["kind", "schema"]
    assert (lines[0]["kind"], lines[0]["schema"]) == ("run", "recallsim.journal/1")
    kinds = [line["kind"] for line in lines]
    assert kinds[1:4] == ["bot", "dial", "open"]
    assert kinds[-2:] == ["left", "done"]
    frame = lines[kinds.index("frame")]
    assert len(frame["sha256"]) == 64
    assert frame["length"] > 1000
    assert "buffer" not in frame
    (end, *_) = [line for line in lines if line["kind"] == "end"]
    assert end["outcome"]["text"] == "planned cut"


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"journal .*missing.* can't be written: No such file"):
        Journal(tmp_path / "missing" / "run.ndjson")


def test_a_full_disk_is_told() -> None:
    def fill() -> None:
        with Journal(Path("/dev/full")) as journal:
            for _ in range(10_000):
                journal(BEGUN)

    with pytest.raises(UsageError, match="No space left"):
        fill()

"""The bundled scenarios do what their words promise."""

import itertools
from collections import Counter
from datetime import UTC, datetime
from typing import Any, get_args

import msgspec
import pytest

from recall_simulator.faults import Fault, apply_faults, faulted_scenario_schema
from recall_simulator.meeting import Close, Cut, Frame, Overlap, Plan, Raw, make_plans, seconds
from recall_simulator.report.chapters import CHAPTERS
from recall_simulator.sources.scenarios import bundled

KNOWN = bundled()
START = datetime(2026, 9, 20, tzinfo=UTC)
NOT_PLAYED = {"fin", "complete", "right"}
"""What is the usual way, and need not be said by a case."""


def plan_of(name: str, seed: int = 5) -> Plan:
    scenario = KNOWN[name].scenario
    plans = make_plans(name, scenario, seed=seed, run_id="0badcafe", start_time=START)
    return apply_faults(plans, scenario, seed=seed)[0]


def sizes_of(plan: Plan) -> dict[tuple[int, str], list[str]]:
    """The sizes of each stream, in the order of time."""
    sizes: dict[tuple[int, str], list[str]] = {}
    for timed in plan.schedule():
        if isinstance(timed.item, Frame):
            span = timed.item.span
            seen = sizes.setdefault((span.participant.id, span.type), [])
            if not seen or seen[-1] != str(span.size):
                seen.append(str(span.size))
    return sizes


@pytest.mark.parametrize("name", KNOWN)
def test_each_has_words_and_a_length_that_ci_can_bear(name: str) -> None:
    scenario = KNOWN[name].scenario
    assert scenario.title
    assert scenario.description
    assert scenario.expectation
    assert scenario.source
    assert 4 <= seconds(scenario.duration) <= 30


def test_the_cases_are_numbered_without_a_gap_in_ten_chapters() -> None:
    numbers = [named.scenario.number.split(".") for named in KNOWN.values()]
    chapters = [int(chapter) for chapter, _ in numbers]
    assert chapters == sorted(chapters)
    assert {str(chapter) for chapter in chapters} == set(CHAPTERS)
    for chapter in CHAPTERS:
        cases = [int(case) for number, case in numbers if number == chapter]
        assert cases == list(range(1, len(cases) + 1))
    assert len(numbers) >= 60


@pytest.mark.parametrize("key", ["do", "how", "message", "form", "what", "event", "kinds"])
def test_everything_that_can_go_wrong_does_so_in_some_case(key: str) -> None:
    played = set()
    for named in KNOWN.values():
        for fault in msgspec.to_builtins(getattr(named.scenario, "faults", [])):
            value = fault.get(key)
            played |= {value} if isinstance(value, str) else set(value or ())
    schema = faulted_scenario_schema()
    known = set()
    for fault in schema["$defs"].values():
        if "do" in fault.get("properties", {}) and "DO" not in fault:
            known |= _words(fault["properties"].get(key, {}), schema["$defs"])
    faults = {fault.__struct_config__.tag for fault in get_args(Fault)}
    assert (faults if key == "do" else known) - played <= NOT_PLAYED


def _words(schema: dict[str, Any], definitions: dict[str, Any]) -> set[str]:
    """The words that a JSON Schema lets a value be, or its items."""
    words = {word for word in schema.get("enum", []) if isinstance(word, str)}
    for inner in [*schema.get("anyOf", []), *([schema["items"]] if "items" in schema else [])]:
        words |= _words(inner, definitions)
    return words


def test_the_smoke_check_is_short_and_what_may_be_thrown_away_is_in_chapter_nine() -> None:
    smoke = [named.scenario for named in KNOWN.values() if named.scenario.smoke]
    assert len(smoke) == 8
    assert sum(seconds(scenario.duration) for scenario in smoke) < 60
    for name, named in KNOWN.items():
        demands = {
            timed.item.form.expect if isinstance(timed.item, Frame) else timed.item.expect
            for timed in plan_of(name).schedule()
            if isinstance(timed.item, Frame | Raw)
        }
        may_be_thrown_away = bool(demands & {"must survive", "may refuse"})
        assert may_be_thrown_away == named.scenario.number.startswith("9.")


@pytest.mark.parametrize("name", KNOWN)
def test_each_is_probed_before_every_cut_and_has_frames_after_it(name: str) -> None:
    plan = plan_of(name)
    items = list(plan.schedule())
    ends = [timed for timed in items if isinstance(timed.item, Cut | Close | Overlap)]
    assert all(timed.item.probe for timed in ends)  # type: ignore[union-attr]
    for end in ends:
        assert any(isinstance(t.item, Frame) and t.at > end.at + 3.5 for t in items)


def test_the_gallery_is_as_full_as_a_platform_allows() -> None:
    assert len(sizes_of(plan_of("gallery"))) == 16


def test_names_are_null_equal_and_odd() -> None:
    names = Counter(span.participant.name for span in plan_of("equal-names").spans)
    assert names[None] == 1
    assert names.most_common(1)[0] == ("Alex Kim", 2)
    assert any(name and "/" in name for name in names)


def test_webcam_and_screenshare_share_a_participant() -> None:
    assert set(sizes_of(plan_of("webcam-and-screenshare"))) == {
        (100, "webcam"), (100, "screenshare"),
    }  # fmt: skip


def test_a_handover_has_one_sharer_at_a_time() -> None:
    shares = [span for span in plan_of("handover").spans if span.type == "screenshare"]
    assert [span.participant.id for span in shares] == [100, 200, 300]
    assert [span.end for span in shares[:2]] == [span.start for span in shares[1:]]


def test_sizes_change_in_mid_stream() -> None:
    assert sizes_of(plan_of("share-resize"))[100, "screenshare"] == [
        "1280x720", "960x540", "1280x720",
    ]  # fmt: skip
    assert sizes_of(plan_of("webcam-resize"))[200, "webcam"] == ["480x360", "360x480", "480x360"]


def test_both_cuts_fall_within_the_share() -> None:
    plan = plan_of("cut-twice-in-share")
    (share,) = [span for span in plan.spans if span.type == "screenshare"]
    cuts = [timed.at for timed in plan.schedule() if isinstance(timed.item, Cut)]
    assert len(cuts) == 2
    assert all(share.start < at < share.end for at in cuts)


def test_the_first_three_handshakes_are_aborted() -> None:
    links = plan_of("aborted-handshakes").links
    assert [links(number).handshake for number in range(1, 6)] == ["abort"] * 3 + ["complete"] * 2


def test_jitter_brings_frames_close_together_and_far_apart() -> None:
    times: dict[int, list[float]] = {}
    for timed in plan_of("jitter").schedule():
        if isinstance(timed.item, Frame):
            times.setdefault(timed.item.span.participant.id, []).append(timed.at)
    steps = [b - a for stream in times.values() for a, b in itertools.pairwise(stream)]
    assert min(steps) < 0.15
    assert max(steps) > 0.85


def test_the_camera_is_off_for_twenty_seconds() -> None:
    spans = [s for s in plan_of("camera-off").spans if s.participant.id == 200]
    assert [(span.start, span.end) for span in spans] == [(0.0, 5.0), (25.0, 30.0)]

"""Streams that are not told apart: frames under another's name, or outside of their folder."""

from itertools import pairwise

import msgspec
import pytest
from tests.simulator.judge.invented import ADA, BO, RUN, frame, gone, judge, run, saw, summary

from recall_simulator.record.events import BotStarted, FrameSent
from recall_simulator.record.observations import Observation, Sighting
from recall_simulator.record.streams import StreamKey, StreamType


def test_the_newest_picture_of_all_mixes_nothing_that_lies_in_its_own_place_as_well() -> None:
    newest = [saw(sent, where="latest.png", place="latest.png") for sent in [*ADA, *BO]]
    shown: list[Observation] = [*map(saw, [*ADA, *BO]), newest[0]]
    for before, sighting in pairwise(newest):
        shown += [gone(before), sighting]
    verdict = judge(run([*ADA, *BO]), shown)
    assert (verdict.verdict, verdict.findings) == ("ok", [])


def credited(sent: FrameSent, participant: int, type: StreamType = "webcam") -> Sighting:
    stream = StreamKey("", participant, type)
    return msgspec.structs.replace(saw(sent, place=""), observer="ws:x", credited=stream)


def test_streams_that_are_handed_on_under_each_others_names() -> None:
    seen = [*(credited(sent, 200) for sent in ADA), *(credited(sent, 100) for sent in BO)]
    verdict = judge(run([*ADA, *BO]), seen)
    assert summary(verdict) == [("mixed", "failed", 10), ("mixed", "failed", 10)]
    assert verdict.findings[0].evidence == ["10 said to be 200/webcam by ws:x"]


def test_a_receiver_may_have_numbers_of_its_own() -> None:
    seen = [*(credited(sent, 1) for sent in ADA), *(credited(sent, 2) for sent in BO)]
    assert judge(run([*ADA, *BO]), seen).findings == []
    seen[3] = credited(ADA[3], 2)
    assert summary(judge(run([*ADA, *BO]), seen)) == [("mixed", "failed", 1)]


def test_a_receiver_that_names_the_other_type_of_a_participant_mixes_them() -> None:
    screens = [frame(n, type="screenshare") for n in range(4)]
    seen = [credited(sent, 100, sent.type) for sent in [*ADA, *screens]]
    seen[-1] = msgspec.structs.replace(seen[-1], credited=StreamKey("", 100, "webcam"))
    verdict = judge(run([*ADA, *screens]), seen)
    assert summary(verdict) == [("mixed", "failed", 1)]
    assert verdict.findings[0].evidence == ["1 said to be 100/webcam by ws:x"]


@pytest.mark.parametrize(("recording", "kinds"), [("q", ["mixed"]), ("its own", [])])
def test_a_receiver_that_names_another_meeting_of_the_run_mixes_them(
    recording: str, kinds: list[str]
) -> None:
    other = BotStarted(scenario="s", bot="c", number=1, recording="q", ends_at=9.0)
    elsewhere = msgspec.structs.replace(frame(0), bot="c", recording="q")
    seen = [credited(sent, 100) for sent in ADA]
    named = StreamKey(recording, 100, "webcam")
    seen[0] = msgspec.structs.replace(seen[0], credited=named)
    shown = msgspec.structs.replace(saw(frame(0)), run_id=f"{int(RUN, 16) + 1:08x}")
    events = [*run(ADA)[:-1], other, elsewhere]
    assert [f.kind for f in judge(events, [*seen, shown]).findings] == kinds


def exchanged(*names: str) -> list[tuple[str, int]]:
    """The findings where the pictures of Ada and Bo lie in places of these names."""
    seen = [saw(sent, place=names[0]) for sent in ADA]
    seen += [saw(sent, place=names[1]) for sent in BO]
    return [(f.kind, f.count) for f in judge(run([*ADA, *BO]), seen).findings]


@pytest.mark.parametrize(
    "names",
    [("out/200-cam/*.png", "out/100-cam/*.png"), ("o/p200_*.png", "o/p100_*.png")],
)
def test_places_that_bear_each_others_ids_were_exchanged(names: tuple[str, str]) -> None:
    assert exchanged(*names) == [("mixed", 10), ("mixed", 10)]


@pytest.mark.parametrize(
    "names",
    [
        ("out/100/*.png", "out/200/*.png"),
        ("out/200/*.png", "out/300/*.png"),  # numbers of its own
        ("out/ada/*.png", "out/100/*.png"),
        ("out/200/100/*.png", "out/100/200/*.png"),
        (
            "out/0f0f0f0f-0000-0000-0000-000000000200/a/*",
            "out/0f0f0f0f-0000-0000-0000-00000000100/b/*",
        ),
    ],
)
def test_other_numbers_in_places_say_nothing(names: tuple[str, str]) -> None:
    assert exchanged(*names) == []


def test_a_place_that_stands_for_many_folders_comes_with_some_of_its_files() -> None:
    folder = "out/*/webcam/*.png"
    seen = [saw(sent, place=folder, where=f"out/{n}/webcam/1.png") for n, sent in enumerate(ADA)]
    astray = [
        saw(sent, place=folder, where=f"out/{n}/webcam/2.png") for n, sent in enumerate(BO[:9])
    ]
    verdict = judge(run([*ADA, *BO]), [*seen, *astray, saw(BO[9], place="out/bo")])
    (mixed,) = verdict.findings
    assert mixed.evidence == [
        f"9 in {folder}, where most are 100/webcam: out/0/webcam/2.png, out/4/webcam/2.png, "
        "out/8/webcam/2.png"
    ]


def named(sent: FrameSent, name: str) -> FrameSent:
    return msgspec.structs.replace(sent, name=name)


@pytest.mark.parametrize(
    ("name", "landing"),
    [
        ("../../etc/bo", "../etc/bo/1.png"),
        ("../x", "x/1.png"),
        ("/etc/bo", "/etc/bo/1.png"),
        ("Bo / Room 4", ""),
        ("Bo", ""),
    ],
)
def test_a_name_that_is_a_path_is_the_cause_where_files_are_named_after_people(
    name: str, landing: str
) -> None:
    ada, bo = [named(sent, "Ada") for sent in ADA], [named(sent, name) for sent in BO]
    verdict = judge(run([*ada, *bo]), [saw(sent, where="out/Ada/1.png") for sent in ada])
    assert summary(verdict) == [("lost", "failed", 10)]
    cause = verdict.findings[0].cause
    assert (landing in cause and repr(name) in cause) if landing else "is its type" in cause
    by_id = judge(run([*ada, *bo]), [saw(sent, where="out/100/1.png") for sent in ada])
    assert "is its type" in by_id.findings[0].cause


def test_pictures_that_were_seen_where_a_name_led_them_lie_outside() -> None:
    ada, bo = [named(sent, "Ada") for sent in ADA], [named(sent, "../../etc/bo") for sent in BO]
    seen = [
        *(saw(sent, where=f"x/out/Ada/{sent.sequence}.png") for sent in ada),
        *(saw(sent, where=f"etc/bo/{sent.sequence}.png") for sent in bo),
    ]
    verdict = judge(run([*ada, *bo]), seen)
    assert summary(verdict) == [("escaped", "failed", 10)]
    assert verdict.findings[0].evidence == ["etc/bo/0.png", "etc/bo/1.png", "etc/bo/2.png"]
    assert "'../../etc/bo'" in verdict.findings[0].what
    assert judge(run([*ada, *bo]), [*seen[:10], *map(saw, bo)]).findings == []
    ada, bo = [named(sent, "Ada") for sent in ADA], [named(sent, "../bo") for sent in BO]
    seen = [saw(sent, where=f"out/Ada-{sent.sequence}.png") for sent in ada]
    assert judge(run([*ada, *bo]), [*seen, *map(saw, bo)]).findings == []


def test_types_that_were_exchanged() -> None:
    share = [frame(n, 100, "screenshare") for n in range(4)]
    seen = [saw(sent, place="out/screenshare/100") for sent in ADA]
    seen += [saw(sent, place="out/webcam/100") for sent in share]
    verdict = judge(run([*ADA, *share]), seen)
    assert summary(verdict) == [("mixed", "failed", 10), ("mixed", "failed", 4)]
    assert verdict.findings[0].evidence == [
        "10 in out/screenshare/100, which bears another's name: screenshare"
    ]


def test_frames_that_show_the_same_picture_are_not_taken_for_another_streams() -> None:
    empty = [
        msgspec.structs.replace(frame(3, who, expect="must survive"), sha256="e3b0c442")
        for who in (100, 200)
    ]
    others = [sent for sent in (*ADA, *BO) if sent.sequence != 3]
    rows: list[Observation] = [
        Sighting(observer="command:x", where="", at=99.0, sha256=sent.sha256,
                 place=str(sent.participant))
        for sent in (*others, *empty)
    ]  # fmt: skip
    assert judge(run([*others, *empty]), rows).findings == []
    assert judge(run([*others, *empty]), [*rows, rows[-1]]).findings == []


def test_streams_filed_together() -> None:
    share = [frame(n, 100, "screenshare") for n in range(4)]
    sightings = [saw(sent, place="100") for sent in [*ADA, *share]] + [saw(sent) for sent in BO]
    verdict = judge(run([*ADA, *share, *BO]), sightings)
    assert summary(verdict) == [("mixed", "failed", 4)]
    assert verdict.findings[0].evidence == ["4 in 100, where most are 100/webcam"]
    assert "neither the participant alone" in verdict.findings[0].cause


def test_a_single_place_for_everything_is_no_mix() -> None:
    sightings = [saw(sent, place="out") for sent in [*ADA, *BO]]
    assert judge(run([*ADA, *BO]), sightings).verdict == "ok"


def test_a_stream_that_lies_with_its_like_of_another_meeting_lacks_the_recording() -> None:
    other = {"scenario": "t", "bot": "c", "recording": "q"}
    late = [msgspec.structs.replace(sent, **other) for sent in ADA[:6]]
    begins = BotStarted(scenario="t", bot="c", number=1, recording="q", ends_at=99.0)
    seen = [saw(sent) for sent in [*ADA, *BO]]
    seen += [
        msgspec.structs.replace(saw(sent), run_id=f"{int(RUN, 16) + 1:08x}", where=f"{n}")
        for n, sent in enumerate(late)
    ]
    (finding,) = judge([*run([*ADA, *BO]), begins, *late], seen).findings
    assert (finding.kind, finding.count) == ("mixed", 6)
    assert "keep the meetings apart by `data.recording.id`" in finding.cause
    (finding,) = judge(
        run([*ADA, *BO]),
        [*map(saw, ADA), *(saw(BO[n]) for n in range(9)), saw(BO[9], place="100-webcam")],
    ).findings
    assert "(recording, participant, type)" in finding.cause

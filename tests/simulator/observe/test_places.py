from collections.abc import Callable, Iterable
from itertools import product

import msgspec
import pytest

from recall_simulator.observe.places import Stream, places
from recall_simulator.record.observations import Sighting

Name = Callable[[int, str, int], str]
PEOPLE = (100, 200, 300)
TYPES = ("webcam", "screenshare")


def sighting(participant: int, kind: str, sequence: int) -> Sighting:
    return Sighting(
        observer="files:x",
        where="",
        at=0.0,
        run_id="0badcafe",
        participant=participant,
        type="webcam" if kind == "webcam" else "screenshare",
        sequence=sequence,
    )


def filed(
    name: Name, people: Iterable[int] = PEOPLE, kinds: Iterable[str] = TYPES, frames: int = 40
) -> dict[str, set[tuple[int, str]]]:
    """Which streams lie under which place, where a receiver names its files so."""
    shown = list(product(range(frames), people, kinds))
    sightings = [sighting(who, kind, number) for number, who, kind in shown]
    found = places(sightings, [name(who, kind, number) for number, who, kind in shown])
    under: dict[str, set[tuple[int, str]]] = {}
    for place, (_, who, kind) in zip(found, shown, strict=True):
        under.setdefault(place, set()).add((who, kind))
    return under


@pytest.mark.parametrize(
    ("name", "place"),
    [
        (lambda who, kind, n: f"out/{who}/{kind}/{n:05}.png", "out/100/webcam/*.png"),
        (lambda who, kind, n: f"out/{who}_{kind}_{n}.png", "out/100_webcam_*.png"),
        (lambda who, kind, n: f"out/{n:06}-{who}-{kind}.jpg", "out/*-100-webcam.jpg"),
        (lambda who, kind, n: f"{who}-{kind}/{n / 2:.6f}.png", "100-webcam/*.png"),
        (
            lambda who, kind, n: f"{who}/{kind}-2026-09-20T05-48-{n / 2 + who / 999:09.6f}Z.png",
            "100/webcam-2026-09-20T05-48-*Z.png",
        ),
        (
            lambda who, kind, n: f"{who}/{kind}/leg{n // 20}_{n % 20:03}.png",
            "100/webcam/leg*_*.png",
        ),
        (
            lambda who, kind, n: f"{who}/{kind}/minute-{n // 10}/{n}.png",
            "100/webcam/minute-*/*.png",
        ),
        (
            lambda who, kind, n: f"{who}/{kind}/{n:08x}-0000-4000-8000-{who:012}.png",
            "100/webcam/*.png",
        ),
        (lambda who, kind, n: f"{who}-{kind}-latest.png", "100-webcam-latest.png"),
    ],
)
def test_each_stream_has_its_own_place(name: Name, place: str) -> None:
    under = filed(name)
    assert sorted(len(streams) for streams in under.values()) == [1] * 6
    assert under[place] == {(100, "webcam")}


def test_webcam_and_screenshare_under_one_id_share_a_place() -> None:
    under = filed(lambda who, kind, n: f"out/{who}/{2 * n + len(kind) // 11:05}.png")
    assert under["out/100/*.png"] == {(100, "webcam"), (100, "screenshare")}


def test_one_person_alone_in_a_folder_with_their_id_shares_a_place_with_themselves() -> None:
    under = filed(lambda who, kind, n: f"out/{who}/{2 * n + len(kind) // 11:05}.png", people=[100])
    assert under == {"out/100/*.png": {(100, "webcam"), (100, "screenshare")}}


def test_frames_that_change_sides_after_a_reconnect_stay_where_they_lie() -> None:
    def name(who: int, kind: str, n: int) -> str:
        return f"out/{who if n < 30 or who == 300 else 300 - who}/{n:05}-{who}{kind}.png"

    # The last number and the word after it are not part of the receiver's own naming here.
    shown = list(product(range(40), PEOPLE))
    found = places(
        [sighting(who, "webcam", n) for n, who in shown],
        [name(who, "", n).rpartition("-")[0] + ".png" for n, who in shown],
    )
    assert set(found) == {"out/100/*.png", "out/200/*.png", "out/300/*.png"}


def test_a_receiver_that_does_not_file_by_stream_is_not_said_to() -> None:
    count = iter(range(10_000))
    assert filed(lambda who, kind, n: f"out/frame-{next(count):06}.png") == {
        "": {(who, kind) for who in PEOPLE for kind in TYPES}
    }


def test_too_few_pictures_say_nothing() -> None:
    assert set(filed(lambda who, kind, n: f"out/{who}-{n}.png", frames=1)) == {""}


def test_one_stream_alone_has_one_place() -> None:
    name: Name = lambda who, kind, n: f"out/{n}.png"  # noqa: E731
    assert set(filed(name, people=[100], kinds=["webcam"])) == {"out/*.png"}


def test_pictures_without_marks_lie_where_their_neighbours_lie() -> None:
    shown = [sighting(who, "webcam", n) for n in range(20) for who in (100, 200)]
    bare = Sighting(observer="files:x", where="", at=0.0)
    paths = [f"{seen.participant}/{seen.sequence}.png" for seen in shown]
    assert places([*shown, bare, bare], [*paths, "200/99.png", "odd.png"])[-2:] == ["200/*.png", ""]


def many_meetings(name: Callable[[str, int, str, int], str]) -> dict[str, set[Stream]]:
    """Which streams of eight meetings lie under which place; they are named with UUIDs."""
    meetings = {f"{n:08x}": f"{n:08x}-0000-4000-8000-{n * 7919:012x}" for n in range(1, 9)}
    shown = list(product(meetings, PEOPLE[:2], TYPES, range(12)))
    sightings = [
        msgspec.structs.replace(sighting(who, kind, n), run_id=run_id)
        for run_id, who, kind, n in shown
    ]
    paths = [name(meetings[run_id], who, kind, n) for run_id, who, kind, n in shown]
    under: dict[str, set[Stream]] = {}
    for place, (run_id, who, kind, _) in zip(places(sightings, paths), shown, strict=True):
        under.setdefault(place, set()).add((run_id, who, kind))
    return under


@pytest.mark.parametrize(
    "name",
    [
        lambda meeting, who, kind, n: f"out/{meeting}/{who}-{kind}/{n:06}.png",
        lambda meeting, who, kind, n: f"{meeting}/{who}-{kind}/20260920T0548{n / 2:09.6f}Z-0.png",
        lambda meeting, who, kind, n: f"out/{n:06}-{meeting}-{who}-{kind}.png",
    ],
)
def test_streams_of_many_meetings_have_places_of_their_own(
    name: Callable[[str, int, str, int], str],
) -> None:
    assert [len(streams) for streams in many_meetings(name).values()] == [1] * 32


def test_who_is_who_is_told_though_nothing_tells_the_meetings_apart() -> None:
    count = iter(range(10_000))
    under = many_meetings(lambda _, who, kind, n: f"out/{next(count):06}_{who}_{kind}.png")
    assert sorted(under) == [
        f"out/*_{who}_{kind}.png" for who in PEOPLE[:2] for kind in sorted(TYPES)
    ]
    assert [len(streams) for streams in under.values()] == [8] * 4

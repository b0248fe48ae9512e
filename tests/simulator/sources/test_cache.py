"""Bases are made side by side and kept on disk; no trouble with the disk stops a run."""

import os
import sys
from pathlib import Path
from threading import Barrier

import pytest

from recall_simulator.frames import FrameLibrary
from recall_simulator.record.streams import Shot
from recall_simulator.sources import cache as module
from recall_simulator.sources.cache import DiskCache, cache_folder, prepare
from recall_simulator.sources.fonts import shipped_fonts

SHOTS = [
    Shot(100, "Ann", "webcam", "flat", 320, 240, 0, 0.0),
    Shot(200, "Bob", "webcam", "flat", 320, 240, 0, 0.0),
    Shot(200, "Bob", "webcam", "flat", 64, 48, 0, 0.0),
]


def fresh(**options: object) -> FrameLibrary:
    return FrameLibrary(run_id="00000001", seed=1, fonts=shipped_fonts(), **options)  # type: ignore[arg-type]


def pictures(library: FrameLibrary) -> list[bytes]:
    return [library.encode(shot).png() for shot in SHOTS]


@pytest.fixture
def cache(tmp_path: Path) -> DiskCache:
    return DiskCache(tmp_path / "cache")


def test_without_a_cache_everything_is_painted_with_progress() -> None:
    library = fresh()
    seen: list[tuple[int, int]] = []
    prepared = prepare(library, SHOTS, progress=lambda done, total: seen.append((done, total)))
    assert prepared == (3, 0, ())
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert library.missing(SHOTS) == []
    assert prepare(library, SHOTS) == (0, 0, ())


def test_a_second_run_reads_what_the_first_one_made(cache: DiskCache) -> None:
    first, second = fresh(), fresh()
    assert prepare(first, SHOTS, cache=cache) == (3, 0, ())
    assert prepare(second, SHOTS, cache=DiskCache(cache.folder)) == (0, 3, ())
    assert pictures(first) == pictures(second) == pictures(fresh())
    assert first.encode(SHOTS[0]).digest() == second.encode(SHOTS[0]).digest()


def test_another_seed_or_another_form_is_another_file(cache: DiskCache) -> None:
    prepare(fresh(), SHOTS, cache=cache)
    # the third is too small for a mark, and so for another form
    assert prepare(fresh(single_idat=True), SHOTS, cache=cache)[:2] == (2, 1)
    assert prepare(fresh(marks=False), SHOTS, cache=cache).made == 2  # 64x48 bears no mark anyway


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: b"",
        lambda data: data[:200] + b"\xff" + data[201:],
        lambda data: b"another file altogether" * 20,
    ],
)
def test_a_damaged_file_is_made_anew(cache: DiskCache, damage: object) -> None:
    prepare(fresh(), SHOTS, cache=cache)
    for path in cache.folder.iterdir():
        path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    library = fresh()
    assert prepare(library, SHOTS, cache=DiskCache(cache.folder)) == (3, 0, ())
    assert pictures(library) == pictures(fresh())
    assert prepare(fresh(), SHOTS, cache=DiskCache(cache.folder)) == (0, 3, ())


def test_a_whole_file_of_another_form_is_made_anew(cache: DiskCache) -> None:
    prepare(fresh(), SHOTS, cache=cache)
    body = b"\x93\x01\x02\x03"
    for path in cache.folder.iterdir():
        path.write_bytes(module._MAGIC + module._checksum(path.stem, body) + body)
    assert prepare(fresh(), SHOTS, cache=DiskCache(cache.folder)).made == 3


def test_a_file_under_the_name_of_another_is_made_anew(cache: DiskCache) -> None:
    prepare(fresh(), SHOTS, cache=cache)
    first, *others = sorted(cache.folder.iterdir())
    for path in others:
        path.write_bytes(first.read_bytes())
    assert prepare(fresh(), SHOTS, cache=DiskCache(cache.folder))[:2] == (2, 1)


def test_a_folder_that_cannot_be_made_costs_one_warning(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = DiskCache(tmp_path / "file" / "cache")
    library = fresh()
    prepared = prepare(library, SHOTS, cache=cache, workers=1)
    assert prepared.made == 3
    assert len(prepared.warnings) == 1
    assert prepared.warnings[0].startswith(f"pictures are not cached: {cache.folder}")
    assert library.missing(SHOTS) == []


def test_a_full_disk_costs_one_warning_and_leaves_no_pieces(
    cache: DiskCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    prepared = prepare(fresh(), SHOTS, cache=cache, workers=1)
    assert prepared.made == 3
    assert prepared.warnings == (
        f"pictures are not cached: {cache.folder}: No space left on device",
    )
    assert list(cache.folder.iterdir()) == []


def test_threads_that_find_the_disk_full_at_once_say_so_once(
    cache: DiskCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = Barrier(2)

    def full(self: Path, target: Path) -> None:
        both.wait(20)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    prepared = prepare(fresh(), SHOTS[:2], cache=cache, workers=2)
    assert prepared.made == 2
    assert len(prepared.warnings) == 1


def test_a_cache_that_can_only_be_read_is_read(
    cache: DiskCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(fresh(), SHOTS, cache=cache)

    def refuse(*args: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "utime", refuse)
    assert prepare(fresh(), SHOTS, cache=DiskCache(cache.folder)) == (0, 3, ())


def test_the_limit_deletes_what_was_not_used_for_longest(cache: DiskCache) -> None:
    prepare(fresh(), SHOTS[:1], cache=cache)
    (oldest,) = cache.folder.iterdir()
    os.utime(oldest, (1_000, 1_000))
    prepare(fresh(), SHOTS[1:2], cache=DiskCache(cache.folder, limit=1 + oldest.stat().st_size))
    (left,) = cache.folder.iterdir()
    assert left != oldest


def test_trouble_while_trimming_is_passed_over(
    cache: DiskCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(fresh(), SHOTS, cache=cache)

    def refuse(*args: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    tight = DiskCache(cache.folder, limit=0)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        tight.trim()
    assert len(list(cache.folder.iterdir())) == 3
    with monkeypatch.context() as patch:
        patch.setattr(Path, "stat", refuse)
        tight.trim()
    tight.trim()
    assert list(cache.folder.iterdir()) == []


def test_what_does_not_fit_the_budget_is_left_for_later() -> None:
    library = fresh(budget=30_000)
    shots = [Shot(100 * n, "Ann", "webcam", "flat", 320, 240, 0, 0.0) for n in range(1, 13)]
    prepared = prepare(library, shots, workers=1)
    assert prepared.made < 12
    assert "do not fit" in prepared.warnings[0]
    assert library.held <= 30_000


@pytest.mark.parametrize(
    ("platform", "variable", "expected"),
    [
        ("linux", "XDG_CACHE_HOME", ("recallsim", "frames")),
        ("win32", "LOCALAPPDATA", ("recallsim", "frames")),
        ("darwin", "HOME", ("Library", "Caches", "recallsim", "frames")),
    ],
)
def test_the_cache_is_where_the_system_keeps_caches(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    platform: str,
    variable: str,
    expected: tuple[str, ...],
) -> None:
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setenv(variable, str(tmp_path))
    assert cache_folder() == tmp_path.joinpath(*expected)
    if platform != "darwin":
        monkeypatch.delenv(variable)
        folder = cache_folder()
        assert folder is not None
        assert folder.is_relative_to(Path.home())


def test_what_was_read_last_stays_longest(cache: DiskCache) -> None:
    prepare(fresh(), SHOTS, cache=cache)
    first, second, third = sorted(cache.folder.glob("*.base"))
    for age, path in enumerate((first, second, third)):
        os.utime(path, (1000.0 + age, 1000.0 + age))
    assert cache.get(first.stem) is not None
    cache.limit = first.stat().st_size + 1
    cache.trim()
    assert first.exists()
    assert not second.exists()


def test_another_version_of_the_painters_makes_its_own(
    cache: DiskCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(fresh(), SHOTS, cache=cache)
    monkeypatch.setattr("recall_simulator.sources.cache.PAINTER", 999)
    assert prepare(fresh(), SHOTS, cache=cache).read == 0


def test_files_that_were_never_finished_are_swept_away(cache: DiskCache) -> None:
    prepare(fresh(), SHOTS, cache=cache)
    old, new = cache.folder / "old.part", cache.folder / "new.part"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (1000.0, 1000.0))
    cache.trim()
    assert (old.exists(), new.exists()) == (False, True)


def test_without_a_home_there_is_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setattr(Path, "home", nobody)
    assert cache_folder() is None

"""The corpus is what its script makes, and its index says what lies there."""

import hashlib
from collections import Counter
from pathlib import Path

import pytest

from recall_simulator.fuzz import corpus


@pytest.mark.slow
def test_making_it_again_gives_the_same_bytes(tmp_path: Path) -> None:
    corpus.write(tmp_path)
    here = corpus.folder()
    made = {file.relative_to(tmp_path).as_posix(): file for file in tmp_path.rglob("*.*")}
    for name, file in made.items():
        assert here.joinpath(name).read_bytes() == file.read_bytes(), f"{name} is another"
    lying = {
        f"{folder.name}/{file.name}" for folder in here.iterdir() if folder.is_dir()
        for file in folder.iterdir()
    }  # fmt: skip
    assert lying == set(made) - {"index.json"}


def test_the_index_tells_of_every_file_what_a_loop_in_any_language_needs() -> None:
    entries = corpus.load()
    assert len(entries) >= 300
    assert len({entry.file for entry, _ in entries}) == len(entries)
    for entry, message in entries:
        assert hashlib.sha256(message.data).hexdigest() == entry.sha256
        assert entry.reason
        assert entry.opcode in (1, 2)
        assert entry.file.startswith(entry.expect.replace(" ", "-") + "/")


def test_it_is_small_and_has_every_class() -> None:
    messages = [message for _, message in corpus.load()]
    assert sum(len(message.data) for message in messages) < 2 * 2**20
    assert max(len(message.data) for message in messages) <= corpus.LARGEST
    counts = Counter(message.expect for message in messages)
    assert min(counts[name] for name in ("must accept", "must survive", "may refuse")) >= 20

"""Under what a receiver files its pictures, inferred from their paths and what is on them.

`out/100/webcam/00017.png` lies under `out/100/webcam/*.png`: the number in its name counts, the
number of its folder tells streams apart. Which is which nobody says, and receivers differ; but the
marks tell. A number that has hardly any value twice counts. A number whose values tell one stream
from another names the stream. All else (minutes, the number of a connection) says nothing of it.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

from recall_simulator.record.observations import Sighting

Stream = tuple[str, int, str]
_NUMBER: Final = re.compile(
    r"([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    r"|(?<![0-9A-Za-z])(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{12,}(?![0-9A-Za-z])"
    r"|[0-9]+\.[0-9]{3,}(?![0-9])|[0-9]+)"
)
"""A UUID, a digest in hex, a time in fractions of a second, or digits."""
_REPEATS: Final = 1 / 3
"""Values a picture, at most, of a number that may name a stream."""
_TELLING: Final = 0.25
"""Share of the pictures, beyond guessing, whose stream such a number must tell."""


class _Form:
    """All paths that differ in numbers alone."""

    def __init__(self, slots: int) -> None:
        self.streams: Counter[Stream] = Counter()
        self.values: list[dict[str, Counter[Stream]]] = [defaultdict(Counter) for _ in range(slots)]

    def add(self, numbers: Sequence[str], stream: Stream) -> None:
        self.streams[stream] += 1
        for values, number in zip(self.values, numbers, strict=True):
            values[number][stream] += 1

    def kept(self) -> list[bool] | None:
        """Which numbers stay in the place; None where there are too few pictures to say."""
        pictures = self.streams.total()
        if pictures == 0 or pictures < 3 * len(self.streams):
            return None
        guessed = max(self.streams.values()) / pictures
        return [
            len(values) == 1
            or (
                len(values) <= _REPEATS * pictures
                and sum(max(streams.values()) for streams in values.values()) / pictures
                >= guessed + _TELLING * (1 - guessed)
            )
            for values in self.values
        ]


def places(sightings: Sequence[Sighting], paths: Sequence[str]) -> list[str]:
    """The place of each picture.

    Args:
        sightings: pictures of one observer.
        paths: where each was found.

    Returns:
        Paths with a `*` for numbers that don't name a stream; empty where that can't be told: too
        few pictures, or nothing in the names of files and folders tells streams apart.
    """
    forms: dict[tuple[str, ...], _Form] = {}
    split = [_NUMBER.split(path) for path in paths]
    for sighting, parts in zip(sightings, split, strict=True):
        form = forms.setdefault(tuple(parts[::2]), _Form(len(parts) // 2))
        if sighting.run_id:
            form.add(parts[1::2], _stream(sighting))
    kept = {words: form.kept() for words, form in forms.items()}
    found = [_place(parts, kept[tuple(parts[::2])]) for parts in split]
    if len(set(found)) == 1 and not _names_participants(found[0], sightings):
        return [""] * len(found)
    return found


def _place(parts: Sequence[str], kept: Sequence[bool] | None) -> str:
    if kept is None:
        return ""
    numbers = [number if keep else "*" for number, keep in zip(parts[1::2], kept, strict=True)]
    words = parts[::2]
    return words[0] + "".join(
        number + word for number, word in zip(numbers, words[1:], strict=True)
    )


def _names_participants(place: str, sightings: Sequence[Sighting]) -> bool:
    """Whether the only place there is bears the id of the only participant, or has one stream."""
    streams = {_stream(sighting) for sighting in sightings if sighting.run_id}
    named = {participant for _, participant, _ in streams}
    return len(streams) <= 1 or (len(named) == 1 and str(*named) in _NUMBER.findall(place))


def _stream(sighting: Sighting) -> Stream:
    return sighting.run_id, sighting.participant, sighting.type

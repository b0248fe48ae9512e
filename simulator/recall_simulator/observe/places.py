"""Under what a receiver files its pictures, inferred from their paths and what is on them.

`out/100/webcam/00017.png` lies under `out/100/webcam/*.png`: the number in its name counts, the
number of its folder tells streams apart. Which is which nobody says, and receivers differ; but the
marks tell. A number that has hardly any value twice counts. A number whose values tell one stream
from another names the stream. All else (minutes, the number of a connection) says nothing of it.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
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
"""Share of the pictures whose stream nothing has told yet, that such a number must tell."""


class _Form:
    """All paths that differ in numbers alone."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self.pictures: list[tuple[Sequence[str], Stream]] = []

    def add(self, numbers: Sequence[str], stream: Stream) -> None:
        self.pictures.append((numbers, stream))

    def kept(self) -> list[bool] | None:
        """Which numbers stay in the place; None where there are too few pictures to say.

        The number that tells most is taken first, and the next ones have to tell streams apart
        that have the same numbers so far: an id in each of many meetings does, times don't. Where
        no number tells the meetings apart, one may still tell who is who in all of them.
        """
        streams = {stream for _, stream in self.pictures}
        if not streams or len(self.pictures) < 3 * len(streams):
            return None
        naming = self._naming([], _in_its_meeting)
        naming = self._naming(naming, _in_any_meeting)
        constant = [
            len({numbers[slot] for numbers, _ in self.pictures}) == 1 for slot in range(self.slots)
        ]
        return [slot in naming or constant[slot] for slot in range(self.slots)]

    def _naming(self, naming: Sequence[int], of: Callable[[Stream], Stream]) -> list[int]:
        """Some numbers, and those that name streams beside them.

        Args:
            naming: numbers that are known to.
            of: what counts as one stream.
        """
        naming = list(naming)
        _, told = self._groups(naming, of)
        while rest := [slot for slot in range(self.slots) if slot not in naming]:
            ways = {slot: self._groups([*naming, slot], of) for slot in rest}
            able = [slot for slot in rest if ways[slot][0] <= _REPEATS * len(self.pictures)]
            best = max(able, key=lambda slot: ways[slot][1], default=None)
            if best is None or told == 1 or ways[best][1] < told + _TELLING * (1 - told):
                break
            naming.append(best)
            told = ways[best][1]
        return naming

    def _groups(self, slots: Sequence[int], of: Callable[[Stream], Stream]) -> tuple[int, float]:
        """How many values some numbers have together, and the share of pictures they name.

        The stream of a value is the one that most of its pictures show.
        """
        groups: dict[tuple[str, ...], Counter[Stream]] = defaultdict(Counter)
        for numbers, stream in self.pictures:
            groups[tuple(numbers[slot] for slot in slots)][of(stream)] += 1
        right = sum(max(streams.values()) for streams in groups.values())
        return len(groups), right / len(self.pictures)


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


def _in_its_meeting(stream: Stream) -> Stream:
    return stream


def _in_any_meeting(stream: Stream) -> Stream:
    _, participant, kind = stream
    return "", participant, kind


def _stream(sighting: Sighting) -> Stream:
    return sighting.run_id, sighting.participant, sighting.type

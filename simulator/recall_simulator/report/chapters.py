"""Cases by what their numbers begin with."""

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

CHAPTERS = {
    "1": "basics",
    "2": "stream identity",
    "3": "screenshare",
    "4": "reconnect",
    "5": "transport",
    "6": "wire forms",
    "7": "handshake and signature",
    "8": "rare but valid",
    "9": "hostile",
    "10": "pace and size limits",
}


class Numbered(Protocol):
    """What has the number of a case, as in `4.4`, or an empty one."""

    @property
    def number(self) -> str:
        """The chapter, a point, and what counts the chapter's cases."""
        ...


Case = TypeVar("Case", bound=Numbered)


def by_chapter(cases: Iterable[Case]) -> Iterator[tuple[str, str, list[Case]]]:
    """The cases of each chapter, in order of first appearance.

    Args:
        cases: any that have numbers.

    Yields:
        A chapter's number, its title, and its cases; for those without a number, both are empty.
    """
    chapters: dict[str, list[Case]] = {}
    for case in cases:
        chapters.setdefault(case.number.partition(".")[0], []).append(case)
    for number, those in chapters.items():
        yield number, CHAPTERS.get(number, "further cases" if number else ""), those

"""Arabic letters joined without a shaping engine, for a Pillow that has none.

Unicode keeps the joined forms as compatibility characters, and says in their decompositions which
letter each is a form of; that is all a name needs. Lines that hold no such letter pass unchanged.
"""

import unicodedata
from functools import cache
from typing import Final

_LIGATURES: Final = ("\u0644\u0622", "\u0644\u0623", "\u0644\u0625", "\u0644\u0627")
_FORMS: Final = ("isolated", "final", "initial", "medial")


@cache
def _table() -> dict[str, dict[str, str]]:
    """Letter or pair of letters -> form -> the character that has this form."""
    table: dict[str, dict[str, str]] = {}
    for code in (*range(0xFB50, 0xFE00), *range(0xFE70, 0xFEFD)):
        form, *letters = unicodedata.decomposition(chr(code)).split() or ("", "")
        form = form.strip("<>")
        if form in _FORMS and letters and letters[0] != "0020":
            key = "".join(chr(int(letter, 16)) for letter in letters)
            if len(key) == 1 or key in _LIGATURES:
                table.setdefault(key, {}).setdefault(form, chr(code))
    return table


def _joins_on(letter: str) -> bool:
    """Whether a letter joins to the one after it."""
    return "initial" in _table().get(letter, {})


def _rightward(char: str) -> bool:
    return unicodedata.bidirectional(char) in ("R", "AL", "NSM")


def shaped(text: str) -> str:
    """The text in the order and in the forms in which it is drawn from left to right."""
    if not any(_rightward(char) for char in text):
        return text
    words = [_word(word) for word in text.split(" ")]
    if _rightward(text.strip()[0]):
        words.reverse()
    return " ".join(words)


def _word(word: str) -> str:
    if not any(_rightward(char) for char in word):
        return word
    letters = [char for char in word if not unicodedata.combining(char)]
    out: list[str] = []
    at = 0
    joined = False
    while at < len(letters):
        letter = "".join(letters[at : at + 2])
        if letter not in _table() or len(letter) == 1:
            letter = letters[at]
        forms = _table().get(letter, {})
        following = letters[at + len(letter)] if at + len(letter) < len(letters) else ""
        joins = _joins_on(letter) and "final" in _table().get(following, {})
        wanted = _FORMS[joined + 2 * joins]
        out.append(forms.get(wanted, letter))
        joined = joins
        at += len(letter)
    return "".join(reversed(out))

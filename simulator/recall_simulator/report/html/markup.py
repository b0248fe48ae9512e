"""HTML as a tree: text can't become markup, whoever wrote it.

The standard library's ElementTree escapes what it writes out, so that no name from the wire needs a
thought of ours.
"""

import re
from collections.abc import Iterable
from xml.etree import ElementTree

Element = ElementTree.Element
Child = Element | str | None

_UNSHOWABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""What no page can show: control characters, and halves of characters."""


def tag(name: str, /, *children: Child | Iterable[Child], **attributes: object) -> Element:
    """One element.

    Args:
        name: of the element.
        children: elements and text; None is left out.
        attributes: `_` stands for `-`, and one at the end is dropped (`class_`). None and False
            leave an attribute out, True gives it no value.
    """
    element = ElementTree.Element(name)
    for key, value in attributes.items():
        if value is not None and value is not False:
            text = "" if value is True else f"{value:g}" if isinstance(value, float) else str(value)
            element.set(key.rstrip("_").replace("_", "-"), _shown(text))
    for child in children:
        if child is None or isinstance(child, str | ElementTree.Element):
            _append(element, child)
        else:
            for each in child:
                _append(element, each)
    return element


def html(root: Element) -> str:
    """The text of a whole page."""
    return "<!doctype html>\n" + ElementTree.tostring(root, encoding="unicode", method="html")


def _append(element: Element, child: Child) -> None:
    if child is None:
        return
    if not isinstance(child, str):
        element.append(child)
        return
    text = _shown(child)
    if len(element):
        element[-1].tail = (element[-1].tail or "") + text
    else:
        element.text = (element.text or "") + text


def _shown(text: str) -> str:
    return _UNSHOWABLE.sub("\ufffd", text)

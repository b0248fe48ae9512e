"""Numbers, verdicts and streams as people read them."""

from typing import Literal

from recall_simulator.record.findings import ClosingName, Severity, VerdictName
from recall_simulator.record.streams import StreamType
from recall_simulator.report.html.markup import Element, tag

Shown = VerdictName | Severity | Literal["skipped"]

SIGNS: dict[Shown, str] = {
    "ok": "✓",
    "tolerated": "≈",
    "failed": "✕",
    "inconclusive": "?",
    "note": "i",
    "skipped": "–",
}
"""So that no verdict is told by its colour alone."""


def badge(verdict: Shown) -> Element:
    """A verdict as sign and word."""
    return tag(
        "span", tag("span", SIGNS[verdict], aria_hidden="true"), f" {verdict}",
        class_=f"badge {verdict}",
    )  # fmt: skip


def closing(name: ClosingName | None) -> Element:
    """What a receiver made of our close frame; what RFC 6455 allows is no fault."""
    kind = {None: "none", "clean": "fine", "other code": "fine"}.get(name, "bad")
    return tag("span", name or "–", class_=kind)


def plural(count: int, noun: str) -> str:
    """`1 frame`, `2 frames`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def seconds(value: float) -> str:
    """A span of time: `430 µs`, `12 ms`, `3.2 s`."""
    if value < 0.001:
        return f"{value * 1e6:.0f} µs"
    if value < 1:
        return f"{value * 1000:.3g} ms"
    return f"{value:.3g} s" if value < 1000 else f"{value:,.0f} s"


def person(name: str | None) -> Element:
    """A participant's name, kept from changing the direction of what stands beside it."""
    if name is None:
        return tag("i", "no name")
    return tag("bdi", name if name.strip() else f"“{name}”")


def stream_word(kind: StreamType) -> str:
    """The type of a stream."""
    return "screen" if kind == "screenshare" else "webcam"

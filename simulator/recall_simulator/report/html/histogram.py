"""How long it took from the writing of a frame to the first sight of it, as bars."""

from recall_simulator.record.timelines import Latency
from recall_simulator.report.html.markup import Element, tag
from recall_simulator.report.html.words import plural, seconds

HEIGHT = 64


def draw_latency(latency: Latency) -> Element:
    """Bars from the fastest bucket that has frames to the slowest."""
    told = (
        f"{plural(sum(latency.counts), 'frame')}: half of them within {seconds(latency.p50)}, "
        f"99 of 100 within {seconds(latency.p99)}, the slowest after {seconds(latency.worst)}"
    )
    filled = [index for index, count in enumerate(latency.counts) if count]
    shown = range(max(0, filled[0] - 1), min(len(latency.counts) - 1, filled[-1] + 1) + 1)
    share = 100 / len(shown)
    parts: list[Element] = []
    for place, index in enumerate(shown):
        count = latency.counts[index]
        tall = max(2, round(count / max(latency.counts) * (HEIGHT - 4))) if count else 0
        top, left = 16 + HEIGHT - tall, share * place
        middle = f"{left + share / 2:.2f}%"
        parts.append(
            tag(
                "rect",
                tag("title", f"{plural(count, 'frame')} {_bounds(latency, index)}"),
                x=f"{left + share * 0.08:.2f}%",
                y=top,
                width=f"{share * 0.84:.2f}%",
                height=tall,
                rx=2,
            )
        )
        if count:
            parts.append(_text(str(count), middle, top - 5, class_="count"))
        if index < len(latency.bounds) and place < len(shown) - 1:
            bound = seconds(latency.bounds[index])
            which = "odd" if place % 2 else None
            parts.append(_text(bound, f"{left + share:.2f}%", HEIGHT + 30, class_=which))
    return tag(
        "figure",
        tag("figcaption", tag("b", "From writing to sight: "), told),
        tag("svg", parts, height=HEIGHT + 36, role="img", aria_label=told),
        class_="latency",
    )


def _text(text: str, x: str, y: int, class_: str | None = None) -> Element:
    return tag("text", text, x=x, y=y, text_anchor="middle", class_=class_)


def _bounds(latency: Latency, index: int) -> str:
    if index == len(latency.bounds):
        return f"after more than {seconds(latency.bounds[-1])}"
    return f"within {seconds(latency.bounds[index])}"

"""Charts of a load run, second by second, as SVG that fits any width."""

from collections.abc import Callable, Sequence

import msgspec

from recall_simulator.load.figures import Links
from recall_simulator.report.html.markup import Child, Element, tag

HEIGHT = 150
"""Pixels of a chart, less its axis."""

_ROW = 34
_BAR = 14
_TOP = 16
"""Pixels above the highest value, for its label."""

_STATES = (
    ("up", "up", "var(--stroke-kept)"),
    ("dialling", "dialling", "var(--stroke-doubt)"),
    ("waiting", "retrying", "var(--stroke-lost)"),
    ("blocked", "blocked", "var(--open)"),
)


class Series(msgspec.Struct, frozen=True):
    """One line of a chart.

    Attributes:
        name: in the legend.
        colour: of CSS.
        values: one a second; None where there is none.
        dashed: what it lies on shows through.
    """

    name: str
    colour: str
    values: Sequence[float | None]
    dashed: bool = False


def line_chart(
    title: str, told: str, series: Sequence[Series], show: Callable[[float], str]
) -> Element:
    """Lines over the seconds of the run.

    Args:
        title: of the chart.
        told: the same in words, for whoever does not see it.
        series: all of one length.
        show: a value of the scale as text.
    """
    highest = max((v for line in series for v in line.values if v is not None), default=0.0) or 1.0
    seconds = len(series[0].values)
    grid = [
        part
        for share in (0.0, 0.5, 1.0)
        for part in _grid(_TOP + (1 - share) * HEIGHT, show(share * highest))
    ]
    lines = tag(
        "svg",
        [
            tag(
                "polyline",
                points=points,
                fill="none",
                stroke=line.colour,
                stroke_width=2,
                stroke_dasharray="4 6" if line.dashed else "none",
                stroke_linejoin="round",
                stroke_linecap="round",
                vector_effect="non-scaling-stroke",
            )
            for line in series
            for points in _runs(line.values, highest)
        ],
        y=_TOP,
        width="100%",
        height=HEIGHT,
        viewBox=f"0 0 {max(1, seconds)} 100",
        preserveAspectRatio="none",
        overflow="visible",
    )
    return tag(
        "figure",
        tag("figcaption", tag("b", f"{title}: "), told, _legend(series)),
        tag(
            "svg", grid, lines, _axis(seconds, _TOP + HEIGHT + 15),
            height=_TOP + HEIGHT + 20, role="img", aria_label=f"{title}: {told}",
        ),
        class_="chart",
    )  # fmt: skip


def heat_strip(links: Sequence[Links]) -> Element:
    """How many of the bots were in which state, second by second; the darker, the more."""
    most = max((row.up + row.dialling + row.waiting for row in links), default=0) or 1
    share = 100 / max(1, len(links))
    parts: list[Element] = []
    for row, (field, name, colour) in enumerate(_STATES):
        top = row * _ROW
        parts.append(tag("text", name, y=top + 11))
        parts.append(tag("rect", y=top + 16, width="100%", height=_BAR, fill="var(--plain-ground)"))
        for second, at in enumerate(links):
            count = getattr(at, field)
            if count:
                parts.append(
                    tag(
                        "rect",
                        tag("title", f"second {second}: {count} {name}"),
                        x=f"{second * share:.3f}%",
                        y=top + 16,
                        width=f"{share * 1.01:.3f}%",
                        height=_BAR,
                        fill=colour,
                        fill_opacity=round(0.15 + 0.85 * count / most, 3),
                    )
                )
    told = f"of {most} bots at most, by second"
    return tag(
        "figure",
        tag("figcaption", tag("b", "Links: "), told),
        tag(
            "svg", parts, _axis(len(links), len(_STATES) * _ROW + 13),
            height=len(_STATES) * _ROW + 18, role="img", aria_label=f"Links {told}",
        ),
        class_="chart",
    )  # fmt: skip


def _runs(values: Sequence[float | None], highest: float) -> list[str]:
    """The points of each stretch without a hole."""
    runs: list[list[str]] = [[]]
    for second, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            y = f"{100 - 100 * value / highest:.2f}"
            runs[-1] += [f"{second},{y}", f"{second + 1},{y}"]
    return [" ".join(run) for run in runs if run]


def _grid(y: float, label: str) -> list[Element]:
    line = tag("line", x2="100%", y1=y, y2=y, stroke="var(--line)", stroke_width=1)
    return [line, tag("text", label, y=y - 4)]


def _axis(seconds: int, y: int) -> list[Element]:
    places = ((0, "start", 0), (50, "middle", seconds / 2), (100, "end", seconds))
    return [
        tag("text", f"{at:g} s", x=f"{x}%", y=y, text_anchor=anchor) for x, anchor, at in places
    ]


def _legend(series: Sequence[Series]) -> list[Child]:
    """What each line is, after a piece of it."""
    return [
        part
        for line in series
        for part in (
            tag(
                "svg",
                tag("rect", width=4 if line.dashed else 14, height=4, y=3, rx=2, fill=line.colour),
                tag("rect", width=4, height=4, x=9, y=3, rx=2, fill=line.colour),
                width=14,
                height=10,
                class_="swatch",
                aria_hidden="true",
            ),
            f" {line.name}",
        )
    ]

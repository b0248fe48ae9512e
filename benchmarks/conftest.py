"""Gathers the figures of a benchmark run into `benchmarks/RESULTS.md`.

A benchmark tells its figures through the fixture `figure`. A run with `--benchmark-enable`, and
without `-k`, replaces the sections that it measured and leaves the others as they are.
"""

import json
import os
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pytest

Figure = Callable[..., None]
Rows = list[dict[str, str]]

HERE = Path(__file__).parent
DATA = HERE / "results.json"
PAGE = HERE / "RESULTS.md"
LIBRARIES = ("websockets", "Pillow", "numpy", "msgspec", "pybase64", "kornia-rs")

_gathered: dict[str, Rows] = {}


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Figure:
    """Notes one figure: `figure("Sender", "message", "26 µs", rival="91 ms", ratio="3,500")`.

    It is printed too. `target` is what the figure is to reach, where something was promised.
    """

    def figure(
        section: str, what: str, ours: str, *, rival: str = "", ratio: str = "", target: str = ""
    ) -> None:
        file = Path(str(request.node.path)).relative_to(HERE.parent)
        row = {
            "what": what,
            "ours": ours,
            "rival": rival,
            "ratio": ratio,
            "target": target,
            "command": f"pytest {file} -k {request.node.originalname} --benchmark-enable",
        }
        _gathered.setdefault(section, []).append(row)
        print(f"\n{section}: {what}: {ours}" + (f", {ratio} times {rival}" if ratio else ""))

    return figure


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write what was gathered, if benchmarks were really run."""
    if not _gathered or not session.config.getoption("benchmark_enable", default=False):
        return
    sections: dict[str, dict[str, object]] = (
        json.loads(DATA.read_text(encoding="utf-8")) if DATA.exists() else {}
    )
    if session.config.option.keyword:
        print(f"\n{PAGE.name} is left as it is: only a run without -k measures whole sections")
        return
    for section, rows in _gathered.items():
        sections[section] = {"machine": _machine(), "rows": rows}
    DATA.write_text(json.dumps(sections, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(_page(sections), encoding="utf-8")


def _machine() -> str:
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    for line in lines:
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    day = datetime.now(UTC).date()
    return (
        f"{day}, {os.cpu_count()} cores of {model}, {platform.system()}, "
        f"Python {platform.python_version()}, {libraries}"
    )


def _page(sections: dict[str, dict[str, object]]) -> str:
    lines = [
        "# Results of the benchmarks",
        "",
        "`make bench` makes this page. Only ratios travel from machine to machine; both sides of a",
        "ratio were measured in one run, in turn. The commands are run in the project's folder.",
    ]
    for section in sorted(sections):
        rows = sections[section]["rows"]
        assert isinstance(rows, list)
        lines += ["", f"## {section}", "", str(sections[section]["machine"]), ""]
        lines += ["| what | ours | rival | ratio | target | command |", "|---|---|---|---|---|---|"]
        lines += [
            "| "
            + " | ".join(row[key] for key in ("what", "ours", "rival", "ratio", "target"))
            + f" | `{row['command']}` |"
            for row in rows
        ]
    return "\n".join(lines) + "\n"

"""The figures of `docs/scale.md`: what was measured on this machine, and what follows from it.

`python -m benchmarks.scale`, in the folder of the checkout, prints every table of that page.
"""

import resource
import statistics
import subprocess
import sys
from pathlib import Path

from benchmarks import storm
from benchmarks.test_load import SCENES, ours

SHARE = 0.7
"""Of a core: it does not do more, so that lag stays low."""

FPS = 2
STREAMS = 5
"""Of a bot."""

PORTS = 60_999 - 32_768 + 1
"""Of one source address, as Linux has it unless told otherwise (ip_local_port_range)."""

TIME_WAIT = 60
MACHINES = 100
CORES = 8
LINKS = 3000
GIGABITS = (1, 10, 25)


def significant(value: float) -> str:
    """With two digits that count."""
    digits = 2 - len(f"{value:.0f}") if value >= 10 else 2
    return f"{round(value, digits):,.0f}" if value >= 10 else f"{value:.1g}"


def table(*rows: tuple[str, ...]) -> None:
    """As Markdown; the first row is the head."""
    head, *rest = rows
    for row in (head, ("---",) * len(head), *rest):
        print("| " + " | ".join(row) + " |")
    print(flush=True)


def resident(links: int) -> float:
    """MB that a process has with so many links open and idle; a process of its own."""
    code = (
        "from benchmarks.test_load import idle\n"
        "if __name__ == '__main__':\n"
        f"    print(idle({links})[0])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True,
    )  # fmt: skip
    return float(done.stdout) / 1e6


def main() -> None:
    """Measure, and print."""
    sizes: dict[str, float] = {}
    costs: dict[str, float] = {}
    for scene, (speed, *_) in SCENES.items():
        taken = [ours(scene, speed) for _ in range(3)]
        costs[scene] = 1 / statistics.median(rate for rate, _ in taken)
        sizes[scene] = taken[0][1]
    scenes = ("black", "webcam")
    rates = {scene: SHARE / costs[scene] for scene in scenes}
    bots = {scene: rates[scene] / FPS / STREAMS for scene in scenes}

    def row(what: str, values: dict[str, float]) -> tuple[str, ...]:
        return (what, *(significant(values[scene]) for scene in scenes))

    print("## One core\n")
    table(
        ("", *(f"{sizes[scene] / 1000:.0f} KB (`{scene}`)" for scene in scenes)),
        ("time of a frame", *(f"{costs[scene] * 1e6:.0f} µs" for scene in scenes)),
        row(f"frames a second at {SHARE:.0%} of a core", rates),
        row(f"streams, {FPS} frames a second each", {s: rates[s] / FPS for s in scenes}),
        row(f"bots of {STREAMS} streams", bots),
        ("bytes a second", *(f"{rates[s] * sizes[s] / 1e9:.1f} GB" for s in scenes)),
    )
    few, many = resident(1), resident(LINKS)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    print(
        f"Memory: {few:.0f} MB before the first link, {many:.0f} MB with {LINKS:,} open and idle: "
        f"{(many - few) / LINKS * 1000:.0f} KB a link\nFile descriptors: {hard:,} allowed here\n"
    )

    print("## One machine\n")
    large = sizes["webcam"]
    table(
        ("link", f"{large / 1000:.0f} KB frames a second", "webcam streams",
         f"bots of {STREAMS} streams"),
        *(
            (f"{each} Gbit/s = {each / 8:.3g} GB/s", *map(significant, (rate, rate / 2, rate / 10)))
            for each in GIGABITS
            for rate in (each / 8 * 1e9 / large,)
        ),
    )  # fmt: skip
    print(f"Ports: {PORTS:,}; {PORTS / TIME_WAIT:.0f} new connections a second\n")

    print("## A hundred workers\n")
    network = {s: 1.25e9 / (sizes[s] * FPS * STREAMS) * MACHINES for s in scenes}
    cores = {s: bots[s] * MACHINES * CORES for s in scenes}
    least = {s: min(cores[s], network[s], PORTS * MACHINES) for s in scenes}
    table(
        ("", *(f"{sizes[scene] / 1000:.0f} KB" for scene in scenes)),
        row(f"bots of {STREAMS} streams, by the cores", cores),
        row("by 10 Gbit/s a machine", network),
        (f"by {PORTS:,} ports a machine, to one target", *[f"{PORTS * MACHINES:,}"] * len(scenes)),
        ("bytes a second, of the smallest of these",
         *(f"{least[s] * sizes[s] * FPS * STREAMS / 1e9:.0f} GB" for s in scenes)),
        row("file descriptors of a process", {s: least[s] / MACHINES / CORES for s in scenes}),
    )  # fmt: skip
    print("## 10,000 bots that lost their link in one instant\n")
    storm.print_table(10_000)


if __name__ == "__main__":
    main()

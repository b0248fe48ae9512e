"""Makes pictures that the docs show: `make pictures`. Two of them want Chromium.

Puts a frame of each scene on one sheet. Plays the scenario `tour` on a virtual clock into a
function, and draws what the terminal shows at one moment of it, and at the end. Checks a receiver
that is known to write over its files after a reconnect, and takes a picture of the report. Plays
the tour into the reference receiver, and takes one of its page.
"""

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import sync_playwright
from rich.console import Console

from recall_simulator.engine import Conduct, InProcessDialer, VirtualClock, play
from recall_simulator.frames import SCENES, FrameLibrary
from recall_simulator.frames.lettering import Pen
from recall_simulator.meeting import make_plans
from recall_simulator.record.events import EngineEvent, FrameSent, RetryScheduled, RunStarted
from recall_simulator.record.streams import Shot
from recall_simulator.report import Tally
from recall_simulator.report.console import LiveConsole, print_head
from recall_simulator.sources.fonts import shipped_fonts
from recall_simulator.sources.scenarios import bundled

IMAGES = Path(__file__).parent / "images"
RUN_ID, SEED = "0badcafe", 9
START = datetime(2026, 9, 20, 5, 47, 0, tzinfo=UTC)
FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"


SHEET = [
    ("Aisha Khan", 100, "webcam", (480, 360), 5),
    ("Mateus Oliveira", 200, "webcam", (480, 360), 6),
    ("Amara Osei", 300, "webcam", (480, 360), 8),
    ("Zoë Ångström", 400, "flat", (480, 360), 9),
    ("田中 美咲", 500, "portrait", (360, 640), 3),
    ("محمد القاسي", 600, "black", (480, 360), 12),
    ("Marina Popova", 700, "slide", (1280, 720), 0),
    ("Marina Popova", 700, "document", (1280, 720), 4),
    ("Marina Popova", 700, "code", (1280, 720), 6),
    ("Marina Popova", 700, "photo", (1280, 720), 0),
    ("Marina Popova", 700, "photo", (1280, 720), 16),
    ("Aisha Khan", 100, "video", (1280, 720), 3),
]
"""Name, participant id, scene, size and number of each frame on the contact sheet."""


def contact_sheet() -> None:
    """Put a frame of each scene on one sheet, with its size and its weight."""
    fonts = shipped_fonts()
    library = FrameLibrary(run_id=RUN_ID, seed=7, fonts=fonts)
    pen = Pen(fonts)
    sheet = Image.new("RGB", (850, 848), (246, 246, 250))
    draw = ImageDraw.Draw(sheet)
    top = 10
    for row, tall in enumerate((203, 203, 152, 152)):
        for column, (name, participant, scene, size, number) in enumerate(
            SHEET[3 * row : 3 * row + 3]
        ):
            shot = Shot(participant, name, SCENES[scene].type, scene, *size, number, number / 2)
            encoded = library.encode(shot)
            left = 10 + 280 * column
            with Image.open(io.BytesIO(encoded.png())) as picture:
                small = picture.convert("RGB")
            small.thumbnail((270, tall), Image.Resampling.LANCZOS)
            sheet.paste(small, (left + (270 - small.width) // 2, top))
            line = f"{scene}  {size[0]}x{size[1]}  {encoded.length / 1000:,.0f} kB"
            pen.write(draw, (left, top + tall + 16), line, 13, (60, 60, 70))
        top += tall + 32
    sheet.save(IMAGES / "contact-sheet.png", optimize=True)


def events() -> list[EngineEvent]:
    """All that the engine says while it plays the tour."""
    (plan,) = make_plans(
        "tour", bundled()["tour"].scenario, seed=SEED, run_id=RUN_ID, start_time=START
    )
    library = FrameLibrary(run_id=RUN_ID, seed=SEED, fonts=shipped_fonts())
    told: list[EngineEvent] = [
        RunStarted(
            run_id=RUN_ID,
            seed=SEED,
            start_time=START.isoformat(),
            url="ws://127.0.0.1:8765/",
            scenarios=["tour"],
            speed="1",
        )
    ]

    async def main(clock: VirtualClock) -> None:
        await play(
            [plan],
            dialer=lambda plan: InProcessDialer(lambda attempt, message: None),
            clock=lambda: clock,
            library=library,
            handlers=[told.append],
            conduct=Conduct(),
        )

    VirtualClock.run(main)
    return told


def terminal() -> None:
    """Draw both pictures of the terminal into one."""
    console = Console(record=True, width=88, height=40, force_terminal=True, file=io.StringIO())
    console.print("$ recallsim run tour --url ws://127.0.0.1:8765/", style="bold", highlight=False)
    tally = Tally()
    happened = events()
    begun = happened[0]
    assert isinstance(begun, RunStarted)
    print_head(console, begun)
    live = LiveConsole(console, tally)
    retried = False
    for event in happened:
        tally(event)
        live(event)
        retried = retried or isinstance(event, RetryScheduled)
        if retried and isinstance(event, FrameSent):
            break
    console.print(live.view())
    svg = console.export_svg(title="recallsim", unique_id="recallsim")
    # The picture that rich makes fetches a font from another host; ours fetches nothing.
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL).replace("Fira Code", FONT)
    (IMAGES / "terminal.svg").write_text(svg, encoding="utf-8")


def report() -> None:
    """Check a receiver with a bug, and draw the upper part of the report, and one case."""
    planted = Path(__file__).parents[1] / "tests" / "quality" / "planted" / "receiver"
    url = "ws://127.0.0.1:8765/"
    options = ["--smoke", "--url", url, "--observe", "files:out/**/*.png", "--seed", str(SEED)]
    start = "python -m my_receiver overwrites-on-reconnect --port 8765 --save out"
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        shutil.copytree(planted, Path(folder) / "my_receiver")
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        subprocess.run(
            ["recallsim", "check", *options, "--exec", start, "--report", "html=r.html", "-q"],
            cwd=folder,
            env={**os.environ, "PATH": path},
            check=False,
        )
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1180, "height": 1060}, color_scheme="light")
        page.goto((Path(folder) / "r.html").as_uri())
        page.screenshot(path=IMAGES / "report.png")
        page.locator("#case-quick-cut").screenshot(path=IMAGES / "report-case.png")
        browser.close()


def live_page() -> None:
    """Play the tour into the reference receiver, and draw its page soon after the reconnect."""
    receive = ["recallsim", "receive", "--port", "8765"]
    play_tour = ["recallsim", "run", "tour", "--url", "ws://127.0.0.1:8765/", "--seed", str(SEED)]
    with (
        sync_playwright() as playwright,
        subprocess.Popen(receive, stdout=subprocess.PIPE) as receiver,
    ):
        assert receiver.stdout is not None
        receiver.stdout.readline()  # it listens
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1360, "height": 890}, color_scheme="light")
        page.goto("http://127.0.0.1:8765/")
        with subprocess.Popen(play_tour, stdout=subprocess.DEVNULL) as sender:
            page.get_by_text("Back after").first.wait_for(timeout=60_000)
            page.wait_for_timeout(1_000)
            page.screenshot(path=IMAGES / "live-page.png")
            sender.terminate()
        browser.close()
        receiver.terminate()


def main() -> None:
    """Draw all of them."""
    contact_sheet()
    terminal()
    report()
    live_page()


if __name__ == "__main__":
    main()

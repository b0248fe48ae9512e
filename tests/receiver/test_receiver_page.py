"""The page in a real browser: headless Chromium, driven by Playwright."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright, expect
from websockets.asyncio.client import ClientConnection, connect

import recall_receiver
from recall_receiver import Receiver

Build = Callable[..., dict[str, Any]]
Play = Callable[["Scene"], Awaitable[None]]

expect.set_options(timeout=20_000)  # milliseconds, on a machine that is busy

STATIC = Path(recall_receiver.__file__).parent / "live" / "static"


class ByHand:
    """A clock that stands still until it is told how much time passes."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._sleeping: list[tuple[float, asyncio.Event]] = []

    def unix(self) -> float:
        return self.now + 1_700_000_000

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        waiting = (self.now + seconds, asyncio.Event())
        self._sleeping.append(waiting)
        try:
            await waiting[1].wait()
        finally:
            self._sleeping.remove(waiting)

    async def advance(self, seconds: float, *, asleep: Callable[[], int]) -> None:
        """Let time pass as soon as that many wait for it: what they do takes none."""
        while sum(not woken.is_set() for _, woken in self._sleeping) < asleep():
            await turn()
        self.now += seconds
        for due, woken in self._sleeping:
            if due <= self.now:
                woken.set()


async def turn() -> None:
    """Let everybody else have their turn."""
    await asyncio.get_running_loop().run_in_executor(None, lambda: None)


class Scene:
    """A receiver, a browser that looks at it, and frames that arrive when told."""

    def __init__(self, receiver: Receiver, clock: ByHand, page: Page, frame: Build) -> None:
        self.receiver = receiver
        self.clock = clock
        self.page = page
        self._frame = frame

    async def connect(self) -> ClientConnection:
        return await connect(self.receiver.url, compression=None)

    async def frames(self, link: ClientConnection, *whats: dict[str, Any]) -> None:
        """Frames of now, parsed when this returns; half a second passes."""
        for what in whats:
            name = what.pop("name", "Ada Lovelace")
            message = self._frame(relative=self.clock.now, **what)
            message["data"]["data"]["participant"]["name"] = name
            await link.send(json.dumps(message).encode(), text=True)
        await (await link.ping())
        await self.passes(0.5)

    async def passes(self, seconds: float) -> None:
        """Time passes, and every browser is sent what there is then."""
        viewers = self.receiver.site._viewers
        await self.clock.advance(seconds, asleep=lambda: len(viewers))

    def tile(self, participant_name: str, of: str = "#webcams") -> Any:
        return self.page.locator(f"{of} .tile", has=self.page.get_by_text(participant_name))


@pytest.fixture
def on_stage(frame: Build, require_program: Callable[[str, str], str]) -> Callable[..., None]:
    """Runs a play before a browser, and fails on whatever the browser complains of."""
    chromium = require_program("chromium", "the Debian package chromium")

    @asynccontextmanager
    async def stage(settings: dict[str, Any]) -> AsyncIterator[Scene]:
        clock = ByHand()
        complaints: list[str] = []
        async with async_playwright() as playwright, Receiver(clock=clock) as receiver:
            browser = await playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox"]
            )
            page = await browser.new_page(**settings)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("console", lambda message: complaints.append(message.text))
            await page.goto(receiver.url.replace("ws://", "http://"))
            yield Scene(receiver, clock, page, frame)
            await browser.close()
        assert complaints == []

    def run(play: Play, **settings: Any) -> None:
        async def main() -> None:
            async with stage(settings) as scene:
                await play(scene)

        asyncio.run(main())

    return run


pytestmark = pytest.mark.slow


def test_tiles_appear_with_picture_name_size_and_rate(on_stage: Callable[..., None]) -> None:
    async def play(scene: Scene) -> None:
        page = scene.page
        await expect(page.get_by_role("status")).to_have_text("Waiting for a sender")
        await expect(page.get_by_role("heading", name="Nothing has arrived yet")).to_be_visible()
        await expect(page.locator("#command")).to_contain_text(scene.receiver.url)
        async with await scene.connect() as link:
            for _ in range(4):
                await scene.frames(link, {}, {"participant": 200, "name": None})
            await expect(page.get_by_role("status")).to_have_text("Connected")
            await expect(page.locator(".tile")).to_have_count(2)
            await expect(page.locator("#empty")).to_be_hidden()
            ada = scene.tile("Ada Lovelace")
            await expect(ada.get_by_role("heading")).to_have_text("Ada Lovelace")
            await expect(ada.locator(".sent")).to_have_text("48×362.0 fps")
            await expect(ada.locator(".got")).to_have_text("lag 0 ms0 gaps")
            picture = ada.get_by_role("img", name="Camera of Ada Lovelace")
            await expect(picture).to_have_js_property("naturalWidth", 48)
            await expect(scene.tile("Participant 200").locator("h3.nameless")).to_be_visible()
            await expect(page.locator("#totals")).to_contain_text("frames8")

    on_stage(play)


def test_a_screen_comes_and_goes_at_its_size(on_stage: Callable[..., None]) -> None:
    async def play(scene: Scene) -> None:
        screen = {"kind": "screenshare", "width": 128, "height": 72}
        async with await scene.connect() as link:
            await scene.frames(link, {})
            await expect(scene.tile("Ada")).to_have_count(1)
            await expect(scene.page.get_by_role("region", name="Shared screens")).to_be_hidden()
            await scene.frames(link, {}, dict(screen))
            shared = scene.tile("Ada", "#screens")
            await expect(shared.locator(".sent")).to_contain_text("128×72")
            picture = shared.get_by_role("img", name="Screen shared by Ada Lovelace")
            await expect(picture).to_have_js_property("naturalWidth", 128)
            for _ in range(5):
                await scene.frames(link, {})
            await expect(shared).to_have_attribute("data-state", "quiet")
            await expect(shared.locator(".state")).to_have_text(re.compile("no frame for 3 s"))
            for _ in range(3):
                await scene.frames(link, {})
            await expect(shared).to_have_count(0)
            await expect(scene.tile("Ada")).to_have_attribute("data-state", "live")

    on_stage(play)


def test_a_cut_and_the_return_are_shown(on_stage: Callable[..., None]) -> None:
    async def play(scene: Scene) -> None:
        page = scene.page
        link = await scene.connect()
        await scene.frames(link, {})
        await expect(scene.tile("Ada")).to_have_attribute("data-state", "live")
        link.transport.abort()
        await link.wait_closed()
        while scene.receiver.reception.links:
            await turn()
        await scene.passes(0.5)
        await expect(page.get_by_role("status")).to_have_text(re.compile("^Cut off"))
        await expect(scene.tile("Ada").locator(".state")).to_have_text("connection lost")
        await scene.passes(2.5)
        async with await scene.connect() as again:
            await scene.frames(again, {})
            await expect(page.get_by_role("status")).to_have_text("Back after 3.0 s")
            await expect(scene.tile("Ada").locator(".got")).to_contain_text("1 gapleg 2")
            strip = page.get_by_role("list", name="Connections").get_by_role("listitem")
            await expect(strip.locator("strong")).to_have_text(
                [
                    *("Back after 3.0 s", "Connected", "Cut off"),
                    *("First frame of a recording", "Connected"),
                ]
            )
        while scene.receiver.reception.links:
            await turn()
        await scene.passes(0.5)
        await expect(page.get_by_role("status")).to_have_text(
            "The sender has closed the connection"
        )
        await expect(scene.tile("Ada").locator(".state")).to_have_text("ended")

    on_stage(play)


def test_a_switch_of_dimensions_has_a_badge(on_stage: Callable[..., None]) -> None:
    async def play(scene: Scene) -> None:
        async with await scene.connect() as link:
            await scene.frames(link, {"width": 480, "height": 360})
            badge = scene.tile("Ada").locator(".switched")
            await expect(badge).to_be_hidden()
            await scene.frames(
                link, {"width": 360, "height": 480}, {"participant": 200, "name": "Bo"}
            )
            await scene.frames(
                link, {"width": 360, "height": 480}, {"participant": 300, "name": "Cy"}
            )
            await expect(badge).to_have_text("480×360 → 360×480")
            tall = await scene.page.locator(".picture").nth(0).bounding_box()
            wide = await scene.page.locator(".picture").nth(1).bounding_box()
            assert tall is not None
            assert wide is not None
            assert tall["height"] == pytest.approx(wide["height"], abs=0.5)
            for _ in range(20):
                await scene.frames(link, {"width": 360, "height": 480})
            await expect(badge).to_be_hidden()

    on_stage(play)


def test_names_from_the_wire_are_text_and_nothing_else(on_stage: Callable[..., None]) -> None:
    name = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"

    async def play(scene: Scene) -> None:
        async with await scene.connect() as link:
            await scene.frames(link, {"name": name})
            await expect(scene.page.locator(".tile h3")).to_have_text(name)
            await expect(scene.page.locator(".tile img")).to_have_count(1)
            await expect(scene.page).to_have_title("Live meeting")

    on_stage(play)


def test_a_picture_that_does_not_decode_is_said_so(
    on_stage: Callable[..., None], raw_png: Callable[..., bytes]
) -> None:
    async def play(scene: Scene) -> None:
        async with await scene.connect() as link:
            await scene.frames(link, {"picture": raw_png(48, 36, b"\0")})
            await expect(scene.page.locator(".broken")).to_be_visible()
            await scene.frames(link, {})
            await expect(scene.page.locator(".broken")).to_be_hidden()

    on_stage(play)


@pytest.mark.parametrize("width", [320, 1360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_32_tiles_fit_every_width_in_light_and_dark(
    on_stage: Callable[..., None], width: int, scheme: str
) -> None:
    async def play(scene: Scene) -> None:
        page = scene.page
        async with await scene.connect() as link:
            people = [{"participant": n, "name": f"Somebody {n} " * 4} for n in range(31)]
            screen = {"participant": 5, "kind": "screenshare", "width": 128, "height": 72}
            await scene.frames(link, *people, screen)
            await expect(page.locator(".tile")).to_have_count(32)
            await expect(page.locator(".tile img[src]")).to_have_count(32)
            assert await page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
            ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")
            light = sum(int(part) for part in re.findall(r"\d+", ground)) > 3 * 128
            assert light == (scheme == "light")

    on_stage(play, viewport={"width": width, "height": 800}, color_scheme=scheme)


def test_the_keyboard_reaches_everything_and_can_pause(on_stage: Callable[..., None]) -> None:
    async def play(scene: Scene) -> None:
        page = scene.page
        async with await scene.connect() as link:
            await scene.frames(link, {})
            await expect(page.locator(".tile")).to_have_count(1)
            await page.keyboard.press("Tab")
            await expect(page.get_by_role("link", name="Skip to the streams")).to_be_focused()
            await page.keyboard.press("Tab")
            pause = page.get_by_role("button", name="Pause")
            await expect(pause).to_be_focused()
            await page.keyboard.press("Enter")
            await expect(pause).to_have_attribute("aria-pressed", "true")
            await expect(page.get_by_role("status")).to_have_text("Paused")
            await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
            assert await page.evaluate("socket") is None
            while scene.receiver.site._viewers:
                await turn()
            await page.keyboard.press("Enter")
            await expect(page.get_by_role("status")).to_have_text("Connected")
            await page.keyboard.press("Tab")
            await expect(page.get_by_role("list", name="Connections")).to_be_focused()

    on_stage(play)


def test_a_receiver_that_stops_is_said_so(on_stage: Callable[..., None]) -> None:
    async def play(scene: Scene) -> None:
        status = scene.page.get_by_role("status")
        await expect(status).to_have_text("Waiting for a sender")
        await scene.receiver.stop()
        await expect(status).to_have_text("The receiver does not answer")

    on_stage(play)


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_every_text_stands_out_from_its_ground() -> None:
    light, dark = (
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))
        for block in re.findall(r":root \{(.*?)\}", (STATIC / "page.css").read_text(), re.DOTALL)
    )
    pairs = [
        (text, ground) for text in ("ink", "muted", "warn") for ground in ("ground", "surface")
    ]
    pairs += [(kind, f"{kind}-ground") for kind in ("good", "warn", "bad")]
    pairs += [("ink", "plain-ground"), ("good", "surface"), ("bad", "surface")]
    for theme in (light, dark):
        for text, ground in pairs:
            one, other = sorted((luminance(theme[text]), luminance(theme[ground])))
            assert (other + 0.05) / (one + 0.05) >= 4.5, (text, ground)

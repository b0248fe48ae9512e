"""`http:URL`: the receiver's own report, its latest picture, or what it says in JSON."""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from functools import partial
from http.client import HTTPException
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from recall_simulator.observe.aside import aside
from recall_simulator.observe.contents import look, sighted
from recall_simulator.observe.observer import Now, Tell, passed
from recall_simulator.observe.rows import RowError, read_rows
from recall_simulator.observe.trust import trusting
from recall_simulator.record.errors import UsageError
from recall_simulator.record.observations import Claim, ObserverTrouble
from recall_simulator.record.streams import StreamKey

REPORT_SCHEMA: Final = "recallsim.receiver-report/1"
PICTURE_INTERVAL: Final = 0.2
"""Real seconds between two looks at a picture."""
REPORT_INTERVAL: Final = 1.0
"""Real seconds between two looks at anything else."""
TIMEOUT: Final = 5.0
"""Real seconds without a byte after which an answer is given up."""
WHOLE: Final = 6.0
"""Real seconds that all of an answer may take."""
LARGEST: Final = 64 * 2**20
"""Bytes of an answer; the rest is not read."""
_FAILURES: Final = 3

Answer = tuple[Literal["picture", "text", "nothing"], bytes, str]


class HttpObserver:
    """Asks an address again and again.

    Args:
        name: as the user wrote it.
        url: of a picture that changes, of the reference receiver's `/report.json`, or of JSON rows.
        now: real seconds since the run began.
        tell: takes Sighting, Claim and ObserverTrouble.

    Raises:
        UsageError: it is no HTTP address.
    """

    def __init__(self, name: str, url: str, *, now: Now, tell: Tell) -> None:
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise UsageError(
                f"--observe {name}: {url!r} is no HTTP address; one is written "
                "http:http://127.0.0.1:8080/report.json"
            )
        self.name = name
        self._url = url
        self._now = now
        self._tell = tell
        self._stopping = asyncio.Event()
        self._watch: asyncio.Task[None] | None = None
        self._asked: asyncio.Task[Answer] | None = None
        self._latest = b""
        self._changed = asyncio.Event()
        self._counts: dict[StreamKey, int] = {}
        self._rows = 0
        self._unread = ""
        self._pictures = 0
        self._is_sampled = False
        self._problem = "it was not asked"

    async def start(self) -> None:
        """Begin to ask."""
        self._watch = asyncio.create_task(self._watching())

    async def settle(self) -> None:
        """Return when the answer has stayed the same for a little over a second."""
        while await passed(self._changed, 1.25 * REPORT_INTERVAL):
            self._changed.clear()

    async def stop(self, *, look: bool = True) -> None:
        """Ask a last time, a few times over if nobody answers, and say what was not seen."""
        self._stopping.set()
        if self._watch is not None:
            if not look:
                self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=not look)
        if look:
            await self._look_last()
        if self._asked is not None:
            self._asked.cancel()
            await asyncio.wait([self._asked])

    async def _look_last(self) -> None:
        for _ in range(_FAILURES):
            if await self._ask(last=True):
                break
            await passed(asyncio.Event(), PICTURE_INTERVAL)
        if not self._pictures and not self._counts and not self._rows:
            self._trouble(f"it showed nothing: {self._problem}", "blind")
        elif self._problem:
            self._trouble(f"it could not be asked at the end: {self._problem}", "partial")
        elif self._unread:
            self._trouble(self._unread, "partial")
        elif self._is_sampled:
            seen = "1 was" if self._pictures == 1 else f"{self._pictures} were"
            self._trouble(
                f"it shows its latest picture alone, and {seen} seen: what changed between two "
                "looks was not",
                "partial",
            )

    async def _watching(self) -> None:
        while not self._stopping.is_set():
            await self._ask(last=False)
            await passed(self._stopping, PICTURE_INTERVAL if self._is_sampled else REPORT_INTERVAL)

    async def _ask(self, *, last: bool) -> bool:
        """Ask once; whether there was an answer that says something."""
        try:
            async with asyncio.timeout(WHOLE):
                kind, body, self._problem = await self._answer()
        except TimeoutError:
            kind, body = "nothing", b""
            self._problem = f"its answer has no end after {WHOLE:g} s: is it a stream?"
        if kind == "nothing":
            return False
        if body != self._latest:
            self._changed.set()
        if kind == "picture":
            await self._take_picture(body)
        else:
            self._take_text(body, last=last)
        self._latest = body
        return not self._problem

    async def _answer(self) -> Answer:
        """What is answered from now on, once nothing that was asked before is under way any more.

        Asking beside what has no end would leave one more thread behind each time.
        """
        if self._asked is not None:
            await asyncio.wait([self._asked])
        self._asked = asyncio.create_task(aside(partial(_fetch, self._url)))
        return await asyncio.shield(self._asked)

    async def _take_picture(self, body: bytes) -> None:
        self._is_sampled = True
        if body == self._latest:
            return
        at = self._now()
        contents = await asyncio.to_thread(look, body)
        if contents.state != "whole":
            self._problem = f"what it answered can't be read: {contents.problem}"
        for shown in contents.shown:
            self._pictures += 1
            where = f"{self._url}, picture {self._pictures}"
            self._tell(sighted(shown, observer=self.name, where=where, at=at))

    def _take_text(self, body: bytes, *, last: bool) -> None:
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            answer = None
        try:
            if isinstance(answer, dict) and answer.get("schema") == REPORT_SCHEMA:
                self._take_report(answer)
            else:
                self._take_rows(body.decode(errors="replace"), last=last)
        except RowError as error:
            self._problem = f"the answer is neither a picture nor a report: {error}"

    def _take_report(self, report: Mapping[str, Any]) -> None:
        try:
            for stream in report["streams"]:
                key = StreamKey(stream["recording"], int(stream["participant"]), stream["type"])
                self._claim(
                    Claim(
                        observer=self.name, at=self._now(), stream=key, frames=int(stream["frames"])
                    )
                )
        except (KeyError, TypeError, ValueError) as error:
            raise RowError(f"{REPORT_SCHEMA} without {error}") from None

    def _take_rows(self, text: str, *, last: bool) -> None:
        """Take counts at any time, and frames at the end, when the list is whole."""
        rows = read_rows(text, observer=self.name, at=self._now(), of=f"{self._url}, ")
        if rows.unread and not rows.seen:
            raise RowError(rows.unread)
        self._unread = rows.unread
        for seen in rows.seen:
            if isinstance(seen, Claim):
                self._claim(seen)
            elif last:
                self._rows += 1
                self._tell(seen)

    def _claim(self, claim: Claim) -> None:
        if self._counts.get(claim.stream) != claim.frames:
            self._counts[claim.stream] = claim.frames
            self._tell(claim)

    def _trouble(self, trouble: str, severity: Literal["blind", "partial"]) -> None:
        self._tell(
            ObserverTrouble(observer=self.name, at=self._now(), trouble=trouble, severity=severity)
        )


def _fetch(url: str) -> Answer:
    """Ask once. No proxy takes part."""
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trusting())
    )
    try:
        with opener.open(url, timeout=TIMEOUT) as answer:
            kind = answer.headers.get_content_type()
            if kind.startswith("multipart/"):
                return "nothing", b"", "it is a stream of pictures: give the address of one"
            body: bytes = answer.read(LARGEST)
    except urllib.error.HTTPError as error:
        error.close()
        return "nothing", b"", f"it answered {error.code} {error.reason}"
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        return "nothing", b"", str(getattr(reason, "strerror", None) or reason)
    if not body:
        return "nothing", b"", "it answered nothing"
    return ("picture" if kind.startswith("image/") or _is_picture(body) else "text"), body, ""


def _is_picture(body: bytes) -> bool:
    return body.startswith((b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"GIF8", b"BM"))

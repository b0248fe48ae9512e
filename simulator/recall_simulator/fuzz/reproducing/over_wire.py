"""Sends the message beside this file to a websocket receiver, and says what becomes of it.

    python reproduce.py [URL]

Needs Python 3.10 or newer and `pip install websockets`. Without URL, and where nobody answers at
the one of the finding, the receiver is started if finding.json has its command. Exit codes: 0 the
receiver took it, 1 it went wrong, 3 nobody answers, or this script can't see what went wrong.
"""

import asyncio
import json
import re
import shlex
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

HERE = Path(__file__).parent
FINDING = json.loads((HERE / "finding.json").read_text(encoding="utf-8"))
GRACE = 0.5  # seconds for a handler that stumbles after its library has answered a ping
START_SECONDS = 20.0
OK, WRONG, UNCLEAR = 0, 1, 3
FRAME = FINDING["file"] if FINDING["error"] == "this frame" else "next.json"


def dial(url: str) -> connect:
    """A link as the sender opens it: without compression."""
    return connect(url, compression=None, max_size=None, ping_interval=None, proxy=None)


async def send(link: ClientConnection) -> None:
    """Send the message the way it was sent when it was found."""
    data = (HERE / FINDING["file"]).read_bytes()
    if FINDING["sent_as"] == "text":
        await link.send(data.decode())
    elif FINDING["sent_as"] == "binary":
        await link.send(data)
    else:  # whole websocket frames, as they are
        link.transport.write(data)


async def pong(link: ClientConnection) -> None:
    """Return when a ping is answered, and nothing has happened for a moment after it."""
    waiter = await link.ping()
    await asyncio.wait_for(waiter, FINDING["timeout"])
    try:
        await asyncio.wait_for(link.wait_closed(), GRACE)
    except TimeoutError:
        return
    raise link.protocol.close_exc


async def next_frame(url: str) -> str:
    """What becomes of a valid frame on a new link; empty where all is well."""
    try:
        async with dial(url) as link:
            await link.send((HERE / "next.json").read_text(encoding="utf-8"))
            await pong(link)
    except TimeoutError:
        return "it hangs: a valid frame on the next link is not answered"
    except ConnectionClosed as error:
        return f"it drops the next link at a valid frame: {error}"
    except (OSError, WebSocketException) as error:
        return f"it is gone: the next dial fails ({error})"
    return ""


async def look(url: str, between: Callable[[], None] = lambda: None) -> tuple[int, str]:
    """The exit code, and what happened; `between` is called before the next link is dialled."""
    try:
        link = await dial(url)
    except (OSError, WebSocketException) as error:
        return UNCLEAR, f"nobody answers at {url}: {error}"
    may_close = FINDING["expect"] == "may refuse"
    try:
        await send(link)
        if not (may_close and FINDING["sent_as"] == "frames"):
            await link.send((HERE / "next.json").read_text(encoding="utf-8"))
        await pong(link)
    except TimeoutError:
        if not may_close:
            link.transport.abort()
            return WRONG, f"it hangs: no pong within {FINDING['timeout']:g} s"
    except ConnectionClosed as error:
        after = await next_frame(url)
        if after or not may_close:
            return WRONG, "; ".join(filter(None, (f"it drops the link: {error}", after)))
    finally:
        link.transport.abort()
    between()
    after = await next_frame(url)
    if after:
        return WRONG, after
    if FINDING["outcome"] in ("lost", "grew"):
        return UNCLEAR, (
            f"the link stands; look for yourself whether the frame of {FRAME} got through, "
            "and what memory the receiver takes"
        )
    return OK, "the receiver took it, and the next valid frame"


def listens(url: str) -> bool:
    """Whether somebody does."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "wss" else 80)
    try:
        socket.create_connection((parts.hostname, port), timeout=1).close()
    except OSError:
        return False
    return True


def height(process: "subprocess.Popen[bytes]") -> int:
    """Bytes that a process took at its height; 0 where the system does not keep it."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"VmHWM:\s+(\d+)", status)
    return int(found[1]) * 1024 if found else 0


def witnessed(process: "subprocess.Popen[bytes]", said: Path) -> tuple[int, str]:
    """Look, and see memory and what the receiver says too."""
    url = FINDING["target"]
    lines = next((each[7:] for each in FINDING["observe"] if each.startswith("stdout:")), "")

    def frames() -> int:
        return len(re.findall(lines, said.read_text("utf-8", "replace"))) if lines else 0

    asyncio.run(next_frame(url))
    seen, took = frames(), height(process)
    later: list[int] = []
    code, words = asyncio.run(look(url, lambda: later.append(frames())))
    if code != UNCLEAR:
        return code, words
    if FINDING["outcome"] == "grew" and took:
        grown = height(process) - took
        words = f"it took {grown / 2**20:,.0f} MB more at its height"
        return (WRONG if grown > FINDING["memory"] else OK), words
    if FINDING["outcome"] == "lost" and seen:
        frame = FINDING["error"] or "the next valid frame"
        if later[-1] - seen > (FINDING["error"] == "this frame"):
            return OK, f"{frame} got through"
        return WRONG, f"the link stands, and {frame} is not said on standard output"
    return code, words


def started() -> tuple[int, str]:
    """Start the receiver, look, and end it."""
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder, "stdout")
        with said.open("wb") as file:
            process = subprocess.Popen(shlex.split(FINDING["command"]), stdout=file)
        try:
            deadline = time.monotonic() + START_SECONDS
            while not listens(FINDING["target"]):
                if process.poll() is not None or time.monotonic() > deadline:
                    return UNCLEAR, f"the receiver does not listen: {FINDING['command']}"
                time.sleep(0.05)
            return witnessed(process, said)
        finally:
            process.kill()
            process.wait()


def run(url: str = "") -> tuple[int, str]:
    """Send it to the receiver at `url`; the exit code, and what happened."""
    if not url and FINDING["command"] and not listens(FINDING["target"]):
        return started()
    return asyncio.run(look(url or FINDING["target"]))


if __name__ == "__main__":
    code, words = run(*sys.argv[1:2])
    print(f"{FINDING['what']}\n{words}")
    sys.exit(code)

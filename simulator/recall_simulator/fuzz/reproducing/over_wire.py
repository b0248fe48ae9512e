"""Sends the message beside this file to a websocket receiver, and says what becomes of it.

    python reproduce.py [URL]

Needs Python 3.10 or newer and `pip install websockets`. Exit codes: 0 the receiver took it, 1 it
went wrong, 3 nobody answers at URL, or this script can't see what went wrong.
"""

import asyncio
import json
import sys
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

HERE = Path(__file__).parent
FINDING = json.loads((HERE / "finding.json").read_text(encoding="utf-8"))
GRACE = 0.5  # seconds for a handler that stumbles after its library has answered a ping
OK, WRONG, UNCLEAR = 0, 1, 3


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
    raise ConnectionClosed(link.protocol.close_rcvd, link.protocol.close_sent)


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


async def look(url: str) -> tuple[int, str]:
    """The exit code, and what happened."""
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
    after = await next_frame(url)
    if after:
        return WRONG, after
    if FINDING["outcome"] in ("lost", "grew"):
        return UNCLEAR, (
            "the link stands; look for yourself whether the frame of next.json got through, "
            "and what memory the receiver takes"
        )
    return OK, "the receiver took it, and the next valid frame"


def run(url: str = "") -> tuple[int, str]:
    """Send it to the receiver at `url`; the exit code, and what happened."""
    return asyncio.run(look(url or FINDING["target"]))


if __name__ == "__main__":
    code, words = run(*sys.argv[1:2])
    print(f"{FINDING['what']}\n{words}")
    sys.exit(code)

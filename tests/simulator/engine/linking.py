"""A link to a server of the test's own, over a real socket."""

import asyncio
import base64
import hashlib
from collections.abc import Awaitable, Callable
from typing import TypeVar

from websockets.asyncio.server import ServerConnection, serve

from recall_simulator.engine import Link, WebSocketDialer
from recall_simulator.wire import LinkPlan, parse_endpoint

T = TypeVar("T")
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def over_a_link(
    use: Callable[[Link], Awaitable[T]],
    handler: Callable[[ServerConnection], Awaitable[None]],
    plan: LinkPlan = LinkPlan(),
    new_loop: Callable[[], asyncio.AbstractEventLoop] | None = None,
    **options: object,
) -> T:
    """What `use` makes of a link to a websockets server with this handler."""

    async def main() -> T:
        async with serve(handler, "127.0.0.1", 0, compression=None, **options) as server:  # type: ignore[arg-type]
            port = next(iter(server.sockets)).getsockname()[1]
            endpoint = parse_endpoint(f"ws://127.0.0.1:{port}/")
            dialer = WebSocketDialer(endpoint)
            link = await dialer.dial(1, plan)
            try:
                return await use(link)
            finally:
                await link.cut()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        return runner.run(main())


async def upgrade(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, first: bytes = b""
) -> None:
    """Complete the upgrade by hand, and write something right after it."""
    request = await reader.readuntil(b"\r\n\r\n")
    key = request.split(b"Sec-WebSocket-Key: ")[1].split(b"\r\n")[0]
    accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n" + first
    )

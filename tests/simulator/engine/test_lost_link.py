"""A link that is gone: it can be cut all the same, and takes no memory. Over real sockets."""

import asyncio
import gc
from collections.abc import Callable

import pytest
import uvloop
from tests.simulator.engine.linking import over_a_link
from websockets.asyncio.server import ServerConnection
from websockets.client import ClientProtocol

from recall_simulator.engine import Link
from recall_simulator.engine.connection import Connection
from recall_simulator.engine.link import WebSocketLink

KEPT_BY_A_LINK = (WebSocketLink, ClientProtocol, Connection)


@pytest.mark.parametrize("new_loop", [asyncio.SelectorEventLoop, uvloop.new_event_loop])
def test_a_link_that_is_gone_can_be_cut(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def wait(connection: ServerConnection) -> None:
        await connection.wait_closed()

    async def use(link: Link) -> int:
        assert await link.close(1000) is None
        return await link.cut("rst")

    assert over_a_link(use, wait, new_loop=new_loop) == 0


@pytest.mark.parametrize("ends", ["closes", "breaks off", "is closed"])
def test_a_link_that_is_gone_leaves_nothing_for_a_search_for_garbage(ends: str) -> None:
    async def end(connection: ServerConnection) -> None:
        if ends == "closes":
            await connection.close(1011)
        elif ends == "breaks off":
            connection.transport.abort()
        await connection.wait_closed()

    async def use(link: Link) -> None:
        await (link.close(1000) if ends == "is closed" else link.lost)

    gc.collect()
    gc.disable()
    try:
        over_a_link(use, end)
        left = [each for each in gc.get_objects() if type(each) in KEPT_BY_A_LINK]
    finally:
        gc.enable()
    assert not left

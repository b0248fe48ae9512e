"""A sender over a real socket, and waiting for what comes of it, without a clock."""

import asyncio
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_websocket

from recall_receiver import Receiver

Build = Callable[..., bytes]
Report = Callable[..., Any]
WITHIN = 60.0
"""Real seconds after which what is waited for will not come."""


def connect(receiver: Receiver) -> connect_websocket:
    """Dial as the vendor does: without compression, and without a limit."""
    host, port = receiver.address
    return connect_websocket(f"ws://{host}:{port}/", compression=None, max_size=None)


async def send(link: ClientConnection, *messages: bytes) -> None:
    """Send JSON as text messages."""
    for message in messages:
        await link.send(message, text=True)


async def settle() -> None:
    """Let every task run until it waits."""
    for _ in range(10):
        await asyncio.get_running_loop().run_in_executor(None, lambda: None)


async def until(condition: Callable[[], bool]) -> None:
    """Let others run until a condition holds."""
    async with asyncio.timeout(WITHIN):
        while not condition():
            await settle()

"""The websocket protocol by hand, and what whoever writes it anew gets wrong."""

import asyncio
import json
import signal

from websockets.utils import accept_key

from .clean import Clean, Message

FIN, CONTINUATION, TEXT, CLOSE, PING, PONG = 128, 0, 1, 8, 9, 10


class HandWritten(Clean):
    """No bug, but for those of whoever writes the protocol anew; the classes below have them."""

    async def run(self, port: int) -> None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.stopped.set)
        async with await asyncio.start_server(self.accepted, "127.0.0.1", port):
            await self.stopped.wait()

    async def accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        key = next(
            line.partition(":")[2].strip()
            for line in request.splitlines()
            if line.lower().startswith("sec-websocket-key:")
        )
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept_key(key).encode() + b"\r\n\r\n"
        )
        pieces: list[bytes] = []
        try:
            while True:
                head, length = await reader.readexactly(2)
                mask = await self.mask_after(reader, length & 127)
                payload = await self.payload(reader, mask)
                if head & 15 == CLOSE:
                    self.answer_close(writer, payload)
                    break
                if head & 15 == PING:
                    self.answer_ping(writer, payload)
                elif head & 15 in (CONTINUATION, TEXT):
                    await self.piece(pieces, payload, head, writer)
        except (ValueError, asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()

    size = 0

    async def mask_after(self, reader: asyncio.StreamReader, length: int) -> bytes:
        """Read the length, and the mask behind it."""
        if length in (126, 127):
            length = int.from_bytes(await reader.readexactly({126: 2, 127: 8}[length]))
            if length > self.max_size:
                raise ValueError("too long")
        self.size = length
        return await reader.readexactly(4)

    async def payload(self, reader: asyncio.StreamReader, mask: bytes) -> bytes:
        size = self.size
        masked = int.from_bytes(await reader.readexactly(size))
        key = int.from_bytes((mask * (size // 4 + 1))[:size])
        return (masked ^ key).to_bytes(size)

    async def piece(
        self, pieces: list[bytes], payload: bytes, head: int, writer: asyncio.StreamWriter
    ) -> None:
        """A message is whole when its last piece has come."""
        pieces.append(payload)
        if head & FIN:
            text = b"".join(pieces)
            pieces.clear()
            message = self.read(text)
            if message is not None:
                await self.received(writer, message)

    def answer_ping(self, writer: asyncio.StreamWriter, payload: bytes) -> None:
        writer.write(bytes([FIN | PONG, len(payload)]) + payload)

    def answer_close(self, writer: asyncio.StreamWriter, payload: bytes) -> None:
        writer.write(bytes([FIN | CLOSE, len(payload)]) + payload)


class ReadsShortLengthsOnly(HandWritten):
    """Lengths of 7 and 16 bits; 64 are forgotten."""

    def read(self, text: str | bytes) -> Message | None:
        message: Message = json.loads(text)
        return message

    async def mask_after(self, reader: asyncio.StreamReader, length: int) -> bytes:
        if length == 127:
            self.size = length
            return await reader.readexactly(4)
        return await super().mask_after(reader, length)


class ReadsLongLengthsOnly(HandWritten):
    """Every message of the first meetings was large."""

    async def mask_after(self, reader: asyncio.StreamReader, length: int) -> bytes:
        return await super().mask_after(reader, 127 if length == 126 else length)


class DropsFragments(HandWritten):
    """Each websocket frame is taken for a message; one that is no JSON is passed over."""

    async def piece(
        self, pieces: list[bytes], payload: bytes, head: int, writer: asyncio.StreamWriter
    ) -> None:
        await super().piece([], payload, FIN, writer)


class AnswersNoPing(HandWritten):
    def answer_ping(self, writer: asyncio.StreamWriter, payload: bytes) -> None:
        """Pings are for browsers."""


class AnswersPingsWithNothing(HandWritten):
    """A pong is a pong."""

    def answer_ping(self, writer: asyncio.StreamWriter, payload: bytes) -> None:
        super().answer_ping(writer, b"")


class TakesPingsForText(HandWritten):
    """A ping that holds more than a number has something to say."""

    def answer_ping(self, writer: asyncio.StreamWriter, payload: bytes) -> None:
        super().answer_ping(writer, payload)
        if len(payload) > 4:
            json.loads(payload)


class AnswersNoClose(HandWritten):
    def answer_close(self, writer: asyncio.StreamWriter, payload: bytes) -> None:
        """Whoever says goodbye is gone."""

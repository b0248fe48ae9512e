"""A server that takes the connection and never answers the handshake."""

import argparse
import asyncio
import json
import signal
from pathlib import Path
from typing import Any

options = argparse.ArgumentParser()
options.add_argument("--port", type=int, default=0)
options.add_argument("--out", type=Path, required=True)
args = options.parse_args()

counts: dict[str, Any] = {"connections": 0, "messages": 0, "frames": []}


def write() -> None:
    new = args.out.with_suffix(".new")
    new.write_text(json.dumps(counts))
    new.replace(args.out)


async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    counts["connections"] += 1
    try:
        while await reader.read(65_536):
            pass
    except ConnectionError:
        pass
    finally:
        writer.close()
        write()


async def main() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    server = await asyncio.start_server(swallow, "127.0.0.1", args.port)
    print("listening", server.sockets[0].getsockname()[1], flush=True)
    await stop.wait()
    server.close()
    write()


if __name__ == "__main__":
    asyncio.run(main())

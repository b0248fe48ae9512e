"""A receiver as most people write it first: websockets, json, base64 and Pillow.

`python naive.py N` prints the port that it listens on, and `done` after every N pictures.
"""

import asyncio
import base64
import io
import json
import sys

import numpy as np
from PIL import Image
from websockets.asyncio.server import ServerConnection, serve


async def main(every: int) -> None:
    count = 0

    async def receive(link: ServerConnection) -> None:
        nonlocal count
        async for message in link:
            event = json.loads(message)
            if event["event"] != "video_separate_png.data":
                continue
            png = base64.b64decode(event["data"]["data"]["buffer"])
            pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
            assert pixels.ndim == 3
            count += 1
            if count % every == 0:
                print("done", flush=True)

    async with serve(receive, "127.0.0.1", 0, max_size=16 * 2**20) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


asyncio.run(main(int(sys.argv[1])))

"""A load test as people write it first: websocket-client, base64 and json.dumps at each frame.

PICTURE names a PNG file. With ENCODE=1 the picture is encoded at each frame as well, so that no two
are alike; without, the same file is sent again and again.
"""

import base64
import io
import json
import os
import time
from pathlib import Path

import websocket
from locust import User, constant, task
from PIL import Image

FILE = Path(os.environ["PICTURE"]).read_bytes()
ENCODE = os.environ.get("ENCODE") == "1"


class Bot(User):
    wait_time = constant(0)

    def on_start(self) -> None:
        self.socket = websocket.create_connection(self.host or "")
        self.picture = Image.open(io.BytesIO(FILE)).convert("RGB")
        self.count = 0

    @task
    def send_frame(self) -> None:
        began = time.perf_counter()
        png = FILE
        if ENCODE:
            self.count += 1
            self.picture.putpixel((0, 0), (self.count & 255, self.count >> 8 & 255, 0))
            buffer = io.BytesIO()
            self.picture.save(buffer, "PNG")
            png = buffer.getvalue()
        message = json.dumps(
            {
                "event": "video_separate_png.data",
                "data": {
                    "data": {
                        "buffer": base64.b64encode(png).decode(),
                        "timestamp": {"relative": self.count / 2},
                        "type": "webcam",
                    }
                },
            }
        )
        self.socket.send(message)
        self.environment.events.request.fire(
            request_type="WS",
            name="frame",
            response_time=(time.perf_counter() - began) * 1000,
            response_length=len(message),
            exception=None,
        )

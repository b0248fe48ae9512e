"""The receiver without a bug, but that it decodes on the event loop, 0.35 s a picture.

    python blocking.py --port PORT --save DIR

However fast the machine, it takes that long.
"""

import asyncio
import runpy
import sys
import threading
from pathlib import Path
from typing import Any

DECODING = 0.35

receiver = runpy.run_path(str(Path(__file__).with_name("receiver.py")))
decoded = receiver["Clean"].decoded


def decoded_slowly(self: Any, png: bytes) -> bytes | None:
    threading.Event().wait(DECODING)
    picture: bytes | None = decoded(self, png)
    return picture


if __name__ == "__main__":
    receiver["Clean"].decoded = decoded_slowly
    sys.argv.insert(1, "clean")
    asyncio.run(receiver["main"]())

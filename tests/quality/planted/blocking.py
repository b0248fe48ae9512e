"""The receiver without a bug, but that it decodes on the event loop, 0.35 s a picture.

    PYTHONPATH=tests/quality python -m planted.blocking --port PORT --save DIR

However fast the machine, it takes that long.
"""

import asyncio
import sys
import threading

from .receiver.__main__ import BUGS, main
from .receiver.clean import Clean

DECODING = 0.35


class Blocking(Clean):
    def decoded(self, png: bytes) -> bytes | None:
        threading.Event().wait(DECODING)
        return super().decoded(png)


if __name__ == "__main__":
    BUGS["clean"] = Blocking
    sys.argv.insert(1, "clean")
    asyncio.run(main())

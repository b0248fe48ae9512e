"""The reference receiver with a callback that takes pixels.

`python ours.py N [DECODER]` prints the port that it listens on, and `done` after every N pictures.
"""

import sys
from itertools import count

from recall_receiver import FrameEvent, Receiver
from recall_receiver.decode import decoder_named
from recall_receiver.memory import tune_malloc

every = int(sys.argv[1])
decode = decoder_named(sys.argv[2] if len(sys.argv) > 2 else "auto")
numbers = count(1)


def on_frame(frame: FrameEvent) -> None:
    pixels = decode(frame.png, frame.width, frame.height)
    assert pixels.ndim == 3
    if next(numbers) % every == 0:
        print("done", flush=True)


tune_malloc()
Receiver(on_frame).run(
    port=0, on_ready=lambda url: print(url.split(":")[-1].strip("/"), flush=True)
)

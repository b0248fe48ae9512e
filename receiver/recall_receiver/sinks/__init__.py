"""Where frames may be put: PNG files, films, an index. Each is a `Sink`, and they compose.

A sink is given every frame in turn, in a thread, and may fail without harm to the others.
"""

from recall_receiver.sinks.delivery import Delivery, Handler
from recall_receiver.sinks.index import FrameIndex
from recall_receiver.sinks.mp4 import Mp4Files
from recall_receiver.sinks.png_files import PngFiles
from recall_receiver.sinks.sink import Arrival, Sink

__all__ = ["Arrival", "Delivery", "FrameIndex", "Handler", "Mp4Files", "PngFiles", "Sink"]

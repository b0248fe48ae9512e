"""A fake Recall.ai: plays a meeting that never took place into a websocket receiver."""

__version__ = "0.1.0"

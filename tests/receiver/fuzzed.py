"""The reference receiver's parser as a target for fuzzing: from a message to pixels."""

from recall_receiver import FrameEvent, parse
from recall_receiver.decode import Decoder, decode_kornia, decode_opencv, decode_pillow


def pillow(message: bytes) -> None:
    _to_pixels(message, decode_pillow)


def kornia(message: bytes) -> None:
    _to_pixels(message, decode_kornia)


def opencv(message: bytes) -> None:
    _to_pixels(message, decode_opencv)


def _to_pixels(message: bytes, decoder: Decoder) -> None:
    event = parse(message, decoder=decoder)
    if isinstance(event, FrameEvent):
        assert event.pixels.shape == (event.height, event.width, 3)

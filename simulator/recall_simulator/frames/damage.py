"""Pictures that are broken on purpose."""

from typing import Literal

Damage = Literal["none", "truncated", "wrong-crc", "not-a-png", "empty"]


def damaged(png: bytes, damage: Damage) -> bytes:
    """A picture with something wrong.

    Args:
        png: a whole PNG file.
        damage: `truncated` leaves the second half out; `wrong-crc` changes the CRC of the last
            chunk before IEND; `not-a-png` begins like a JPEG; `empty` is no bytes at all.
    """
    match damage:
        case "none":
            return png
        case "truncated":
            return png[: len(png) // 2]
        case "wrong-crc":
            # IEND is 12 bytes long; the four before it are the CRC of the last IDAT chunk.
            return png[:-16] + bytes(byte ^ 0xFF for byte in png[-16:-12]) + png[-12:]
        case "not-a-png":
            return b"\xff\xd8\xff\xe0" + png[8:]
        case "empty":
            return b""

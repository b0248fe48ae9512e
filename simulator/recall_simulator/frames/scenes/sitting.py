"""What a painter is given, and the noise that all painters use."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from recall_simulator.frames.lettering import Pen
from recall_simulator.frames.profiles import Size

Picture = NDArray[np.uint8]
"""(height, width, 3) uint8 RGB."""
Light = NDArray[np.float32]
"""(height, width, 3) float32 RGB, 0 to 255, before noise and rounding."""


class Sitting(msgspec.Struct, frozen=True):
    """What a painter is given.

    Attributes:
        size: of the picture, in pixels.
        seed: the same for all phases of one subject.
        look: number of the subject, 0-based.
        phase: number of the phase, 0-based.
        phases: how many phases there are.
        label: text that the scene shows, where it shows one.
        pen: writes text.
    """

    size: Size
    seed: int
    look: int
    phase: int
    phases: int
    label: str
    pen: Pen

    def random(self, what: str, *, moving: bool = False) -> np.random.Generator:
        """Random numbers for one purpose, the same in all phases unless they are to move."""
        words = [self.seed, *what.encode()]
        return np.random.default_rng([*words, self.phase] if moving else words)


def cloud(
    rng: np.random.Generator, height: int, width: int, *, steep: float = 1.0
) -> NDArray[np.float32]:
    """Fractal noise, (height, width) float32, mean 0 and deviation 1.

    Args:
        rng: random numbers.
        height: in pixels.
        width: in pixels.
        steep: how fast small detail dies away: 0 is white noise, 1 rock and foliage, 2 cloud.
    """
    white = rng.standard_normal((height, width), np.float32)
    down = np.fft.fftfreq(height).astype(np.float32)[:, None] * height
    across = np.fft.rfftfreq(width).astype(np.float32)[None, :] * width
    radius = np.hypot(down * width / max(height, width), across * height / max(height, width))
    radius[0, 0] = 1
    spectrum = np.fft.rfft2(white) / radius ** np.float32(steep)
    spectrum[0, 0] = 0
    field = np.fft.irfft2(spectrum, (height, width)).astype(np.float32)
    scaled: NDArray[np.float32] = field / max(float(field.std()), 1e-6)
    return scaled


def exposed(light: Light, rng: np.random.Generator, *, noise: float) -> Picture:
    """What a sensor makes of light: shot noise, the same in part for all channels, then 8 bits.

    Args:
        light: (height, width, 3) float32, 0 to 255.
        rng: random numbers.
        noise: deviation in mid grey, in steps of the picture.
    """
    height, width, _ = light.shape
    level = np.sqrt(np.clip(light, 6, 255) / 128) * np.float32(noise)
    grain = rng.standard_normal((height, width, 1), np.float32) * np.float32(0.8)
    grain = grain + rng.standard_normal((height, width, 3), np.float32) * np.float32(0.6)
    return np.clip(light + grain * level + 0.5, 0, 255).astype(np.uint8)

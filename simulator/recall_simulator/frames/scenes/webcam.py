"""A person in a lit room, seen by a laptop's camera, or by a phone held upright."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from recall_simulator.frames.scenes.room import lamp_side, paint_room
from recall_simulator.frames.scenes.sitting import Light, Picture, Sitting, exposed
from recall_simulator.frames.scenes.solids import CLOTHES, HAIRS, SKINS, Colour, Stage

_NOISE = 2.6
"""Deviation in mid grey that gives a PNG the weight of a photograph: 200 to 350 KB at 480x360."""


def paint_webcam(sitting: Sitting) -> Picture:
    """The scene `webcam`."""
    return _shoot(sitting, zoom=1.0)


def paint_portrait(sitting: Sitting) -> Picture:
    """The scene `portrait`: nearer, and from below the eyes."""
    return _shoot(sitting, zoom=1.12)


def _shoot(sitting: Sitting, zoom: float) -> Picture:
    light = paint_room(sitting)
    height, width, _ = light.shape
    side = lamp_side(sitting)
    unit = min(height, width * 1.25) * zoom * 1.08
    stage = Stage(light, (0.62 * side, -0.42, 0.66), unit, ambient=0.5)
    turn = 2 * np.pi * sitting.phase / sitting.phases
    sway = (0.022 * float(np.sin(turn)), 0.008 * float(np.cos(2 * turn)))
    foot = height / unit
    _person(stage, sitting, sway, foot - 1.0)
    light = _focus(light, max(0.5, height / 620))
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    light *= (1.1 - 0.13 * (x * x + y * y))[..., None]
    return exposed(light, sitting.random("sensor", moving=True), noise=_NOISE)


def _focus(light: Light, radius: float) -> Light:
    """The lens: sharp, but not as sharp as drawn."""
    image = Image.fromarray(np.clip(light, 0, 255).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(radius)), np.float32).copy()


def _dim(colour: Colour, share: float) -> Colour:
    red, green, blue = colour
    return red * share, green * share, blue * share


def _person(stage: Stage, sitting: Sitting, sway: tuple[float, float], drop: float) -> None:
    rng = sitting.random("person")
    look = sitting.look
    skin = SKINS[look % len(SKINS)]
    hair = HAIRS[(look * 3 + int(rng.integers(2))) % len(HAIRS)]
    cloth = CLOTHES[(look * 5 + int(rng.integers(3))) % len(CLOTHES)]
    style = look % 4
    x, y = 0.03 * float(rng.uniform(-1, 1)) + sway[0], 0.43 + drop + sway[1]
    lean = sway[0] * 2.2
    strands = 0.88 + 0.24 * rng.random(420, np.float32)
    body_x = x * 0.6
    stage.shadow((body_x - stage.lamp[0] * 0.16, y + 0.2), (0.34, 0.5), 0.72)
    if style in (1, 3):  # long hair falls behind the shoulders
        fall = _dim(hair, 0.72)
        stage.body((x, y + 0.1), (0.192, 0.31), fall, turn=lean, square=2.7, streaks=strands)
    stage.body((body_x, y + 0.69), (0.44, 0.4), cloth, square=2.7, soft=0.01)
    for arm in (-1, 1):
        stage.shadow((body_x + arm * 0.28, y + 0.64), (0.022, 0.24), 0.84)
    _neck(stage, (x, body_x), y, cloth, skin, look)
    if style != 2:
        stage.body((x, y - 0.035), (0.168, 0.203), hair, turn=lean, streaks=strands)
    if style != 3:
        for ear in (-1, 1):
            spot = (x + ear * 0.146, y + 0.015)
            stage.body(spot, (0.024, 0.043), _dim(skin, 0.9), turn=-0.2 * ear)
    stage.body((x, y), (0.148, 0.2), skin, turn=lean, square=2.12)
    stage.body((x, y + 0.1), (0.108, 0.105), skin, turn=lean, soft=0.05, strength=0.5)
    _face(stage, sitting, (x, y), skin, hair, style)
    _fringe(stage, (x, y), lean, hair, style, strands)


def _fringe(
    stage: Stage,
    at: tuple[float, float],
    lean: float,
    hair: Colour,
    style: int,
    strands: NDArray[np.float32],
) -> None:
    """Hair in front: it ends in a line that comes down at the temples."""
    x, y = at
    if style == 2:  # short, high forehead
        crown, radii, line, bend = (x, y - 0.05), (0.153, 0.158), y - 0.128, 4.6
    elif style == 0:  # parted at one side
        crown, radii, line, bend = (x, y - 0.05), (0.167, 0.185), y - 0.108, 4.2
    else:  # long, over the temples
        crown, radii, line, bend = (x, y - 0.035), (0.17, 0.198), y - 0.118, 7.5
    stage.body(crown, radii, hair, turn=lean, above=line, bend=bend, soft=0.012, streaks=strands)
    if style == 3:
        for lock in (-1, 1):
            spot = (x + lock * 0.15, y + 0.13)
            tone = _dim(hair, 0.78 + 0.1 * lock * stage.lamp[0])
            stage.body(
                spot, (0.032, 0.2), tone, turn=-0.06 * lock, soft=0.015, lit=False, streaks=strands
            )


def _neck(
    stage: Stage, at: tuple[float, float], y: float, cloth: Colour, skin: Colour, look: int
) -> None:
    """Neck and collar; `at` is the middle of the head and that of the body."""
    x, body_x = at
    middle = (x + body_x) / 2
    skin = _dim(skin, 0.86)
    if look % 3 == 0:  # a V neck with a trim
        trim = _dim(cloth, 0.74)
        stage.body((body_x, y + 0.32), (0.114, 0.148), trim, soft=0.008, square=1.25)
        stage.body((body_x, y + 0.31), (0.096, 0.134), skin, soft=0.008, square=1.25)
        stage.body((middle, y + 0.22), (0.08, 0.12), skin, square=3.0, soft=0.012)
    elif look % 3 == 1:  # a round neck
        stage.body((body_x, y + 0.305), (0.118, 0.058), _dim(cloth, 0.8), soft=0.008)
        stage.body((body_x, y + 0.293), (0.1, 0.052), skin, soft=0.01)
        stage.body((middle, y + 0.21), (0.08, 0.12), skin, square=3.0, soft=0.012)
    else:  # a roll neck
        stage.body((middle, y + 0.21), (0.08, 0.12), skin, square=3.0)
        stage.body((body_x, y + 0.285), (0.1, 0.07), _dim(cloth, 1.06), square=3.4, soft=0.01)
        stage.shadow((body_x, y + 0.352), (0.1, 0.014), 0.78)
    stage.shadow((x - stage.lamp[0] * 0.02, y + 0.205), (0.105, 0.05), 0.55)


def _face(
    stage: Stage, sitting: Sitting, at: tuple[float, float], skin: Colour, hair: Colour, style: int
) -> None:
    x, y = at
    rng = sitting.random("face")
    turn = 0.006 * float(np.sin(2 * np.pi * sitting.phase / sitting.phases))
    x += turn * 2
    blink = sitting.phase == sitting.look % sitting.phases and sitting.phases > 1
    eye = 0.06 + 0.006 * float(rng.uniform(-1, 1))
    for side in (-1, 1):
        ex, ey = x + side * eye, y - 0.012
        stage.shadow((ex, ey - 0.006), (0.036, 0.022), 0.74)
        if blink:
            stage.body((ex, ey + 0.004), (0.027, 0.005), _dim(skin, 0.5), lit=False)
        else:
            stage.body((ex, ey), (0.026, 0.0125), (226, 220, 214), soft=0.004)
            stage.body((ex + turn * 0.6, ey), (0.0115, 0.0118), (62, 44, 34), lit=False, soft=0.004)
            stage.body(
                (ex + 0.003, ey - 0.004), (0.003, 0.003), (240, 240, 240), lit=False, soft=0.003
            )
            stage.body((ex, ey - 0.0125), (0.029, 0.0045), _dim(hair, 0.5), lit=False, soft=0.004)
        brow = _dim(hair, 0.75)
        stage.body(
            (ex + side * 0.004, ey - 0.042),
            (0.035, 0.0065),
            brow,
            turn=-0.03 * side,
            lit=False,
            soft=0.006,
            strength=0.85,
        )
        stage.body(
            (x + side * 0.085, y + 0.062),
            (0.045, 0.034),
            (skin[0], skin[1] * 0.82, skin[2] * 0.8),
            soft=0.05,
            strength=0.3,
        )
    stage.shadow((x - stage.lamp[0] * 0.03, y + 0.035), (0.016, 0.045), 0.84)
    stage.body((x, y + 0.04), (0.019, 0.052), _dim(skin, 1.04), soft=0.02, strength=0.6)
    stage.body((x, y + 0.068), (0.027, 0.017), _dim(skin, 1.02), soft=0.012, strength=0.8)
    for side in (-1, 1):
        stage.shadow((x + side * 0.016, y + 0.081), (0.009, 0.006), 0.55)
    _mouth(stage, sitting, x, y + 0.124, skin)
    if sitting.look % 5 == 2:
        _glasses(stage, x, y - 0.01, eye)
    if style == 2 and sitting.look % 8 == 2:
        stage.body((x, y + 0.14), (0.118, 0.075), hair, soft=0.05, strength=0.55)
        _mouth(stage, sitting, x, y + 0.124, skin)


def _mouth(stage: Stage, sitting: Sitting, x: float, y: float, skin: Colour) -> None:
    talking = (sitting.phase * 2 + sitting.look) % 3
    open_ = (0.004, 0.011, 0.018)[talking]
    lips = (skin[0] * 0.86, skin[1] * 0.62, skin[2] * 0.62)
    stage.body((x, y), (0.046, 0.011 + open_), lips, soft=0.008)
    stage.body((x, y), (0.037, open_), (70, 30, 30), lit=False, soft=0.006)
    if talking:
        stage.body((x, y - open_ * 0.45), (0.027, open_ * 0.4), (224, 216, 206), soft=0.005)
    stage.shadow((x, y + 0.034), (0.035, 0.01), 0.86)


def _glasses(stage: Stage, x: float, y: float, eye: float) -> None:
    before = stage.light.copy()
    for side in (-1, 1):
        stage.body(
            (x + side * eye, y), (0.047, 0.036), (34, 30, 30), square=3.0, lit=False, soft=0.004
        )
        left, top, right, bottom = stage.box(x + side * eye, y, 0.04)
        across, down = stage.grid((left, top, right, bottom))
        inside = (
            np.abs((across - x - side * eye) / 0.04) ** 3 + np.abs((down - y) / 0.029) ** 3
        ) < 1
        spot = stage.light[top:bottom, left:right]
        spot[inside] = before[top:bottom, left:right][inside] * 0.96 + 6
    stage.body((x, y - 0.006), (0.02, 0.005), (34, 30, 30), lit=False, soft=0.004)

"""Drawing of one composed scene: shaded geometric figures over streamers and confetti."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from .ground import LIGHT, SUPERSAMPLE, Range, Tone, cast_shadow, draw_ground, tone_of

_Array = NDArray[np.float64]
# Number of corners and how far they reach, in turn; scaled so that all look equally large.
_POLYGONS = {
    'circle': (72, (0.94, 0.94)),
    'square': (4, (1.10, 1.10)),
    'triangle': (3, (1.18, 1.18)),
    'star': (10, (1.16, 0.545)),
}
# Ranges of hue, lightness and saturation in which a person still gives the colour this name.
_COLOURS: dict[str, tuple[Range, Range, Range]] = {
    'red': ((-0.021, 0.011), (0.43, 0.57), (0.66, 0.88)),
    'yellow': ((0.123, 0.147), (0.47, 0.61), (0.74, 0.96)),
    'green': ((0.325, 0.405), (0.33, 0.47), (0.48, 0.70)),
    'blue': ((0.575, 0.625), (0.43, 0.57), (0.60, 0.82)),
}
SCENE_CLASSES: tuple[str, ...] = tuple(
    f'{colour}_{shape}' for colour in _COLOURS for shape in (*_POLYGONS, 'heart')
)


class Figure(NamedTuple):
    """A drawn figure: its class index and its box (xmin, ymin, xmax, ymax) as in VOC."""

    label: int
    box: tuple[int, int, int, int]  # inclusive 1-based pixels


def draw_scene(
    rng: np.random.Generator, labels: Sequence[int], size: int = 128
) -> tuple[Image.Image, list[Figure]]:
    """Draws an RGB scene with one figure of each given class.

    Args:
        rng: Source of all randomness; the same state gives the same scene.
        labels: Indices into ``SCENE_CLASSES``; later ones are drawn, and listed, later.
        size: Side of the square image in pixels, at least 32.

    Raises:
        ValueError: If ``size`` is below 32 or a label is not a class index.
    """
    if size < 32:
        raise ValueError(f'draw_scene: size={size} is too small; give at least 32')
    if bad := [label for label in labels if not 0 <= label < len(SCENE_CLASSES)]:
        raise ValueError(f'draw_scene: labels {bad} are not in 0..{len(SCENE_CLASSES) - 1}')
    scene = draw_ground(rng, size)
    grain = rng.normal(0.0, 2.0, (size, size, 1))
    radii = rng.uniform(0.165, 0.245, len(labels)) * size
    places = zip(labels, radii.tolist(), _find_places(rng, radii, size).tolist(), strict=True)
    figures = [_draw_figure(rng, scene, *place) for place in places]
    pixels = np.rint(np.asarray(scene) + grain)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)), figures


def _find_places(rng: np.random.Generator, radii: _Array, size: int) -> _Array:
    """Centres (n, 2) of that random layout, of many, in which figures overlap least."""
    inset = 0.9 * radii[:, None]  # the image's edge may cut off a little of a figure
    layouts = rng.uniform(inset, size - inset, (48, len(radii), 2))
    distance = np.linalg.norm(layouts[:, :, None] - layouts[:, None], axis=-1)
    overlap = np.triu(np.maximum(radii[:, None] + radii - distance, 0.0), k=1)
    return np.asarray(layouts[overlap.sum(axis=(1, 2)).argmin()])


def _draw_figure(
    rng: np.random.Generator, scene: Image.Image, label: int, radius: float, centre: list[float]
) -> Figure:
    colour, shape = SCENE_CLASSES[label].split('_')
    mask = _figure_mask(shape, radius, rng.uniform(0, 2 * np.pi))
    left, top = (round(c) - mask.width // 2 for c in centre)
    cast_shadow(scene, mask, left, top, radius)
    scene.paste(_shade(mask, tone_of(rng, *_COLOURS[colour]), radius), (left, top), mask)
    rows, columns = np.nonzero(np.asarray(mask) > 127)
    x = np.clip(columns + left, 0, scene.width - 1) + 1
    y = np.clip(rows + top, 0, scene.height - 1) + 1
    return Figure(label, (int(x.min()), int(y.min()), int(x.max()), int(y.max())))


def _outline(shape: str) -> _Array:
    """Corners (n, 2) of an upright shape of radius one or so about the origin."""
    if shape == 'heart':
        t = np.linspace(0, 2 * np.pi, 60)
        y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t) + 2.5
        return np.stack([16 * np.sin(t) ** 3, -y], axis=1) / 16
    corners, reach = _POLYGONS[shape]
    t = np.arange(corners) * 2 * np.pi / corners
    return np.stack([np.sin(t), -np.cos(t)], axis=1) * np.resize(np.array(reach), (corners, 1))


def _figure_mask(shape: str, radius: float, angle: float) -> Image.Image:
    """Antialiased mask of a turned figure on a square tile that holds all of it."""
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    side = 2 * int(np.ceil(1.2 * radius)) + 2
    points = (_outline(shape) @ turn * radius + side / 2) * SUPERSAMPLE
    mask = Image.new('L', (side * SUPERSAMPLE, side * SUPERSAMPLE))
    ImageDraw.Draw(mask).polygon(points.ravel().tolist(), fill=255)
    # A blur, cut off at one half, rounds the corners.
    soft = mask.filter(ImageFilter.BoxBlur(0.11 * radius * SUPERSAMPLE))
    return soft.point([0] * 120 + [255] * 136).reduce(SUPERSAMPLE)


def _shade(mask: Image.Image, tone: Tone, radius: float) -> Image.Image:
    """A tile of one tone, lit as if the figure were a cushion with rounded edges."""
    height = np.asarray(mask.filter(ImageFilter.GaussianBlur(0.09 * radius))) / 255
    down, right = np.gradient(height)
    bevel = -(right * LIGHT[0] + down * LIGHT[1]) * radius
    ramp = np.linspace(-1, 1, mask.width)
    light = 0.10 * bevel + 0.15 * (ramp * LIGHT[0] + ramp[:, None] * LIGHT[1])
    tile = np.array(tone) * (1 + light[..., None]) + 45 * np.maximum(light, 0)[..., None]
    return Image.fromarray(np.clip(tile, 0, 255).astype(np.uint8))

"""The cluttered ground of a composed scene: gradients, blurred blobs, streamers and confetti."""

from __future__ import annotations

import colorsys

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SUPERSAMPLE = 3
LIGHT = np.array([-0.55, -0.83])  # towards the light, x to the right and y down

Range = tuple[float, float]
Tone = tuple[int, int, int]


def draw_ground(rng: np.random.Generator, size: int) -> Image.Image:
    """A colour gradient and blurred blobs, with streamers and confetti strewn over them."""
    hue = rng.uniform()
    # Four corner tones, stretched, are a gradient in any direction.
    tones = [tone_of(rng, (hue - 0.17, hue + 0.17), (0.3, 0.82), (0.15, 0.55)) for _ in range(4)]
    ground = Image.fromarray(np.array(tones, np.uint8).reshape(2, 2, 3))
    ground = ground.resize((size, size), Image.Resampling.BILINEAR)
    for _ in range(rng.integers(7, 13)):
        _strew(rng, ground, rng.uniform(0.05, 0.45), rng.uniform(0.1, 0.35))
    ground = ground.filter(ImageFilter.GaussianBlur(0.055 * size))
    paper = Image.new('RGBA', (size * SUPERSAMPLE, size * SUPERSAMPLE))
    for _ in range(rng.integers(4, 9)):
        _strew(rng, paper, rng.uniform(0.5, 1.3), rng.uniform(0.02, 0.06))
    for _ in range(rng.integers(30, 65)):
        _strew(rng, paper, rng.uniform(0.04, 0.1), rng.uniform(0.014, 0.032))
    paper = paper.reduce(SUPERSAMPLE)
    cast_shadow(ground, paper.getchannel('A'), 0, 0, 0.09 * size)
    ground.paste(paper, (0, 0), paper)
    return ground


def _strew(rng: np.random.Generator, image: Image.Image, length: float, width: float) -> None:
    """Draws a bent strip anywhere; length and width are parts of the image side."""
    t = np.linspace(0, 1, 24)
    heading = rng.uniform(0, 2 * np.pi) + rng.uniform(-2.5, 2.5) * t
    heading += rng.uniform(0, 1.5) * np.sin(2 * np.pi * (t + rng.uniform()))
    along = np.stack([np.cos(heading), np.sin(heading)], axis=1)
    spine = rng.uniform(0, 1, 2) + np.cumsum(along, axis=0) * length / len(t)
    across = along[:, ::-1] * np.array([-0.5, 0.5]) * width
    left, right = (spine - across) * image.width, (spine + across) * image.width
    # One quadrangle a step: a single outline would have holes where it crosses itself.
    steps = np.stack([left[:-1], left[1:], right[1:], right[:-1]], axis=1).reshape(-1, 8)
    brush, tone = ImageDraw.Draw(image), tone_of(rng, (0, 1), (0.35, 0.75), (0.35, 0.9))
    for step in steps.tolist():
        brush.polygon(step, tone)


def cast_shadow(scene: Image.Image, mask: Image.Image, x: int, y: int, height: float) -> None:
    """Darkens the scene softly beside a mask, as under a thing so many pixels thick."""
    dx, dy = (round(shift) for shift in (-0.13 * height * LIGHT).tolist())
    shadow = Image.new('L', scene.size)
    shadow.paste(mask.point([v * 110 // 255 for v in range(256)]), (x + dx, y + dy))
    scene.paste((18, 16, 30), (0, 0), shadow.filter(ImageFilter.GaussianBlur(0.09 * height)))


def tone_of(rng: np.random.Generator, *ranges: Range) -> Tone:
    """An RGB tone out of ranges of hue, lightness and saturation."""
    hue, lightness, saturation = (rng.uniform(low, high) for low, high in ranges)
    red, green, blue = colorsys.hls_to_rgb(hue % 1.0, lightness, saturation)
    return round(255 * red), round(255 * green), round(255 * blue)

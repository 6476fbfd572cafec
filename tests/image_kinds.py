"""Image files of every kind that a folder of photographs and X-rays may hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

HEIGHT, WIDTH = 24, 40


def ramp(shape: tuple[int, int] = (HEIGHT, WIDTH)) -> NDArray[np.float64]:
    """Values from 0 at the upper left to 1 at the lower right."""
    y, x = np.indices(shape)
    return (x + y) / (shape[0] + shape[1] - 2)


def deep_grey(bits: int) -> dict[str, NDArray[Any]]:
    """The ramp of so many bits in each kind of file that Pillow knows, by file name."""
    values = np.rint(ramp() * (2**bits - 1))
    return {
        'u16.png': values.astype('<u2'),
        'u16.tif': values.astype('<u2'),
        'big_endian.tif': values.astype('>u2'),
        'i32.tif': values.astype(np.int32),
        'f32.tif': values.astype(np.float32),
    }


def save_deep(path: Path, values: NDArray[Any]) -> None:
    Image.fromarray(values).save(path)


def colours() -> NDArray[np.uint8]:
    """(H, W, 3), RGB."""
    grey = ramp()
    planes = [grey * 255, grey[:, ::-1] * 255, grey * 128]
    return np.stack(planes, axis=-1).astype(np.uint8)


def save_colour16(path: Path, scale: int) -> None:
    cv2.imwrite(str(path), colours().astype(np.uint16)[..., ::-1] * scale)


def save_kinds(folder: Path) -> None:
    """Writes one file of every kind, each under a name that says what it is."""
    folder.mkdir(parents=True, exist_ok=True)
    rgb = Image.fromarray(colours())
    alpha = Image.fromarray((ramp() > 0.5).astype(np.uint8) * 255)
    turned = Image.Exif()
    turned[0x0112] = 6
    upside_down = Image.Exif()
    upside_down[0x0112] = 3
    rgb.save(folder / 'plain.jpg', quality=95)
    rgb.save(folder / 'turned.jpg', quality=95, exif=turned)
    rgb.save(folder / 'upside_down.jpg', quality=95, exif=upside_down)
    rgb.convert('CMYK').save(folder / 'cmyk.jpg', quality=95)
    rgb.convert('L').save(folder / 'grey.png')
    rgb.quantize(16).save(folder / 'palette.png')
    rgb.quantize(16).save(folder / 'palette_transparent.png', transparency=0)
    Image.merge('RGBA', [*rgb.split(), alpha]).save(folder / 'transparent.png')
    Image.merge('RGBA', [*rgb.split(), Image.new('L', rgb.size, 255)]).save(folder / 'opaque.png')
    Image.merge('LA', [rgb.convert('L'), alpha]).save(folder / 'grey_transparent.png')
    Image.fromarray(ramp() > 0.5).save(folder / 'one_bit.png')
    other = Image.fromarray(255 - colours())
    rgb.save(folder / 'moving.gif', save_all=True, append_images=[other], duration=10)
    rgb.save(folder / 'pages.tif', save_all=True, append_images=[other])
    Image.new('RGB', rgb.size, (9, 9, 9)).save(folder / 'constant.png')
    whole = (folder / 'plain.jpg').read_bytes()
    (folder / 'cut.jpg').write_bytes(whole[: len(whole) // 2])
    (folder / 'text.jpg').write_text('this is no image\n')
    (folder / 'page.jpg').write_text('\n<!DOCTYPE html>\n<html><body>404</body></html>')
    (folder / 'empty.jpg').write_bytes(b'')
    (folder / 'zeros.jpg').write_bytes(bytes(500))
    (folder / 'scan.png').write_bytes(bytes(128) + b'DICM' + bytes(100))
    (folder / 'pointer.jpg').write_text(
        'version https://git-lfs.github.com/spec/v1\noid sha256:0\n'
    )
    (folder / 'noise.jpg').write_bytes(bytes(range(256)) * 4)
    (folder / 'link.jpg').symlink_to('gone.jpg')
    (folder / 'folder.jpg').mkdir()
    for name, scale in (('colour16.png', 257), ('colour12.png', 16)):
        save_colour16(folder / name, scale)

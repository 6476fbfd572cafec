"""Loading images of more than 8 bits: which of their values are black and white is said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine import fileio
from mmpretrain.datasets.transforms import LoadImageFromFile
from mmpretrain.registry import TRANSFORMS
from numpy.typing import NDArray

from ..pixels import held, in_range, read_grey_of_many_bits

_BACKENDS = ('pillow', 'cv2')
_ALL_BITS = 2 | 4  # OpenCV's IMREAD_ANYDEPTH | IMREAD_ANYCOLOR, which MMCV hands on


@TRANSFORMS.register_module()
class LoadHighBitDepthImage(LoadImageFromFile):  # type: ignore[misc]
    """Loads images of more than 8 bits with a stated range of values as black to white.

    It stands in the place of LoadImageFromFile, which has no range: with Pillow it cuts all values
    above 255 off, so that a 16-bit X-ray is white, with OpenCV it divides 16 bits by 256, so that
    12 bits in 16 are black. The range is said in one of three ways; what is beyond it is black or
    white. Read are grey and colour images of 8 and 16 bits, grey ones of 32 bits and of floats.
    The result is (H, W, 3), BGR, in 0..255, which transforms and means of MMPretrain expect.

    Args:
        value_range: (black, white), in the unit of the file's values, e.g. Hounsfield units or
            counts; one for all images.
        percentiles: (black, white), 0 to 100, of the values of each image by itself.
        bits: how many bits are in use: 12 is the range 0..4095; 'full': all that the file has,
            0..65535 for 16 bits. Files of 8 bits stay as they are.
        nan: the value in the place of NaN, in the unit of the file's values; None: NaN is refused.
        to_float32: return float32 without rounding, which wants Resize(backend='cv2'); False:
            uint8.
        imdecode_backend: 'pillow', or 'cv2', which colour images of 16 bits need.
        backend_args: of MMEngine's file backend; None: by the path.

    Raises:
        ValueError: if not one range is given, or it is empty; in loading, if a value is beyond
            `bits` or NaN, or the backend does not read all bits.

    Config:
        load = dict(type='LoadHighBitDepthImage', bits=12)
        train_pipeline = [load, dict(type='Resize', scale=(224, 224)), dict(type='PackInputs')]
    """

    def __init__(
        self,
        value_range: Sequence[float] | None = None,
        percentiles: Sequence[float] | None = None,
        bits: int | str | None = None,
        nan: float | None = None,
        to_float32: bool = False,
        imdecode_backend: str = 'pillow',
        backend_args: dict[str, Any] | None = None,
    ) -> None:
        # MMCV's own conversion to floats would hide of which type the values were.
        super().__init__(
            color_type=_ALL_BITS if imdecode_backend == 'cv2' else 'color',
            imdecode_backend=imdecode_backend,
            backend_args=backend_args,
        )
        self.returns_float = to_float32
        self.value_range, self.percentiles, self.bits = value_range, percentiles, bits
        self.nan = nan
        given = {'value_range': value_range, 'percentiles': percentiles, 'bits': bits}
        given = {key: value for key, value in given.items() if value is not None}
        if len(given) != 1:
            raise ValueError(
                f'LoadHighBitDepthImage: {" and ".join(given) or "no range"} given; say one of '
                "value_range=(LOW, HIGH), percentiles=(1, 99), bits=12 or bits='full'"
            )
        _check_pair('value_range', value_range, -np.inf, np.inf)
        _check_pair('percentiles', percentiles, 0, 100)
        if bits is not None and bits != 'full' and not (type(bits) is int and 1 <= bits <= 32):
            raise ValueError(f"bits={bits!r}: use a number of bits from 1 to 32, or 'full'")
        if imdecode_backend not in _BACKENDS:
            raise ValueError(f'imdecode_backend={imdecode_backend!r}: use "pillow" or "cv2"')

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Loads the image at `img_path`.

        Raises:
            ValueError: if it cannot be decoded, or its values are not as stated.
        """
        values, depth = self._values(results)
        if np.isnan(values).any():
            if self.nan is None:
                raise ValueError('it holds NaN; say which value it stands for, e.g. nan=0')
            values = np.where(np.isnan(values), self.nan, values)
        image = in_range(values, *self._range(values, depth))
        image = image if self.returns_float else np.rint(image).astype(np.uint8)
        image = np.stack([image] * 3, axis=-1) if image.ndim == 2 else image
        results['img'] = np.ascontiguousarray(image)
        results['img_shape'] = results['ori_shape'] = image.shape[:2]
        return results

    def _values(self, results: dict[str, Any]) -> tuple[NDArray[Any], int | None]:
        """Returns the values as the file has them, BGR, and its bits; None: 32 or floats."""
        if self.imdecode_backend == 'pillow':
            content = fileio.get(results['img_path'], backend_args=self.backend_args)
            if (found := read_grey_of_many_bits(content)) is not None:
                return found
        values: NDArray[Any] = super().transform(results)['img']
        return values, {'uint8': 8, 'uint16': 16}.get(values.dtype.name)

    def _range(self, values: NDArray[Any], depth: int | None) -> tuple[float, float]:
        """Returns the values that are black and white."""
        if self.value_range is not None:
            return float(self.value_range[0]), float(self.value_range[1])
        if self.percentiles is not None:
            finite = values[np.isfinite(values)]
            low, high = np.percentile(finite, self.percentiles) if finite.size else (0, 0)
            return float(low), float(high)
        if depth == 8:
            return 0, 255
        if self.bits == 'full' and depth is None:
            raise ValueError(
                f'its values are of type {values.dtype}, which has no full depth: say bits=12 or '
                f'another number, or value_range=(LOW, HIGH); it holds {held(values)}'
            )
        top = 2 ** (depth if isinstance(self.bits, str) else self.bits) - 1  # type: ignore[operator]
        if values.size and (values.min() < 0 or values.max() > top):
            raise ValueError(
                f'its values are {held(values)}, beyond the 0..{top:,} of bits={self.bits}; say '
                'more bits, or value_range=(LOW, HIGH)'
            )
        return 0, top

    def __repr__(self) -> str:
        names = ('value_range', 'percentiles', 'bits', 'nan', 'imdecode_backend', 'backend_args')
        said = ''.join(f'{name}={getattr(self, name)!r}, ' for name in names)
        return f'{type(self).__name__}({said}to_float32={self.returns_float})'


def _check_pair(name: str, pair: Sequence[float] | None, least: float, most: float) -> None:
    if pair is None:
        return
    numbers = list(pair) if isinstance(pair, Sequence) and not isinstance(pair, str) else []
    right = len(numbers) == 2 and all(isinstance(number, (int, float)) for number in numbers)
    if not (right and least <= numbers[0] < numbers[1] <= most and np.isfinite(numbers).all()):
        where = '' if least < 0 else ', within 0 to 100'
        raise ValueError(f'{name}={pair!r}: use two numbers, the lower first{where}')

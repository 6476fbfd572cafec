"""The one representation of the boxes of a split: columns, an image's boxes being one slice."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wsml_mm.labels.pairs import indptr_of

# Pixels: above, float32 does not tell neighbouring ones apart.
_LARGEST = 1 << 24


def image_key(path: str | os.PathLike[str]) -> str:
    """Returns the name under which an image's boxes are found: its file name without the suffix."""
    return PurePath(path).stem


def is_box(left: Any, top: Any, right: Any, bottom: Any) -> Any:
    """Returns whether corners are those of a box: finite, left <= right and top <= bottom.

    Args:
        left: a number, or an array of them, as the other corners.
        top: see `left`.
        right: see `left`.
        bottom: see `left`.
    """
    # NaN is refused as well, as no comparison with it holds.
    across = (left > -_LARGEST) & (left <= right) & (right < _LARGEST)
    return across & (top > -_LARGEST) & (top <= bottom) & (bottom < _LARGEST)


@dataclass(frozen=True)
class BoxTable:
    """Boxes of N images as compressed rows, for millions of boxes without an object each.

    Coordinates are continuous: pixel column i covers [i, i + 1), so that a box over the whole of a
    W x H image is (0, 0, W, H) in every format.

    Args:
        names: (N,) ascending UTF-8 image keys (`image_key`).
        indptr: (N + 1,) int64, image i's boxes stand at indptr[i]:indptr[i + 1].
        classes: (K,) int32 class indices.
        xyxy: (K, 4) float32 left, top, right, bottom: pixels of the original image, or shares of
            its width and height where `relative`.
        source: file or folder, for messages.
        relative: see `xyxy`.
        complete: every annotated image is listed, so that a missing one is an error.
    """

    names: NDArray[np.bytes_]
    indptr: NDArray[np.int64]
    classes: NDArray[np.int32]
    xyxy: NDArray[np.float32]
    source: str = 'boxes'
    relative: bool = False
    complete: bool = True

    def __len__(self) -> int:
        return len(self.names)

    def __contains__(self, image: str | os.PathLike[str]) -> bool:
        return self._row(image) is not None

    def _row(self, image: str | os.PathLike[str]) -> int | None:
        key = image_key(image).encode()
        row = int(np.searchsorted(self.names, key))
        return row if row < len(self.names) and self.names[row] == key else None

    @classmethod
    def from_columns(
        cls,
        keys: Sequence[str],
        image: ArrayLike,
        classes: ArrayLike,
        xyxy: ArrayLike,
        source: str,
        relative: bool = False,
        complete: bool = True,
    ) -> BoxTable:
        """Builds a table of boxes in any order.

        Args:
            keys: N image keys in any order.
            image: (K,) each box's position in `keys`.
            classes: (K,) class indices.
            xyxy: (K, 4) corners.
            source: file or folder, for messages.
            relative: whether corners are shares of width and height.
            complete: whether all annotated images are in `keys`.

        Raises:
            ValueError: if two images share a key, corners are not those of a box, or no box is
                left.
        """
        names = np.array([key.encode() for key in keys], dtype=np.bytes_)
        order = np.argsort(names, kind='stable')
        ranked = names[order]
        twice = np.flatnonzero(ranked[1:] == ranked[:-1])
        if len(twice):
            raise ValueError(
                f'{source}: two images are named {ranked[twice[0]].decode()!r}; boxes are found by '
                'the file name without folder and suffix, so rename one'
            )
        rank = np.empty(len(names), dtype=np.int64)
        rank[order] = np.arange(len(names))
        rows = rank[np.asarray(image, dtype=np.int64)]
        if not len(rows):
            raise ValueError(f'{source}: holds no box of the classes; check the class names')
        corners = np.asarray(xyxy).reshape(-1, 4)
        if len(bad := np.flatnonzero(~is_box(*corners.T))):
            raise ValueError(
                f'{source}: {corners[bad[0]].tolist()} of image {keys[np.ravel(image)[bad[0]]]!r} '
                'is no box: left <= right and top <= bottom, finite, are due; correct or remove it'
            )
        by_row = np.argsort(rows, kind='stable')
        lengths = np.bincount(rows, minlength=len(names))
        return cls(
            ranked,
            indptr_of(lengths),
            np.asarray(classes, dtype=np.int32)[by_row],
            corners.astype(np.float32, copy=False)[by_row],
            source,
            relative,
            complete,
        )

    def of(
        self, image: str | os.PathLike[str], shape: tuple[int, int]
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Returns an image's (k,) classes and (k, 4) xyxy boxes in pixels of the original image.

        Args:
            image: its path; the file name without the suffix counts.
            shape: height and width of the original image.

        Raises:
            KeyError: if the image is not listed and the table is complete.
        """
        row = self._row(image)
        if row is None:
            if self.complete:
                raise KeyError(
                    f'{self.source}: has no image {image_key(image)!r}; give the boxes of the '
                    'split that is tested'
                )
            return np.zeros(0, np.int32), np.zeros((0, 4), np.float32)
        span = slice(int(self.indptr[row]), int(self.indptr[row + 1]))
        height, width = shape
        scale = np.array([width, height] * 2 if self.relative else [1] * 4, dtype=np.float32)
        return self.classes[span], self.xyxy[span] * scale

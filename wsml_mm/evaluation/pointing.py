"""The pointing game on one image: whether a box of the class holds the place of its map's maximum.

J. Zhang et al., "Top-down Neural Attention by Excitation Backprop", ECCV 2016, section 4.1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def pointing_hits(
    peaks: NDArray[np.floating],
    classes: NDArray[np.integer],
    xyxy: NDArray[np.floating],
    tolerance: float = 0.0,
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Plays the pointing game on one image: does each class's peak lie in a box of that class?

    Args:
        peaks: (C, 2) x and y of every class, in pixels of the original image.
        classes: (K,) class indices of the boxes.
        xyxy: (K, 4) boxes in the same pixels, edges included.
        tolerance: the distance from a box, in pixels, that still counts as a hit.

    Returns:
        (P,) the ascending classes with a box, and (P,) whether each was hit.
    """
    x, y = peaks[classes].T
    beside = np.maximum(np.maximum(xyxy[:, 0] - x, x - xyxy[:, 2]), 0)
    above = np.maximum(np.maximum(xyxy[:, 1] - y, y - xyxy[:, 3]), 0)
    inside = np.hypot(beside, above) <= tolerance
    present, row = np.unique(classes, return_inverse=True)
    hit = np.zeros(len(present), dtype=bool)
    np.logical_or.at(hit, row, inside)
    return present.astype(np.int64), hit

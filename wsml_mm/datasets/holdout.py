"""The random split of an official training set into training and validation images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def holdout_indices(count: int, part: str, fraction: float, seed: int) -> NDArray[np.int64]:
    """Returns the sorted positions of one part of a random split (the field's 80/20 split).

    Args:
        count: N, images of the whole official split.
        part: 'train', or 'val' for the last round(fraction * N) of the permutation.
        fraction: the share held out, 0 to 1.
        seed: of `RandomState(seed).permutation(N)`; the published split uses 1200.

    Raises:
        ValueError: if the part or the fraction is unknown.
    """
    if part not in ('train', 'val'):
        raise ValueError(f'holdout part={part!r}: use "train" or "val"')
    if not 0 <= fraction <= 1:
        raise ValueError(f'holdout fraction={fraction}: the share held out lies in 0..1')
    order = np.random.RandomState(seed).permutation(count)
    cut = count - int(np.round(fraction * count))
    return np.sort(order[:cut] if part == 'train' else order[cut:]).astype(np.int64)

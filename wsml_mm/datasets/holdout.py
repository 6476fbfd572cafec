"""The random split of an official training set, and random parts of what is left to train on."""

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


def subsample_indices(count: int, fraction: float, seed: int = 999) -> NDArray[np.int64]:
    """Returns sorted positions of a random share of the training images.

    The draw is that of the reference code's `--ss_frac_train` (Large Loss Matters, the experiment
    with fewer training images): the first round(fraction * N) of a permutation.

    Args:
        count: N, images of the part after the hold-out.
        fraction: the share kept, 0 to 1.
        seed: of `RandomState(seed).permutation(N)`; the reference uses 999.

    Raises:
        ValueError: if the fraction is outside 0..1.
    """
    if not 0 <= fraction <= 1:
        raise ValueError(f'subsample fraction={fraction}: the share kept lies in 0..1')
    order = np.random.RandomState(seed).permutation(count)
    return np.sort(order[: int(np.round(fraction * count))]).astype(np.int64)

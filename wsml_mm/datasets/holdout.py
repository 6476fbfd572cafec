"""The random split of an official training set, and random parts of what is left to train on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsml_mm.labels.numbers import check_number


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
    check_number('holdout fraction', fraction, 'the share held out lies in 0..1', 0, 1)
    cut = count - int(np.round(fraction * count))
    if part == 'train' and cut == count:  # as without a hold-out: nothing is drawn
        return np.arange(count)
    order = np.random.RandomState(seed).permutation(count)
    return _sorted(order[:cut] if part == 'train' else order[cut:], count)


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
    check_number('subsample fraction', fraction, 'the share kept lies in 0..1', 0, 1)
    order = np.random.RandomState(seed).permutation(count)
    return _sorted(order[: int(np.round(fraction * count))], count)


def fold_numbers(count: int, folds: int, seed: int = 999) -> NDArray[np.int64]:
    """Returns the fold of each image, 0 to folds - 1, drawn at random; folds are of equal size.

    Args:
        count: N, images of the part after the hold-out.
        folds: K.
        seed: of `RandomState(seed).permutation(N)`.

    Raises:
        ValueError: if there are fewer images than folds, or fewer than two folds.
    """
    if not 2 <= folds <= count:
        raise ValueError(f'folds={folds}: give at least 2, and no more than the {count} images')
    found = np.empty(count, np.int64)
    found[np.random.RandomState(seed).permutation(count)] = np.arange(count) % folds
    return found


def _sorted(distinct: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Returns distinct numbers below `count` in order; flags take a tenth of a sort's time."""
    chosen = np.zeros(count, bool)
    chosen[distinct] = True
    return np.flatnonzero(chosen)


class SplitPart:
    """The part of an official split that is used: of the hold-out, of that a share, of that some.

    Args:
        holdout: `dict(part=..., fraction=0.2, seed=1200)` of `holdout_indices`; None: all.
        subsample: `dict(fraction=..., seed=999)` of `subsample_indices`, and besides it or in its
            place `folds=K, without=k`: leave out fold k of `fold_numbers`; None: all.
        indices: keep only these positions of what is left, or its first `indices`; None: all.

    Raises:
        ValueError: if a key is unknown.
    """

    def __init__(
        self,
        holdout: dict[str, Any] | None = None,
        subsample: dict[str, Any] | None = None,
        indices: int | Sequence[int] | None = None,
    ) -> None:
        fraction = 0.0 if holdout is None else 0.2
        self.holdout: dict[str, Any] = dict(part='train', fraction=fraction, seed=1200)
        for key in holdout or {}:
            if key not in self.holdout:
                raise ValueError(f'holdout={holdout}: unknown {key!r}; use part, fraction, seed')
        self.holdout |= holdout or {}
        given = set(subsample or {})
        if unknown := given - {'fraction', 'seed', 'folds', 'without'}:
            raise ValueError(
                f'subsample={subsample}: unknown {unknown.pop()!r}; use fraction and seed'
            )
        if len(given & {'folds', 'without'}) == 1:
            raise ValueError(f'subsample={subsample}: folds and without go together; give both')
        self.subsample, self.indices = subsample, indices

    def positions(self, count: int) -> NDArray[np.int64]:
        """Returns the part's positions in a split of `count` images.

        Raises:
            ValueError: if a part or a fraction is unknown.
            IndexError: if one of `indices` is out of range.
        """
        found = holdout_indices(count, **self.holdout)
        if self.subsample is not None:
            found = self._subsampled(found, **self.subsample)
        if self.indices is None:
            return found
        if isinstance(self.indices, int):
            return found[: self.indices]
        for index in self.indices:
            if not -len(found) <= index < len(found):
                raise IndexError(
                    f'indices: {index} is outside 0..{len(found) - 1}, the positions of this part '
                    f'after holdout={self.holdout}; remove it'
                )
        chosen: NDArray[np.int64] = found[list(self.indices)]
        return chosen

    @staticmethod
    def _subsampled(
        found: NDArray[np.int64],
        fraction: float | None = None,
        seed: int = 999,
        folds: int | None = None,
        without: int = 0,
    ) -> NDArray[np.int64]:
        if fraction is None and folds is None:
            raise ValueError(f'subsample=dict(seed={seed}): says no share; give fraction')
        if fraction is not None:
            found = found[subsample_indices(len(found), fraction, seed)]
        if folds is None:
            return found
        if not 0 <= without < folds:
            raise ValueError(f'subsample without={without}: name one of the folds 0..{folds - 1}')
        kept: NDArray[np.int64] = found[fold_numbers(len(found), folds, seed) != without]
        return kept

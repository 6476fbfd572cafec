"""Single positives that annotators prefer: drawn by how often each class is mentioned."""

from __future__ import annotations

import random

import numpy as np
from mmpretrain.registry import TASK_UTILS
from numpy.typing import NDArray

from wsml_mm.labels.encoding import POSITIVE, UNOBSERVED
from wsml_mm.labels.pairs import indptr_of
from wsml_mm.labels.sparse import SparseLabels

from .base import Observation
from .class_numbers import ClassNumbers, class_numbers
from .draws import Candidates


@TASK_UTILS.register_module()
class BiasedSinglePositive(Observation):
    """Observes one positive an image, drawn with probability proportional to its class's rate.

    The semantic bias of Arroyo, Perona and Cole ("Understanding Label Bias in Single Positive
    Multi-Label Learning", ICLR 2023 Tiny Papers, https://arxiv.org/abs/2305.15584), for any
    rates; with `unrated='uniform'` and their rates and order the draws equal those of their
    script bit for bit. Their biases of size and place go by an image's boxes and are no rates.

    Args:
        rates: of being mentioned, at least 0, one a class: C numbers in class order, a mapping
            from each class name, or the path of a `.json` or `.csv` file of them.
        seed: of the generator, Python's; the published masks use 1200.
        unrated: what is observed of an image whose positives all have rate 0: 'none', or
            'uniform', any of them with equal probability, as in the published script.

    Raises:
        ValueError: if `unrated` is unknown.

    Config:
        observe = dict(type='BiasedSinglePositive', rates=dict(cat=2, dog=1), seed=1200)
    """

    def __init__(self, rates: ClassNumbers, seed: int = 1200, unrated: str = 'none') -> None:
        if unrated not in ('none', 'uniform'):
            raise ValueError(f'unrated={unrated!r}: use "none" or "uniform"')
        self.rates, self.seed, self.unrated = rates, seed, unrated

    def __call__(self, labels: SparseLabels) -> SparseLabels:
        """Returns the drawn positives.

        Raises:
            FileNotFoundError: if there is no such file of rates.
            ValueError: if a rate is missing, negative or not finite, or all are 0.
        """
        rates = class_numbers(self.rates, labels.num_classes, self.split_names, 'rates')
        if rates.min() < 0 or not rates.any():
            raise ValueError(
                f'rates: the least is {rates.min():g}, the greatest {rates.max():g}; rates are at '
                'least 0 and some class has one'
            )
        positives = Candidates(labels, POSITIVE)
        running = _running_sums(rates[positives.classes], positives.indptr)
        rows, ranks = self._draw(positives, running)
        shape = (len(labels), labels.num_classes)
        return SparseLabels.from_pairs(rows, positives.at(rows, ranks), POSITIVE, shape, UNOBSERVED)

    def _draw(
        self, positives: Candidates, running: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Returns which of its positives each image with an observed one is drawn."""
        shown = np.flatnonzero(positives.counts)
        total = np.zeros(len(positives))
        total[shown] = running[positives.indptr[shown + 1] - 1]
        point = np.zeros(len(positives))
        ranks = np.zeros(len(positives), np.int64)
        rng = random.Random(self.seed)
        rated, count = (total > 0).tolist(), positives.counts.tolist()
        for row in shown.tolist():
            if rated[row]:
                point[row] = rng.random()
            elif self.unrated == 'uniform':
                ranks[row] = rng.choice(range(count[row]))
        # Of the least numbers the product may round up to the total, beyond every class.
        point = np.minimum(point * total, np.nextafter(total, 0))
        passed = running <= np.repeat(point, positives.counts)
        sums = indptr_of(passed)[positives.indptr]
        ranks = np.where(total > 0, np.diff(sums), ranks)
        rows = shown if self.unrated == 'uniform' else np.flatnonzero(total > 0)
        return rows, ranks[rows]


def _running_sums(values: NDArray[np.float64], indptr: NDArray[np.int64]) -> NDArray[np.float64]:
    """Returns each row's cumulative sums, added from the left as Python's `accumulate` does."""
    sums = values.astype(np.float64)
    lengths = np.diff(indptr)
    rows = np.flatnonzero(lengths > 1)
    for rank in range(1, int(lengths.max(initial=0))):
        rows = rows[lengths[rows] > rank]
        at = indptr[rows] + rank
        sums[at] += sums[at - 1]
    return sums

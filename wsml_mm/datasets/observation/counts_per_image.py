"""So many labels an image: Cole et al.'s draws, and single positives as their best known case."""

from __future__ import annotations

import numpy as np
from mmpretrain.registry import TASK_UTILS
from numpy.typing import NDArray

from wsml_mm.labels.blocks import join_blocks
from wsml_mm.labels.encoding import NEGATIVE, POSITIVE
from wsml_mm.labels.sparse import SparseLabels

from .base import Observation
from .draws import Candidates


@TASK_UTILS.register_module()
class ObserveCounts(Observation):
    """Observes up to `num_pos` positives and `num_neg` negatives an image, uniformly at random.

    The draws equal those of the field's generator script bit for bit (Cole et al., CVPR 2021,
    https://arxiv.org/abs/2106.09708, uniform observation): one `RandomState(seed)` a split, and
    each row shuffles its positives, then its negatives, even where none is kept. Hence the time
    grows with the known labels of the annotation.

    Args:
        num_pos: positives kept an image; -1 keeps all.
        num_neg: negatives kept an image; -1 keeps all.
        seed: of the generator; the published masks use 1200.

    Raises:
        ValueError: if a count is below -1.

    Config:
        observe = dict(type='ObserveCounts', num_pos=1, num_neg=1, seed=1200)
    """

    def __init__(self, num_pos: int = 1, num_neg: int = 0, seed: int = 1200) -> None:
        if min(num_pos, num_neg) < -1:
            raise ValueError(f'num_pos={num_pos}, num_neg={num_neg}: use a count, or -1 for all')
        self.num_pos, self.num_neg, self.seed = num_pos, num_neg, seed

    def __call__(self, labels: SparseLabels) -> SparseLabels:
        """Returns the kept positives and negatives of each image."""
        kinds = {value: Candidates(labels, value) for value in (POSITIVE, NEGATIVE)}
        kept = [
            kind.counts if limit == -1 else np.minimum(kind.counts, limit)
            for kind, limit in zip(kinds.values(), (self.num_pos, self.num_neg), strict=True)
        ]
        ranks = _shuffled(
            [kind.counts for kind in kinds.values()], kept, labels.num_classes, self.seed
        )
        blocks = []
        for value, count, rank in zip(kinds, kept, ranks, strict=True):
            rows = np.repeat(np.arange(len(labels)), count)
            values = np.full(len(rows), value, np.int8)
            blocks.append((rows, kinds[value].at(rows, rank), values))
        return join_blocks(blocks, (len(labels), labels.num_classes))


def _shuffled(
    counts: list[NDArray[np.int64]], kept: list[NDArray[np.int64]], num_classes: int, seed: int
) -> list[NDArray[np.int64]]:
    """Shuffles each image's candidates, kind after kind, and returns the ranks of the first.

    Args:
        counts: of each kind, (N,) candidates.
        kept: of each kind, (N,) candidates to keep.
        num_classes: C.
        seed: of the generator.
    """
    ascending = np.arange(num_classes)
    scratch = ascending.copy()
    found = [np.empty(int(part.sum()), np.int64) for part in kept]
    ends = [0] * len(kept)
    shuffle = np.random.RandomState(seed).shuffle
    for row in zip(*(part.tolist() for part in (*counts, *kept)), strict=True):
        for kind in range(len(kept)):
            count, keep = row[kind], row[kind + len(kept)]
            ranks = scratch[:count]
            if keep:
                ranks[:] = ascending[:count]
            if count > 1:  # the generator draws nothing for one
                shuffle(ranks)
            if keep:
                begin, ends[kind] = ends[kind], ends[kind] + keep
                found[kind][begin : ends[kind]] = ranks[:keep]
    return found


@TASK_UTILS.register_module()
class SinglePositive(ObserveCounts):
    """Observes one positive label an image and nothing else (images without positives: none).

    Source: Cole et al., CVPR 2021, https://arxiv.org/abs/2106.09708.

    Args:
        seed: of the generator; the published masks use 1200.

    Config:
        observe = dict(type='SinglePositive', seed=1200)
    """

    def __init__(self, seed: int = 1200) -> None:
        super().__init__(num_pos=1, num_neg=0, seed=seed)

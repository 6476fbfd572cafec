"""Random per sample: each label is kept with one probability, as in the partial-label papers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from mmpretrain.registry import TASK_UTILS
from numpy.typing import NDArray

from wsml_mm.labels.blocks import Block, join_blocks, row_blocks
from wsml_mm.labels.encoding import NEGATIVE, POSITIVE, UNOBSERVED
from wsml_mm.labels.numbers import check_number
from wsml_mm.labels.sparse import SparseLabels

from .base import Observation

# Takes known labels in order of row and class, their (rows, C) and a ratio, returns who is kept.
Draw = Callable[[Block, tuple[int, int], float], NDArray[np.bool_]]


@TASK_UTILS.register_module()
class KeepRatio(Observation):
    """Keeps each label, positive or negative, independently with one probability.

    The setting "10 % to 90 % known labels" of the partial-label papers, also called random per
    sample (RPS; Ben-Baruch et al., CVPR 2022, who state the probability of *omission*, 1 - ratio,
    and set no seed). The image and class orders must be those of the project compared with.
    Sources: https://github.com/HCPLab-SYSU/HCP-MLR-PL, https://github.com/sunxm2357/DualCoOp,
    https://github.com/maxium0526/mlcpl and https://github.com/Alibaba-MIIL/PartialLabelingCSL.

    Args:
        ratio: the share of labels kept, 0 to 1.
        seed: of the generator.
        draws: 'numpy': a number for every class of every image, `RandomState(seed)`; with seed 0
            these are the masks of HCP-MLR-PL (SST, SARB, HST, DSRB), bit for bit. 'torch': the
            same by `torch.rand` after `torch.manual_seed(seed)`, DualCoOp's rule, which sets no
            seed itself. 'known': a number for every known label, each image's positives first,
            `PCG64(seed)`, mlcpl's rule (seed 526). Only the time of 'known' does not grow with
            N x C where few labels are known, as in OpenImages.
        positives_only: keep no negative label at all: the positives are those kept without it,
            and what is not kept is unobserved. Tags that users give are of this kind.

    Raises:
        ValueError: if the ratio is outside 0..1, or the draws are unknown.

    Config:
        observe = dict(type='KeepRatio', ratio=0.1, seed=0, draws='numpy')
    """

    def __init__(
        self, ratio: float, seed: int = 0, draws: str = 'numpy', positives_only: bool = False
    ) -> None:
        check_number('ratio', ratio, 'the share of labels kept lies in 0..1', 0, 1)
        if draws not in _DRAWS:
            raise ValueError(f'draws={draws!r}: use one of {sorted(_DRAWS)}')
        self.ratio, self.seed, self.draws = ratio, seed, draws
        self.positives_only = positives_only

    def __call__(self, labels: SparseLabels) -> SparseLabels:
        """Returns the kept labels."""
        shape = (len(labels), labels.num_classes)
        return join_blocks(self._kept(labels, shape), shape)

    def _kept(self, labels: SparseLabels, shape: tuple[int, int]) -> Iterator[Block]:
        draw = _DRAWS[self.draws](self.seed)
        for first, last in row_blocks(shape):
            known = _known(labels, first, last)
            kept = draw(known, (last - first, shape[1]), self.ratio)
            if self.positives_only:
                kept &= known[2] == POSITIVE
            rows, classes, values = (part[kept] for part in known)
            yield rows + first, classes, values


def _known(labels: SparseLabels, first: int, last: int) -> Block:
    """Returns the known labels of the rows from `first` to `last`, counted from 0."""
    ends = labels.indptr[first : last + 1]
    rows = np.repeat(np.arange(last - first), np.diff(ends))
    classes = labels.classes[ends[0] : ends[-1]].astype(np.int64)
    values = labels.values[ends[0] : ends[-1]]
    if labels.rest != UNOBSERVED:  # what goes unlisted is known as well
        dense = np.full((last - first, labels.num_classes), labels.rest, np.int8)
        dense[rows, classes] = values
        rows, classes = np.nonzero(dense != UNOBSERVED)
        return rows, classes, dense[rows, classes]
    known = values != UNOBSERVED
    return rows[known], classes[known], values[known]


def _numpy(seed: int) -> Draw:
    rng = np.random.RandomState(seed)

    def draw(known: Block, shape: tuple[int, int], ratio: float) -> NDArray[np.bool_]:
        kept: NDArray[np.bool_] = rng.random_sample(shape)[known[:2]] < ratio
        return kept

    return draw


def _torch(seed: int) -> Draw:
    rng = torch.Generator().manual_seed(seed)

    def draw(known: Block, shape: tuple[int, int], ratio: float) -> NDArray[np.bool_]:
        kept: NDArray[np.bool_] = (torch.rand(shape, generator=rng) < ratio).numpy()[known[:2]]
        return kept

    return draw


def _known_only(seed: int) -> Draw:
    rng = np.random.Generator(np.random.PCG64(seed))

    def draw(known: Block, shape: tuple[int, int], ratio: float) -> NDArray[np.bool_]:
        rows, _, values = known
        kept = np.empty(len(rows), bool)
        positives_first = np.argsort(2 * rows + (values == NEGATIVE), kind='stable')
        kept[positives_first] = rng.random(len(rows)) < ratio
        return kept

    return draw


_DRAWS = {'numpy': _numpy, 'torch': _torch, 'known': _known_only}

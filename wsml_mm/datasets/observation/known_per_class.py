"""Fixed per class: so many known positives and negatives of each class over the split."""

from __future__ import annotations

import numpy as np
from mmpretrain.registry import TASK_UTILS
from numpy.typing import NDArray

from wsml_mm.labels.blocks import join_blocks
from wsml_mm.labels.encoding import NEGATIVE, POSITIVE
from wsml_mm.labels.sparse import SparseLabels

from .base import Observation
from .class_numbers import ClassNumbers, class_numbers
from .draws import Candidates, draw_distinct


@TASK_UTILS.register_module()
class KnownPerClass(Observation):
    """Keeps up to `num_pos` positives and `num_neg` negatives of each class over the split.

    The setting "fixed per class" (FPC) of Ben-Baruch et al., CVPR 2022, "Multi-label
    Classification with Partial Annotations using Class-aware Selective Loss": their FPC(1000) is
    `num_pos=1000, num_neg=1000`. Their code caps both numbers separately, as here, and sets no
    seed. mlcpl's "fixed per category" counts positives and negatives together and keeps equally
    many of both: its maximum M is `num_pos=M // 2, num_neg=M // 2, balanced=True` (in numbers, not
    in draws). Sources: https://github.com/Alibaba-MIIL/PartialLabelingCSL and
    https://github.com/maxium0526/mlcpl.

    Args:
        num_pos: positives kept of each class, -1 keeps all; one number, C numbers in class order,
            a mapping from each class name, or the path of a `.json` or `.csv` file of them.
        num_neg: negatives kept of each class, in the same forms as `num_pos`.
        seed: of the generator.
        balanced: keep equally many of both: of each class the lesser of the two numbers, and no
            more than it has of either.

    Config:
        observe = dict(type='KnownPerClass', num_pos=1000, num_neg=1000, seed=1200)
    """

    def __init__(
        self, num_pos: ClassNumbers, num_neg: ClassNumbers, seed: int = 1200, balanced: bool = False
    ) -> None:
        self.num_pos, self.num_neg = num_pos, num_neg
        self.seed, self.balanced = seed, balanced

    def __call__(self, labels: SparseLabels) -> SparseLabels:
        """Returns the kept labels, in time and memory linear in them and in the listed ones.

        Raises:
            FileNotFoundError: if there is no such file of numbers.
            ValueError: if a class's number is missing, no whole number or below -1.
        """
        shape = (len(labels), labels.num_classes)
        # A row a class, so that what is drawn in each are images.
        columns = SparseLabels.from_pairs(
            labels.classes, labels.entry_rows(), labels.values, shape[::-1], labels.rest
        )
        kinds = {value: Candidates(columns, value) for value in (POSITIVE, NEGATIVE)}
        limits = (self._limits('num_pos', shape[1]), self._limits('num_neg', shape[1]))
        kept = [
            np.minimum(k.counts, limit) for k, limit in zip(kinds.values(), limits, strict=True)
        ]
        if self.balanced:
            kept = [np.minimum(*kept)] * 2
        rng = np.random.RandomState(self.seed)
        blocks = []
        for (value, kind), keep in zip(kinds.items(), kept, strict=True):
            pairs = zip(kind.counts.tolist(), keep.tolist(), strict=True)
            ranks = np.concatenate([draw_distinct(rng, *pair) for pair in pairs])
            classes = np.repeat(np.arange(shape[1]), keep)
            values = np.full(len(classes), value, np.int8)
            blocks.append((kind.at(classes, ranks), classes, values))
        return join_blocks(blocks, shape)

    def _limits(self, what: str, num_classes: int) -> NDArray[np.int64]:
        """Returns the most labels to keep of each class, (C,)."""
        numbers = class_numbers(getattr(self, what), num_classes, self.split_names, what)
        wrong = (numbers < -1) | (numbers != np.round(numbers))
        if wrong.any():
            raise ValueError(
                f'{what}: {numbers[wrong][0]:g} is not a number of labels to keep of a class; use '
                'a count, or -1 for all'
            )
        limits = np.minimum(numbers, 2**53).astype(np.int64)
        limits[limits < 0] = np.iinfo(np.int64).max
        return limits

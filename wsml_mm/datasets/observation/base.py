"""What an observation process is, and the process that hides nothing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from mmpretrain.registry import TASK_UTILS
from numpy.typing import NDArray

from wsml_mm.datasets.annotations import SplitNames
from wsml_mm.labels.encoding import NEGATIVE, POSITIVE, UNOBSERVED
from wsml_mm.labels.sparse import SparseLabels

Row = tuple[NDArray[np.int64], NDArray[np.int64]]


class Observation:
    """Maps the labels of the whole official split to the observed labels.

    A process of your own defines `rows`, image by image, or `__call__`, for all images at once.

    Attributes:
        split_names: of classes and images while `observe_split` runs, else None.
    """

    split_names: SplitNames | None = None

    def __call__(self, labels: SparseLabels) -> SparseLabels:
        """Returns the observed labels: (N, C) like `labels`, unlisted entries unobserved."""
        return SparseLabels.from_rows(self.rows(labels), labels.num_classes, rest=UNOBSERVED)

    def rows(self, labels: SparseLabels) -> Iterator[Row]:
        """Yields (observed positive classes, observed negative classes) of each image."""
        if type(self).__call__ is Observation.__call__:
            raise NotImplementedError(
                f'{type(self).__name__}: defines neither rows nor __call__; an observation process '
                'needs one of them'
            )
        observed = self(labels)
        for index in range(len(observed)):
            yield observed.listed(index, POSITIVE), observed.listed(index, NEGATIVE)


def observe_split(process: Observation, labels: SparseLabels, names: SplitNames) -> SparseLabels:
    """Returns the observed labels of a split whose classes and images have names.

    Args:
        process: finds the names as `self.split_names`, should it need them.
        labels: (N, C), all that is known.
        names: of the N images and C classes.
    """
    process.split_names = names
    try:
        return process(labels)
    finally:
        process.split_names = None  # they hold the dataset, which need not travel to workers


@TASK_UTILS.register_module()
class ObserveAll(Observation):
    """Observes every known label: the full-label upper bound.

    Config:
        observe = dict(type='ObserveAll')
    """

    def __call__(self, labels: SparseLabels) -> SparseLabels:
        """Returns `labels` as they are."""
        return labels

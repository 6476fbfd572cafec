"""The positive of an image that takes most of it, as whoever labels by the main subject keeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from mmpretrain.registry import TASK_UTILS
from numpy.typing import NDArray

from wsml_mm.datasets.boxes.table import BoxTable
from wsml_mm.labels.encoding import POSITIVE, UNOBSERVED
from wsml_mm.labels.sparse import SparseLabels

from .base import Observation
from .class_numbers import ClassNumbers, class_numbers
from .draws import Candidates


@TASK_UTILS.register_module()
class DominantPositive(Observation):
    """Observes the dominant positive of an image: by its area, else by how frequent its class is.

    Source: AdaGC, TGRS 2026, https://arxiv.org/abs/2510.08269, whose single positive of a remote
    sensing scene is a random or the dominant class. Our reading, as its code was out of reach: with
    `boxes` the positive with the largest sum of box areas in the image, overlaps counted twice;
    with `sizes` the one whose class is largest; without both the one whose class is positive in
    most images of the split. Ties, and images without a box of a positive, go by that frequency,
    then by class order. Nothing is drawn: there is one such mask.

    Args:
        boxes: config of a box source, `VOCBoxes`, `COCOBoxes` or `OpenImagesBoxes`; None: none.
        sizes: usual extent of each class: C numbers in class order, a mapping from each class name,
            or the path of a `.json` or `.csv` file of them; None: not known.

    Raises:
        ValueError: if both are given.

    Config:
        observe = dict(type='DominantPositive', sizes=dict(forest=0.7, river=0.1))
    """

    def __init__(
        self,
        boxes: dict[str, Any] | Callable[[Sequence[str]], BoxTable] | None = None,
        sizes: ClassNumbers | None = None,
    ) -> None:
        if boxes is not None and sizes is not None:
            raise ValueError('DominantPositive: boxes and sizes both say what dominates; give one')
        self.boxes, self.sizes = boxes, sizes

    def __call__(self, labels: SparseLabels) -> SparseLabels:
        """Returns the dominant positives.

        Raises:
            FileNotFoundError: if there is no such file of boxes or sizes.
            ValueError: if a size is missing or not finite, or boxes are given where the names of
                images are not known.
        """
        positives = Candidates(labels, POSITIVE)
        rows = np.repeat(np.arange(len(labels)), positives.counts)
        classes = positives.classes
        frequency = np.bincount(classes, minlength=labels.num_classes)
        if self.boxes is not None:
            extent = self._areas(labels.num_classes, rows, classes)
        elif self.sizes is not None:
            extent = class_numbers(self.sizes, labels.num_classes, self.split_names, 'sizes')[
                classes
            ]
        else:
            extent = np.zeros(len(classes))
        order = np.lexsort((classes, -frequency[classes], -extent, rows))
        shown, first = np.unique(rows[order], return_index=True)
        kept = classes[order][first]
        shape = (len(labels), labels.num_classes)
        return SparseLabels.from_pairs(shown, kept, POSITIVE, shape, UNOBSERVED)

    def _areas(
        self, num_classes: int, rows: NDArray[np.int64], classes: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Returns the area of each positive's boxes: pixels, or shares of the image."""
        names = self.split_names
        if names is None or not names.classes:
            raise ValueError(
                'DominantPositive(boxes=...): the images have no names here; observe through '
                'PartialLabelDataset or observe_split'
            )
        source: Any = self.boxes
        table = (TASK_UTILS.build(source) if isinstance(source, dict) else source)(names.classes)
        found, images = np.zeros(len(rows)), list(names.images())
        starts = np.searchsorted(rows, np.unique(rows), side='left')
        for start, row in zip(starts, np.unique(rows), strict=True):
            if images[row] not in table:
                continue
            own, box = table.of(images[row], (1, 1))
            sides = np.maximum(box[:, 2:] - box[:, :2], 0).astype(np.float64)
            area = np.bincount(own, sides.prod(1), minlength=num_classes)
            end = start + int(np.searchsorted(rows[start:], row, side='right'))
            found[start:end] = area[classes[start:end]]
        return found

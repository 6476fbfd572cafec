"""What a loss with state may know of its training before the first step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wsml_mm.labels.encoding import NEGATIVE, UNOBSERVED
from wsml_mm.labels.sparse import SparseLabels


@dataclass(frozen=True)
class TrainingFacts:
    """The training set and the training, given to a loss by `PartialLabelHook` or a plain loop.

    Args:
        num_samples: N, rows of the official split; with several datasets concatenated, of all. A
            sample index lies below it.
        num_classes: C.
        labels: the observed labels of each concatenated dataset, N rows in all; empty: not known.
        trained: (n,) positions among the N that the training uses; None: all.
        classes: C names; None: not known.
        fingerprint: of images and observed labels; state of another one is refused.
        max_epochs: length of the training; None: not known.
        num_groups: G, of methods that keep state by group (clips, patients); None: no groups.
        groups: (N,) int64, the group of each row; None: not known.
        even_batches: whether all ranks get equally many rows in every batch.
    """

    num_samples: int
    num_classes: int
    labels: Sequence[SparseLabels] = ()
    trained: NDArray[np.int64] | None = field(default=None, compare=False)
    classes: Sequence[str] | None = None
    fingerprint: str = ''
    max_epochs: int | None = None
    num_groups: int | None = None
    even_batches: bool = False
    groups: NDArray[np.int64] | None = field(default=None, compare=False)

    def observed(self, samples: ArrayLike) -> NDArray[np.int8]:
        """Returns the observed labels of (K,) samples as a dense (K, C) matrix of {1, 0, -1}.

        Raises:
            ValueError: if the labels are not known.
        """
        self._require_labels()
        starts = np.cumsum([0, *(len(part) for part in self.labels)])
        found = np.empty((len(np.asarray(samples)), self.num_classes), np.int8)
        for place, sample in enumerate(np.asarray(samples, np.int64)):
            leaf = int(np.searchsorted(starts, sample, side='right')) - 1
            found[place] = self.labels[leaf].row(int(sample - starts[leaf]))
        return found

    def training_samples(self) -> NDArray[np.int64]:
        """Returns the (n,) positions that the training uses."""
        return np.arange(self.num_samples) if self.trained is None else self.trained

    def unobserved_per_class(self) -> NDArray[np.int64]:
        """Counts the unobserved labels of each class among the training samples, (C,).

        Raises:
            ValueError: if the labels are not known.
        """
        return self.class_counts(UNOBSERVED)

    def class_counts(self, value: int) -> NDArray[np.int64]:
        """Counts the observed labels of one value (1, 0, -1) of each class, (C,), training samples.

        Raises:
            ValueError: if the labels are not known.
        """
        self._require_labels()
        counts = np.zeros(self.num_classes, np.int64)
        first, samples = 0, self.training_samples()
        for part in self.labels:
            own = samples[(samples >= first) & (samples < first + len(part))] - first
            counts += part.subset(own).class_counts(value)
            first += len(part)
        return counts

    @property
    def has_no_negative(self) -> bool:
        """Whether it is known that no training sample has an observed negative."""
        return bool(self.labels) and not self.class_counts(NEGATIVE).any()

    @property
    def num_unobserved(self) -> int | None:
        """Unobserved labels among the training samples; None: not known."""
        return int(self.unobserved_per_class().sum()) if self.labels else None

    def _require_labels(self) -> None:
        if not self.labels:
            raise ValueError(
                'the observed labels of the training set are not known to the loss: wrap it in '
                'PartialLabelDataset, or give TrainingFacts(labels=...) in your own loop'
            )

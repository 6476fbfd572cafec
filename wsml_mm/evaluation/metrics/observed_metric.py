"""What the metrics of annotated labels share: the samples they keep, and their merging."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from numpy.typing import NDArray
from torch import Tensor

from wsml_mm.datasets.partial_label import FULL_LABELS
from wsml_mm.evaluation.guards import batch_scores, check_scores
from wsml_mm.evaluation.kept_labels import Kept, KeptBatch, scored_labels
from wsml_mm.evaluation.scored_labels import ScoredLabels
from wsml_mm.labels.encoding import NEGATIVE, UNOBSERVED

LABELS, FILLINGS = ('observed', 'full'), ('skip', 'negative')


class ObservedMetric(BaseMetric):  # type: ignore[misc]
    """Base of the metrics over annotated labels: what is unobserved never counts.

    Args:
        labels: 'observed', those that the data set shows, or 'full', the annotation that it hides,
            which `PartialLabelDataset(observe=..., diagnosis=True)` carries along. So one
            validation can be judged by both.
        unobserved: 'skip', or 'negative': counts as absent, as "assume negative" trains.
        kwargs: arguments of MMEngine's `BaseMetric`.

    Raises:
        ValueError: if `labels` or `unobserved` is unknown.
    """

    default_prefix = 'multi-label'
    title = 'metric'  # in messages

    def __init__(self, labels: str = 'observed', unobserved: str = 'skip', **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if labels not in LABELS:
            raise ValueError(f'labels={labels!r}: use "observed" or "full"')
        if unobserved not in FILLINGS:
            raise ValueError(f'unobserved={unobserved!r}: use "skip" or "negative"')
        self.labels, self.unobserved = labels, unobserved

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Keeps each sample's annotated entries, one result a sample (ranks are merged by it).

        Raises:
            ValueError: naming the image, if a label is not of {1, 0, -1}, or its score not finite;
                if the full labels are wanted and not there.
        """
        if not data_samples:
            return
        if self.labels == 'full':
            data_samples = [self._with_full_labels(sample) for sample in data_samples]
        self.results.extend(self._kept(*batch_scores(data_samples)).samples())

    @property
    def takes_rows(self) -> bool:
        """Whether `process_rows` does what `process` does."""
        return type(self).process is ObservedMetric.process and 'process' not in vars(self)

    def process_rows(self, scores: Tensor, observed: Tensor, full: Tensor | None) -> None:
        """Keeps the annotated entries of a batch whose samples need not be made, on one rank.

        Args:
            scores: (B, C), finite.
            observed: (B, C) labels of {1, 0, -1}, of a dataset of this package.
            full: (B, C) full labels; None: they are not there.

        Raises:
            ValueError: if the full labels are wanted and not there.
        """
        labels = observed if self.labels == 'observed' else self._there(full)
        self.results.append(self._kept(scores.cpu().numpy(), labels.to(torch.int8).numpy()))

    def _kept(self, scores: NDArray[np.floating], labels: NDArray[np.int8]) -> KeptBatch:
        if self.unobserved == 'negative':
            check_scores(scores)
            labels = np.where(labels == UNOBSERVED, labels.dtype.type(NEGATIVE), labels)
        return KeptBatch.of(scores, labels)

    def _with_full_labels(self, sample: dict[str, Any]) -> dict[str, Any]:
        return {**sample, 'gt_score': self._there(sample.get(FULL_LABELS))}

    def _there(self, full: Any) -> Any:
        if full is None:
            raise ValueError(
                f"{self.title} with labels='full': the evaluated samples carry no full labels; set "
                'diagnosis=True in their PartialLabelDataset'
            )
        return full

    def merged(self, results: Kept) -> ScoredLabels:
        """Returns the annotated labels of all samples.

        Raises:
            ValueError: if there are no samples.
        """
        if not results:
            raise ValueError(
                f'{self.title} of no samples: the evaluation set is empty; check the dataset of '
                'the val or test dataloader'
            )
        return scored_labels(results)

    @property
    def class_names(self) -> Sequence[str] | None:
        """The class names of the evaluated dataset; None: it names none."""
        names: Sequence[str] | None = (self.dataset_meta or {}).get('classes')
        return names


def mean(values: NDArray[np.float64]) -> float:
    """Returns the mean of the values that are not NaN; NaN where there are none."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float('nan')


def names_of(classes: Sequence[Any] | None, count: int) -> list[Any]:
    """Returns the names of C classes; where none are given, their indices.

    Raises:
        ValueError: if there are more or fewer names than classes.
    """
    names = list(classes or range(count))
    if len(names) != count:
        raise ValueError(
            f'{len(names)} class names for scores of {count} classes; check num_classes of the '
            'head against the classes of the dataset'
        )
    return names

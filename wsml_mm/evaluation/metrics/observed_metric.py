"""What the metrics of annotated labels share: the samples they keep, and their merging."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric
from numpy.typing import NDArray

from wsml_mm.evaluation.guards import batch_scores
from wsml_mm.evaluation.scored_labels import ScoredLabels
from wsml_mm.labels.encoding import POSITIVE, UNOBSERVED

Result = dict[str, NDArray[Any]]


class ObservedMetric(BaseMetric):  # type: ignore[misc]
    """Base of the metrics over annotated labels: what is unobserved never counts.

    Args:
        kwargs: arguments of MMEngine's `BaseMetric`.
    """

    default_prefix = 'multi-label'
    title = 'metric'  # in messages

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Keeps each sample's annotated entries, one result a sample (ranks are merged by it).

        Raises:
            ValueError: naming the image, if a label is not of {1, 0, -1}, or its score not finite.
        """
        for score, target in batch_scores(data_samples):
            known = target != UNOBSERVED
            result: Result = {'score': score[known], 'positive': target[known] == POSITIVE}
            if not known.all():
                result['class'] = np.flatnonzero(known).astype(np.int32)
                result['size'] = np.int64(len(score))  # type: ignore[assignment]
            self.results.append(result)

    def merged(self, results: list[Result]) -> ScoredLabels:
        """Returns the annotated labels of all samples; memory is linear in their number.

        Raises:
            ValueError: if there are no samples.
        """
        if not results:
            raise ValueError(
                f'{self.title} of no samples: the evaluation set is empty; check the dataset of '
                'the val or test dataloader'
            )
        first = results[0]
        width = int(first.get('size', len(first['score'])))  # type: ignore[call-overload]
        everything = np.arange(width, dtype=np.int32)
        return ScoredLabels.from_triples(
            np.concatenate([result.get('class', everything) for result in results]),
            np.concatenate([result['score'] for result in results]),
            np.concatenate([result['positive'] for result in results]),
            width,
        )

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

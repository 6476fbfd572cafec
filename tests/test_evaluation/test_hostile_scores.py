"""Scores and options of the metric that are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
from hostile import Case, Prepare, refusals

from wsml_mm import MeanAveragePrecision, PartialLabelMetric


def mean_ap(score: float = 0.5, **kwargs: Any) -> Prepare:
    pred, target = np.full((2, 2), score), np.array([[1, 0], [0, 1]])
    return lambda folder: lambda: MeanAveragePrecision.calculate(pred, target, **kwargs)


def at(threshold: Any, **kwargs: Any) -> Prepare:
    pred, target = np.full((2, 2), 0.5), np.array([[1, 0], [0, 1]])
    return lambda folder: lambda: PartialLabelMetric.calculate(pred, target, threshold, **kwargs)


def all_labels(value: int) -> Prepare:
    pred, target = np.full((2, 2), 0.5), np.full((2, 2), value)
    return lambda folder: lambda: PartialLabelMetric.calculate(pred, target)


# fmt: off
test_refusal = refusals(
    Case('scores NaN', mean_ap(float('nan')), ValueError,
         '2 of 2 scores are NaN ... lower the learning rate'),
    Case('scores of another shape',
         lambda folder: lambda: MeanAveragePrecision.calculate(np.zeros((2, 3)), np.zeros((2, 2))),
         ValueError, 'pred (2, 3) and target (2, 2) ... (N, C) ... check num_classes'),
    Case('group of an unknown class',
         mean_ap(classes=['cat', 'dog'], groups={'pets': ['cat', 'elk']}), ValueError,
         "groups['pets'] ... 'elk' ... use a class name or an index of 0..1"),
    Case('empty_class unknown', lambda folder: lambda: MeanAveragePrecision(empty_class='drop'),
         ValueError, 'empty_class=\'drop\' ... use "zero" or "skip"'),
    Case('evaluation set empty', lambda folder: lambda: MeanAveragePrecision().compute_metrics([]),
         ValueError, 'mAP ... evaluation set is empty ... check the dataset'),
    Case('evaluation set of the second metric empty',
         lambda folder: lambda: PartialLabelMetric().compute_metrics([]), ValueError,
         'PartialLabelMetric ... evaluation set is empty ... check the dataset'),
    Case('threshold in percent', lambda folder: lambda: PartialLabelMetric(threshold=50),
         ValueError, 'threshold=50 ... between 0 and 1'),
    Case('threshold NaN', at([0.5, float('nan')]), ValueError, 'threshold=nan ... between 0 and 1'),
    Case('thresholds of other classes', at([0.5] * 3), ValueError,
         'threshold: 3 numbers for 2 classes ... one a class'),
    Case('threshold of an unknown class', at({'cat': 0.5, 'elk': 0.5}, classes=['cat', 'dog']),
         ValueError, "'dog' has none ... one for each of its 2 classes"),
    Case('threshold of a class too many',
         at({'cat': 0.5, 'dog': 0.1, 'elk': 0.5}, classes=['cat', 'dog']),
         ValueError, "'elk' is no class of the dataset"),
    Case('positives only', all_labels(1), ValueError,
         'none of the 2 classes ... never negative: 2 ... list the negatives'),
    Case('nothing annotated', all_labels(-1), ValueError,
         'none of the 2 classes ... never annotated: 2'),
)
# fmt: on

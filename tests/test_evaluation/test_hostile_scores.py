"""Scores and options of the metric that are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
from hostile import Case, Prepare, refusals

from wsml_mm import MeanAveragePrecision


def mean_ap(score: float = 0.5, **kwargs: Any) -> Prepare:
    pred, target = np.full((2, 2), score), np.array([[1, 0], [0, 1]])
    return lambda folder: lambda: MeanAveragePrecision.calculate(pred, target, **kwargs)


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
)
# fmt: on

"""What metrics refuse of samples: the losses' guard of labels, scores that are not finite."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mmpretrain.registry import METRICS

from wsml_mm import AssumeNegativeLoss, MeanAveragePrecision


def scored():
    random = np.random.default_rng(0)
    return random.random((50, 6)), (random.random((50, 6)) < 0.3).astype(np.int8)


def samples(pred, target):
    return [
        dict(pred_score=torch.as_tensor(s), gt_score=torch.as_tensor(t), img_path=f'{n}.jpg')
        for n, (s, t) in enumerate(zip(pred, target, strict=True))
    ]


def evaluate(data):
    metric = MeanAveragePrecision()
    metric.process(None, data)
    return metric.compute_metrics(metric.results)


WRONG = {
    'NaN': (np.float32, np.nan, 'nan'),
    'two': (np.int64, 2, '2'),
    'a half': (np.float32, 0.5, '0.5'),
    '-1 as uint8': (np.uint8, 255, '255'),
}


@pytest.mark.parametrize(('dtype', 'value', 'says'), WRONG.values(), ids=WRONG)
def test_metrics_and_losses_refuse_the_same_labels(dtype, value, says):
    pred, target = scored()
    target = target.astype(dtype)
    target[3, 2] = value
    message = f'holds {says}; labels are 1 '
    data = samples(pred, target)
    for metric in ('MeanAveragePrecision', 'PartialLabelMetric'):
        with pytest.raises(ValueError, match=f'3.jpg: gt_score {message}'):
            METRICS.build(dict(type=metric)).process(None, data)
        with pytest.raises(ValueError, match=f'target {message}'):
            METRICS.get(metric).calculate(pred, target)
    with pytest.raises(ValueError, match=f'target {message}'):
        AssumeNegativeLoss()(torch.as_tensor(pred), torch.as_tensor(target))


@pytest.mark.parametrize('dtype', [np.uint8, np.bool_, np.float16, np.int64])
def test_full_labels_of_any_type(dtype):
    pred, target = scored()
    expected = evaluate(samples(pred, target))
    assert evaluate(samples(pred, target.astype(dtype))) == expected


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf])
def test_scores_that_are_not_finite_are_refused(value):
    pred, target = scored()
    pred[3, 2] = value
    kind = 'NaN' if np.isnan(value) else 'infinite'
    data = samples(pred, target)
    with pytest.raises(ValueError, match=f'3.jpg: 1 of 6 scores are {kind}: the model has div'):
        evaluate(data)
    target[3, 2] = -1
    assert evaluate(samples(pred, target))['scored_classes'] == 6


@pytest.mark.parametrize('listed', [[-1], [2, 6], [0.5]])
def test_positive_classes_are_checked(listed):
    sample = dict(pred_score=torch.rand(6), gt_label=torch.tensor(listed), img_path='a.jpg')
    with pytest.raises(
        ValueError, match=r'a\.jpg: gt_label \[.*\] must be class indices of 0\.\.5'
    ):
        MeanAveragePrecision().process(None, [sample])

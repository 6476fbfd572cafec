"""The figures at a threshold and the area under the ROC curve, against scikit-learn."""

from __future__ import annotations

import logging

import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator
from mmengine.logging import MMLogger
from mmpretrain.registry import METRICS
from mmpretrain.structures import DataSample
from sklearn.metrics import precision_recall_fscore_support, roc_auc_score

from wsml_mm import PartialLabelMetric

NAMES = ('aeroplane', 'bicycle', 'bird', 'boat', 'bottle', 'bus')


def scored(count=60, classes=6, unknown=0.4, seed=0):
    random = np.random.default_rng(seed)
    pred = random.random((count, classes)).round(2).astype(np.float32)  # with ties
    target = (random.random((count, classes)) < 0.3).astype(np.int8)
    target[random.random((count, classes)) < unknown] = -1
    return pred, target


def by_sklearn(pred, target, thresholds):
    """The figures over the observed entries of classes with both kinds, in percent."""
    rows, figures, taken, truth = [], {}, [], []
    for label, name in enumerate(NAMES[: pred.shape[1]]):
        known = target[:, label] != -1
        positive, score = target[known, label] == 1, pred[known, label]
        if positive.all() or not positive.any():
            continue
        chosen = score >= np.float32(thresholds[label])
        found = precision_recall_fscore_support(
            positive, chosen, average='binary', zero_division=0
        )[:3]
        rows.append([*found, roc_auc_score(positive, score)])
        for key, value in zip(('precision', 'recall', 'F1', 'AUROC'), rows[-1], strict=True):
            figures[f'{key}/{name}'] = 100 * value
        taken.append(chosen)
        truth.append(positive)
    p, r, f, a = 100 * np.mean(rows, axis=0)
    overall = precision_recall_fscore_support(
        np.concatenate(truth), np.concatenate(taken), average='binary', zero_division=0
    )
    means = {'CP': p, 'CR': r, 'F1': f, 'CF1': 2 * p * r / (p + r), 'AUROC': a}
    means |= dict(zip(('OP', 'OR', 'OF1'), 100 * np.array(overall[:3]), strict=True))
    return means | figures | {'judged_classes': len(rows)}


def samples(pred, target):
    return [
        DataSample().set_pred_score(torch.as_tensor(s)).set_gt_score(torch.as_tensor(t))
        for s, t in zip(pred, target, strict=True)
    ]


def evaluate(data, classes=NAMES, **kwargs):
    evaluator = Evaluator(METRICS.build(dict(type='PartialLabelMetric', **kwargs)))
    evaluator.dataset_meta = dict(classes=classes)
    for start in range(0, len(data), 7):
        evaluator.process(data_samples=data[start : start + 7], data_batch=None)
    found = evaluator.evaluate(len(data))
    return {key.removeprefix('multi-label/'): value for key, value in found.items()}


LEVELS = (0.5, 0.3, 0.7, 0.05, 0.95, 1.0)


@pytest.mark.parametrize('unknown', [0.0, 0.4])
@pytest.mark.parametrize(
    ('threshold', 'each'),
    [(0.7, [0.7] * 6), (LEVELS, LEVELS), (dict(zip(NAMES, LEVELS, strict=True)), LEVELS)],
    ids=['one', 'list', 'dict'],
)
def test_equals_sklearn_on_the_observed_entries(unknown, threshold, each):
    pred, target = scored(unknown=unknown)
    expected = by_sklearn(pred, target, each)
    assert 0.7 in pred  # exactly at the threshold, where float64 would see it below
    found = evaluate(samples(pred, target), threshold=threshold, classwise=True)
    assert found == pytest.approx(expected)
    assert len(found) == 9 + 4 * 6
    short = evaluate(samples(pred, target), threshold=threshold)
    assert short == {key: found[key] for key in found if '/' not in key}
    alone = PartialLabelMetric.calculate(pred, target, threshold, NAMES, classwise=True)
    assert alone == pytest.approx(expected)


def test_unobserved_entries_do_not_count():
    pred, target = scored()
    other = np.where(target == -1, 1 - pred, pred)
    assert evaluate(samples(pred, target)) == evaluate(samples(other, target))


def test_classes_without_both_kinds_are_left_out_and_counted(caplog):
    pred, target = scored()
    target[:, 1][target[:, 1] == 0] = -1  # positives only
    target[:, 3][target[:, 3] == 1] = -1  # negatives only
    target[:, 4] = -1
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    with caplog.at_level(logging.INFO):
        found = evaluate(samples(pred, target), classwise=True)
    logger.removeHandler(caplog.handler)
    assert '3 of 6 classes lack' in caplog.text
    assert '(never negative: 1, never positive: 1, never annotated: 1)' in caplog.text
    expected = by_sklearn(pred, target, [0.5] * 6)
    assert found['judged_classes'] == 3
    assert {key: found[key] for key in expected} == pytest.approx(expected)
    left_out = set(found) - set(expected)
    assert left_out == {
        f'{kind}/{NAMES[i]}' for i in (1, 3, 4) for kind in ('precision', 'recall', 'F1', 'AUROC')
    }
    assert all(np.isnan(found[key]) for key in left_out)


def test_nothing_taken_for_positive_is_0_and_not_nan():
    pred, target = scored(unknown=0)
    found = evaluate(samples(pred / 2, target), threshold=0.9)
    assert [found[key] for key in ('CP', 'CR', 'CF1', 'F1', 'OP', 'OR', 'OF1')] == [0] * 7
    assert found['AUROC'] > 0

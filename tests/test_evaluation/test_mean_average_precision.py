from __future__ import annotations

import logging
import tracemalloc

import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator
from mmengine.logging import MMLogger
from mmpretrain.registry import METRICS
from mmpretrain.structures import DataSample
from sklearn.metrics import average_precision_score

from wsml_mm import MeanAveragePrecision

NAMES = ('aeroplane', 'bicycle', 'bird', 'boat', 'bottle', 'bus')


def scored(count=50, classes=6, unknown=0.4, seed=0):
    random = np.random.default_rng(seed)
    pred = random.random((count, classes)).round(2)  # with ties
    target = (random.random((count, classes)) < 0.3).astype(np.int8)
    target[random.random((count, classes)) < unknown] = -1
    return pred, target


def by_sklearn(pred, target):
    """Percent for each class; 0 without a positive, None without an annotation."""
    result = []
    for score, truth in zip(pred.T, target.T, strict=True):
        known = truth != -1
        if (truth == 1).any():
            result.append(100 * average_precision_score(truth[known], score[known]))
        else:
            result.append(0.0 if known.any() else None)
    return result


def samples(pred, target, dtype=torch.float32):
    return [
        DataSample()
        .set_pred_score(torch.as_tensor(score).to(dtype))
        .set_gt_score(torch.as_tensor(truth))
        for score, truth in zip(pred, target, strict=True)
    ]


def evaluate(data, classes=NAMES, chunk=7, meta=None, **kwargs):
    evaluator = Evaluator(METRICS.build(dict(type='MeanAveragePrecision', **kwargs)))
    evaluator.dataset_meta = dict(classes=classes, **(meta or {})) if classes else None
    for start in range(0, len(data), chunk):
        evaluator.process(data_samples=data[start : start + chunk], data_batch=None)
    assert len(evaluator.metrics[0].results) == len(data)  # ranks are merged by samples
    return evaluator.evaluate(len(data))


@pytest.mark.parametrize('unknown', [0.0, 0.4])
@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
def test_evaluator_equals_sklearn(unknown, dtype):
    pred, target = scored(unknown=unknown)
    if dtype == torch.float64:  # pairs that only float64 separates
        pred += np.arange(50)[:, None] * 1e-12
    expected = by_sklearn(pred, target)
    metrics = evaluate(samples(pred, target, dtype), classwise=True)
    assert set(metrics) == {
        f'multi-label/{key}' for key in ('mAP', 'classes', 'scored_classes')
    } | {f'multi-label/AP/{name}' for name in NAMES}
    assert metrics['multi-label/mAP'] == pytest.approx(np.mean(expected), abs=1e-10)
    for name, value in zip(NAMES, expected, strict=True):
        assert metrics[f'multi-label/AP/{name}'] == pytest.approx(value, abs=1e-10)
    assert metrics['multi-label/classes'] == metrics['multi-label/scored_classes'] == 6
    assert all(isinstance(value, float) for value in metrics.values())


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_scores(dtype):
    pred, target = scored()
    rounded = torch.as_tensor(pred).to(dtype).double().numpy()
    metrics = evaluate(samples(pred, target, dtype))
    assert metrics['multi-label/mAP'] == pytest.approx(np.mean(by_sklearn(rounded, target)))


def test_unknown_labels_are_ignored():
    pred, target = scored()
    other = np.where(target == -1, 1 - pred, pred)
    assert evaluate(samples(pred, target)) == evaluate(samples(other, target))
    negative = np.where(target == -1, 0, target)
    assert evaluate(samples(pred, target)) != evaluate(samples(pred, negative))


def test_labels_given_as_a_list_of_positives():
    pred, target = scored(unknown=0)
    data = samples(pred, target)
    for sample, truth in zip(data, target, strict=True):
        del sample.gt_score
        sample.set_gt_label(np.flatnonzero(truth))
    assert evaluate(data) == evaluate(samples(pred, target))


@pytest.mark.parametrize(('empty_class', 'count'), [('zero', 4), ('skip', 3)])
def test_a_class_without_a_positive(empty_class, count):
    pred, target = scored(classes=4)
    target[:, 1][target[:, 1] == 1] = 0
    metrics = evaluate(samples(pred, target), NAMES[:4], empty_class=empty_class)
    expected = by_sklearn(pred, target)
    assert expected[1] == 0
    assert metrics['multi-label/mAP'] == pytest.approx(sum(expected) / count)
    assert metrics['multi-label/scored_classes'] == count


@pytest.mark.parametrize('empty_class', ['zero', 'skip'])
def test_a_class_with_nothing_annotated_is_skipped_and_logged(empty_class, caplog):
    pred, target = scored()
    target[:, [2, 5]] = -1
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    with caplog.at_level(logging.INFO):
        metrics = evaluate(samples(pred, target), empty_class=empty_class, classwise=True)
    logger.removeHandler(caplog.handler)
    assert 'mAP: 2 of 6 classes have nothing to score on' in caplog.text
    expected = [value for value in by_sklearn(pred, target) if value is not None]
    assert len(expected) == 4
    assert metrics['multi-label/mAP'] == pytest.approx(np.mean(expected))
    assert metrics['multi-label/classes'] == 6
    assert metrics['multi-label/scored_classes'] == 4
    assert np.isnan(metrics['multi-label/AP/bird'])


def test_groups_by_name_and_by_index():
    pred, target = scored()
    target[:, 5] = -1
    groups = {'air': ['aeroplane', 'bird'], 'rest': [1, 3, 5], 'none': ['bus'], 'all': range(6)}
    metrics = evaluate(samples(pred, target), groups=groups)
    expected = by_sklearn(pred, target)
    assert metrics['multi-label/mAP/air'] == pytest.approx((expected[0] + expected[2]) / 2)
    assert metrics['multi-label/mAP/rest'] == pytest.approx((expected[1] + expected[3]) / 2)
    assert np.isnan(metrics['multi-label/mAP/none'])
    assert metrics['multi-label/mAP/all'] == metrics['multi-label/mAP']


@pytest.mark.parametrize('unknown', ['zebra', 6, -1])
def test_a_group_with_an_unknown_class_is_refused(unknown):
    pred, target = scored()
    with pytest.raises(ValueError, match=rf"groups\['odd'\] names the unknown class {unknown!r}"):
        MeanAveragePrecision.calculate(pred, target, 'zero', NAMES, {'odd': [0, unknown]})


def test_classes_without_names_are_numbered():
    pred, target = scored()
    metrics = evaluate(samples(pred, target), classes=None, classwise=True, groups={'g': [4]})
    assert metrics['multi-label/AP/4'] == metrics['multi-label/mAP/g']


def log_of(caplog, *args, **kwargs):
    """The metrics, and what the log says."""
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    with caplog.at_level(logging.INFO):
        metrics = evaluate(*args, **kwargs)
    logger.removeHandler(caplog.handler)
    return metrics, caplog.text


def test_a_class_without_a_known_negative_is_left_out(caplog):
    pred, target = scored()
    target[:, [1, 4]] = np.where(target[:, [1, 4]] == 1, 1, -1)  # a forgotten `*`
    target[:, 2] = -1
    metrics, text = log_of(caplog, samples(pred, target), classwise=True)
    due = by_sklearn(pred, target)
    assert due[1] == due[4] == 100
    assert metrics['multi-label/mAP'] == pytest.approx(np.mean([due[0], due[3], due[5]]))
    assert metrics['multi-label/scored_classes'] == 3
    assert np.isnan(metrics['multi-label/AP/bicycle'])
    assert 'WARNING  mmengine:' in text
    assert (
        'mAP: 3 of 6 classes have nothing to score on and are left out; never negative: 2' in text
    )
    assert 'whatever the scores; list the negatives of images that are annotated fully (`*`' in text
    assert metrics == pytest.approx(
        {f'multi-label/{k}': v for k, v in MeanAveragePrecision.calculate(
            pred, target, classes=NAMES, classwise=True).items()}, nan_ok=True
    )  # fmt: skip


def test_it_counts_one_under_the_published_protocol(caplog):
    pred, target = scored()
    target[:, [1, 4]] = np.where(target[:, [1, 4]] == 1, 1, -1)
    target[:, 3] = np.where(target[:, 3] == 0, 0, -1)
    metrics, text = log_of(caplog, samples(pred, target), no_negatives='one')
    assert metrics['multi-label/mAP'] == pytest.approx(np.mean(by_sklearn(pred, target)))
    assert metrics['multi-label/scored_classes'] == 6
    assert "mAP: 2 of 6 classes never negative: they count 100 (no_negatives='one')" in text
    assert "mAP: 1 of 6 classes never positive: they count 0 (empty_class='zero')" in text
    found = MeanAveragePrecision.calculate(pred, target, no_negatives='one')['mAP']
    assert found == pytest.approx(metrics['multi-label/mAP'])


@pytest.mark.parametrize('no_negatives', ['skip', 'one'])
@pytest.mark.parametrize(
    ('value', 'counts', 'fix'),
    [
        (1, 'never negative: 6, never positive: 0, never annotated: 0', 'list the negatives'),
        (0, 'never negative: 0, never positive: 6, never annotated: 0', 'the evaluation set needs'),
        (
            -1,
            'never negative: 0, never positive: 0, never annotated: 6',
            'the evaluation set needs',
        ),
    ],
)
def test_figures_that_do_not_depend_on_the_scores_are_refused(value, counts, fix, no_negatives):
    pred, target = scored()
    target = np.full_like(target, value)
    message = f'mAP: none of the 6 classes has a known positive .*{counts}.*same figure; {fix}'
    with pytest.raises(ValueError, match=message):
        evaluate(samples(pred, target), no_negatives=no_negatives)
    target[0] = (1, 1, 1, 0, 0, -1)
    target[1:] = -1
    with pytest.raises(
        ValueError, match='never negative: 3, never positive: 2, never annotated: 1'
    ):
        MeanAveragePrecision.calculate(pred, target, no_negatives=no_negatives)


def test_too_many_positives_asked_for():
    with pytest.raises(ValueError, match='has min_positives=99 positives; lower it'):
        MeanAveragePrecision.calculate(*scored(), min_positives=99)


def test_widths_that_differ_are_refused():
    sample = dict(pred_score=torch.rand(6), gt_score=torch.zeros(5))
    with pytest.raises(ValueError, match=r'pred_score \(6,\) and gt_score \(5,\) must both be'):
        MeanAveragePrecision().process(None, [sample])
    with pytest.raises(ValueError, match='5 class names for scores of 6 classes; check num_cl'):
        evaluate(samples(*scored()), classes=NAMES[:5])


def test_the_first_sample_may_be_partial_and_later_ones_empty():
    pred, target = scored(count=4, unknown=0)
    target[0, 3:] = -1
    target[2] = -1
    metrics = evaluate(samples(pred, target))
    expected = by_sklearn(pred, target)
    assert metrics['multi-label/mAP'] == pytest.approx(np.mean(expected))


def test_arguments_are_checked():
    with pytest.raises(ValueError, match='use "zero" or "skip"'):
        METRICS.build(dict(type='MeanAveragePrecision', empty_class='drop'))
    with pytest.raises(ValueError, match='no_negatives=\'two\': use "skip" or "one"'):
        METRICS.build(dict(type='MeanAveragePrecision', no_negatives='two'))
    for pred, target in [((3, 2), (3, 3)), ((3,), (3,))]:
        with pytest.raises(ValueError, match=r'must both be \(N, C\)'):
            MeanAveragePrecision.calculate(np.zeros(pred), np.zeros(target))


def test_calculate_without_an_evaluator_keeps_float64():
    pred, target = np.array([[0.5], [0.5 + 1e-13]]), np.array([[0], [1]])
    assert MeanAveragePrecision.calculate(pred, target)['mAP'] == 100


def test_nothing_to_evaluate_is_refused():
    with pytest.raises(ValueError, match='the evaluation set is empty'):
        MeanAveragePrecision().compute_metrics([])


def test_groups_of_the_dataset():
    pred, target = scored()
    groups = {'G1': [0, 4], 'G2': [1, 2, 3], 'G3': [5]}
    metrics = evaluate(samples(pred, target), meta=dict(groups=groups), groups='dataset')
    assert metrics == evaluate(samples(pred, target), groups=groups)
    expected = by_sklearn(pred, target)
    assert metrics['multi-label/mAP/G2'] == pytest.approx(np.mean(expected[1:4]))
    assert 'multi-label/mAP/G1' not in evaluate(samples(pred, target), meta=dict(groups=groups))


@pytest.mark.parametrize('meta', [None, dict(groups={})])
def test_a_dataset_without_groups_is_refused(meta):
    with pytest.raises(ValueError, match="groups='dataset': the evaluated dataset names no groups"):
        evaluate(samples(*scored()), meta=meta, groups='dataset')
    with pytest.raises(ValueError, match='names no groups'):
        evaluate(samples(*scored()), classes=None, groups='dataset')


@pytest.mark.parametrize('empty_class', ['zero', 'skip'])
@pytest.mark.parametrize('least', [0, 1, 2, 5])
def test_classes_with_few_positives_are_left_out(empty_class, least, caplog):
    pred, target = scored(unknown=0)
    for label, keep in enumerate((0, 1, 2, 4, 5, 6)):  # positives of each class
        at = np.flatnonzero(target[:, label] == 1)
        target[at[keep:], label] = 0
    target[:, 5][target[:, 5] != 1] = -1  # only positives are annotated
    counts = (target == 1).sum(axis=0)
    assert counts.tolist() == [0, 1, 2, 4, 5, 6]
    floor = max(least, empty_class == 'skip')
    due = [v for v, n in zip(by_sklearn(pred, target), counts, strict=True) if n >= floor][:-1]
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    with caplog.at_level(logging.INFO):
        metrics = evaluate(samples(pred, target), empty_class=empty_class, min_positives=least)
    logger.removeHandler(caplog.handler)
    assert metrics['multi-label/mAP'] == pytest.approx(np.mean(due))
    assert metrics['multi-label/classes'] == 6
    assert metrics['multi-label/scored_classes'] == len(due)
    if least and len(due) < 6:
        assert (
            f'mAP: {6 - len(due)} of 6 classes have nothing to score on or fewer than {least} '
            in (caplog.text)
        )
    assert MeanAveragePrecision.calculate(pred, target, empty_class, min_positives=least)[
        'mAP'
    ] == pytest.approx(np.mean(due))


def test_memory_is_that_of_the_annotated_labels():
    classes, count = 5000, 2000  # 40 MB of float32, were they dense
    rng = np.random.default_rng(0)
    metric = MeanAveragePrecision()
    for _ in range(count):
        target = torch.full((classes,), -1, dtype=torch.int8)
        target[rng.choice(classes, 5, replace=False)] = torch.from_numpy(
            rng.integers(0, 2, 5, 'i1')
        )
        score = torch.from_numpy(rng.random(classes, np.float32))
        metric.process(None, [dict(pred_score=score, gt_score=target)])
    tracemalloc.start()
    metrics = metric.compute_metrics(metric.results)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert metrics['classes'] == classes
    assert 0 < metrics['mAP'] < 100
    assert peak < 2e6


def test_more_arguments_are_checked():
    with pytest.raises(ValueError, match='groups=\'G1\': use "dataset"'):
        MeanAveragePrecision(groups='G1')
    with pytest.raises(ValueError, match='min_positives=-1: use 0 or more'):
        MeanAveragePrecision(min_positives=-1)

"""Validation labels as poor as the training's: who gets them, and what a run makes of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import tiny_config, write_devkit
from mmengine.device import get_device
from mmpretrain.registry import DATASETS

from wsml_mm.datasets.partial_label import FULL_LABELS
from wsml_mm.engine.hooks import best_checkpoint
from wsml_mm.evaluation import MeanAveragePrecision, PartialLabelMetric
from wsml_mm.experiments.entries import Entry, seeded_config
from wsml_mm.experiments.memory import peak_memory
from wsml_mm.experiments.partial_validation import (
    OBSERVED_METRIC,
    SEED_SHIFT,
    add_partial_validation,
)
from wsml_mm.experiments.results import BEST_OBSERVED, METRIC, read_result
from wsml_mm.experiments.runs import run_once


@pytest.fixture
def tiny(tmp_path):
    cfg = tiny_config(write_devkit(tmp_path / 'devkit'), tmp_path / 'unused', 'AN', epochs=3)
    cfg.pop('work_dir')
    return cfg


def entry_of(cfg, tmp_path, **kwargs):
    cfg.dump(tmp_path / 'an_tiny.py')
    return Entry('AN', str(tmp_path / 'an_tiny.py'), **kwargs)


def test_the_same_process_with_another_seed(tiny, tmp_path):
    entry = entry_of(tiny, tmp_path)
    cfg = seeded_config(entry, 7)
    own, train = cfg.val_dataloader.dataset, cfg.train_dataloader.dataset
    assert own.observe == {**train.observe, 'seed': 7 + SEED_SHIFT}
    assert cfg.default_hooks.checkpoint.save_best == [METRIC, OBSERVED_METRIC]
    shown, hidden = DATASETS.build(own), DATASETS.build({**own, 'observe': None})
    full = getattr(shown[0]['data_samples'], FULL_LABELS)
    np.testing.assert_array_equal(full, hidden[0]['data_samples'].gt_score)
    assert int((shown[0]['data_samples'].gt_score == 1).sum()) == 1
    off = seeded_config(entry_of(tiny, tmp_path, partial_validation=False), 7)
    assert off.val_dataloader.dataset.get('observe') is None


@pytest.mark.parametrize(
    'change',
    [
        {'train_dataloader.dataset.observe': None},
        {'train_dataloader.dataset.observe': dict(_delete_=True, type='ObserveAll')},
        {'val_dataloader.dataset.observe': dict(type='SinglePositive', seed=1)},
        {'val_evaluator': dict(type='AveragePrecision', _delete_=True)},
        {'default_hooks.checkpoint.save_best': 'multi-label/F1'},
    ],
)
def test_left_alone_where_it_cannot_be_had(tiny, change):
    tiny.merge_from_dict(change)
    before = tiny.to_dict()
    assert not add_partial_validation(tiny)
    assert tiny.to_dict() == before


def samples(scores, shown, full):
    return [
        {'pred_score': s, 'gt_score': o, FULL_LABELS: f}
        for s, o, f in zip(scores, shown, full, strict=True)
    ]


@pytest.mark.parametrize('kind', [MeanAveragePrecision, PartialLabelMetric])
def test_metrics_of_full_labels_and_of_what_is_unobserved_as_negative(kind):
    rng = torch.Generator().manual_seed(0)
    full = (torch.rand(30, 4, generator=rng) < 0.4).to(torch.int8)
    shown = torch.where(torch.rand(30, 4, generator=rng) < 0.5, full, -1).to(torch.int8)
    scores = torch.rand(30, 4, generator=rng)
    for arguments, labels in (
        (dict(labels='full'), full),
        (dict(unobserved='negative'), shown.clamp(min=0)),
        ({}, shown),
    ):
        metric = kind(**arguments)
        metric.process(None, samples(scores, shown, full))
        found = metric.compute_metrics(metric.results)
        due = kind.calculate(scores.numpy(), labels.numpy())
        assert found == pytest.approx(due)


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (dict(labels='all'), 'use "observed" or "full"'),
        (dict(unobserved=0), 'use "skip" or "negative"'),
    ],
)
def test_unknown_choices_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        MeanAveragePrecision(**arguments)


def test_full_labels_that_are_not_there_are_refused():
    metric = MeanAveragePrecision(labels='full')
    with pytest.raises(ValueError, match='carry no full labels; set diagnosis=True'):
        metric.process(None, [{'pred_score': torch.rand(2), 'gt_score': torch.ones(2)}])
    poor = MeanAveragePrecision(unobserved='negative')
    sample = {'pred_score': torch.tensor([0.5, float('nan')]), 'gt_score': torch.tensor([1, -1])}
    with pytest.raises(ValueError, match='NaN'):
        poor.process(None, [sample])


def test_one_training_gives_three_columns_and_the_first_is_what_it_was(tiny, tmp_path):
    both = run_once(entry_of(tiny, tmp_path), 3, tmp_path / 'both')
    alone = run_once(entry_of(tiny, tmp_path, partial_validation=False), 3, tmp_path / 'alone')
    assert both.checkpoints == ['best', BEST_OBSERVED, 'last']
    assert both.memory > 0
    assert alone.checkpoints == ['best', 'last']
    for name in ('best', 'last'):
        assert both.scores[name] == alone.scores[name]
    assert both.validation == alone.validation
    poor = both.validation_observed
    assert both.best_observed_epoch == 1 + max(range(3), key=poor.__getitem__)
    file = best_checkpoint(tmp_path / 'both', metric=OBSERVED_METRIC)
    assert file.name == f'best_observed_mAP_epoch_{both.best_observed_epoch}.pth'
    assert best_checkpoint(tmp_path / 'both').name.startswith('best_multi-label_mAP')
    assert read_result(tmp_path / 'both' / 'result.json') == both


def test_a_run_without_test_set_is_not_tested(tiny, tmp_path):
    none = dict.fromkeys(('test_dataloader', 'test_evaluator', 'test_cfg'))
    result = run_once(entry_of(tiny, tmp_path), 3, tmp_path / 'run', none)
    assert result.checkpoints == []
    assert not any(key.startswith('test ') for key in result.identity)
    assert len(result.validation) == 3


def test_peak_memory_grows_with_what_is_held():
    with peak_memory() as small:
        pass
    with peak_memory() as large:
        torch.ones(50_000_000, device=get_device()).add_(1)
    assert large[0] - small[0] > 100

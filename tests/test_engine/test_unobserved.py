"""Losses, data and metrics that do not agree on unobserved labels are refused or warned of."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from helpers import (
    CLASSES,
    dataset_config,
    log_text,
    read_devkit,
    scalars,
    set_hook,
    tiny_config,
    train,
    without_validation,
)

from wsml_mm.cli import test as test_command
from wsml_mm.cli import train as train_command

HIDDEN = dict(observe=dict(type='SinglePositive', seed=1200))
STOCK_LOSS = dict(type='CrossEntropyLoss', use_sigmoid=True)


@pytest.fixture(scope='module')
def stock(devkit, tmp_path_factory):
    """MMPretrain's dataset of the kit's images, whose JSON lists one positive label of each."""
    file = tmp_path_factory.mktemp('stock') / 'train.json'
    items = [
        dict(img_path=name, gt_label=np.flatnonzero(row)[:1].tolist())
        for name, row in read_devkit(devkit).items()
    ]
    file.write_text(json.dumps(dict(metainfo=dict(classes=CLASSES), data_list=items)))
    pipeline = dataset_config(devkit)['dataset']['pipeline']
    images = str(devkit / 'JPEGImages')
    return dict(type='MultiLabelDataset', ann_file=str(file), data_prefix=images, pipeline=pipeline)


@pytest.fixture(scope='module')
def with_scores(stock):
    """The same with `gt_score`, the last label of each image unobserved."""
    file = Path(stock['ann_file'])
    content = json.loads(file.read_text())
    for item in content['data_list']:
        positive = item.pop('gt_label')
        item['gt_score'] = [int(c in positive) for c in range(len(CLASSES) - 1)] + [-1]
    other = file.with_name('scores.json')
    other.write_text(json.dumps(content))
    return dict(stock, ann_file=str(other))


def table(stock, **kwargs):
    """The JSON as a table of ours."""
    same = {key: stock[key] for key in ('ann_file', 'data_prefix', 'pipeline')}
    return dict(type='LabelTable', data_root='/', **same, **kwargs)


def wrapped(dataset, **kwargs):
    return dict(type='PartialLabelDataset', dataset=dataset, **kwargs)


def config(devkit, folder, dataset, loss='LL-R', epochs=1):
    return without_validation(tiny_config(devkit, folder, loss, epochs=epochs, dataset=dataset))


def warnings_in(folder):
    return '\n'.join(line for line in log_text(folder).splitlines() if 'WARNING' in line)


@pytest.mark.parametrize(
    ('make', 'says'),
    [
        (wrapped, "every label .*unlisted='unobserved' in PartialLabelDataset"),
        (lambda data: data, "not wrapped .*unlisted='unobserved' in PartialLabelDataset"),
        (lambda data: wrapped(table(data)), r"every label .*unlisted='unobserved' in LabelTable"),
    ],
    ids=['wrapped', 'bare', 'table'],
)
def test_a_training_set_that_hides_nothing(devkit, stock, tmp_path, make, says):
    train(config(devkit, tmp_path, make(stock)))
    text = warnings_in(tmp_path)
    assert re.search(f'LargeLossReject: .*{says}', text), text
    assert 'trains as plain binary cross entropy' in text


@pytest.mark.parametrize(
    ('make', 'unobserved'),
    [
        (lambda data, scores: wrapped(data, unlisted='unobserved'), 24 * 4),
        (lambda data, scores: wrapped(table(data, unlisted='unobserved')), 24 * 4),
        (lambda data, scores: table(data, unlisted='unobserved'), 24 * 4),
        (lambda data, scores: scores, 24),
    ],
    ids=['wrapped', 'table', 'bare table', 'bare scores'],
)
def test_the_remedies_work(devkit, stock, with_scores, tmp_path, make, unobserved):
    dataset = make(stock, with_scores)
    runner = train(config(devkit, tmp_path / 'run', dataset, epochs=2))
    assert 'plain binary cross entropy' not in warnings_in(tmp_path / 'run')
    assert scalars(runner, 'label/ignored/count') == [0, 8]  # 5 % of 6 x 5, in 4 batches
    with pytest.raises(ValueError, match=rf'CrossEntropyLoss takes .* has {unobserved} of them'):
        train(config(devkit, tmp_path / 'other', dataset, STOCK_LOSS))


def test_heads_for_one_label_see_hidden_labels_too(devkit, tmp_path):
    cfg = config(devkit, tmp_path, dataset_config(devkit, **HIDDEN), STOCK_LOSS)
    cfg.model.head.type = 'LinearClsHead'
    with pytest.raises(ValueError, match=r'CrossEntropyLoss takes unobserved labels'):
        train(cfg)


def test_a_training_set_wrapped_in_part_is_refused(devkit, tmp_path):
    repeated = dict(type='RepeatDataset', times=2, dataset=dataset_config(devkit)['dataset'])
    parts = dict(type='ConcatDataset', datasets=[dataset_config(devkit, **HIDDEN), repeated])
    with pytest.raises(ValueError, match=r'a part .* VOC2012, is not wrapped .*wrap it'):
        train(config(devkit, tmp_path, parts, 'LL-Cp'))


METRICS = [dict(type='MultiLabelMetric', thr=0.5), dict(type='PartialLabelMetric', prefix='ours')]


def evaluated(devkit, folder, dataset, epochs=2):
    cfg = tiny_config(devkit, folder, 'AN', epochs=epochs)
    cfg.val_dataloader.dataset = cfg.test_dataloader.dataset = dataset
    cfg.val_evaluator = cfg.test_evaluator = METRICS
    cfg.default_hooks.checkpoint.save_best = 'ours/CF1'
    return cfg


def test_mmpretrains_precision_over_unobserved_labels_is_warned_of(devkit, tmp_path):
    hiding = dict(type='ObserveCounts', num_pos=1, num_neg=2, seed=0)
    partly = dataset_config(devkit, 'val', observe=hiding)
    runner = train(evaluated(devkit, tmp_path / 'partly', partly))
    says = r'MultiLabelMetric counts unobserved labels .* have 16 of them: .*PartialLabelMetric'
    assert len(re.findall(says, warnings_in(tmp_path / 'partly'))) == 1
    assert len(scalars(runner, 'val/ours/CF1')) == 2
    train(evaluated(devkit, tmp_path / 'fully', dataset_config(devkit, 'val'), epochs=1))
    assert 'MultiLabelMetric counts' not in warnings_in(tmp_path / 'fully')


def test_the_commands_look_at_configs_without_the_hook(devkit, tmp_path):
    cfg = config(devkit, tmp_path / 'run', dataset_config(devkit, **HIDDEN), STOCK_LOSS)
    set_hook(cfg, 'partial_label')
    cfg.dump(tmp_path / 'c.py')
    with pytest.raises(ValueError, match='CrossEntropyLoss takes unobserved labels'):
        train_command.main([str(tmp_path / 'c.py')])
    hiding = dict(type='ObserveCounts', num_pos=1, num_neg=2, seed=0)
    cfg = evaluated(devkit, tmp_path / 'run', dataset_config(devkit, 'val', observe=hiding), 1)
    runner = train(cfg)
    set_hook(cfg, 'partial_label')
    cfg.work_dir = str(tmp_path / 'test')
    cfg.experiment_name = 'test'  # or MMEngine would go on with the log of the same second
    cfg.dump(tmp_path / 'c.py')
    test_command.main([str(tmp_path / 'c.py'), str(Path(runner.work_dir) / 'epoch_1.pth')])
    assert 'MultiLabelMetric counts' in warnings_in(tmp_path / 'test')

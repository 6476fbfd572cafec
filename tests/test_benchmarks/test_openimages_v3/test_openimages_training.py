"""Trainings on a small OpenImages tree through a real Runner, to the five groups at the end."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import log_text, loss_of, scalars, tiny_config, train
from mmengine.evaluator import BaseMetric
from mmpretrain.registry import METRICS
from openimages_tree import TRAINABLE, random_tree, write_images
from sklearn.metrics import average_precision_score


@METRICS.register_module()
class KeepScores(BaseMetric):
    """Keeps every score, to be judged by the rule."""

    seen: dict[str, np.ndarray] = {}

    def process(self, data_batch, data_samples):
        for sample in data_samples:
            self.seen[sample['img_path'][-20:-4]] = sample['pred_score'].numpy()
            self.results.append(0)

    def compute_metrics(self, results):
        return {}


def by_the_rule(tree, split: str, scores: dict[str, np.ndarray]) -> dict[str, float]:
    """The reference's rule: annotated only, unannotated classes skipped, no positive scores 0.

    A class without a negative scores 1.
    """
    pred = np.array([scores[image] for image in tree.images(split)])
    target = tree.matrix(split)
    ap = {}
    for label in range(target.shape[1]):
        known = target[:, label] != -1
        if known.any():
            positive = target[known, label] == 1
            ap[label] = (
                average_precision_score(positive, pred[known, label]) if positive.any() else 0.0
            )
    due = {'mAP': 100 * np.mean(list(ap.values()))}
    for name, members in tree.groups().items():
        due[f'mAP/{name}'] = 100 * np.mean([ap[c] for c in members if c in ap])
    return {f'multi-label/{key}': value for key, value in due.items()}


def config_of(root, work_dir, loss, wrapped=True):
    pipeline = [dict(type='LoadImageFromFile', imdecode_backend='pillow'), dict(type='PackInputs')]

    def split(name):
        inner = dict(type='OpenImagesV3', data_root=str(root), split=name, pipeline=pipeline)
        return dict(type='PartialLabelDataset', dataset=inner) if wrapped else inner

    overrides = {'model.head.num_classes': len(TRAINABLE), 'train_dataloader.batch_size': 8}
    train_set = dict(split('train'), diagnosis=True) if wrapped else split('train')
    cfg = tiny_config(root, work_dir, loss, dataset=train_set, epochs=3, **overrides)
    cfg.val_dataloader.dataset = split('validation')
    cfg.test_dataloader.dataset = split('test')
    cfg.val_evaluator = dict(type='MeanAveragePrecision', groups='dataset', no_negatives='one')
    cfg.test_evaluator = [cfg.val_evaluator, dict(type='KeepScores')]
    return cfg


@pytest.mark.parametrize('percent_of', ['all', 'unobserved'])
def test_large_loss_on_partial_labels(tmp_path, percent_of):
    tree = random_tree(tmp_path / 'oi', images=24)
    write_images(tree)
    loss = dict(type='LargeLossReject', delta_rel=5, percent_of=percent_of)
    runner = train(config_of(tree.root, tmp_path / 'run', loss))
    trace = loss_of(runner).trace
    rows, unobserved = trace.acted_on().shape[0], int(trace.open().sum())
    due = -(-2 * 5 * (rows * len(TRAINABLE) if percent_of == 'all' else unobserved) // 100)
    assert int(trace.acted_on().sum()) == due  # epoch 3: 2 * 5 %
    assert not (trace.acted_on() & ~trace.open()).any()
    KeepScores.seen.clear()
    metrics = runner.test()
    expected = by_the_rule(tree, 'test', KeepScores.seen)
    assert len(expected) == 6
    for key, value in expected.items():
        assert metrics[key] == pytest.approx(value, abs=1e-9), key
    for group in tree.groups():
        assert len(scalars(runner, f'val/multi-label/mAP/{group}')) == 3
        assert f'multi-label/mAP/{group}: ' in log_text(tmp_path / 'run')


def test_groups_come_through_without_a_wrapper(tmp_path):
    tree = random_tree(tmp_path / 'oi', images=8)
    write_images(tree)
    runner = train(config_of(tree.root, tmp_path / 'run', 'AN', wrapped=False))
    assert {f'multi-label/mAP/{name}' for name in tree.groups()} <= set(runner.test())
    checkpoint = torch.load(tmp_path / 'run' / 'epoch_3.pth', weights_only=True)
    assert checkpoint['meta']['dataset_meta']['groups'] == tree.groups()


def test_groups_come_through_features(tmp_path):
    tree = random_tree(tmp_path / 'oi', images=8)
    write_images(tree)
    loss = dict(type='LargeLossReject', delta_rel=5)
    cfg = config_of(tree.root, tmp_path / 'run', loss)
    backbone = dict(type='ResNet', depth=18, stem_channels=8, base_channels=8)
    extractor = dict(backbone=backbone, neck=dict(type='GlobalAveragePooling'))
    for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader):
        loader.dataset.dataset = dict(
            type='FeatureDataset',
            dataset=loader.dataset.dataset,
            extractor=dict(extractor, data_preprocessor=cfg.model.data_preprocessor),
            cache=str(tmp_path / 'cache'),
            num_workers=0,
        )
    cfg.model = dict(
        type='ImageClassifier',
        backbone=dict(type='FeatureInput'),
        head=dict(cfg.model.head, in_channels=64),
    )
    cfg.test_evaluator = cfg.val_evaluator
    metrics = train(cfg).test()
    assert {f'multi-label/mAP/{name}' for name in tree.groups()} <= set(metrics)

"""Trainings with several views of an image: the shipped methods, and what is refused before."""

from __future__ import annotations

import pytest
import torch
from helpers import (
    assert_same,
    load,
    loss_of,
    scalars,
    set_hook,
    tiny_config,
    train,
    train_interrupted,
    without_validation,
    write_devkit,
)
from mmengine.config import Config
from mmpretrain.models import ImageClassifier
from mmpretrain.registry import MODELS

from wsml_mm.experiments.apply import apply_method
from wsml_mm.experiments.compose import compose
from wsml_mm.experiments.method import read_method

METHODS = ('plc', 'ignore')


def method_config(devkit, work_dir, key, **kwargs):
    return apply_method(tiny_config(devkit, work_dir, 'AN', **kwargs), read_method(key))


@pytest.mark.parametrize('key', METHODS)
def test_the_shipped_methods_train_and_resume(devkit, tmp_path, key):
    def config(name):
        cfg = method_config(devkit, tmp_path / name, key)
        more = dict(threshold=0.5) if key == 'plc' else dict(warm_up=1, momentum=0.5)
        cfg.model.head.loss.update(more)
        return cfg

    whole = train(config('whole'))
    cfg = config('run')
    train_interrupted(cfg, epoch=2)
    cfg.resume = True
    resumed = train(cfg)
    for mine, theirs in zip(resumed.model.parameters(), whole.model.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    if key == 'plc':
        assert all(value > 0 for value in scalars(whole, 'label/negative/count'))
        assert all(value > 0 for value in scalars(whole, 'term/pseudo_labels'))
        return
    ignored = scalars(whole, 'label/ignored/count')
    assert ignored[0] == 0
    assert sum(ignored[1:]) > 0
    assert (loss_of(whole).state.classes('gap').data > 0).all()
    saved = [load(tmp_path / name / 'epoch_3.pth')['wsml_mm'] for name in ('whole', 'run')]
    assert_same(saved[1], saved[0])


@pytest.mark.parametrize('key', METHODS)
def test_the_protocol_of_voc5_end_to_end(tmp_path, monkeypatch, key):
    five = ('bus', 'car', 'cat', 'person', 'train')
    write_devkit(tmp_path / 'voc5', train=10, val=4, classes=five)
    monkeypatch.setenv('WSML_DATA', str(tmp_path))
    cfg = compose('voc5/lite0_e2e.py', key)
    cfg.work_dir, cfg.train_cfg.max_epochs = str(tmp_path / 'run'), 1
    cfg.model.backbone.pop('init_cfg')
    for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        cfg[loader].update(num_workers=0, persistent_workers=False)
    runner = train(cfg)
    assert runner.iter == 1
    assert all(p.isfinite().all() for p in runner.model.parameters())
    assert list((tmp_path / 'run').glob('best_multi-label_mAP_epoch_1.pth'))


def without_views(cfg):
    steps = cfg.train_dataloader.dataset.dataset.pipeline
    cfg.train_dataloader.dataset.dataset.pipeline = [s for s in steps if s.type != 'ExtraViews']


def plain_model(cfg):
    for name in ('views', 'cam_mask'):
        cfg.model.pop(name, None)
    cfg.model.type = 'ImageClassifier'


def without_mask(cfg):
    cfg.model.pop('cam_mask', None)


def other_name(cfg):
    cfg.model.views = ['stronger']


def plain_preprocessor(cfg):
    cfg.model.data_preprocessor.type = 'ClsDataPreprocessor'


def mixed(cfg):
    cfg.model.data_preprocessor.batch_augments = dict(augments=dict(type='LogicMix'))


def other_loss(cfg):
    plain_model(cfg)
    cfg.model.head.loss = dict(type='AssumeNegativeLoss')


def stored(cfg):
    dataset = cfg.train_dataloader.dataset
    dataset.dataset.pipeline = [dataset.dataset.pipeline[0], dataset.dataset.pipeline[-1]]
    extractor = dict(backbone=cfg.model.backbone, neck=cfg.model.neck)
    cache = cfg.work_dir + '_cache'
    dataset.dataset = dict(
        type='FeatureDataset', dataset=dataset.dataset, extractor=extractor, cache=cache
    )


REFUSED = {
    'no view in the pipeline': ('plc', without_views, r'VOC2012 makes the views .*ExtraViews'),
    'stored features': ('plc', stored, r'FeatureDataset makes the views \[\].*stored features'),
    'a plain classifier': ('plc', plain_model, r'PLCLoss: views .*ImageClassifier: use'),
    'no mask': ('ignore', without_mask, r"IGNORELoss needs the view 'masked'.*cam_mask=dict"),
    'another name': ('plc', other_name, r"PLCLoss needs the view 'strong'.*ExtraViews\(views=dict"),
    'a plain preprocessor': ('plc', plain_preprocessor, 'ClsDataPreprocessor does not know views'),
    'mixed images': ('plc', mixed, 'LogicMix would mix the images and not their views: remove'),
    'views that nobody wants': ('plc', other_loss, r'the loss: views .*strong.*neither'),
}  # fmt: skip


@pytest.mark.parametrize('case', REFUSED)
def test_refused_in_one_line_before_the_first_step(devkit, tmp_path, case):
    key, change, message = REFUSED[case]
    cfg = without_validation(method_config(devkit, tmp_path / 'run', key, epochs=1))
    change(cfg)
    with pytest.raises(ValueError, match=message) as refusal:
        train(Config(cfg.to_dict(), format_python_code=False))
    assert '\n' not in str(refusal.value)
    assert len(str(refusal.value)) < 400
    assert not list((tmp_path / 'run').glob('*.pth'))


@MODELS.register_module()
class OwnViewsClassifier(ImageClassifier):
    """A user's own, which says what it gives."""

    view_names = ('strong',)

    def loss(self, inputs, data_samples):
        feats = self.extract_feat(inputs)
        return self.head.loss(feats, data_samples, views={'strong': self.head(feats)})


def test_a_classifier_of_a_user_says_what_it_gives(devkit, tmp_path):
    cfg = without_validation(method_config(devkit, tmp_path / 'run', 'plc', epochs=1))
    without_views(cfg)
    cfg.model.pop('views')
    cfg.model.type = 'OwnViewsClassifier'
    set_hook(cfg, 'spy', type='SpyHook')
    assert train(cfg).iter == 4

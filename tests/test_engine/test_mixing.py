"""Trainings with images that are mixed: what passes, what is refused, what the record says."""

from __future__ import annotations

import pytest
import torch
from helpers import (
    CLASSES,
    log_text,
    loss_of,
    scalars,
    set_hook,
    tiny_config,
    train,
    train_interrupted,
    without_validation,
)
from mmengine.hooks import Hook
from mmpretrain.models.utils.batch_augments import RandomBatchAugment
from mmpretrain.registry import BATCH_AUGMENTS, HOOKS

from wsml_mm import AssumeNegativeLoss, LogicMix, MixUpPME
from wsml_mm.datasets.partial_label import FULL_LABELS
from wsml_mm.engine.hooks.mixing import MixedTruth


@HOOKS.register_module()
class LabelSpyHook(Hook):
    """Keeps what the loss saw and the true labels of the images, step by step."""

    priority = 'VERY_HIGH'

    def before_train(self, runner):
        self.steps = []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        samples = data_batch['data_samples']
        full = torch.stack([s.get(FULL_LABELS) for s in samples])
        augment = runner.model.data_preprocessor.batch_augments.augments[0]
        trace = loss_of(runner).trace
        actions = {name: entries.cpu() for name, entries in trace.actions.items()}
        self.steps.append((trace.observed.cpu(), full, augment.mixture, actions))


def mixed_config(devkit, work_dir, loss, augment, **kwargs):
    cfg = without_validation(tiny_config(devkit, work_dir, loss, **kwargs))
    cfg.model.data_preprocessor.batch_augments = augment
    set_hook(cfg, 'labels', type='LabelSpyHook')
    return cfg


def spied(runner):
    return next(h for h in runner.hooks if isinstance(h, LabelSpyHook)).steps


def test_logic_mix_with_a_large_loss(devkit, tmp_path):
    augments = dict(augments=dict(type='LogicMix', probability=1.0))
    runner = train(mixed_config(devkit, tmp_path / 'run', 'LL-R', augments, epochs=2))
    judged = right = 0
    for observed, full, mixture, actions in spied(runner)[-4:]:
        assert set(observed.unique().tolist()) <= {-1, 0, 1}
        truth = torch.zeros_like(full)
        for row in range(len(full)):
            inside = mixture.members[row][mixture.weights[row] > 0]
            truth[row] = full[inside].amax(0)
            assert len(inside) > 1
        assert (truth[observed == 1] == 1).all()
        judged += int(actions['ignored'].sum())
        right += int((actions['ignored'] & (truth == 1)).sum())
    # Claims are judged by the labels of the mixed image, not by those of its first.
    assert judged > 0
    assert scalars(runner, 'label/ignored/precision')[-1] == pytest.approx(right / judged)


def test_mixup_pme_with_assume_negative(devkit, tmp_path):
    augments = dict(augments=dict(type='MixUpPME'))
    runner = train(mixed_config(devkit, tmp_path / 'run', 'AN', augments, epochs=1))
    for observed, *_ in spied(runner):
        assert ((observed == -1) | ((observed >= 0) & (observed <= 1))).all()
        assert ((observed > 0) & (observed < 1)).any()
    assert not [key for key in runner.message_hub.log_scalars if key.startswith('memory/')]
    assert 'mixed images have no true labels' in log_text(tmp_path / 'run')


def test_a_batch_that_is_not_mixed_is_judged_as_it_is(devkit, tmp_path):
    augments = dict(augments=dict(type='LogicMix', probability=1.0), probs=0.5)
    runner = train(mixed_config(devkit, tmp_path / 'run', 'AN', augments, epochs=2))
    mixtures = [mixture for _, _, mixture, _ in spied(runner)]
    assert any(m is None for m in mixtures)
    assert any(m is not None for m in mixtures)
    for observed, full, mixture, _ in spied(runner):
        if mixture is None:
            assert (full[observed == 1] == 1).all()


@pytest.mark.parametrize('augment', ['LogicMix', 'MixUpPME'])
def test_a_resumed_training_mixes_as_the_whole_one(devkit, tmp_path, augment):
    augments = dict(augments=dict(type=augment), probs=[0.8])
    whole = train(mixed_config(devkit, tmp_path / 'whole', 'AN', augments, epochs=3))
    cfg = mixed_config(devkit, tmp_path / 'run', 'AN', augments, epochs=3)
    train_interrupted(cfg, epoch=2)
    cfg.resume = True
    resumed = train(cfg)
    for mine, theirs in zip(spied(resumed), spied(whole)[-4:], strict=True):
        assert torch.equal(mine[0], theirs[0])
    for mine, theirs in zip(resumed.model.parameters(), whole.model.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_stored_vectors_are_mixed_too(devkit, tmp_path):
    cfg = mixed_config(devkit, tmp_path / 'run', 'AN', dict(augments=dict(type='LogicMix')))
    cfg.model.backbone = dict(type='FeatureInput')
    cfg.model.neck = None
    cfg.model.data_preprocessor = dict(
        type='FeaturePreprocessor', batch_augments=cfg.model.data_preprocessor.batch_augments
    )
    extractor = dict(
        backbone=dict(type='ResNet', depth=18, stem_channels=8, base_channels=8, num_stages=2,
                      strides=(1, 2), dilations=(1, 1), out_indices=(1,)),
        neck=dict(type='GlobalAveragePooling'),
    )  # fmt: skip
    inner = cfg.train_dataloader.dataset.dataset
    inner.pipeline = [inner.pipeline[0], inner.pipeline[-1]]
    cfg.train_dataloader.dataset.dataset = dict(
        type='FeatureDataset', dataset=inner, extractor=extractor, cache=str(tmp_path / 'cache')
    )
    runner = train(cfg)
    assert any((mixture.weights[:, 1] > 0).any() for _, _, mixture, _ in spied(runner))
    # The stored labels are not what the mixing has written over.
    for observed, full, mixture, _ in spied(runner):
        alone = mixture.weights[:, 0] == 1
        assert ((observed[alone] == 1).sum(1) == 1).all()
        assert full.shape == observed.shape


REFUSED = {
    'MixUpPME with LL-R': ('LL-R', 'MixUpPME', 'between 0 and 1, which LargeLossReject .*LogicMix'),
    'LogicMix with LL-Cp': ('LL-Cp', 'LogicMix', 'LargeLossCorrectPerm keeps state .* remove'),
    'MixUpPME with a regulariser': (
        dict(type='AssumeNegativeLoss', extra=[dict(type='LargeLossReject')]),
        'MixUpPME', 'which LargeLossReject',
    ),
    'state of a regulariser': (
        dict(type='AssumeNegativeLoss', extra=[dict(type='LargeLossCorrectPerm')]),
        'LogicMix', 'LargeLossCorrectPerm keeps state',
    ),
}  # fmt: skip


@pytest.mark.parametrize('case', REFUSED)
def test_refused_in_one_line_before_the_first_step(devkit, tmp_path, case):
    loss, augment, message = REFUSED[case]
    cfg = mixed_config(devkit, tmp_path / 'run', loss, dict(augments=dict(type=augment)))
    with pytest.raises(ValueError, match=message) as refusal:
        train(cfg)
    assert '\n' not in str(refusal.value)


def test_one_blending_augmentation_among_others_is_refused(devkit, tmp_path):
    augments = dict(augments=[dict(type='LogicMix'), dict(type='Mixup', alpha=1.0)])
    with pytest.raises(ValueError, match=r'Mixup, CutMix.*LogicMix'):
        train(mixed_config(devkit, tmp_path / 'run', 'AN', augments))


@BATCH_AUGMENTS.register_module()
class OwnAugment:
    """One of a user's, that only says that it knows unobserved labels."""

    handles_unobserved = True

    def __call__(self, inputs, labels):
        return inputs, labels.float()


def test_an_augmentation_of_a_user_passes_and_is_not_judged(devkit, tmp_path):
    cfg = mixed_config(devkit, tmp_path / 'run', 'AN', dict(augments=dict(type='OwnAugment')))
    set_hook(cfg, 'labels')
    train(cfg)
    assert 'no true labels' in log_text(tmp_path / 'run')
    assert MixedTruth([RandomBatchAugment(LogicMix()).augments[0]]).known
    assert not MixedTruth([MixUpPME()]).known


def test_soft_targets_are_announced():
    """Blended labels that nobody has announced stay refused."""
    logits, target = torch.randn(2, len(CLASSES)), torch.rand(2, len(CLASSES))
    target[0, 0] = -1
    loss = AssumeNegativeLoss()
    with pytest.raises(ValueError, match='target holds 0'):
        loss(logits, target)
    loss.take_soft_targets = True
    expected = torch.nn.functional.binary_cross_entropy_with_logits(logits, target.clamp(min=0))
    torch.testing.assert_close(loss(logits, target), expected)
    for value in (1.5, -0.5, float('nan')):
        with pytest.raises(ValueError, match='target holds'):
            loss(logits, torch.full_like(logits, value))

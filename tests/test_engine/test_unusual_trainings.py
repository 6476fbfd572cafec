"""Models, optimisers, loops and datasets that are not what most trainings have."""

from __future__ import annotations

import my_methods  # noqa: F401  (registers)
import pytest
import torch
from helpers import (
    correction_rows,
    corrections_in,
    dataset_config,
    load,
    log_text,
    loss_of,
    scalars,
    set_hook,
    tiny_config,
    train,
    without_validation,
)
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.registry import DATA_SAMPLERS
from mmengine.runner import Runner
from mmpretrain.models.classifiers import ImageClassifier
from mmpretrain.registry import DATASETS, HOOKS, MODELS
from torch.utils.data import BatchSampler

from wsml_mm import LossParts, PartialLabelLoss
from wsml_mm.engine.hooks import step_facts


@MODELS.register_module()
class SomeRows(ImageClassifier):
    """Passes some rows to its head: every second, the last, or none in every second step."""

    def __init__(self, keep, **kwargs):
        super().__init__(**kwargs)
        self.keep, self.steps = keep, 0

    def loss(self, inputs, data_samples):
        self.steps += 1
        feats = self.extract_feat(inputs)
        if self.keep == 'skip' and self.steps % 2 == 0:
            return {'loss': feats[0].sum() * 0}
        rows = {'half': slice(1, None, 2), 'last': slice(-1, None), 'skip': slice(None)}[self.keep]
        return self.head.loss(tuple(feat[rows] for feat in feats), data_samples[rows])


def some_rows(devkit, folder, loss, keep, **kwargs):
    cfg = tiny_config(devkit, folder / 'run', loss, **kwargs)
    cfg.model.update(type='SomeRows', keep=keep)
    return cfg


def test_a_step_without_the_loss_is_not_recorded(devkit, tmp_path):
    """The trace of the step before would count again, against other images."""
    runner = train(some_rows(devkit, tmp_path, 'LL-R', 'skip', epochs=2))
    # 2 of 6 x 5 labels in each of the two steps of four that have the loss.
    assert scalars(runner, 'label/ignored/count') == [0, 4]


@pytest.mark.parametrize('keep', ['half', 'last'])
def test_rows_of_unknown_images_are_not_judged(devkit, tmp_path, keep):
    runner = train(some_rows(devkit, tmp_path, 'LL-R', keep, epochs=2))
    assert scalars(runner, 'label/ignored/count')[1] > 0
    assert 'label/ignored/precision' not in runner.message_hub.log_scalars
    assert log_text(tmp_path / 'run').count('not judged') == 1


def test_an_indexed_head_remembers_the_images_it_is_passed(devkit, tmp_path):
    cfg = some_rows(devkit, tmp_path, 'LL-Cp', 'half', epochs=2)
    cfg.model.head.type = 'IndexedMultiLabelLinearClsHead'
    set_hook(cfg, 'rows', type='RowsHook')
    runner = train(cfg)
    passed = next(h for h in runner.hooks if isinstance(h, RowsHook)).passed
    found = {sample for sample, _, _ in correction_rows(loss_of(runner))}
    assert found
    assert found <= passed
    with pytest.raises(ValueError, match='IndexedMultiLabelLinearClsHead'):
        train(some_rows(devkit, tmp_path / 'stock', 'LL-Cp', 'half', epochs=2))


@HOOKS.register_module()
class RowsHook(Hook):
    """Keeps the samples that `SomeRows('half')` passes on in the last epoch."""

    def before_train_epoch(self, runner):
        self.passed = set()

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.passed |= {s.sample_idx for s in data_batch['data_samples'][1::2]}


def test_ranks_exchange_their_rows_where_a_model_may_drop_some(devkit, tmp_path):
    """Else a rank would take its own number of rows for that of all, or wait for ever."""
    assert loss_of(train(tiny_config(devkit, tmp_path / 'a', 'LL-R', epochs=1)))._even_batches
    half = train(some_rows(devkit, tmp_path, 'LL-R', 'half', epochs=1))
    assert not loss_of(half)._even_batches


@MODELS.register_module()
class NotFiniteTerm(PartialLabelLoss):
    """Finite logits and a term that is not."""

    def compute(self, batch):
        return LossParts(batch.logits, {'bad': batch.logits.mean() * torch.nan})


def test_a_loss_that_is_not_finite_of_itself_is_named(devkit, tmp_path):
    cfg = without_validation(tiny_config(devkit, tmp_path / 'run', dict(type='NotFiniteTerm')))
    cfg.train_cfg = dict(by_epoch=True, max_epochs=1)
    cfg.train_dataloader.num_batch_per_epoch = 1
    train(cfg)
    assert (
        'iteration 1: the loss is not finite although the logits of NotFiniteTerm are'
        in log_text(tmp_path / 'run')
    )


def test_state_from_for_a_loss_without_state_is_refused(devkit, tmp_path):
    cfg = tiny_config(devkit, tmp_path / 'run', 'LL-R', epochs=1)
    cfg.default_hooks.partial_label.state_from = 'nowhere.pth'
    with pytest.raises(ValueError, match=r'state_from=nowhere\.pth.*LargeLossReject.*no state'):
        train(cfg)


def test_runner_resume_keeps_state_as_well(devkit, tmp_path):
    """The runner's own method, in a script, as the option does."""
    train(tiny_config(devkit, tmp_path / 'run', 'LL-Cp', epochs=3))
    cfg = tiny_config(devkit, tmp_path / 'on', 'LL-Cp', epochs=4)
    cfg.experiment_name = 'resumed_by_method'
    runner = Runner.from_cfg(cfg)
    runner.resume(str(tmp_path / 'run' / 'epoch_3.pth'))
    runner.train()
    assert {epoch for _, _, epoch in correction_rows(loss_of(runner))} == {1, 2, 3}


def test_the_last_checkpoint_holds_the_state_of_an_epoch_cut_short(devkit, tmp_path):
    cfg = tiny_config(devkit, tmp_path / 'run', 'LL-Cp')
    cfg.train_cfg = dict(type='IterBasedTrainLoop', max_iters=10, val_interval=4)
    cfg.train_dataloader.sampler.type = 'InfiniteSampler'
    cfg.param_scheduler = None
    cfg.default_hooks.checkpoint = dict(type='CheckpointHook', by_epoch=False, interval=4)
    cfg.default_hooks.partial_label.epoch_length = 4
    runner = train(cfg)
    saved = corrections_in(load(tmp_path / 'run' / 'iter_10.pth'))
    assert set(saved['epochs'].tolist()) == {1, 2}
    assert len(saved['keys']) == len(loss_of(runner).corrections)


def test_epoch_length_is_for_the_iteration_loop_whatever_the_loss(devkit, tmp_path):
    cfg = tiny_config(devkit, tmp_path / 'run', 'AN', epochs=1)
    cfg.default_hooks.partial_label.epoch_length = 3
    with pytest.raises(TypeError, match='remove it'):
        train(cfg)


@pytest.mark.parametrize(
    ('first', 'second'),
    [
        ('LL-R', dict(type='CrossEntropyLoss', use_sigmoid=True)),
        ('AN', dict(type='MyWeakNegatives')),
    ],
)
def test_a_loss_replaced_during_the_training_is_refused(devkit, tmp_path, first, second):
    """Its epochs, record and checks would be those of the loss before."""
    cfg = tiny_config(devkit, tmp_path / 'run', first, epochs=3)
    schedule = [dict(action_epoch=2, loss=second)]
    cfg.custom_hooks = [dict(type='SwitchRecipeHook', schedule=schedule)]
    with pytest.raises(ValueError, match=r'SwitchRecipeHook.*load_from'):
        train(cfg)


@DATASETS.register_module()
class BareDataset(torch.utils.data.Dataset):
    """A dataset of plain PyTorch, without classes or any other facts."""

    def __init__(self, dataset):
        self.dataset = [DATASETS.build(dataset)]

    def __len__(self):
        return len(self.dataset[0])

    def __getitem__(self, index):
        return self.dataset[0][index]


def test_a_dataset_without_facts_trains(devkit, tmp_path):
    dataset = dict(type='BareDataset', dataset=dataset_config(devkit)['dataset'])
    train(tiny_config(devkit, tmp_path / 'run', 'AN', dataset=dataset, epochs=1))
    assert (tmp_path / 'run' / 'epoch_1.pth').is_file()


def test_an_optimiser_for_each_part_of_the_model():
    parts = [torch.nn.Linear(1, 1) for _ in range(2)]
    wrappers = {n: OptimWrapper(torch.optim.SGD(p.parameters(), lr=0.1)) for n, p in
                zip('ab', parts, strict=True)}  # fmt: skip
    assert step_facts.has_stepped(OptimWrapperDict(**wrappers))
    assert step_facts.base_rate(OptimWrapperDict(**wrappers)) == pytest.approx(0.1)


def test_the_base_rate_is_not_that_of_a_frozen_backbone():
    weights = [torch.nn.Parameter(torch.zeros(1)) for _ in range(2)]
    groups = [dict(params=[w], lr=lr, initial_lr=lr) for w, lr in zip(weights, (0.0, 0.2),
              strict=True)]  # fmt: skip
    optimizer = torch.optim.SGD(groups, lr=0.2)
    optimizer.param_groups[1]['lr'] = 0.1  # a scheduler has halved it
    assert step_facts.base_rate(OptimWrapper(optimizer)) == pytest.approx(0.1)


@DATA_SAMPLERS.register_module()
class OwnBatches(BatchSampler):
    """A batch sampler of a user's; the loader then has no batch size."""


def test_a_pass_with_a_batch_sampler_of_ones_own(devkit, tmp_path):
    cfg = tiny_config(devkit, tmp_path / 'run', dict(type='MyAPL', warm_up=1), epochs=2)
    size = cfg.train_dataloader.pop('batch_size')
    cfg.train_dataloader.batch_sampler = dict(type='OwnBatches', batch_size=size, drop_last=False)
    runner = train(cfg)
    assert len(loss_of(runner).state.entries('soft_negatives')) > 0

"""Trainings and checkpoints that are refused, and logits that are not finite."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import (
    CLASSES,
    load,
    log_text,
    set_hook,
    tiny_config,
    train,
    without_validation,
)
from hostile import (
    Case,
    Prepare,
    kit_of,
    refusals,
    save_pickle,
    save_unsafe_checkpoint,
    small_set_up,
)
from mmengine.hooks import Hook
from mmpretrain.registry import HOOKS

from wsml_mm import AssumeNegativeLoss, PartialLabelHook
from wsml_mm.engine.hooks import newest_loadable
from wsml_mm.engine.hooks.set_up import check_set_up


def training(loss: str = 'LL-R', change: Callable[[Any], Any] = lambda cfg: None) -> Prepare:
    def make(folder):
        cfg = tiny_config(kit_of(folder), folder / 'run', loss, epochs=1)
        cfg = without_validation(cfg)
        change(cfg)
        return lambda: train(cfg)

    return make


def mix(cfg: Any) -> None:
    cfg.model.train_cfg = dict(augments=[dict(type='Mixup', alpha=1.0)])


def by_iteration(cfg: Any) -> None:
    cfg.train_cfg = dict(type='IterBasedTrainLoop', max_iters=2)
    cfg.train_dataloader.sampler.type = 'InfiniteSampler'


def length_by_epoch(cfg: Any) -> None:
    cfg.default_hooks.partial_label.epoch_length = 3


def fixed_samples(cfg: Any) -> None:
    cfg.model.head.loss.num_samples = 5


def corrections_from(write: Callable[[Path], Any]) -> Prepare:
    def make(folder):
        path = folder / 'first.pth'
        write(path)
        cfg = without_validation(tiny_config(kit_of(folder), folder / 'run', 'LL-Cp', epochs=1))
        cfg.default_hooks.partial_label.state_from = str(path)
        return lambda: train(cfg)

    return make


class FlexibleRunner:
    """Of mmengine's name: stands for FSDP, DeepSpeed and ColossalAI."""


NOT_LOADED = 'state_from= ... first.pth: is damaged ... and not loaded; copy it again'
UNSAFE = 'state_from= ... first.pth: holds the object ... run code, and is not loaded; take a'
NO_CORRECTIONS = 'state_from= ... first.pth: ... no label corrections ... give one of'
# fmt: off
test_refusal = refusals(
    Case('Mixup in batch_augments', training('LL-R', mix), ValueError,
         'batch_augments (Mixup, CutMix) ... remove batch_augments'),
    Case('iteration loop', training('LL-R', by_iteration), TypeError,
         'IterBasedTrainLoop ... use train_cfg = ... or give PartialLabelHook(epoch_length'),
    Case('epoch_length under an epoch loop', training('LL-R', length_by_epoch), TypeError,
         'epoch_length= ... IterBasedTrainLoop ... remove it'),
    Case('num_samples of another set', training('LL-Cp', fixed_samples), ValueError,
         'num_samples=5) ... 6 rows ... remove num_samples'),
    Case('another runner',
         lambda folder: lambda: check_set_up(FlexibleRunner(), [AssumeNegativeLoss()], None),
         TypeError, 'FlexibleRunner ... not supported by PartialLabelHook: use mmengine'),
    Case('epoch_length 0', lambda folder: lambda: PartialLabelHook(epoch_length=0), ValueError,
         'epoch_length=0 ... iterations ... at least 1'),
    Case('corrections_from missing', corrections_from(lambda path: None), FileNotFoundError,
         'state_from= ... first.pth: no such ... give one of'),
    Case('corrections_from a checkpoint without',
         corrections_from(lambda path: torch.save({'state_dict': {}}, path)), ValueError,
         NO_CORRECTIONS),
    Case('corrections_from a tensor',
         corrections_from(lambda path: torch.save(torch.zeros(2), path)), ValueError,
         NO_CORRECTIONS),
    Case('corrections_from a pickle', corrections_from(save_pickle), ValueError, NOT_LOADED),
    Case('corrections_from a checkpoint of objects', corrections_from(save_unsafe_checkpoint),
         ValueError, UNSAFE),
    Case('corrections_from half a file',
         corrections_from(lambda path: path.write_bytes(b'PK\x03\x04' + bytes(50))), ValueError,
         NOT_LOADED),
)
# fmt: on


def test_damaged_checkpoints_are_passed_over(tmp_path):
    torch.save({'state_dict': {}}, tmp_path / 'epoch_1.pth')
    save_pickle(tmp_path / 'epoch_2.pth')
    save_unsafe_checkpoint(tmp_path / 'epoch_3.pth')
    (tmp_path / 'epoch_4.pth').write_bytes(b'')
    assert newest_loadable(tmp_path) == tmp_path / 'epoch_1.pth'
    assert load(tmp_path / 'epoch_1.pth') == {'state_dict': {}}
    assert not (tmp_path / 'boom').exists()


@HOOKS.register_module()
class BreakLogits(Hook):
    """Makes the logits of one class not finite from the start."""

    def __init__(self, value: float) -> None:
        self.value = value

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        runner.model.head.fc.bias.data[2] = self.value


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_logits_that_are_not_finite_are_named(value, tmp_path):
    cfg = without_validation(tiny_config(kit_of(tmp_path), tmp_path / 'run', epochs=1))
    set_hook(cfg, 'break_logits', type='BreakLogits', value=value)
    with small_set_up():
        train(cfg)
    (line,) = [x for x in log_text(tmp_path / 'run').splitlines() if 'not finite' in x]
    assert 'iteration 1: 6 logits are not finite' in line
    assert 'train_00' in line
    assert f'class {CLASSES[2]}: lower the learning rate' in line

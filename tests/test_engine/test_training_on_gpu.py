"""Whole trainings on a GPU, in mixed precision, interrupted and resumed."""

from __future__ import annotations

import pytest
import torch
from helpers import (
    assert_same,
    corrections_in,
    load,
    loss_of,
    scalars,
    set_hook,
    spy_of,
    tiny_config,
    train,
    train_interrupted,
)

from wsml_mm.experiments.configs import fill_loaders

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
LOSSES = {
    'LL-R': 'LL-R',
    'LL-Cp': 'LL-Cp',
    'ROLE': dict(type='ROLELoss', expected_num_pos=2.0),
    'EM + APL': dict(type='EMAPLLoss', warm_up=1),
}


def half_config(devkit, work_dir, loss, dtype='float16'):
    cfg = tiny_config(devkit, work_dir, LOSSES[loss], workers=2, epochs=4)
    del cfg.train_dataloader['persistent_workers']
    fill_loaders(cfg, ['train_dataloader'])  # pinned memory, as `wsml-mm train` has it
    cfg.optim_wrapper.update(type='AmpOptimWrapper', dtype=dtype)
    set_hook(cfg, 'spy', type='SpyHook')
    return cfg


@pytest.mark.parametrize('loss', LOSSES)
def test_a_resumed_training_in_half_precision_is_the_uninterrupted_one(devkit, tmp_path, loss):
    whole = train(half_config(devkit, tmp_path / 'whole', loss))
    cfg = half_config(devkit, tmp_path / 'cut', loss)
    train_interrupted(cfg, epoch=2, batch=2)
    cfg.resume = True
    resumed = train(cfg)
    assert spy_of(resumed).steps == [s for s in spy_of(whole).steps if s['epoch'] >= 2]
    assert_same(resumed.model.state_dict(), whole.model.state_dict())
    saved = [load(tmp_path / name / 'epoch_4.pth') for name in ('cut', 'whole')]
    assert_same(saved[0].get('wsml_mm'), saved[1].get('wsml_mm'))
    if loss == 'LL-Cp':
        assert len(corrections_in(saved[1])['keys']) == len(loss_of(whole).corrections) > 0


@pytest.mark.parametrize('dtype', ['float16', 'bfloat16'])
def test_half_precision_learns(devkit, tmp_path, dtype):
    losses = scalars(train(half_config(devkit, tmp_path / 'run', 'LL-R', dtype)), 'train/loss')
    assert sum(losses[-4:]) < sum(losses[:4])


def test_corrections_are_saved_on_the_host(devkit, tmp_path):
    """The file itself says so: nothing tells PyTorch where its tensors go."""
    cfg = tiny_config(devkit, tmp_path / 'run', 'LL-Cp', epochs=4)
    train_interrupted(cfg, epoch=2)
    found = torch.load(tmp_path / 'run' / 'epoch_2.pth', weights_only=True)
    assert {v.device.type for v in corrections_in(found).values() if torch.is_tensor(v)} == {'cpu'}

"""A training stopped in the version before the redesign and resumed in this one ends the same."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import load, loss_of, scalars, tiny_config, train, write_devkit

HERE = Path(__file__).parent


@pytest.mark.parametrize('name', ['LL-R', 'LL-Cp'])
def test_resumes_to_the_same_end(name, tmp_path):
    kit = write_devkit(tmp_path / 'devkit')
    shutil.copy(HERE / f'old_{name}.pth', tmp_path / 'epoch_2.pth')
    cfg = tiny_config(kit, tmp_path / 'run', name, epochs=4)
    cfg.resume, cfg.load_from = True, str(tmp_path / 'epoch_2.pth')
    runner = train(cfg)
    runner.model.cpu()
    end = load(HERE / f'old_{name}_end.pth')
    assert runner.epoch == 4
    for key, weight in end['state_dict'].items():
        torch.testing.assert_close(runner.model.state_dict()[key], weight, rtol=0, atol=1e-5)
    # The log of the first two epochs came with the checkpoint, the rest was trained here.
    np.testing.assert_allclose(scalars(runner, 'val/multi-label/mAP'), end['mAP'], atol=1e-3)
    if name == 'LL-Cp':
        state = loss_of(runner).corrections.state_dict()
        saved = end['wsml_mm']['corrections'][0]
        assert torch.equal(state['keys'], saved['keys'])
        assert torch.equal(state['epochs'], saved['epochs'])
        assert len(set(saved['epochs'].tolist())) == 3

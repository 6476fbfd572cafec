"""The soak tool: it sees a difference of one bit, and a killed training shows none."""

from __future__ import annotations

import pytest
import soak
import torch
from helpers import tiny_config, write_devkit


def checkpoint(**changes):
    made = {
        'state_dict': {'w': torch.tensor([1.0, float('nan')])},
        'optimizer': {'param_groups': [{'lr': 0.1}], 'state': {0: {'step': torch.tensor(3.0)}}},
        'wsml_mm': {'corrections': [{'keys': torch.tensor([4, 9])}]},
        'meta': {'time': 'now', 'epoch': 3},
        'message_hub': {'log_scalars': {'train/time': 1.0, 'val/mAP': float('nan')}},
    }
    return made | changes


def test_equal_checkpoints_do_not_differ():
    other = checkpoint(meta={'time': 'later'})
    other['message_hub'] = {'log_scalars': {'train/time': 2.0, 'val/mAP': float('nan')}}
    assert list(soak.differences(checkpoint(), other)) == []


@pytest.mark.parametrize(
    ('changes', 'place'),
    [
        ({'state_dict': {'w': torch.tensor([1.0000001, float('nan')])}}, '.state_dict.w'),
        ({'state_dict': {'w': torch.tensor([1.0, float('nan')]).double()}}, '.state_dict.w'),
        ({'wsml_mm': {'corrections': [{'keys': torch.tensor([4])}]}}, '.wsml_mm'),
        ({'wsml_mm': {'corrections': []}}, '(length)'),
        ({'optimizer': {}}, '.optimizer.param_groups (only in one)'),
        ({'message_hub': {'log_scalars': {'val/mAP': 3.0}}}, 'val/mAP'),
    ],
)
def test_a_difference_is_named(changes, place):
    found = list(soak.differences(checkpoint(), checkpoint(**changes)))
    assert any(place in name for name in found), found


@pytest.fixture
def config(tmp_path):
    cfg = tiny_config(write_devkit(tmp_path / 'devkit'), tmp_path / 'unused', 'LL-Cp', epochs=4)
    cfg.pop('work_dir')
    path = tmp_path / 'config.py'
    cfg.dump(path)
    return str(path)


@pytest.mark.slow
@pytest.mark.parametrize('kills', [2, 20])
def test_killed_and_resumed(config, tmp_path, capsys, kills):
    soak.main([config, '--work-dir', str(tmp_path / 'soak'), '--kills', str(kills)])
    printed = capsys.readouterr().out
    assert f'kill {kills}: while saving' in printed
    assert 'all end as the undisturbed one' in printed


def test_a_failing_training_shows_its_log(config, tmp_path):
    options = ['--cfg-options', 'train_dataloader.dataset.type=NoSuchSet']
    with pytest.raises(SystemExit, match='NoSuchSet'):
        soak.main([config, '--work-dir', str(tmp_path / 'soak'), *options])

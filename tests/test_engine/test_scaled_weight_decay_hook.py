"""Weight decay of the head from the observed labels of the training set."""

from __future__ import annotations

import pytest
from helpers import set_hook, tiny_config, train, write_devkit

from wsml_mm import ScaledWeightDecayHook


@pytest.fixture(scope='module')
def devkit(tmp_path_factory):
    return write_devkit(tmp_path_factory.mktemp('data') / 'kit')


def config(devkit, folder, **settings):
    cfg = tiny_config(devkit, folder, 'LL-R', epochs=1, **settings)
    set_hook(cfg, 'weight_decay', type='ScaledWeightDecayHook', scale=0.5)
    return cfg


OWN_GROUPS = {'optim_wrapper.paramwise_cfg': dict(bypass_duplicate=True)}


def test_weights_of_the_head_decay_and_nothing_else(devkit, tmp_path):
    runner = train(config(devkit, tmp_path, **OWN_GROUPS))
    dataset = runner.train_dataloader.dataset
    observed = [dataset[i]['data_samples'].gt_score for i in range(len(dataset))]
    classes = len(observed[0])
    share = sum(int((labels == 1).sum()) for labels in observed) / (len(dataset) * classes)
    decays = {
        name: group['weight_decay']
        for group in runner.optim_wrapper.optimizer.param_groups
        for name, parameter in runner.model.named_parameters()
        if parameter is group['params'][0]
    }
    assert decays['head.fc.weight'] == pytest.approx(0.5 * share / classes)
    assert {decay for name, decay in decays.items() if name != 'head.fc.weight'} == {0}


def test_a_resumed_training_decays_as_the_whole_one(devkit, tmp_path):
    cfg = config(devkit, tmp_path, **OWN_GROUPS)
    first = train(cfg).optim_wrapper.optimizer.param_groups
    cfg.resume, cfg.train_cfg.max_epochs = True, 2
    second = train(cfg).optim_wrapper.optimizer.param_groups
    assert [g['weight_decay'] for g in first] == [g['weight_decay'] for g in second]


def test_one_group_for_all_is_refused(devkit, tmp_path):
    with pytest.raises(ValueError, match=r'one group .*paramwise_cfg=dict\(bypass'):
        train(config(devkit, tmp_path))
    with pytest.raises(ValueError, match=r'scale=-1: a factor, >= 0'):
        ScaledWeightDecayHook(-1)

from __future__ import annotations

import pytest
from helpers import dataset_config, log_text, set_hook, tiny_config, train
from mmpretrain.registry import DATASETS

from wsml_mm import RelativeWeightDecayHook
from wsml_mm.engine.hooks.relative_weight_decay_hook import unit_of


def recipe_of(devkit, folder, epochs=2, **optimizer):
    cfg = tiny_config(devkit, folder, 'AN', epochs=epochs)
    cfg.optim_wrapper.optimizer = {'type': 'Adam', 'lr': 1e-3, 'weight_decay': 0.5, **optimizer}
    cfg.optim_wrapper.paramwise_cfg = dict(custom_keys=dict(backbone=dict(decay_mult=0)))
    set_hook(cfg, 'relative_weight_decay', type='RelativeWeightDecayHook')
    return cfg


def decays(runner):
    return {
        round(group['weight_decay'], 6) for group in runner.optim_wrapper.optimizer.param_groups
    }


def test_one_positive_an_image_gives_one_over_the_classes_squared(devkit):
    dataset = DATASETS.build(dataset_config(devkit, observe=dict(type='SinglePositive')))
    assert unit_of(dataset) == pytest.approx(1 / 5 / 5)


def test_the_decay_is_scaled_once_and_a_resume_keeps_it(devkit, tmp_path):
    runner = train(recipe_of(devkit, tmp_path, 1))
    assert decays(runner) == {0, 0.02}
    hook = next(hook for hook in runner.hooks if isinstance(hook, RelativeWeightDecayHook))
    hook.before_run(runner)
    assert decays(runner) == {0, 0.02}

    cfg = recipe_of(devkit, tmp_path, 2)
    cfg.resume = True
    assert decays(train(cfg)) == {0, 0.02}
    assert 'weight_decay=' not in log_text(tmp_path).split('the checkpoint rules')[-1][:200]


def test_a_test_changes_nothing(devkit, tmp_path):
    from mmengine.runner import Runner

    runner = Runner.from_cfg(recipe_of(devkit, tmp_path))
    before = str(runner.optim_wrapper)
    runner.test()
    assert str(runner.optim_wrapper) == before  # the config of one, which was not built


def test_what_it_cannot_scale_is_refused(devkit, tmp_path):
    with pytest.raises(ValueError, match=r'AdamW decays weights apart from the gradient'):
        train(recipe_of(devkit, tmp_path, type='AdamW'))
    bare = dataset_config(devkit)['dataset']
    with pytest.raises(ValueError, match=r'no observed positive in train_dataloader'):
        unit_of(DATASETS.build(bare))

from __future__ import annotations

import pytest
import share_training
from share_training import fragment, with_training

from wsml_mm.experiments.compose import compose


def test_a_loss_takes_over_head_hooks_and_settings(tmp_path):
    share_training.main(['ll-r', '--out', str(tmp_path)])
    cfg = compose('scenes/lite0_linear.py', str(tmp_path / 'll-r-recipe.py'))
    recipe = compose('scenes/lite0_linear.py', 'recipe')
    assert cfg.model.head.loss.type == 'LargeLossReject'
    assert cfg.model.head.type == recipe.model.head.type == 'FixedLengthLinearHead'
    for part in ('optim_wrapper', 'param_scheduler', 'custom_hooks'):
        assert cfg.get(part) == recipe.get(part)


def test_settings_of_the_method_go_before():
    method = {'key': 'a', 'title': 'A', 'settings': {'x': 1}, 'grid': {}}
    source = {'key': 'b', 'title': 'B', 'head': {'type': 'H'}, 'settings': {'x': 2, 'y': 3}}
    found = with_training(method, source)
    assert found['settings'] == {'x': 1, 'y': 3}
    assert (found['key'], found['title'], found['head']) == ('a-b', 'A (b)', {'type': 'H'})
    assert 'grid' not in found


def test_a_head_of_its_own_is_refused():
    with pytest.raises(ValueError, match=r'boostlu-ll-r: has a head of its own'):
        with_training(fragment('boostlu-ll-r'), fragment('recipe'))

"""Settings of a command line that nothing would read are named."""

from __future__ import annotations

import pytest
from mmengine.config import Config

from wsml_mm.experiments.options import merge_options


def _config():
    return Config(dict(train_cfg=dict(max_epochs=3), train_dataloader=dict(batch_size=2), mine=1))


@pytest.mark.parametrize(
    ('name', 'says'),
    [
        ('max_epochs', 'nothing reads max_epochs; did you mean train_cfg.max_epochs?'),
        ('trian_cfg.max_epochs', 'nothing reads trian_cfg; did you mean train_cfg?'),
        ('load_form', 'nothing reads load_form; did you mean load_from?'),
        ('qwertz', 'nothing reads qwertz; the config has no such key'),
    ],
)
def test_unknown_keys_are_named(name, says):
    cfg = _config()
    with pytest.raises(ValueError, match=r'^--cfg-options') as refusal:
        merge_options(cfg, {'train_cfg.max_epochs': 1, name: 1})
    assert str(refusal.value) == f'--cfg-options {name}: {says}'
    assert cfg.train_cfg.max_epochs == 3


def test_known_keys_are_merged():
    cfg = _config()
    merge_options(
        cfg, {'train_cfg.max_epochs': 1, 'mine': 2, 'load_from': 'a', 'randomness.seed': 4}
    )
    assert (cfg.train_cfg.max_epochs, cfg.mine, cfg.load_from, cfg.randomness.seed) == (
        1,
        2,
        'a',
        4,
    )
    merge_options(cfg, None)

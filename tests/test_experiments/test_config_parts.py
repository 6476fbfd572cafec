"""Finding the parts of a config by class, in made-up and in shipped configs."""

from __future__ import annotations

import pytest
from mmpretrain.registry import MODELS

from wsml_mm import LargeLossReject
from wsml_mm.experiments.compose import compose
from wsml_mm.experiments.config_parts import class_of, part_at, takes, typed_parts


@MODELS.register_module()
class ForwardingReject(LargeLossReject):
    """Hands all arguments on."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)


@MODELS.register_module()
class FixedReject(LargeLossReject):
    """Has no setting."""

    def __init__(self):
        super().__init__(delta_rel=0.3)


@pytest.mark.parametrize(
    ('part', 'expected'),
    [
        (dict(type='LargeLossReject'), True),  # left at its default
        (dict(type='wsml_mm.LargeLossReject'), True),
        (dict(type=LargeLossReject), True),
        (dict(type='ForwardingReject'), True),
        (dict(type='FixedReject'), False),
        (dict(type='AssumeNegativeLoss'), False),
        (dict(type='NoSuchLoss'), False),
        (dict(type='NoSuchLoss', delta_rel=1), True),  # written
        (dict(), False),
    ],
)
def test_a_setting_is_written_or_an_argument(part, expected):
    assert takes(part, 'delta_rel') is expected


def test_parts_are_named_by_key_through_dicts_and_lists():
    config = dict(type='Model', heads=[dict(type='A'), dict(x=1), dict(loss=dict(type='B'))])
    assert [(k, p['type']) for k, p in typed_parts(config)] == [
        ('', 'Model'),
        ('heads.0', 'A'),
        ('heads.2.loss', 'B'),
    ]
    assert [k for k, _ in typed_parts(config, 'model')][1] == 'model.heads.0'
    for key, part in typed_parts(config):
        assert part_at(config, key) is part


def test_missing_keys():
    config = dict(a=[1, dict(b=2)], c=None)
    assert part_at(config, 'a.1.b') == 2
    for key in ('x', 'a.2', 'a.b', 'a.1.b.c', 'c.d', 'a.-1'):
        assert part_at(config, key) is None


def test_shipped_config():
    cfg = compose('voc5/lite0_linear.py', 'll-cp')
    kinds = {key: class_of(part) for key, part in typed_parts(cfg._cfg_dict)}
    assert kinds['model.head.loss'].__name__ == 'LargeLossCorrectPerm'
    assert kinds['train_dataloader.dataset.observe'].__name__ == 'SinglePositive'
    assert kinds['optim_wrapper.optimizer'].__name__ == 'Adam'
    assert kinds['default_hooks.partial_label'].__name__ == 'PartialLabelHook'

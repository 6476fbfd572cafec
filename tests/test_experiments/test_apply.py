"""A method takes the place of any other on any config, and nothing of the other is left."""

from __future__ import annotations

import itertools
from copy import deepcopy
from pathlib import Path

import pytest
from helpers import LOSSES, tiny_config
from mmengine.config import Config, ConfigDict

from wsml_mm.experiments.apply import apply_method, full_labels
from wsml_mm.experiments.compose import compose
from wsml_mm.experiments.configs import first_stage_config
from wsml_mm.experiments.method import Method, read_method, shipped_methods

AUGMENT = dict(type='RandomGrayscale', prob=0.5)


def toy(key, **parts):
    return Method(key, key, None, None, {'loss': dict(type='AssumeNegativeLoss'), **parts})


TOYS = [
    toy('hooked', hooks=dict(ema=dict(type='EMAHook', momentum=0.1), checkpoint=dict(type='X'))),
    toy('headed', head=dict(type='IndexedCSRAClsHead', num_heads=2, lam=0.1)),
    toy('modelled', model=dict(train_cfg=dict(augments=dict(type='Mixup', alpha=0.2)), neck=None)),
    toy('augmented', augmentation=[AUGMENT], loss=dict(type='LargeLossReject', delta_rel=3)),
    toy('piped', train_pipeline=[AUGMENT, dict(type='PackInputs')], test_pipeline=[AUGMENT]),
    toy(
        'set',
        settings={
            'optim_wrapper.optimizer': dict(_delete_=True, type='Adam', lr=1),
            'param_scheduler': [dict(type='OneCycleLR', eta_max=1)],
            'train_cfg.max_epochs': 40,
            'custom_hooks': [dict(type='SyncBuffersHook')],
        },
    ),
]
METHODS = [*(read_method(key) for key in shipped_methods()), *TOYS]
BY_KEY = {method.key: method for method in METHODS}
PAIRS = list(itertools.product(BY_KEY, BY_KEY))


@pytest.fixture(scope='module')
def own(tmp_path_factory):
    """A config of a user's own, without anything of this package but the data set."""
    cfg = tiny_config(Path('kit'), '', 'AN')
    cfg.train_pipeline = cfg.train_dataloader.dataset.dataset.pipeline
    cfg.model.head = dict(
        type='MultiLabelLinearClsHead', num_classes=5, in_channels=16, thr=0.3,
        loss=dict(type='AsymmetricLoss', gamma_neg=4),
    )  # fmt: skip
    cfg.default_hooks = dict(logger=dict(type='LoggerHook', interval=7))
    cfg.pop('custom_imports')
    path = tmp_path_factory.mktemp('own') / 'own.py'
    cfg.dump(path)
    return Config.fromfile(path, format_python_code=False)


def loss_of(cfg):
    return cfg.model.head.loss.to_dict()


@pytest.mark.parametrize(('first', 'second'), PAIRS)
def test_nothing_of_an_earlier_method_survives(own, first, second, tmp_path):
    expected = apply_method(own, BY_KEY[second])
    earlier = apply_method(own, BY_KEY[first])
    assert apply_method(earlier, BY_KEY[second]).to_dict() == expected.to_dict()
    # As well after it was written and read, and a file of the user's inherits it.
    earlier.dump(tmp_path / 'earlier.py')
    child = tmp_path / 'child.py'
    child.write_text("_base_ = 'earlier.py'\nlog_level = 'ERROR'\n")
    again = apply_method(Config.fromfile(child, format_python_code=False), BY_KEY[second])
    assert again.to_dict() == {**expected.to_dict(), 'log_level': 'ERROR'}
    assert loss_of(again) == BY_KEY[second].fragment['loss']


@pytest.mark.parametrize('by_hand', LOSSES)
@pytest.mark.parametrize('key', BY_KEY)
def test_a_loss_by_hand_is_replaced(own, by_hand, key):
    cfg = deepcopy(own)
    cfg.model.head.loss = dict(LOSSES[by_hand], percent_of='all', max_fraction=0.1)
    changed = apply_method(cfg, BY_KEY[key])
    assert changed.to_dict() == apply_method(own, BY_KEY[key]).to_dict()
    assert cfg.model.head.loss.percent_of == 'all'  # the config given is not changed


def test_what_toys_carry_arrives(own):
    cfg = apply_method(own, BY_KEY['hooked'])
    assert cfg.default_hooks.ema == dict(type='EMAHook', momentum=0.1)
    assert cfg.default_hooks.checkpoint == dict(type='X')
    cfg = apply_method(own, BY_KEY['headed'])
    assert cfg.model.head.type == 'IndexedCSRAClsHead'
    assert (cfg.model.head.num_classes, cfg.model.head.thr) == (5, 0.3)
    cfg = apply_method(own, BY_KEY['modelled'])
    assert cfg.model.train_cfg.augments.type == 'Mixup'
    assert cfg.model.neck is None
    before = own.train_dataloader.dataset.dataset.pipeline
    cfg = apply_method(own, BY_KEY['augmented'])
    pipeline = [*before[:-1], AUGMENT, before[-1]]
    assert cfg.train_dataloader.dataset.dataset.pipeline == cfg.train_pipeline == pipeline
    assert cfg.val_dataloader == own.val_dataloader
    cfg = apply_method(own, BY_KEY['piped'])
    assert cfg.test_dataloader.dataset.dataset.pipeline == [AUGMENT]
    cfg = apply_method(own, BY_KEY['set'])
    assert cfg.optim_wrapper.optimizer == dict(type='Adam', lr=1)
    assert (cfg.train_cfg.max_epochs, cfg.train_cfg.by_epoch) == (40, True)


def test_changes_by_hand_stay(own):
    cfg = apply_method(own, BY_KEY['set'])
    cfg.train_cfg.max_epochs = 5
    cfg.model.head.num_classes = 3
    cfg = apply_method(cfg, BY_KEY['ll-r'])
    assert cfg.train_cfg.max_epochs == 5
    assert cfg.model.head.num_classes == 3
    assert cfg.optim_wrapper.optimizer == own.optim_wrapper.optimizer


def test_what_losses_need_is_added_once(own):
    cfg = apply_method(own, BY_KEY['ll-cp'])
    assert cfg.custom_imports.imports == ['wsml_mm']
    kinds = [hook.type for hook in cfg.default_hooks.values()]
    assert kinds[0] == 'LoggerHook'
    assert {'PartialLabelHook', 'EpochSeedHook', 'PlainCheckpointHook', 'LinearInitHook'} < {*kinds}
    assert 'checkpoint' not in cfg.default_hooks
    listed = deepcopy(own)
    listed.custom_hooks = [dict(type='LargeLossHook', warn_share=0.5)]
    assert 'partial_label' not in apply_method(listed, BY_KEY['ll-cp']).default_hooks
    switched_off = deepcopy(own)
    switched_off.default_hooks.epoch_seed = None
    assert apply_method(switched_off, BY_KEY['ll-cp']).default_hooks.epoch_seed is None


def test_record_of_the_method(own):
    assert apply_method(own, BY_KEY['ll-r']).method == dict(
        key='ll-r', title='LL-R', colour='#0072B2', marker='s'
    )
    assert apply_method(own, BY_KEY['hooked']).method.changes


def test_hyper_parameters_of_the_data_set(own):
    assert loss_of(apply_method(own, BY_KEY['ll-r']))['delta_rel'] == 0.2
    assert loss_of(apply_method(own, BY_KEY['ll-r'], 'coco2014'))['delta_rel'] == 0.4
    assert loss_of(apply_method(own, BY_KEY['ll-r'], 'unknown'))['delta_rel'] == 0.2
    own_data = Config({**own.to_dict(), 'protocol': dict(data='cub200')})
    assert loss_of(apply_method(own_data, BY_KEY['ll-ct']))['delta_rel'] == 0.4
    many = toy(
        'many',
        loss=dict(type='A', a=1, b=2),
        published=dict(x=dict(loss=dict(a=3), hooks=dict(e=dict(type='E')), source='https://x')),
    )
    assert many.parts('x') == dict(loss=dict(type='A', a=3, b=2), hooks=dict(e=dict(type='E')))
    assert many.parts('y') == many.parts() == dict(loss=dict(type='A', a=1, b=2))


def test_both_stages_of_linear_init_have_the_method():
    cfg = compose('voc2012/resnet50_linear-init.py', 'll-r')
    cfg.linear_init.cfg_options = {'model.head.loss.delta_rel': 1, 'train_cfg.max_epochs': 2}
    cfg = apply_method(cfg, BY_KEY['an'])
    stage = first_stage_config(cfg)
    assert loss_of(stage) == loss_of(cfg) == dict(type='AssumeNegativeLoss')
    assert stage.method.key == cfg.method.key == 'an'
    assert cfg.linear_init.cfg_options == {'train_cfg.max_epochs': 2}


def test_full_labels_are_an_observation(own):
    cfg = deepcopy(own)
    full = full_labels(apply_method(cfg, BY_KEY['an']))
    assert full.train_dataloader.dataset.observe is None
    assert full.method.key == 'full'
    assert loss_of(full) == dict(type='AssumeNegativeLoss')
    # Another method hides labels again.
    assert apply_method(full, BY_KEY['hooked']).to_dict() == (
        apply_method(cfg, BY_KEY['hooked']).to_dict()
    )
    with pytest.raises(ValueError, match=r'own\.py: its training set hides no label .*leave'):
        full_labels(full)
    stage = first_stage_config(compose('voc2012/resnet50_linear-init.py', 'an', upper_bound=True))
    assert stage.train_dataloader.dataset.observe is None


def test_refusals(own):
    cfg = deepcopy(own)
    cfg.model.head = dict(type='MultiTaskHead', task_heads=dict())
    with pytest.raises(ValueError, match=r'own\.py: model\.head \(MultiTaskHead\) takes no loss'):
        apply_method(cfg, BY_KEY['an'])
    cfg.model.pop('head')
    with pytest.raises(ValueError, match=r'model\.head \(None\) takes no loss'):
        apply_method(cfg, BY_KEY['an'])
    with pytest.raises(ValueError, match=r'augmented changes images.*stored features'):
        compose('scenes/lite0_linear.py', BY_KEY['augmented'])
    assert AUGMENT in compose('scenes/lite0_e2e.py', BY_KEY['augmented']).train_pipeline


def test_wrapped_training_sets(own):
    cfg = deepcopy(own)
    inner = cfg.train_dataloader.dataset.to_dict()
    cfg.train_dataloader.dataset = ConfigDict(
        type='RepeatDataset', times=2, dataset=dict(type='ConcatDataset', datasets=[inner, inner])
    )
    changed = apply_method(cfg, BY_KEY['augmented'])
    for part in changed.train_dataloader.dataset.dataset.datasets:
        assert part.dataset.pipeline[-2] == AUGMENT
    assert (
        apply_method(changed, BY_KEY['an']).to_dict() == apply_method(cfg, BY_KEY['an']).to_dict()
    )


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('x = 1', r'has no method = dict\(key=\.\.\., loss=dict\(type=\.\.\.\)\)$'),
        ("model = dict(type='A')", 'it is a whole config, name it as NAME=FILE'),
        ("method = dict(key='a', title='A')", 'has no method = '),
        ("method = dict(loss=dict(type='A'))", 'method needs a key'),
        (
            "method = dict(key='../a', loss=dict(type='A'))",
            "method.key '../a': .* outside the work",
        ),
        ("method = dict(key='a', loss=dict(delta_rel=1))", r'method\.loss names no type'),
        ("method = dict(key='a', loss=dict(type='A'), hook=dict())", "has no part 'hook'; parts:"),
    ],
)
def test_files_that_are_no_methods(tmp_path, text, words):
    path = tmp_path / 'mine.py'
    path.write_text(text)
    with pytest.raises(ValueError, match=words) as error:
        read_method(path)
    assert str(path) in str(error.value)
    assert '\n' not in str(error.value)


def test_methods_are_found_by_key_or_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'll-x: no such method; name one of an, .*ll-cp, '):
        read_method('ll-x')
    shipped = Path(read_method('ll-r').file)
    path = tmp_path / 'mine.py'
    own = 'method = dict(key="mine", title="Mine", loss=dict(delta_rel=1))'
    path.write_text(f'_base_ = {str(shipped)!r}\n{own}')
    mine = read_method(path)
    assert (mine.key, mine.title, mine.colour) == ('mine', 'Mine', '#0072B2')
    assert mine.fragment['loss'] == dict(type='LargeLossReject', delta_rel=1)

"""What makes another run and what does not, on a tiny devkit."""

from __future__ import annotations

import copy
import importlib
import os
import shutil
import sys

import pytest
import torch
from helpers import set_hook, tiny_config, write_devkit
from PIL import Image

from wsml_mm.experiments.compose import compose
from wsml_mm.experiments.data_digests import DataDigests
from wsml_mm.experiments.entries import Entry, seeded_config
from wsml_mm.experiments.identity import differences, identity, settings
from wsml_mm.labels.contents import Contents


@pytest.fixture(scope='module')
def devkit(tmp_path_factory):
    return write_devkit(tmp_path_factory.mktemp('identity') / 'devkit')


@pytest.fixture
def cfg(devkit, tmp_path):
    return tiny_config(devkit, tmp_path / 'work')


def changed(cfg, other):
    return [text.partition(' (')[0] for text in differences(identity(cfg), identity(other))]


def rename_hook(cfg):
    cfg.default_hooks['watch'] = cfg.default_hooks.pop('partial_label')
    cfg.default_hooks['pen'] = cfg.default_hooks.pop('logger')


IRRELEVANT = {
    'work_dir': 'elsewhere',
    'experiment_name': 'x',
    'log_level': 'ERROR',
    'resume': True,
    'visualizer.vis_backends': [dict(type='TensorboardVisBackend')],
    'default_hooks.logger.interval': 1,
    'default_hooks.checkpoint.interval': 5,
    'default_hooks.checkpoint.max_keep_ckpts': 9,
    'default_hooks.checkpoint.type': 'CheckpointHook',
    'default_hooks.visualization.enable': True,
    'custom_hooks': [dict(type='MemoryProfilerHook')],
    'train_dataloader.num_workers': 3,
    'train_dataloader.persistent_workers': True,
    'val_dataloader.pin_memory': True,
    'test_dataloader.prefetch_factor': 4,
    'train_dataloader.dataset.dataset.prepare': False,
    'train_dataloader.dataset.bad_images': 'skip',
    'env_cfg.cudnn_benchmark': True,
    'test_evaluator.out_file_path': 'scores.pkl',
    'train_pipeline': [dict(type='PackInputs')],  # a variable: what counts is what uses it
}


@pytest.mark.parametrize('key', IRRELEVANT)
def test_what_logs_and_fetches_does_not_count(cfg, key):
    other = copy.deepcopy(cfg)
    other.merge_from_dict({key: IRRELEVANT[key]})
    assert changed(cfg, other) == []


def test_keys_of_hooks_do_not_count(cfg):
    other = copy.deepcopy(cfg)
    rename_hook(other)
    assert changed(cfg, other) == []


@pytest.mark.parametrize(
    ('key', 'value', 'names'),
    [
        ('optim_wrapper.optimizer.lr', 0.2, ['optim_wrapper.optimizer.lr']),
        ('param_scheduler.milestones', [2], ['param_scheduler.milestones']),
        ('train_cfg.max_epochs', 4, ['train_cfg.max_epochs']),
        ('randomness.seed', 9, ['randomness.seed']),
        ('model.head.loss.delta_rel', 6, ['model.head.loss.delta_rel']),
        ('model.backbone.depth', 34, ['model.backbone.depth']),
        ('train_dataloader.batch_size', 3, ['train_dataloader.batch_size']),
        ('train_dataloader.dataset.dataset.pipeline.1.prob', 0.1,
         ['train_dataloader.dataset.dataset.pipeline.1.prob']),
        ('train_dataloader.dataset.observe.seed', 5,
         ['train labels', 'train_dataloader.dataset.observe.seed']),
        ('train_dataloader.dataset.holdout', dict(fraction=0.5),
         ['train images', 'train_dataloader.dataset.holdout.fraction']),
        ('val_evaluator.type', 'MultiLabelMetric', ['val_evaluator.type']),
        ('default_hooks.checkpoint.rule', 'less', ['hooks.CheckpointHook.rule']),
        ('default_hooks.checkpoint.save_best', 'x', ['hooks.CheckpointHook.save_best']),
        ('custom_hooks', [dict(type='EMAHook', interval=2)],
         ['hooks.EMAHook.type', 'hooks.EMAHook.interval']),
        ('my_new_key.a', 1, ['my_new_key.a']),  # unknown: on the safe side
    ],
)  # fmt: skip
def test_what_decides_counts_and_is_named(cfg, key, value, names):
    other = copy.deepcopy(cfg)
    other.merge_from_dict({key: value})
    assert changed(cfg, other) == names


def test_values_are_quoted(cfg):
    other = copy.deepcopy(cfg)
    other.optim_wrapper.optimizer = dict(type='SGD', lr=0.5, nesterov=True)
    assert differences(identity(cfg), identity(other)) == [
        'optim_wrapper.optimizer.lr (0.1, now 0.5)',
        'optim_wrapper.optimizer.momentum (0.9, now not set)',
        'optim_wrapper.optimizer.nesterov (not set, now true)',
    ]


def test_two_hooks_of_one_class_both_count(cfg):
    cfg.custom_hooks = [dict(type='EMAHook', momentum=m) for m in (0.1, 0.2)]
    other = copy.deepcopy(cfg)
    other.custom_hooks[1].momentum = 0.3
    assert len(changed(cfg, other)) == 1
    set_hook(other, 'epoch_seed')
    assert len(changed(cfg, other)) == 2


def test_moving_the_data_keeps_it(devkit, tmp_path):
    moved = tmp_path / 'new place' / 'kit'
    shutil.copytree(devkit, moved)
    assert changed(tiny_config(devkit, ''), tiny_config(moved, '')) == []


def test_one_label_counts(devkit, tmp_path):
    kit = tmp_path / 'kit'
    shutil.copytree(devkit, kit)
    before = identity(tiny_config(kit, ''))
    path = kit / 'ImageSets/Main/cat_val.txt'
    lines = path.read_text().splitlines()
    name, value = lines[0].split()
    lines[0] = f'{name} {-int(value):2d}'
    path.write_text('\n'.join(lines) + '\n')
    after = identity(tiny_config(kit, ''))
    assert [k for k in differences(before, after) if 'train' not in k] == [
        'val labels',
        'test labels',
    ]


def test_one_image_counts_and_a_touch_does_not(devkit, tmp_path):
    kit, stamps = tmp_path / 'kit', tmp_path / 'stamps.json'
    shutil.copytree(devkit, kit)

    def look():
        contents = Contents(stamps)
        found = identity(tiny_config(kit, ''), DataDigests(contents))
        contents.save()
        return found

    before = look()
    image = next((kit / 'JPEGImages').glob('train*'))
    os.utime(image, (1, 1))
    assert differences(before, look()) == []
    pixels = Image.open(image)
    Image.new('RGB', pixels.size, (9, 9, 9)).save(image)
    assert differences(before, look()) == ['train images']


def test_weights_count_by_what_they_hold(cfg, tmp_path):
    weights = tmp_path / 'weights.pth'
    torch.save({'a': torch.zeros(2)}, weights)
    cfg.model.backbone.init_cfg = dict(type='Pretrained', checkpoint=str(weights))
    before = identity(cfg)
    moved = tmp_path / 'moved.pth'
    shutil.copy(weights, moved)
    cfg.model.backbone.init_cfg.checkpoint = str(moved)
    assert differences(before, identity(cfg)) == []
    torch.save({'a': torch.ones(2)}, moved)
    (difference,) = differences(before, identity(cfg))
    assert difference.startswith('model.backbone.init_cfg.checkpoint ("file ')
    cfg.model.backbone.init_cfg.checkpoint = 'https://example.org/w.pth'
    assert identity(cfg)['model.backbone.init_cfg.checkpoint'] == 'https://example.org/w.pth'


def test_files_below_the_data_count_from_there(devkit, tmp_path):
    cfgs = []
    for kit in (devkit, tmp_path / 'kit'):
        cfgs.append(tiny_config(kit, ''))
        cfgs[-1].test_evaluator = dict(type='PointingGame', boxes=dict(path=f'{kit}/Annotations'))
    found = [settings(cfg, Contents())['test_evaluator.boxes.path'] for cfg in cfgs]
    assert found == ['{data_root}/Annotations'] * 2


def test_folders_of_boxes_count_by_what_they_hold(cfg, tmp_path):
    boxes = tmp_path / 'Annotations'
    boxes.mkdir()
    (boxes / 'a.xml').write_text('<xmin>1</xmin>')
    cfg.test_evaluator = dict(type='PointingGame', boxes=dict(type='VOCBoxes', folder=str(boxes)))
    cfg.note = str(boxes)  # a folder that no metric reads
    before = settings(cfg, Contents())
    os.utime(boxes / 'a.xml', (1, 1))
    assert settings(cfg, Contents()) == before
    (boxes / 'a.xml').write_text('<xmin>2</xmin>')
    (difference,) = differences(before, settings(cfg, Contents()))
    assert difference.startswith('test_evaluator.boxes.folder ("folder ')


def test_imported_code_of_ones_own_counts_by_what_it_holds(cfg, tmp_path, monkeypatch):
    code = tmp_path / 'my_own_loss.py'
    code.write_text('WEIGHT = 1')
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.import_module('my_own_loss')
    cfg.custom_imports = dict(imports=['wsml_mm', 'numpy', 'my_own_loss', 'not_there'])
    before = identity(cfg)
    code.write_text('WEIGHT = 2')
    (difference,) = differences(before, identity(cfg))
    assert difference.startswith('imports.my_own_loss ("code ')
    assert [key for key in before if key.startswith('imports.')] == ['imports.my_own_loss']
    del sys.modules['my_own_loss']


def test_wrapped_and_plain_data_sets(devkit, cfg):
    one = cfg.train_dataloader.dataset
    other = copy.deepcopy(one)
    other.observe.seed = 3
    cfg.train_dataloader.dataset = dict(
        type='RepeatDataset', times=2, dataset=dict(type='ConcatDataset', datasets=[one, other])
    )
    cfg.test_dataloader = copy.deepcopy(cfg.test_dataloader)
    cfg.test_dataloader.dataset = cfg.test_dataloader.dataset.dataset
    found = identity(cfg)
    assert found['train labels'] != found['train 2 labels']
    assert found['train images'] == found['train 2 images']
    assert found['test images'] == found['val images']
    assert len(found['test labels']) == 16


def test_the_first_stage_counts(devkit, tmp_path):
    tiny_config(devkit, '').dump(tmp_path / 'first.py')
    cfg = tiny_config(devkit, '')
    cfg.pop('work_dir')
    cfg.linear_init = dict(config='first.py', carry_corrections=False)
    cfg.dump(tmp_path / 'second.py')
    method = Entry('x', str(tmp_path / 'second.py'))
    one = identity(seeded_config(method, 1))
    options = {'linear_init.cfg_options': {'optim_wrapper.optimizer.lr': 7}}
    two = identity(seeded_config(method, 1, options))
    assert differences(one, two) == ['linear_init.optim_wrapper.optimizer.lr (0.1, now 7)']
    assert one['linear_init.train labels'] == one['train labels']
    assert one['linear_init.carry_corrections'] is False


def test_features_are_not_extracted_for_it(tmp_path):
    cfg = compose('voc2012/resnet50_linear.py', 'll-r')
    found = settings(cfg, Contents())
    assert not any('cache' in key or 'data_root' in key for key in found)
    assert any('extractor' in key for key in found)


def test_numbers_that_json_has_not(cfg):
    cfg.train_cfg.limits = [float('inf'), float('nan'), 1.5]
    assert identity(cfg)['train_cfg.limits'] == ['inf', 'nan', 1.5]


def test_how_features_are_stacked_is_no_setting(cfg):
    other = copy.deepcopy(cfg)
    other.model.data_preprocessor = dict(type='FeaturePreprocessor')
    cfg.model.pop('data_preprocessor', None)
    assert changed(cfg, other) == []
    other.model.data_preprocessor.mean = [1.0]
    assert changed(cfg, other)

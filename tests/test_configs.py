"""Every config that ships: it loads, and everything it names can be built."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import REPO, write_devkit
from mmengine.config import Config, ConfigDict
from mmengine.evaluator import Evaluator
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DefaultScope
from mmpretrain.registry import (
    DATA_SAMPLERS,
    DATASETS,
    HOOKS,
    MODELS,
    OPTIM_WRAPPERS,
    TASK_UTILS,
    TRANSFORMS,
    VISUALIZERS,
)

from wsml_mm.benchmarks.voc2012 import VOC_CLASSES
from wsml_mm.experiments.apply import FULL_LABELS, apply_method
from wsml_mm.experiments.compose import compose
from wsml_mm.experiments.configs import first_stage_config
from wsml_mm.experiments.method import read_method, shipped_methods
from wsml_mm.models.losses import LargeLoss, PartialLabelLoss

FOLDER = REPO / 'configs'
METHODS = ['an', 'll-r', 'll-ct', 'll-cp']
# With one protocol each: a method that only brings a loss is the same under all.
OTHERS = [
    'asl',
    'crisp',
    'curriculum',
    'em',
    'em-apl',
    'epr',
    'gpr',
    'gr',
    'hill',
    'iu',
    'logicmix',
    'lsan',
    'mixup-pme',
    'p-asl-negative',
    'p-asl-selective',
    'role',
    'splc',
    'threshold-write-back',
    'wan',
]
OF_IMAGES = ['ignore', 'plc']  # refused where features are stored
# Their models, groups and schedules have tests of their own.
ELSEWHERE = ['boostlu-ll-cp', 'boostlu-ll-ct', 'boostlu-ll-r', 'group-consistency', 'recipe']
PROTOCOLS = sorted(
    str(path.relative_to(FOLDER))
    for path in FOLDER.glob('*/*.py')
    if path.parent.name not in ('methods', '_base_')
)
# Nobody knows the full labels of OpenImages.
PAIRS = [
    (protocol, method)
    for protocol in PROTOCOLS
    for method in [*METHODS, *([] if 'openimages' in protocol else ['full'])]
]
PAIRS += [('voc2012/resnet50_linear.py', method) for method in OTHERS]
PAIRS += [('voc5/lite0_e2e.py', method) for method in OF_IMAGES]
ALL = METHODS + OTHERS + OF_IMAGES + ELSEWHERE
LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


@pytest.fixture(autouse=True)
def scope():
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        yield


@pytest.fixture
def voc(tmp_path_factory, monkeypatch):
    """VOC2012 and voc5 below $WSML_DATA."""
    root = tmp_path_factory.getbasetemp() / 'configs_data'
    if not root.exists():
        write_devkit(root / 'VOCdevkit/VOC2012', train=10, val=4, classes=VOC_CLASSES)
        five = ('bus', 'car', 'cat', 'person', 'train')
        write_devkit(root / 'voc5', train=10, val=4, classes=five)
    monkeypatch.setenv('WSML_DATA', str(root))
    return root


def read(protocol, method='an') -> Config:
    full = method == 'full'
    return compose(protocol, 'an' if full else method, upper_bound=full)


def without_weights(cfg):
    """Takes pretrained weights away, so that nothing is downloaded."""
    if isinstance(cfg, dict):
        kept = {k: without_weights(v) for k, v in cfg.items() if k != 'init_cfg'}
        return ConfigDict(kept)
    return [without_weights(v) for v in cfg] if isinstance(cfg, (list, tuple)) else cfg


def layers(dataset):
    """Yields a dataset's config and those inside it."""
    while dataset is not None:
        yield dataset
        dataset = dataset.get('dataset')


def test_methods_and_protocols_ship():
    assert shipped_methods() == sorted(ALL)
    benchmarks = ('voc2012', 'coco2014', 'nuswide-cole', 'nuswide-official', 'cub200', 'l48')
    three = ('e2e', 'linear', 'linear-init')
    expected = {f'{data}/resnet50_{p}.py' for data in benchmarks for p in three}
    expected |= {f'openimages-v3/resnet101_{p}.py' for p in three}
    expected |= {f'{data}/lite0_{p}.py' for data in ('scenes', 'voc5') for p in ('e2e', 'linear')}
    expected |= {f'{data}/lite2_linear.py' for data in ('mosaic', 'voc5')}
    expected |= {'mosaic/lite0_linear.py', 'scenes/lite0_linear_320px.py'}
    assert set(PROTOCOLS) == expected | {'coco2014/resnet50_hill.py'}
    assert len(list(FOLDER.rglob('*.py'))) <= 100  # two axes, not their product


@pytest.mark.parametrize('name', PROTOCOLS)
def test_a_protocol_is_the_training_with_an(name):
    file, cfg = Config.fromfile(FOLDER / name, format_python_code=False), read(name)
    assert cfg.method == dict(key='an', title='AN', colour='#D55E00', marker='o')
    cfg.pop('method')
    if 'linear_init' in cfg:
        stage = cfg.linear_init.config
        assert stage.protocol.name == file.linear_init.config.removesuffix('.py')
        cfg.linear_init.config = file.linear_init.config
    assert cfg.to_dict() == file.to_dict()
    assert file.protocol.name == name.removesuffix('.py')
    assert file.protocol.data == name.split('/')[0]
    assert {'title', 'observation'} <= set(file.protocol)


def test_published_hyper_parameters_name_their_source():
    data = {name.split('/')[0] for name in PROTOCOLS}
    for key in ALL:
        for name, parts in read_method(key).fragment.get('published', {}).items():
            assert name in data
            counted = parts['source'] == 'counted on the fully labelled validation part'
            assert parts['source'].startswith('https://') or counted


def test_every_method_has_its_own_look():
    keys = ALL
    methods = [read_method(key) for key in keys]
    assert [m.key for m in methods] == keys
    for part in ('title', 'colour'):
        assert len({getattr(m, part) for m in methods} | {FULL_LABELS[part]}) == len(keys) + 1
    # More methods than markers that can be told apart: the first of them have one of their own.
    markers = [m.marker for m in methods]
    assert all(markers.count(marker) == 1 for marker in markers[: len(METHODS)])
    assert FULL_LABELS['marker'] not in markers


@pytest.mark.parametrize('method', ALL)
def test_the_hyper_parameters_of_every_data_set_build(method):
    for data in sorted({name.split('/')[0] for name in PROTOCOLS}):
        loss = read_method(method).parts(data)['loss']
        unknown = data in ('l48', 'openimages-v3')  # nobody has published a number
        if unknown and method in ('epr', 'role'):
            with pytest.raises(ValueError, match=r'expected_num_pos is missing.*model\.head\.loss'):
                MODELS.build(loss)
        else:
            MODELS.build(loss)


@pytest.mark.parametrize('method', OF_IMAGES)
@pytest.mark.parametrize('protocol', ['voc5/lite0_linear.py', 'voc2012/resnet50_linear-init.py'])
def test_views_of_stored_features_are_refused(protocol, method):
    with pytest.raises(ValueError, match=r'changes images.*stored features.*end to end'):
        read(protocol, method)


def test_full_labels_of_openimages_are_refused():
    with pytest.raises(ValueError, match=r'openimages-v3/resnet101_e2e: nobody knows all labels'):
        read('openimages-v3/resnet101_e2e.py', 'full')


# The authors' answer in their issue 4, by data set: optimizer, rate, delta_rel of LL-R, -Ct, -Cp.
AUTHORS = {
    'voc2012': ('SGD', 5e-3, 0.2, 0.2, 0.1),
    'coco2014': ('Adam', 1e-5, 0.4, 0.2, 0.2),
    'nuswide-cole': ('Adam', 1e-5, 0.4, 0.2, 0.2),
    'cub200': ('Adam', 7.5e-5, 0.4, 0.4, 0.2),
}


@pytest.mark.parametrize('data', AUTHORS)
def test_authors_hyper_parameters(data):
    optimizer, rate, *deltas = AUTHORS[data]
    for method, delta in zip(('ll-r', 'll-ct', 'll-cp'), deltas, strict=True):
        for protocol in ('e2e', 'linear-init'):
            cfg = read(f'{data}/resnet50_{protocol}.py', method)
            assert cfg.model.head.loss.delta_rel == delta
            assert cfg.optim_wrapper.optimizer.type == optimizer
            assert cfg.optim_wrapper.optimizer.lr == rate
            assert cfg.optim_wrapper.paramwise_cfg.custom_keys.head.lr_mult == 10
            assert cfg.train_cfg.max_epochs == 10
            assert cfg.train_dataloader.batch_size == 16


def test_the_protocol_of_hill_and_splc():
    cfg = read('coco2014/resnet50_hill.py')
    assert cfg.default_hooks.ema.momentum == pytest.approx(1 - 0.9997)
    assert cfg.train_dataloader.batch_size == 128
    steps = [step.type for step in cfg.train_dataloader.dataset.dataset.pipeline]
    assert steps == ['LoadResizedImage', 'Cutout', 'RandAugment', 'PackInputs']
    preprocessor = MODELS.build({'type': 'ClsDataPreprocessor', **cfg.model.data_preprocessor})
    pixels = preprocessor({'inputs': torch.tensor([0, 51, 255.0]).view(1, 3, 1, 1)})['inputs']
    torch.testing.assert_close(pixels.flatten(), torch.tensor([1, 0.2, 0]))  # RGB, not normalised
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1), torch.nn.BatchNorm2d(4))
    decays = {
        (tuple(p.shape), group['weight_decay'], group['lr'])
        for group in build_optim_wrapper(model, cfg.optim_wrapper).param_groups
        for p in group['params']
    }
    decays = {entry for entry in decays if entry[0]}  # MMEngine adds a number of its own
    assert decays == {((4, 3, 1, 1), 1e-4, 1e-4), ((4,), 0, 1e-4)}


def test_openimages_has_the_papers_setting():
    cfg = read('openimages-v3/resnet101_e2e.py', 'll-r')
    assert (cfg.train_cfg.max_epochs, cfg.optim_wrapper.optimizer.lr) == (20, 2e-5)
    assert cfg.model.backbone.depth == 101
    assert cfg.model.head.loss.delta_rel in (0.005, 0.01)
    assert cfg.test_evaluator.groups == 'dataset'
    for name in ('openimages-v3/resnet101_e2e', 'methods/ll-r', 'methods/ll-ct', 'methods/ll-cp'):
        assert 'NOT verified' in (FOLDER / f'{name}.py').read_text()


@pytest.mark.parametrize('protocol', ['e2e', 'linear', 'linear-init'])
def test_openimages_counts_a_class_without_negatives_as_published(protocol):
    cfg = read(f'openimages-v3/resnet101_{protocol}.py', 'an')
    for evaluator in (cfg.val_evaluator, cfg.test_evaluator):
        assert evaluator.no_negatives == 'one'
    assert 'no_negatives' not in read('voc2012/resnet50_e2e.py', 'an').val_evaluator


_LAST: dict[str, Any] = {}


def built(cfg):
    """Two configs in a row may have one model: it is built once."""
    if str(cfg) not in _LAST:
        _LAST.clear()
        _LAST[str(cfg)] = MODELS.build(cfg)
    return _LAST[str(cfg)]


def method_first(pair):
    protocol, method = pair
    return method, protocol


@pytest.mark.parametrize(('name', 'method'), sorted(PAIRS, key=method_first))
def test_builds(name, method):
    cfg = read(name, method)
    assert cfg.custom_imports.imports == ['wsml_mm']
    assert cfg.default_scope == 'mmpretrain'

    model = built(without_weights(cfg.model))
    loss = model.head.loss_module
    assert isinstance(loss, PartialLabelLoss)
    assert isinstance(loss, LargeLoss) is method.startswith(('ll-', 'gpr'))
    named = 'an' if method == 'full' else method
    assert type(loss).__name__ == read_method(named).fragment['loss']['type']
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    assert type(wrapper) is OPTIM_WRAPPERS.get('OptimWrapper')
    cycle = [s.type for s in cfg.param_scheduler]
    assert cycle == (['OneCycleLR'] if 'hill' in name else [])

    for key in LOADERS:
        loader = cfg[key]
        assert DATA_SAMPLERS.get(loader.sampler.type)
        assert loader.sampler.shuffle is (key == 'train_dataloader')
        chain = list(layers(loader.dataset))
        assert chain[0].type == 'PartialLabelDataset'
        for dataset in chain:
            assert DATASETS.get(dataset.type), dataset.type
            if dataset.get('observe') is not None:
                TASK_UTILS.build(dataset.observe)
            for transform in dataset.get('pipeline', []):
                TRANSFORMS.build(transform)
            if 'extractor' in dataset:
                assert not [t for t in chain[-1].pipeline if 'Random' in t.type]
                assert model.head.fc.in_features == _width(dataset.extractor)
        classes = chain[-1].get('classes') or DATASETS.get(chain[-1].type).METAINFO.get('classes')
        if classes is None:  # they are read from the files
            assert 'cub200' in name or 'openimages' in name or 'l48' in name
        else:
            assert len(classes) == cfg.model.head.num_classes
        # Only training hides labels; only the full baseline and OpenImages do not.
        hidden = key == 'train_dataloader' and method != 'full' and 'openimages' not in name
        assert (chain[0].get('observe') is not None) is hidden

    parts = [(cfg[key].dataset.get('holdout') or {}).get('part') for key in LOADERS]
    own_parts = 'openimages' in name or 'l48' in name
    assert parts == ([None] * 3 if own_parts else ['train', 'val', None])
    for evaluator in (cfg.val_evaluator, cfg.test_evaluator):
        metric = Evaluator(evaluator).metrics[0]
        assert metric.prefix == 'multi-label'
    for hook in cfg.default_hooks.values():
        if hook.type != 'VisualizationHook':  # wants the runner's visualizer
            HOOKS.build(hook)
        assert HOOKS.get(hook.type)
    kinds = {hook.type for hook in cfg.default_hooks.values()}
    assert {'PartialLabelHook', 'EpochSeedHook', 'PlainCheckpointHook', 'LinearInitHook'} <= kinds
    assert cfg.default_hooks.checkpoint.save_best == 'multi-label/mAP'
    assert VISUALIZERS.get(cfg.visualizer.type)
    if 'linear_init' in cfg:
        stage = first_stage_config(cfg)
        assert stage.method.key == method
        assert stage.model.head.loss == cfg.model.head.loss
        assert stage.model.backbone.type == 'FeatureInput'
        assert stage.model.head.in_channels == cfg.model.head.in_channels
        assert stage.train_dataloader.dataset.holdout == cfg.train_dataloader.dataset.holdout


@pytest.mark.parametrize('method', [m for m in ELSEWHERE if m.startswith('boostlu')])
@pytest.mark.parametrize('name', ['voc2012/resnet50_linear-init.py', 'voc5/lite0_linear.py'])
def test_boosted_heads_see_maps_end_to_end_and_stored(name, method):
    cfg = read(name, method)
    stages = [cfg, first_stage_config(cfg)] if 'linear_init' in cfg else [cfg]
    percent = {'r': 0.5, 'ct': 0.2, 'cp': 0.1}[method.rsplit('-', 1)[1]]
    for stage in stages:
        model = built(without_weights(stage.model))
        assert type(model.head).__name__ == 'BoostLUHead'
        assert not model.with_neck
        assert (model.head.alpha, stage.model.head.loss.delta_rel) == (5, percent)
        for key in LOADERS:
            stored = [d for d in layers(stage[key].dataset) if d.type == 'FeatureDataset']
            assert all(d.keep == 'map' and d.extractor.neck for d in stored)
            assert bool(stored) is (model.backbone.__class__.__name__ == 'FeatureInput')
    plain = apply_method(cfg, read_method('an'))
    assert plain.to_dict() == read(name).to_dict()


_WIDTHS: dict[str, int] = {}


def _width(extractor) -> int:
    extractor = without_weights(extractor)
    spec = str(extractor)
    if spec not in _WIDTHS:
        model = MODELS.build(dict(type='ImageClassifier', **extractor))
        model.eval()
        with torch.no_grad():
            _WIDTHS[spec] = model.extract_feat(torch.zeros(1, 3, 64, 64))[-1].shape[1]
    return _WIDTHS[spec]


@pytest.mark.parametrize(
    ('name', 'method'), [(p, m) for p, m in PAIRS if p.startswith('voc') and '_e2e' in p]
)
def test_end_to_end_configs_read_their_data(name, method, voc):
    cfg = read(name, method)
    side = cfg.train_dataloader.dataset.dataset.pipeline[0].scale[0]
    shown = []
    for key, count in (('train_dataloader', 8), ('val_dataloader', 2), ('test_dataloader', 4)):
        dataset = DATASETS.build(cfg[key].dataset)
        assert len(dataset) == count
        sample = dataset[0]
        views = sample['inputs'] if isinstance(sample['inputs'], list) else [sample['inputs']]
        assert len(views) == 1 + (method in OF_IMAGES and key == 'train_dataloader')
        assert {tuple(view.shape) for view in views} == {(3, side, side)}
        scores = torch.stack([dataset[i]['data_samples'].gt_score for i in range(count)])
        assert scores.shape == (count, cfg.model.head.num_classes)
        shown.append(int((scores != -1).sum()))
    classes = cfg.model.head.num_classes
    assert shown == [8 * classes if method == 'full' else 8, 2 * classes, 4 * classes]


@pytest.mark.parametrize(
    ('name', 'method'), [(p, m) for p, m in PAIRS if p.startswith('voc') and '_linear.' in p]
)
def test_linear_configs_find_their_images(name, method, voc):
    cfg = read(name, method)
    for key, count in zip(LOADERS, (10, 10, 4), strict=True):
        source = list(layers(cfg[key].dataset))[-1]
        dataset = DATASETS.build(source)
        assert len(dataset) == count
        assert dataset[0]['inputs'].shape[0] == 3


@pytest.mark.parametrize('name', ['voc2012/resnet50_e2e.py', 'scenes/lite0_linear.py'])
def test_data_folder_is_an_environment_variable(name, monkeypatch):
    def root():
        return list(layers(read(name).train_dataloader.dataset))[-1].data_root

    monkeypatch.setenv('WSML_DATA', '/some/where')
    assert root().startswith('/some/where/')
    monkeypatch.delenv('WSML_DATA')
    assert root().startswith('data/')


@pytest.mark.parametrize(('name', 'method'), PAIRS)
def test_prints_and_reads_itself(name, method, tmp_path):
    """A run's copy of its config (work_dir/NAME.py) is a config."""
    cfg = read(name, method)
    cfg._format_python_code = False
    path = tmp_path / 'copy.py'
    cfg.dump(path)
    again = Config.fromfile(path, format_python_code=False)
    assert again.to_dict() == cfg.to_dict()


def test_no_config_needs_mmpretrain_configs():
    for path in (REPO / 'configs').rglob('*.py'):
        assert 'mmpretrain::' not in path.read_text().replace('`mmpretrain::...`', ''), path


def test_bases_are_all_used():
    used = set()

    def follow(path: Path) -> None:
        text = Config._get_base_files(str(path))
        for base in [text] if isinstance(text, str) else text:
            found = (path.parent / base).resolve()
            if found not in used:
                used.add(found)
                follow(found)

    for name in PROTOCOLS:
        follow(FOLDER / name)
    assert set((REPO / 'configs' / '_base_').rglob('*.py')) <= used


@pytest.mark.parametrize('name', ['mosaic/lite0_linear.py', 'voc2012/resnet50_e2e.py'])
def test_the_recipe_has_a_schedule_of_its_own_that_another_method_takes_back(name):
    cfg = read(name, 'recipe')
    model = MODELS.build(without_weights(cfg.model))
    assert type(model.head).__name__ == 'FixedLengthLinearHead'
    assert type(model.head.loss_module).__name__ == 'BalancedEntropyLoss'
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    groups = {id(p): g for g in wrapper.param_groups for p in g['params']}
    assert {groups[id(p)]['weight_decay'] for p in model.head.parameters()} == {0.1}
    assert {groups[id(p)]['weight_decay'] for p in model.backbone.parameters()} <= {0}
    assert [s.type for s in cfg.param_scheduler] == ['CosineAnnealingLR']
    assert HOOKS.build(cfg.default_hooks.relative_weight_decay)
    again = apply_method(cfg, read_method('an'))
    assert again.to_dict() == read(name).to_dict()

"""What `help()` says of a registered class: one sentence, its arguments, its source, a config."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from typing import Any

import mmpretrain.registry
import pytest
from mmengine.registry import Registry, init_default_scope
from mmengine.visualization import Visualizer

CLASSES = {
    name: (cls, registry)
    for registry in vars(mmpretrain.registry).values()
    if isinstance(registry, Registry)
    for name, cls in registry.module_dict.items()
    if cls.__module__.startswith('wsml_mm.')
}
# Our own, or MMEngine's and MMPretrain's with something added; formats of files.
NO_SOURCE = {
    'CamPeakHook', 'COCOBoxes', 'ComposedScenes', 'DurableCheckpointHook', 'EpochSeedHook',
    'ExtraViews', 'FeatureInput', 'FeaturePreprocessor', 'FixedLengthLinearHead',
    'IndexedMultiLabelClsHead',
    'IndexedMultiLabelLinearClsHead', 'LabelTable',
    'LargeLossHook', 'LateFigureVisualizer', 'LinearInitHook', 'LoadHighBitDepthImage',
    'LoadResizedImage',
    'ObservationFile', 'ObserveAll', 'OpenImagesBoxes', 'PartialLabelHook', 'PictureHook',
    'PlainCheckpointHook', 'RelativeWeightDecayHook', 'TIMMFeatureMap', 'VOCBoxes',
    'ViewsClassifier', 'ViewsPreprocessor',
}  # fmt: skip
# Their constructor reads a file.
NEEDS_FILES = {
    'COCO2014', 'ComposedScenes', 'CUB200Attributes', 'FeatureDataset', 'L48', 'LabelTable',
    'NUSWIDE', 'OpenImagesV3', 'PartialLabelDataset', 'VOC2012',
}  # fmt: skip
LUMPED = re.compile(r'\bas for\b|same arguments|\blikewise\b|^ +\w+(, \w+)+: ', re.MULTILINE)


def sections(cls: type) -> dict[str, str]:
    """The parts of a docstring by their headings; the first is ''."""
    lines, parts, name = inspect.cleandoc(cls.__dict__['__doc__'] or '').split('\n'), {'': ''}, ''
    for line in lines:
        heading = re.fullmatch(r'(\w+):', line)
        if heading:
            name = heading[1]
            parts[name] = ''
        else:
            parts[name] += line + '\n'
    return parts


def arguments(cls: type) -> list[str]:
    """The arguments of a constructor, not those of `object`."""
    if '__init__' not in {name for base in cls.__mro__[:-1] for name in vars(base)}:
        return []
    names = list(inspect.signature(cls.__init__).parameters)[1:]
    return [] if names == ['args', 'kwargs'] else names


def dicts_in(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    if isinstance(value, (dict, list, tuple)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from dicts_in(part)


def config_of(name: str, block: str) -> dict[str, Any]:
    """The example config of a class; the block may hold `NAME = dict(...)` lines only."""
    code = ast.parse(textwrap.dedent(block))
    assert all(isinstance(line, ast.Assign) for line in code.body)
    calls = [node for node in ast.walk(code) if isinstance(node, ast.Call)]
    assert all(ast.unparse(call.func) == 'dict' for call in calls)
    values: dict[str, Any] = {}
    exec(compile(code, name, 'exec'), {'dict': dict}, values)
    found = [d for d in dicts_in(values) if d.get('type') == name]
    assert found, f'the config does not use {name}'
    return found[0]


@pytest.mark.parametrize('name', CLASSES)
def test_the_first_line_is_one_sentence(name):
    first, second, *_ = [*sections(CLASSES[name][0])[''].split('\n'), '']
    assert first.endswith('.')
    assert '. ' not in first
    assert second == ''


@pytest.mark.parametrize('name', CLASSES)
def test_every_argument_is_described(name):
    described = sections(CLASSES[name][0]).get('Args', '')
    names = re.findall(r'^    (\w+): \S', described, re.MULTILINE)
    assert sorted(names) == sorted(arguments(CLASSES[name][0]))
    assert not LUMPED.search(CLASSES[name][0].__doc__)


@pytest.mark.parametrize('name', CLASSES)
def test_what_is_published_names_its_source(name):
    text = CLASSES[name][0].__doc__
    assert ('https://' in text) is (name not in NO_SOURCE)


@pytest.mark.parametrize('name', CLASSES)
def test_the_config_is_short_and_builds(name):
    cls, registry = CLASSES[name]
    block = sections(cls)['Config'].strip('\n')
    assert len(block.split('\n')) <= 4
    config = config_of(name, block)
    assert set(config) - {'type'} <= set(arguments(cls)) or 'kwargs' in arguments(cls)
    if name not in NEEDS_FILES:
        init_default_scope('mmpretrain')
        Visualizer.get_instance('config')  # a Runner makes one before its hooks
        if issubclass(cls, Visualizer):
            config['name'] = name  # which a Runner gives
        assert type(registry.build(config)) is cls


def test_the_lists_name_registered_classes():
    assert len(CLASSES) >= 37
    assert set(CLASSES) >= NO_SOURCE | NEEDS_FILES

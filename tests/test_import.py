from __future__ import annotations

import importlib

import pytest
from helpers import run_python

import wsml_mm

BLOCK = """
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] == BLOCKED:
            raise ModuleNotFoundError(f'No module named {name!r}', name=name)
sys.meta_path.insert(0, Blocker())
try:
    import wsml_mm
except ModuleNotFoundError as error:
    print(error.name, '|', error)
else:
    print('imported')
"""


@pytest.mark.parametrize('package', ['mmengine', 'mmpretrain', 'mmcv'])
def test_missing_framework_names_both_extras(package):
    result = run_python('-c', f'BLOCKED = {package!r}\n{BLOCK}')
    assert result.returncode == 0, result.stderr
    name, message = result.stdout.strip().splitlines()[-1].split(' | ')
    assert name == package
    assert f'needs {package}' in message
    assert 'wsml_mm[openmmlab]' in message
    assert 'wsml_mm[onedl]' in message


def test_other_missing_modules_are_not_explained_away():
    result = run_python('-c', f'BLOCKED = "numpy"\n{BLOCK}')
    assert 'numpy' in result.stdout + result.stderr


@pytest.mark.smoke
def test_dotted_type_needs_no_import():
    code = """
import sys
from mmengine.registry import DefaultScope
from mmpretrain.registry import MODELS
assert 'wsml_mm' not in sys.modules
with DefaultScope.overwrite_default_scope('mmpretrain'):
    loss = MODELS.build(dict(type='wsml_mm.LargeLossReject', delta_rel=0.3))
    print(type(loss).__name__, loss.schedule.delta_rel)
    print(type(MODELS.build(dict(type='LargeLossCorrectPerm'))).__name__)
"""
    result = run_python('-c', code)
    assert result.returncode == 0, result.stderr
    # The forks greet on import.
    assert result.stdout.split()[-3:] == ['LargeLossReject', '0.3', 'LargeLossCorrectPerm']


def test_registering_imports_nothing_heavy():
    """Ours are small modules beside a training's own imports: counted, as seconds are noise."""
    code = """
import sys
from mmpretrain.utils import register_all_modules
register_all_modules()
before = set(sys.modules)
import wsml_mm
new = {name.split('.')[0] for name in set(sys.modules) - before}
print(*sorted(new - set(sys.stdlib_module_names)))
"""
    result = run_python('-c', code)
    assert result.returncode == 0, result.stderr
    found = set(result.stdout.splitlines()[-1].split())
    assert found - {'numpy', 'defusedxml'} == {'wsml_mm'}  # no pyarrow, scipy, matplotlib, ...


@pytest.mark.parametrize('name', wsml_mm.__all__)
def test_all_is_importable(name):
    assert getattr(wsml_mm, name) is not None


@pytest.mark.parametrize('name', [n for n in wsml_mm.__all__ if not n.startswith('_')])
def test_every_class_says_what_it_is(name):
    assert getattr(wsml_mm, name).__doc__


def test_all_is_sorted_and_complete():
    assert len(set(wsml_mm.__all__)) == len(wsml_mm.__all__)
    for package in ('datasets', 'engine', 'evaluation', 'models'):
        module = importlib.import_module(f'wsml_mm.{package}')
        classes = {
            n for n in module.__all__ if n[0].isupper() and isinstance(vars(module)[n], type)
        }
        bases = {'LargeLoss', 'PartialLabelLoss', 'Observation'}
        data = {'SparseLabels', 'LabelColumns', 'NameColumn', 'ScoredLabels', 'SplitNames'}
        assert classes - bases - data <= set(wsml_mm.__all__)


@pytest.mark.smoke
def test_registered_under_their_names():
    from mmpretrain.registry import DATASETS, HOOKS, METRICS, MODELS, TASK_UTILS

    registries = {
        DATASETS: [
            'VOC2012',
            'OpenImagesV3',
            'ComposedScenes',
            'FeatureDataset',
            'PartialLabelDataset',
        ],
        HOOKS: ['LargeLossHook', 'PartialLabelHook', 'EpochSeedHook', 'PlainCheckpointHook'],
        METRICS: ['MeanAveragePrecision', 'PartialLabelMetric'],
        MODELS: ['LargeLossReject', 'LargeLossCorrectTemp', 'LargeLossCorrectPerm', 'FeatureInput'],
        TASK_UTILS: ['SinglePositive', 'KeepRatio', 'ObserveCounts', 'ObserveAll'],
    }
    for registry, names in registries.items():
        for name in names:
            assert registry.get(name) is getattr(wsml_mm, name)

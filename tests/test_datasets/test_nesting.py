from __future__ import annotations

import copy
import json

import pytest
import user_datasets as user
from helpers import dataset_config, tiny_config, write_devkit
from hypothesis import given
from hypothesis import strategies as st
from mmengine.config import ConfigDict
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from mmpretrain.registry import DATASETS

from wsml_mm.benchmarks import VOC2012
from wsml_mm.datasets import FeatureDataset, LabelTable, PartialLabelDataset
from wsml_mm.datasets.annotations import annotation_file, read_labels
from wsml_mm.datasets.boxes import beside_dataset
from wsml_mm.datasets.nesting import (
    class_of,
    find,
    innermost,
    is_a,
    refuse_observed_below,
    unwrap,
    unwrapped_datasets,
    walk,
    wrapped_datasets,
)
from wsml_mm.experiments.configs import partial_datasets


@pytest.fixture(scope='module')
def devkit(tmp_path_factory):
    return write_devkit(tmp_path_factory.mktemp('data') / 'kit')


def build(config):
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        return DATASETS.build(config)


def kinds(dataset):
    return [(class_of(part) or type(None)).__name__ for part in walk(dataset)]


WRAPPERS = [
    dict(type='RepeatDataset', times=2),
    dict(type='ClassBalancedDataset', oversample_thr=0.5),
    dict(type='mmengine.RepeatDataset', times=1),
    dict(type='RepeatDataset', times=1, lazy_init=True),
]


@pytest.mark.parametrize('wrapper', WRAPPERS)
def test_config_and_built_dataset_are_walked_alike(devkit, wrapper):
    config = dict(wrapper, dataset=dataset_config(devkit))
    dataset = build(copy.deepcopy(config))
    wrapped = wrapper['type'].rpartition('.')[2]
    assert kinds(config) == kinds(ConfigDict(config)) == kinds(dataset)
    assert kinds(dataset) == [wrapped, 'PartialLabelDataset', 'VOC2012']
    assert innermost(config) is config['dataset']['dataset']
    assert innermost(dataset) is dataset.dataset.dataset
    (found,) = find(dataset, PartialLabelDataset)
    assert found is dataset.dataset


def test_concatenated_datasets_and_folds(devkit):
    inner = dataset_config(devkit)['dataset']
    fold = dict(type='KFoldDataset', num_splits=3, dataset=inner)
    config = dict(type='ConcatDataset', datasets=[fold, dataset_config(devkit)])
    expected = ['ConcatDataset', 'KFoldDataset', 'VOC2012', 'PartialLabelDataset', 'VOC2012']
    assert kinds(config) == expected
    assert innermost(config) is config
    assert innermost(dict(type='RepeatDataset', dataset=config)) is config
    assert innermost(dict(type='ConcatDataset', datasets=[fold]))['type'] == 'ConcatDataset'
    assert [part['split'] for part in find(config, VOC2012)] == ['train', 'train']
    folds = build(fold)
    assert kinds(folds) == ['KFoldDataset', 'VOC2012']


def test_what_a_wrapped_config_holds_built_is_seen(devkit):
    built = build(dataset_config(devkit))
    config = dict(type='RepeatDataset', times=2, dataset=built)
    assert wrapped_datasets(config) == [built]
    assert innermost(config) is built.dataset
    assert unwrap(config, FeatureDataset)['dataset'] is built


@pytest.mark.parametrize('kept', ['voc', 3, ['a', 'b'], None])
def test_other_things_under_these_names_are_no_datasets(kept):
    config = dict(type='LabelTable', dataset=kept)
    assert list(walk(config)) == [config]
    assert innermost(config) is config


def test_a_subset_of_each_epoch(devkit, tmp_path):
    """MMEngine's `num_batch_per_epoch` hides the dataset behind a slice."""
    cfg = tiny_config(devkit, tmp_path)
    cfg.train_dataloader.num_batch_per_epoch = 1
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        sliced = Runner.build_dataloader(cfg.train_dataloader, seed=0).dataset
    assert type(sliced).__name__ == '_SlicedDataset'
    assert kinds(sliced)[1:] == ['PartialLabelDataset', 'VOC2012']
    assert [type(found) for found in wrapped_datasets(sliced)] == [PartialLabelDataset]
    assert type(innermost(sliced)) is VOC2012


def test_each_built_dataset_once(devkit):
    config = dataset_config(devkit)
    repeat = build(
        dict(
            type='RepeatDataset',
            times=2,
            dataset=dict(type='ConcatDataset', datasets=[config, copy.deepcopy(config)]),
        )
    )
    one, two = repeat.dataset.datasets
    assert wrapped_datasets(repeat) == [one, two]
    repeat.dataset.datasets = [one, one]
    assert wrapped_datasets(repeat) == [one]
    assert wrapped_datasets(one.dataset) == []


@pytest.mark.parametrize(
    'named',
    ['SurveyLabels', 'mmpretrain.SurveyLabels', 'user_datasets.SurveyLabels', user.SurveyLabels],
)
def test_a_users_subclass_is_found(devkit, named):
    config = dict(dataset_config(devkit), type=named)
    wrapped = ConfigDict(type='RepeatDataset', times=2, dataset=config)
    assert is_a(config, PartialLabelDataset)
    assert [part['type'] for part in partial_datasets(wrapped)] == [named]
    assert [type(part) for part in wrapped_datasets(build(wrapped))] == [user.SurveyLabels]


@pytest.mark.parametrize('named', ['NotRegistered', 'MyPartialLabelDataset', 'os.path.join', None])
def test_what_is_no_class_is_of_no_kind(named):
    config = dict(type=named, dataset=dict(type='VOC2012'))
    assert class_of(config) is None
    assert not is_a(config, object)
    assert [part['type'] for part in find(config, VOC2012)] == ['VOC2012']


def test_a_name_alone_makes_no_kind():
    @DATASETS.register_module()
    class NotAPartialLabelDataset:
        pass

    assert not list(partial_datasets(ConfigDict(type='NotAPartialLabelDataset')))


@given(st.lists(st.sampled_from(['features', 'other', 'repeat']), max_size=5))
def test_unwrap_leaves_the_other_wrappers(stack):
    """Against a plain list of the wrappers' names, outermost first."""
    types = dict(features='FeatureDataset', other='KeptFeatures', repeat='RepeatDataset')
    config = ConfigDict(type='VOC2012', data_root='x')
    for name in reversed(stack):
        config = ConfigDict(type=types[name], dataset=config)
    several = ConfigDict(type='ConcatDataset', datasets=[config, config])
    before = copy.deepcopy(several)
    for found in (unwrap(config, FeatureDataset), *unwrap(several, FeatureDataset).datasets):
        left = [part.type for part in walk(found)]
        assert left == ['RepeatDataset'] * stack.count('repeat') + ['VOC2012']
    assert several == before


def test_a_users_wrapper_hides_no_boxes_and_no_file(devkit, tmp_path):
    (tmp_path / 'Annotations').mkdir()
    table = dict(type='SurveyTable', data_root=str(tmp_path), ann_file='train.csv')
    config = dict(type='SurveyLabels', dataset=dict(type='KeptFeatures', dataset=table))
    assert beside_dataset(config) == dict(type='VOCBoxes', folder=str(tmp_path / 'Annotations'))
    assert annotation_file(config) == 'train.csv'
    assert annotation_file(dataset_config(devkit)) == 'annotation'


@pytest.mark.parametrize('wrapper', ['SurveyLabels', 'RepeatDataset'])
def test_images_outside_a_wrapped_data_set_are_refused(tmp_path, wrapper):
    content = {
        'metainfo': {'classes': ['cat']},
        'data_list': [{'img_path': '../../secret.jpg', 'gt_label': [0]}],
    }
    (tmp_path / 'train.json').write_text(json.dumps(content))
    inner = dict(type='MultiLabelDataset', data_root=str(tmp_path), ann_file='train.json',
                 data_prefix='images', pipeline=[])  # fmt: skip
    config = dict(
        type=wrapper, dataset=inner, **({} if wrapper == 'SurveyLabels' else {'times': 1})
    )
    with pytest.raises(ValueError, match=r"secret\.jpg' is outside the data folder"):
        read_labels(build(config))


def test_file_of_a_built_wrapper_is_named(tmp_path):
    (tmp_path / 'train.json').write_text(json.dumps({'metainfo': {}, 'data_list': []}))
    inner = build(dict(type='MultiLabelDataset', data_root=str(tmp_path), ann_file='train.json',
                       data_prefix='images', pipeline=[], lazy_init=True))  # fmt: skip
    assert annotation_file(inner).endswith('train.json')
    repeat = build(dict(type='RepeatDataset', times=1, dataset=inner, lazy_init=True))
    assert annotation_file(repeat).endswith('train.json')


def test_subclasses_of_tables_are_tables():
    assert is_a(dict(type='SurveyTable'), LabelTable)
    assert not is_a(dict(type='MultiLabelDataset'), LabelTable)


def test_what_has_no_wrapper_around_it(devkit):
    wrapped = dataset_config(devkit)
    bare = wrapped['dataset']
    repeated = dict(type='RepeatDataset', times=2, dataset=bare)
    dataset = build(dict(type='ConcatDataset', datasets=[wrapped, repeated, wrapped]))
    assert unwrapped_datasets(dataset) == [dataset.datasets[1].dataset]
    assert unwrapped_datasets(dataset.datasets[0]) == []
    assert unwrapped_datasets(repeated) == [bare]


@pytest.mark.parametrize('wrapper', ['FeatureDataset', 'PartialLabelDataset', 'KeptFeatures'])
def test_labels_that_were_hidden_below_a_wrapper_that_reads_them_are_refused(
    devkit, tmp_path, wrapper
):
    hidden = dataset_config(devkit, observe=dict(type='SinglePositive', seed=1))
    message = rf'{wrapper}\(PartialLabelDataset\(\.\.\.\)\) is the wrong order'
    fix = (
        'keep one' if wrapper == 'PartialLabelDataset' else rf'write PartialLabelDataset\({wrapper}'
    )
    more = {} if wrapper == 'PartialLabelDataset' else dict(extractor={}, cache=str(tmp_path))
    concat = dict(type='ConcatDataset', datasets=[hidden['dataset'], hidden])
    for dataset in (hidden, build(copy.deepcopy(hidden)), concat):
        with pytest.raises(ValueError, match=f'{message}.*{fix}'):
            build(dict(type=wrapper, dataset=dataset, **more))
    refuse_observed_below(wrapper, hidden['dataset'])

"""Batches of stored features: field by field what single samples are, without their detours."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope
from mmpretrain.models import ClsDataPreprocessor

from wsml_mm.datasets import FeatureDataset, LabelTable, PartialLabelDataset, feature_batch
from wsml_mm.datasets.partial_label import FULL_LABELS
from wsml_mm.models import FeaturePreprocessor

ROWS = ['image,positive,negative', 'a.jpg,cat|dog,*', 'b.jpg,,*', 'c.jpg,owl,*', 'd.jpg,dog,cat',
        'e.jpg,cat|dog|owl,*']  # fmt: skip


class Stored(FeatureDataset):
    """Features that nothing was extracted for."""

    def full_init(self):
        if self.features is None:
            values = np.random.default_rng(0).normal(size=(len(self.dataset), 6))
            self.features = values.astype(self.dtype)


@pytest.fixture
def make(tmp_path, monkeypatch):
    init_default_scope('mmpretrain')
    # `have_batches` takes no subclass, which may pack something else.
    monkeypatch.setattr(feature_batch, 'FeatureDataset', Stored)
    table = tmp_path / 'labels.csv'
    table.write_text('\n'.join(ROWS), encoding='utf-8')

    def build(dtype='float32', **kwargs):
        images = LabelTable(
            data_root=str(tmp_path), ann_file='labels.csv', classes=('cat', 'dog', 'owl')
        )
        return PartialLabelDataset(Stored(images, {}, tmp_path / 'cache', dtype), **kwargs)

    return build


def assert_equal(samples, others):
    assert len(samples) == len(others)
    for one, other in zip(samples, others, strict=True):
        assert one.keys() == other.keys()
        assert one['inputs'].dtype == other['inputs'].dtype == torch.float32
        assert torch.equal(one['inputs'], other['inputs'])
        mine, theirs = one['data_samples'], other['data_samples']
        assert type(mine) is type(theirs)
        assert set(mine.keys()) == set(theirs.keys())
        assert set(mine.metainfo_keys()) == set(theirs.metainfo_keys())
        for key in mine.all_keys():
            value = theirs.get(key)
            if isinstance(value, torch.Tensor):
                assert mine.get(key).dtype == value.dtype
                assert torch.equal(mine.get(key), value)
            else:
                assert type(mine.get(key)) is type(value)
                assert mine.get(key) == value


@pytest.mark.parametrize('kept', [True, False], ids=['unpacked once', 'unpacked each time'])
@pytest.mark.parametrize('dtype', ['float32', 'float16'])
@pytest.mark.parametrize('diagnosis', [True, False])
def test_equals_single_samples(make, monkeypatch, kept, dtype, diagnosis):
    monkeypatch.setattr(feature_batch, '_KEPT', 100 if kept else 0)
    dataset = make(
        dtype, observe=dict(type='SinglePositive', seed=1), indices=[4, 1, 0, 2],
        diagnosis=diagnosis,
    )  # fmt: skip
    for offset in (0, 100):  # several data sets are numbered when the training begins
        dataset.index_offset = offset
        for indices in ([0, 1, 2, 3], [3, 3, 0], [-1], np.array([1, 2])):
            assert_equal(dataset.__getitems__(indices), [dataset[int(i)] for i in indices])
    again = pickle.loads(pickle.dumps(dataset))
    assert_equal(again.__getitems__([2, 0]), [dataset[2], dataset[0]])


def test_a_sample_takes_nothing_to_the_next_batch(make):
    dataset = make(diagnosis=True)
    expected = [dataset[i] for i in range(5)]
    for item in dataset.__getitems__(range(5)):
        item['inputs'].zero_()
        sample = item['data_samples']
        sample.gt_score.fill_(7)
        sample.get(FULL_LABELS).fill_(7)
        sample.set_field(3, 'mine', field_type='metainfo')
        sample.pop('gt_label')
    assert_equal(dataset.__getitems__(range(5)), expected)


def test_other_labels_are_unpacked_anew(make):
    dataset = make()
    dataset.__getitems__([0])
    dataset.labels = dataset.labels.subset([1, 0, 2, 3, 4])
    assert_equal(dataset.__getitems__(range(5)), [dataset[i] for i in range(5)])


def test_out_of_range(make):
    with pytest.raises(IndexError):
        make().__getitems__([0, 5])


def test_packs_no_sample_of_a_batch_by_itself(make, monkeypatch):
    dataset, packed = make(), []
    pipeline = type(dataset.dataset.pipeline)
    call = pipeline.__call__
    monkeypatch.setattr(pipeline, '__call__', lambda *a: packed.append(a) or call(*a))
    for _ in range(3):
        dataset.__getitems__(range(5))
    assert len(packed) == 1  # the one that shows which fields there are


def test_another_pipeline_is_called(make):
    dataset = make()
    pack = dataset.dataset.pipeline
    dataset.dataset.pipeline = lambda info: pack({**info, 'feature': info['feature'] + 1})
    assert_equal(dataset.__getitems__([1, 2]), [dataset[1], dataset[2]])


@pytest.mark.parametrize('options', [{}, dict(to_onehot=True, num_classes=3)])
def test_preprocessor_equals_that_of_images(make, options):
    batch = make().__getitems__([0, 2, 4])
    data = {key: [item[key] for item in batch] for key in ('inputs', 'data_samples')}
    found = FeaturePreprocessor(**options)(dict(data), training=True)
    expected = ClsDataPreprocessor(**options)(dict(data), training=True)
    assert torch.equal(found['inputs'], expected['inputs'])
    for one, other in zip(found['data_samples'], expected['data_samples'], strict=True):
        assert torch.equal(one.gt_score, other.gt_score)
        assert torch.equal(one.gt_label, other.gt_label)
    stacked = {'inputs': torch.stack(data['inputs'])}
    assert torch.equal(FeaturePreprocessor()(stacked)['inputs'], expected['inputs'])
    assert FeaturePreprocessor()(stacked)['data_samples'] is None

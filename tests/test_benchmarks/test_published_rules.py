"""Every benchmark against the field's rules: rows, labels, observed labels and the 80/20 split."""

from __future__ import annotations

import os

import benchmark_trees as trees
import numpy as np
import pytest
from mmpretrain.registry import DATASETS

from wsml_mm.datasets import PartialLabelDataset

CASES = [(name, split) for name, case in trees.BENCHMARKS.items() for split in case[1]]


def dense(labels) -> np.ndarray:
    return np.array([labels.row(i) for i in range(len(labels))])


@pytest.fixture(scope='module')
def roots(tmp_path_factory):
    return {
        name: case[2](tmp_path_factory.mktemp(name) / 'data')
        for name, case in trees.BENCHMARKS.items()
    }


def build(root, name, split, **kwargs):
    config = dict(trees.BENCHMARKS[name][0], data_root=str(root), split=split, **kwargs)
    return DATASETS.build(config)


@pytest.mark.parametrize(('name', 'split'), CASES)
def test_rows_and_labels_follow_the_rule(roots, name, split):
    names, matrix = trees.BENCHMARKS[name][3](roots[name], split)
    dataset = build(roots[name], name, split)
    assert list(dataset.image_names()) == names
    np.testing.assert_array_equal(dense(dataset.sparse_labels()), matrix)
    assert len(dataset.metainfo['classes']) == matrix.shape[1]
    for index, row in enumerate(matrix):
        info = dataset.get_data_info(index)
        assert info['img_path'].endswith(names[index])
        assert os.path.isfile(info['img_path'])
        assert info['gt_label'] == np.flatnonzero(row).tolist()
        assert 'gt_score' not in info  # every label is known


@pytest.mark.parametrize(('name', 'split'), CASES)
def test_observed_labels_and_holdout_equal_the_published_draws(roots, name, split, reference):
    _, matrix = trees.BENCHMARKS[name][3](roots[name], split)
    dataset = build(roots[name], name, split)
    observed = reference.observe(matrix)  # 1 positive, 0 unobserved
    parts = {}
    for part in ('train', 'val'):
        parts[part] = PartialLabelDataset(
            dataset,
            observe=dict(type='SinglePositive', seed=1200),
            holdout=dict(part=part, fraction=0.2, seed=1200),
        )
        np.testing.assert_array_equal(dense(parts[part].labels), np.where(observed == 1, 1, -1))
    assert (observed.sum(1) <= 1).all()
    train, val = reference.split(len(matrix))
    np.testing.assert_array_equal(parts['train'].indices, train)
    np.testing.assert_array_equal(parts['val'].indices, val)


@pytest.mark.parametrize(('name', 'split'), CASES)
def test_columns_are_kept_and_tell_splits_and_versions_apart(roots, name, split):
    first = build(roots[name], name, split)
    again = build(roots[name], name, split)
    assert again.prepared_folder == first.prepared_folder
    assert first.prepared_folder.is_dir()
    assert list(again.image_names()) == list(first.image_names())
    others = {build(roots[n], n, s).prepared_name for n, s in CASES if (n, s) != (name, split)}
    assert first.prepared_name not in others


@pytest.mark.parametrize(('name', 'split'), [case for case in CASES if case[1] == 'train'])
def test_images_are_loaded(roots, name, split):
    pipeline = [dict(type='LoadImageFromFile'), dict(type='PackInputs')]
    packed = build(roots[name], name, split, pipeline=pipeline)[0]
    assert packed['inputs'].shape == (3, 8, 10)


# VOC2012 reads the chosen class files only: see test_voc2012.
SELECTED = [case for case in CASES if case[1] == 'train' and case[0] != 'voc2012']


@pytest.mark.parametrize(('name', 'split'), SELECTED)
def test_classes_are_selected(roots, name, split):
    full = build(roots[name], name, split)
    chosen = [full.metainfo['classes'][2], full.metainfo['classes'][0]]
    keep = {} if name == 'cub200' else {'keep_empty': True}
    part = build(roots[name], name, split, classes=chosen, **keep)
    everything = build(roots[name], name, split, **keep)
    assert tuple(part.metainfo['classes']) == tuple(chosen)
    np.testing.assert_array_equal(
        dense(part.sparse_labels()), dense(everything.sparse_labels())[:, [2, 0]]
    )

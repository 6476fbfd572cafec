"""Mask files: round trips, what they are tied to, and what is in them that is not theirs."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil

import numpy as np
import pytest
from bit_flips import flipped
from hypothesis import given
from hypothesis import strategies as st
from label_samples import DENSE, as_sparse, few_listed, full_labels, names_of, to_dense
from mmpretrain.registry import DATASETS

from wsml_mm.datasets import (
    KeepRatio,
    ObserveAll,
    ObserveCounts,
    SinglePositive,
    SplitNames,
    load_observation,
    save_observation,
)
from wsml_mm.labels import NameColumn, SparseLabels


@pytest.fixture(scope='module')
def mask(tmp_path_factory):
    return tmp_path_factory.mktemp('mask') / 'mask.npz'


@given(
    dense=DENSE, rests=st.tuples(st.sampled_from([0, -1]), st.sampled_from([0, -1])), shown=DENSE
)
def test_round_trip(mask, dense, rests, shown):
    hidden = np.resize(shown, dense.shape) == -1 if shown.size else np.zeros(dense.shape, bool)
    full = SparseLabels.from_dense(dense, rests[0])
    observed = SparseLabels.from_dense(np.where(hidden, -1, dense).astype(np.int8), rests[1])
    names = names_of(*dense.shape)
    record = save_observation(mask, observed, full, names)
    read = load_observation(mask, full, names)
    assert read.fingerprint() == observed.fingerprint() == record['labels']
    np.testing.assert_array_equal(to_dense(read), to_dense(observed))
    assert record['counts'] == observed.counts()


def test_record(mask):
    labels = as_sparse(full_labels(40, 6, density=0.4))
    names = names_of(40, 6)
    made = {'observe': {'type': 'KeepRatio', 'ratio': np.float64(0.5)}}
    returned = save_observation(mask, KeepRatio(0.5)(labels), labels, names, made)
    with np.load(mask, allow_pickle=False) as file:
        assert set(file.files) == {'indptr', 'classes', 'values', 'record'}
        record = json.loads(str(file['record']))
        assert (file['indptr'].dtype, file['classes'].dtype, file['values'].dtype) == (
            np.int64, np.int32, np.int8,
        )  # fmt: skip
    assert record['fingerprint'] == names.fingerprint() == returned['fingerprint']
    assert record['classes'] == list(names.classes)
    assert record['images'] == 40
    assert record['annotation_counts'] == labels.counts()
    assert record['made']['observe']['type'] == 'KeepRatio'
    known = record['counts']['positive'] + record['counts']['negative']
    assert record['known_share'] == known / 240


def test_equal_labels_give_equal_bytes(tmp_path):
    labels = few_listed(200, 50)
    for name in ('a.npz', 'b.npz'):
        save_observation(tmp_path / name, SinglePositive()(labels), labels, names_of(200, 50))
    assert (tmp_path / 'a.npz').read_bytes() == (tmp_path / 'b.npz').read_bytes()


def test_number_types_do_not_count(mask):
    labels = few_listed(30, 20)
    wide = SparseLabels(
        labels.indptr.astype(np.int32),
        labels.classes.astype(np.int64),
        labels.values.astype(np.int64),
        20,
        labels.rest,
    )
    save_observation(mask, wide, labels, names_of(30, 20))
    assert load_observation(mask, labels, names_of(30, 20)).fingerprint() == labels.fingerprint()


def test_file_is_small(tmp_path):
    labels = few_listed(2000, 5000)
    save_observation(tmp_path / 'a.npz', labels, labels, names_of(2000, 5000))
    assert os.path.getsize(tmp_path / 'a.npz') < 5 * 16000 + 8 * 2001 + 20 * 5000


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda n: (n.classes, n.images()[:-1]), r'holds \(9, 3\) labels but the split has \(8, 3'),
        (lambda n: (n.classes[:-1], n.images()), r'holds \(9, 3\) labels but the split has \(9, 2'),
        (lambda n: (n.classes[::-1], n.images()),
         r"another class list or order \(class 0 is 'class_0' there, 'class_2' here\)"),
        (lambda n: ((*n.classes[:-1], 'cat'), n.images()), r"class 2 is 'class_2' there, 'cat'"),
        (lambda n: (n.classes, n.images()[::-1]), r'of other images, or another order of them'),
        (lambda n: (n.classes, [*n.images()[1:], n.images()[0]]), r'or another order of them'),
        (lambda n: (n.classes, [*n.images()[:-1], 'other.jpg']), r'of other images, or another'),
    ],
    ids=['fewer images', 'fewer classes', 'class order', 'class name', 'image order',
         'images rotated', 'image name'],
)  # fmt: skip
def test_other_splits_are_refused(mask, change, message):
    labels = SparseLabels.from_rows([([], [])] * 9, 3, rest=-1)  # which nothing contradicts
    names = names_of(9, 3)
    save_observation(mask, labels, labels, names)
    listed = dataclasses.replace(names, images=lambda: [*names.images()])
    classes, images = change(listed)
    column = NameColumn.from_names(images)
    here = SparseLabels.from_rows([([], [])] * len(column), len(classes), rest=-1)
    with pytest.raises(ValueError, match=rf'mask\.npz: .*{message}'):
        load_observation(mask, here, SplitNames(classes, lambda: column))


def test_folders_do_not_count(mask):
    labels = as_sparse(full_labels(9, 3))
    names = names_of(9, 3)
    save_observation(mask, labels, labels, names)
    moved = NameColumn.from_names(f'/elsewhere/images/{name}' for name in names.images())
    assert len(load_observation(mask, labels, SplitNames(names.classes, lambda: moved))) == 9


def test_without_names_nothing_can_be_compared(mask):
    labels = as_sparse(full_labels(9, 3))
    save_observation(mask, labels, labels, names_of(9, 3))
    for names in (None, SplitNames((), names_of(9, 3).images)):
        with pytest.raises(ValueError, match=r'mask\.npz: cannot be compared .*PartialLabelData'):
            load_observation(mask, labels, names)


@pytest.mark.parametrize('rest', [0, -1])
def test_changed_annotation_is_refused(mask, rest):
    dense = full_labels(9, 3, density=0.5)
    save_observation(mask, SparseLabels.from_dense(dense, rest), as_sparse(dense), names_of(9, 3))
    dense[4, 2] = 1 - dense[4, 2]
    with pytest.raises(ValueError, match=r'row 4, class 2 contradicts .* changed since; write'):
        load_observation(mask, as_sparse(dense), names_of(9, 3))


def test_what_is_not_written(tmp_path):
    labels, names = as_sparse(full_labels(9, 3)), names_of(9, 3)
    other = as_sparse(1 - full_labels(9, 3))
    for path, observed, called, message in (
        ('m.npy', labels, names, r'm\.npy: a mask file ends in \.npz'),
        ('m.npz', other, names, r'm\.npz: row 0, class 0 contradicts the annotation'),
        ('m.npz', labels, names_of(8, 3), r"m\.npz: .*'names': \(8, 3\).* differ"),
        ('m.npz', as_sparse(full_labels(9, 2)), names, r"'observed labels': \(9, 2\).* differ"),
    ):
        with pytest.raises(ValueError, match=message):
            save_observation(tmp_path / path, observed, labels, called)
    assert not [*tmp_path.iterdir()]


# On disk


@pytest.fixture
def voc(devkit) -> dict:
    pipeline = [dict(type='LoadImageFromFile'), dict(type='PackInputs')]
    root = str(devkit.root)
    return dict(type='VOC2012', data_root=root, classes=devkit.classes, pipeline=pipeline)


@pytest.fixture
def as_json(devkit, tmp_path):
    """The same split as a data set of mmpretrain's own class, which has no columns."""
    rows = zip(devkit.files('train'), devkit.matrix('train'), strict=True)
    content = dict(
        metainfo=dict(classes=devkit.classes),
        data_list=[dict(img_path=f, gt_label=np.flatnonzero(r).tolist()) for f, r in rows],
    )
    (tmp_path / 'train.json').write_text(json.dumps(content))
    return dict(
        type='MultiLabelDataset',
        ann_file=str(tmp_path / 'train.json'),
        data_prefix=str(devkit.root / 'JPEGImages'),
        pipeline=[dict(type='LoadImageFromFile'), dict(type='PackInputs')],
    )


def wrap(dataset, observe=None, **kwargs):
    return DATASETS.build(
        dict(type='PartialLabelDataset', dataset=dataset, observe=observe, **kwargs)
    )


def written(path, dataset) -> dict:
    names = SplitNames.of(dataset.dataset)
    save_observation(path, dataset.labels, dataset.full_labels, names)
    return dict(type='ObservationFile', path=str(path))


def scores(dataset) -> list[list[int]]:
    return [dataset[i]['data_samples'].gt_score.tolist() for i in range(len(dataset))]


@pytest.mark.parametrize('kind', ['columns', 'json'])
@pytest.mark.parametrize('process', [SinglePositive(), ObserveCounts(1, 2), ObserveAll()])
def test_dataset_of_the_file_is_that_of_the_process(voc, as_json, tmp_path, kind, process):
    source = voc if kind == 'columns' else as_json
    first = wrap(source, process)
    observe = written(tmp_path / 'mask.npz', first)
    again = wrap(source, observe)
    assert again.fingerprint() == first.fingerprint()
    assert scores(again) == scores(first)
    for part in ('train', 'val'):  # the mask is of the whole split
        holdout = dict(part=part, fraction=0.3)
        parts = [wrap(source, o, holdout=holdout) for o in (process, observe)]
        assert scores(parts[0]) == scores(parts[1])
    # Either reader of the split has the same names.
    other = as_json if kind == 'columns' else voc
    assert wrap(other, observe).labels.fingerprint() == first.labels.fingerprint()


def test_file_moves_with_its_data_and_to_no_other_split(voc, devkit, tmp_path):
    observe = written(tmp_path / 'mask.npz', wrap(voc, SinglePositive()))
    moved = shutil.copytree(devkit.root, tmp_path / 'moved')
    assert len(wrap({**voc, 'data_root': str(moved)}, observe)) == len(wrap(voc))
    with pytest.raises(ValueError, match=r'mask\.npz: holds .* labels but the split has'):
        wrap({**voc, 'split': 'val'}, observe)
    with pytest.raises(ValueError, match=r'mask\.npz: is of another class list or order'):
        wrap({**voc, 'classes': devkit.classes[::-1]}, observe)
    name = devkit.files('train')[3][:-4]
    for file in (moved / 'ImageSets' / 'Main').glob('*_train.txt'):
        file.write_text(file.read_text().replace(f'{name} ', f'{name}0 '))
    with pytest.raises(ValueError, match=r'mask\.npz: is of other images, or another order'):
        wrap({**voc, 'data_root': str(moved)}, observe)


def test_one_changed_bit_is_never_another_label(tmp_path):
    full, path = as_sparse(full_labels(60, 10, density=0.3)), tmp_path / 'mask.npz'
    names = names_of(60, 10)
    expected = save_observation(path, SinglePositive()(full), full, names)['labels']
    refused = 0
    for _ in flipped([path]):
        try:
            assert load_observation(path, full, names).fingerprint() == expected
        except ValueError:
            refused += 1
    assert refused > 180  # the others say nothing of the labels: a date, a version

from __future__ import annotations

import gzip
import os
import pickle
import shutil
import sys

import numpy as np
import pytest
from mmpretrain.registry import DATASETS
from openimages_tree import NAMES, OTHER, SPLITS, TRAINABLE, random_tree, write_images, write_tree

from wsml_mm import OpenImagesV3, PartialLabelDataset
from wsml_mm.benchmarks.openimages_v3 import verified_labels
from wsml_mm.datasets.annotations import read_names


def dense(dataset) -> np.ndarray:
    labels = dataset.sparse_labels()
    return np.array([labels.row(index) for index in range(len(labels))])


def assert_follows(tree, split, **kwargs):
    dataset = OpenImagesV3(tree.root, split, **kwargs)
    assert list(dataset.image_names()) == [f'{image}.jpg' for image in tree.images(split)]
    np.testing.assert_array_equal(dense(dataset), tree.matrix(split))
    assert list(dataset.metainfo['class_ids']) == tree.order()
    assert dataset.metainfo['groups'] == tree.groups()
    return dataset


@pytest.mark.parametrize('reader', ['pyarrow', 'csv'])
@pytest.mark.parametrize(
    ('seed', 'form'), [(0, {}), (1, {'ending': '\r\n'}), (2, {'packed': True})]
)
def test_every_split_follows_the_protocol(tmp_path, monkeypatch, seed, form, reader):
    if reader == 'csv':
        monkeypatch.setitem(sys.modules, 'pyarrow', None)
        monkeypatch.setattr(verified_labels, 'find_spec', lambda name: None)
    tree = random_tree(tmp_path, seed, **form)
    for split in reversed(SPLITS):
        assert_follows(tree, split)
        assert_follows(tree, split)  # from the prepared columns
        assert_follows(tree, split, prepare=False)
    assert tree.order() != list(TRAINABLE)
    assert {-1, 0, 1} == set(np.unique(tree.matrix('test')))


def test_counts_of_what_was_met(tmp_path):
    tree = random_tree(tmp_path)
    counts = OpenImagesV3(tmp_path).metainfo['annotation_counts']
    lines = tree.lines['train']
    inside = [(i, m, float(c)) for i, _, m, c in lines if m in TRAINABLE]
    signs: dict[tuple[str, str], set[float]] = {}
    for image, label, sign in inside:
        signs.setdefault((image, label), set()).add(sign)
    assert counts == {
        'lines': len(lines),
        'lines of other classes': len(lines) - len(inside),
        'lines given twice': len(inside) - len(signs),
        'contradictions': sum(len(found) == 2 for found in signs.values()),
        'images': len(tree.labels['train']),
        'images without a label': 1,
    }
    assert counts['lines given twice'] >= 2
    assert counts['contradictions'] >= 1


def test_images_with_negatives_only_stay_and_unlabelled_ones_may(tmp_path):
    random_tree(tmp_path)
    names = list(OpenImagesV3(tmp_path).image_names())
    assert '00000000000000ab.jpg' in names
    assert 'ffffffffffffffff.jpg' not in names
    kept = OpenImagesV3(tmp_path, keep_unlabelled=True)
    assert list(kept.image_names()) == [*names, 'ffffffffffffffff.jpg']
    assert set(dense(kept)[-1]) == {-1}
    assert len(OpenImagesV3(tmp_path)) == len(names)  # each has a folder of its own
    assert kept.metainfo['class_ids'] == OpenImagesV3(tmp_path).metainfo['class_ids']


def test_ties_go_by_class_id_and_unseen_classes_first(tmp_path):
    image = '0000000000000001'
    lines = [(image, 'verification', label, '1') for label in reversed(TRAINABLE[:6])]
    lines += [('0000000000000002', 'verification', TRAINABLE[0], '0')]  # a negative counts as well
    write_tree(tmp_path, {'train': lines})
    assert OpenImagesV3(tmp_path).metainfo['class_ids'] == [
        *sorted(TRAINABLE[6:]),
        *sorted(TRAINABLE[1:6]),
        TRAINABLE[0],
    ]


def test_names_of_classes(tmp_path):
    random_tree(tmp_path)
    meta = OpenImagesV3(tmp_path).metainfo
    named = dict(zip(meta['class_ids'], meta['classes'], strict=True))
    assert named['/m/0ccc'] == 'Lemon, lime and bitters'
    assert {named['/m/02ab'], named['/m/0b_x']} == {'Jaguar (/m/02ab)', 'Jaguar (/m/0b_x)'}
    assert named['/m/0zz'] == '/m/0zz'
    assert len(set(meta['classes'])) == len(TRAINABLE)
    assert isinstance(meta['classes'], tuple)


def test_samples(tmp_path):
    tree = random_tree(tmp_path, images=4)
    write_images(tree)
    pipeline = [dict(type='LoadImageFromFile'), dict(type='PackInputs')]
    config = dict(type='OpenImagesV3', data_root=str(tmp_path), split='test', pipeline=pipeline)
    dataset = DATASETS.build(config)
    row = tree.matrix('test')[2]
    info = dataset.get_data_info(2)
    assert info['img_path'] == os.path.join(tmp_path, 'test', f'{tree.images("test")[2]}.jpg')
    classes, values = info['labels']
    assert classes.tolist() == np.flatnonzero(row != -1).tolist()
    np.testing.assert_array_equal(values, row[classes])
    assert dataset.get_cat_ids(2) == np.flatnonzero(row == 1).tolist()
    sample = dataset[2]['data_samples']
    np.testing.assert_array_equal(sample.gt_score, row)
    elsewhere = OpenImagesV3(tmp_path, 'test', data_prefix={'img_path': 'images_test'})
    assert elsewhere.get_data_info(0)['img_path'].startswith(str(tmp_path / 'images_test'))


def test_partial_labels_of_it(tmp_path):
    tree = random_tree(tmp_path)
    inner = OpenImagesV3(tmp_path)
    dataset = PartialLabelDataset(inner)
    assert dataset.metainfo['groups'] == tree.groups()
    assert dataset.num_unobserved() == (tree.matrix('train') == -1).sum()
    assert dataset.full_labels is inner.columns.labels
    assert len(pickle.dumps(inner.columns)) < 500
    moved = tmp_path / 'moved'
    for name in ('2017_11', 'wsml_mm'):
        shutil.move(tmp_path / name, moved / name)
    assert PartialLabelDataset(OpenImagesV3(moved)).fingerprint() == dataset.fingerprint()
    assert list(read_names(dataset.dataset)) == [f'{i}.jpg' for i in tree.images('train')]


def test_chosen_classes_keep_their_groups(tmp_path):
    tree = random_tree(tmp_path)
    names = OpenImagesV3(tmp_path).metainfo['classes']
    chosen = [names[i] for i in (11, 0, 5)]  # of G5, G1 and G2
    dataset = OpenImagesV3(tmp_path, 'test', classes=chosen)
    assert tuple(dataset.metainfo['classes']) == tuple(chosen)
    assert dataset.metainfo['class_ids'] == [tree.order()[i] for i in (11, 0, 5)]
    assert dataset.metainfo['groups'] == {'G1': [1], 'G2': [2], 'G3': [], 'G4': [], 'G5': [0]}
    np.testing.assert_array_equal(dense(dataset), tree.matrix('test')[:, [11, 0, 5]])


def test_other_splits_need_the_training_file_once(tmp_path):
    tree = random_tree(tmp_path)
    release = tmp_path / '2017_11'
    (release / 'train').rename(tmp_path / 'away')
    with pytest.raises(FileNotFoundError, match=r'train/annotations-human\.csv: no such file; ext'):
        OpenImagesV3(tmp_path, 'test')
    (tmp_path / 'away').rename(release / 'train')
    assert_follows(tree, 'validation')
    shutil.rmtree(release / 'train')
    assert_follows(tree, 'test')
    shutil.rmtree(release)
    assert_follows(tree, 'test')


@pytest.mark.parametrize('split', SPLITS)
def test_another_training_file_orders_anew(tmp_path, split):
    old = random_tree(tmp_path / 'a', seed=0)
    new = random_tree(tmp_path / 'b', seed=1)
    assert old.order() != new.order()
    assert_follows(old, split)
    path = '2017_11/train/annotations-human.csv'
    os.replace(new.root / path, old.root / path)
    assert OpenImagesV3(old.root, split).metainfo['class_ids'] == new.order()


def test_classes_that_changed_without_the_training_file(tmp_path, monkeypatch):
    random_tree(tmp_path)
    OpenImagesV3(tmp_path)
    (tmp_path / '2017_11' / 'classes-trainable.txt').write_text('\n'.join(TRAINABLE[1:]))
    monkeypatch.setattr(OpenImagesV3, 'sources', [])  # nothing tells that the order is an old one
    with pytest.raises(ValueError, match=r'openimagesv3_train: orders other classes than .*; dele'):
        OpenImagesV3(tmp_path, 'test')


def test_an_unpacked_file_beside_the_packed_one_is_read(tmp_path):
    old, new = random_tree(tmp_path / 'a', seed=0), random_tree(tmp_path / 'b', seed=1)
    path = old.root / '2017_11/train/annotations-human.csv'
    with gzip.open(f'{path}.gz', 'wb') as packed:
        packed.write(path.read_bytes())
    path.unlink()
    assert OpenImagesV3(old.root).metainfo['class_ids'] == old.order()
    os.replace(new.root / '2017_11/train/annotations-human.csv', path)
    assert OpenImagesV3(old.root).metainfo['class_ids'] == new.order()


@pytest.mark.parametrize(
    'name', ['test/annotations-human.csv', 'classes-trainable.txt', 'class-descriptions.csv']
)
def test_missing_files(tmp_path, name):
    random_tree(tmp_path)
    (tmp_path / '2017_11' / name).unlink()
    with pytest.raises(FileNotFoundError, match=rf'{name}: no such file; extract annotations_huma'):
        OpenImagesV3(tmp_path, 'test')


def test_bad_arguments_and_files_are_errors_in_one_line(tmp_path):
    tree = random_tree(tmp_path)
    with pytest.raises(ValueError, match=r"split='val': OpenImages V3 has train, validation, test"):
        OpenImagesV3(tmp_path, 'val')
    path = tree.root / '2017_11' / 'train' / 'annotations-human.csv'
    path.write_text(path.read_text() + '000026e7ee790996,machine,/m/0aaa,0.7\n')
    number = len(tree.lines['train']) + 2
    with pytest.raises(ValueError, match=rf"annotations-human\.csv:{number}: Confidence '0\.7'"):
        OpenImagesV3(tmp_path, 'test')
    assert not (tmp_path / 'wsml_mm' / 'openimagesv3_test').exists()


def test_no_trainable_label_at_all(tmp_path):
    write_tree(tmp_path, {'train': [('0000000000000001', 'verification', OTHER[0], '1')]})
    with pytest.raises(ValueError, match='no image has a label of a trainable class'):
        OpenImagesV3(tmp_path)


def test_described_names_are_those_of_the_tree():
    assert list(NAMES.values()).count('Jaguar') == 2

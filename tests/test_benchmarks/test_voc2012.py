from __future__ import annotations

import os

import numpy as np
import pytest
from mmpretrain.registry import DATASETS

from wsml_mm.benchmarks import VOC2012


def rows(dataset) -> list[dict]:
    return [dataset.get_data_info(index) for index in range(len(dataset))]


def names(dataset) -> list[str]:
    return [os.path.basename(row['img_path']) for row in rows(dataset)]


def dense(dataset) -> np.ndarray:
    matrix = np.zeros((len(dataset), len(dataset.metainfo['classes'])), dtype=np.int8)
    for out, row in zip(matrix, rows(dataset), strict=True):
        out[row['gt_label']] = 1
    return matrix


@pytest.mark.parametrize('split', ['train', 'val'])
def test_rows_and_labels_follow_the_published_rule(devkit, split):
    config = dict(type='VOC2012', data_root=str(devkit.root), split=split, classes=devkit.classes)
    dataset = DATASETS.build(config)
    assert names(dataset) == devkit.files(split)
    np.testing.assert_array_equal(dense(dataset), devkit.matrix(split))
    assert dataset.metainfo['classes'] == devkit.classes
    for index, row in enumerate(rows(dataset)):
        assert os.path.isfile(row['img_path'])
        assert row['gt_label'] == sorted(row['gt_label'])
        assert dataset.get_cat_ids(index) == row['gt_label']


def test_order_is_of_strings_with_extension(devkit):
    order = names(VOC2012(devkit.root, 'train', classes=devkit.classes))
    assert order.index('2008_10.jpg') < order.index('2008_3.jpg')
    assert order.index('a1-b.jpg') < order.index('a1.jpg') < order.index('a10.jpg')
    assert order.index('a10.jpg') < order.index('a1_b.jpg')


def test_difficult_only_is_negative(devkit):
    dataset = VOC2012(devkit.root, 'train', classes=devkit.classes)
    by_name = dict(zip(names(dataset), dense(dataset), strict=True))
    zeros = 0
    for image, labels in devkit.table['train'].items():
        for column, name in enumerate(devkit.classes):
            if labels.get(name) == 0 and f'{image}.jpg' in by_name:
                assert by_name[f'{image}.jpg'][column] == 0
                zeros += 1
    assert zeros > 5
    assert '2008_2.jpg' not in by_name  # difficult objects only


@pytest.mark.parametrize('classes', [('person', 'cat'), ('tvmonitor',), ('bicycle', 'aeroplane')])
def test_subset_of_classes(devkit, classes):
    dataset = VOC2012(devkit.root, 'train', classes=classes)
    assert names(dataset) == devkit.files('train', classes)
    assert len(dataset) < len(devkit.files('train'))
    np.testing.assert_array_equal(dense(dataset), devkit.matrix('train', classes))


def test_keep_empty(devkit):
    dataset = VOC2012(devkit.root, 'train', classes=devkit.classes, keep_empty=True)
    assert names(dataset) == sorted(f'{image}.jpg' for image in devkit.table['train'])
    without = set(names(dataset)) - set(devkit.files('train'))
    assert {'2008_1.jpg', '2008_2.jpg'} <= without
    assert all(not row['gt_label'] for row, n in zip(rows(dataset), names(dataset), strict=True)
               if n in without)  # fmt: skip


def test_the_20_classes_of_voc_are_the_default(make_devkit, tmp_path):
    classes = [
        'aeroplane', 'bicycle', 'bird', 'boat', 'bottle', 'bus', 'car', 'cat', 'chair', 'cow',
        'diningtable', 'dog', 'horse', 'motorbike', 'person', 'pottedplant', 'sheep', 'sofa',
        'train', 'tvmonitor',
    ]  # fmt: skip
    table = {'train': {f'2008_{i:06d}': {n: 1 if n == classes[-i] else -1 for n in classes}
                       for i in range(20)}}  # fmt: skip
    make_devkit(tmp_path / 'VOC2012', table, classes)
    dataset = VOC2012(tmp_path / 'VOC2012')
    assert list(dataset.metainfo['classes']) == classes
    assert [row['gt_label'] for row in rows(dataset)] == [[-i % 20] for i in range(20)]


def test_home_folder_and_indices(devkit, monkeypatch):
    monkeypatch.setenv('HOME', str(devkit.root.parent))
    dataset = VOC2012('~/VOC2012', classes=devkit.classes, indices=3)
    assert names(dataset) == devkit.files('train')[:3]


def test_pipeline_runs(devkit):
    pipeline = [dict(type='LoadImageFromFile'), dict(type='PackInputs')]
    dataset = VOC2012(devkit.root, 'val', classes=devkit.classes, pipeline=pipeline)
    packed = dataset[1]
    assert packed['inputs'].shape == (3, 16, 20)
    np.testing.assert_array_equal(
        packed['data_samples'].gt_label, np.flatnonzero(devkit.matrix('val')[1])
    )


def test_missing_devkit(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'gone.*no VOC devkit there; data_root must hold'):
        VOC2012(tmp_path / 'gone')


def test_missing_class_file_or_split(devkit):
    with pytest.raises(FileNotFoundError, match=r'zebra_train\.txt: no such class file.*zebra'):
        VOC2012(devkit.root, classes=('cat', 'zebra'))
    with pytest.raises(FileNotFoundError, match=r'cat_test\.txt: no such class file.*test'):
        VOC2012(devkit.root, split='test', classes=('cat',))


@pytest.fixture
def cat_file(make_devkit, tmp_path):
    table = {'train': {'2008_1': {'cat': 1}, '2008_2': {'cat': -1}}}
    kit = make_devkit(tmp_path / 'kit', table, ('cat',))
    return kit.root / 'ImageSets' / 'Main' / 'cat_train.txt'


@pytest.mark.parametrize('line', ['2008_3  2', '2008_3', '2008_3 1 1', '2008_3 yes', '2008_3 1.0'])
def test_bad_label_names_file_line_and_value(cat_file, line):
    cat_file.write_text(f'2008_1  1\n2008_2 -1\n{line}\n')
    with pytest.raises(ValueError, match=rf"cat_train\.txt:3: '{line}' is not \"IMAGE LABEL\""):
        VOC2012(cat_file.parents[2], classes=('cat',))


@pytest.mark.parametrize('labels', [(1, 1), (1, -1), (-1, 1), (0, 1), (-1, -1)])
def test_duplicate_line_is_refused(cat_file, labels):
    cat_file.write_text('2008_9  1\n' + ''.join(f'2008_1 {label:2d}\n' for label in labels))
    with pytest.raises(ValueError, match=r'cat_train\.txt:3: image 2008_1 is listed twice'):
        VOC2012(cat_file.parents[2], classes=('cat',))


def test_own_devkits_list_images_with_suffix_or_folder(cat_file):
    cat_file.write_text('2008_1.jpg  1\nsub/a.PNG  1\n./b  1\nc.v2  1\n"my cat"  1\n')
    dataset = VOC2012(cat_file.parents[2], classes=('cat',))
    assert list(dataset.image_names()) == [
        '2008_1.jpg',
        'b.jpg',
        'c.v2.jpg',
        'my cat.jpg',
        'sub/a.PNG',
    ]
    cat_file.write_text('2008_1.jpg  1\n2008_1  1\n')
    with pytest.raises(ValueError, match=r'cat_train\.txt:2: image 2008_1 is listed twice'):
        VOC2012(cat_file.parents[2], classes=('cat',))


def test_split_without_positive(cat_file):
    cat_file.write_text('2008_1 -1\n2008_2  0\n')
    with pytest.raises(ValueError, match=r"Main: no image of split 'train' has a label 1"):
        VOC2012(cat_file.parents[2], classes=('cat',))
    assert len(VOC2012(cat_file.parents[2], classes=('cat',), keep_empty=True)) == 2


def test_kept_columns_follow_the_class_files_and_the_options(devkit):
    def open_kept(classes=devkit.classes, **kwargs):
        return VOC2012(devkit.root, classes=classes, prepare=True, **kwargs)

    few, rest = devkit.classes[:1], devkit.classes[1:]
    for classes in (devkit.classes, few, rest):
        plain = VOC2012(devkit.root, classes=classes)
        np.testing.assert_array_equal(dense(open_kept(classes)), dense(plain))
        every = open_kept(classes, keep_empty=True)
        assert len(every) == len(VOC2012(devkit.root, classes=classes, keep_empty=True))
    before = dense(open_kept())
    path = devkit.root / 'ImageSets' / 'Main' / f'{few[0]}_train.txt'
    lines = path.read_text().splitlines()
    number = next(n for n, line in enumerate(lines) if line.split()[1] == '-1')
    name = lines[number].split()[0]
    lines[number] = f'{name}  1'
    path.write_text('\n'.join(lines) + '\n')
    after = open_kept()
    row = names(after).index(f'{name}.jpg')
    assert dense(after)[row, 0] == 1
    assert before[names(VOC2012(devkit.root, classes=devkit.classes)).index(f'{name}.jpg'), 0] == 0

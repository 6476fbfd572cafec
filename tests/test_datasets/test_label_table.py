"""A table of labels as a dataset: alone, wrapped, mapped from kept columns, and trained on."""

from __future__ import annotations

import json
import os
import pickle

import numpy as np
import pytest
from helpers import (
    CLASSES,
    read_devkit,
    scalars,
    set_hook,
    spy_of,
    tiny_config,
    train,
    write_devkit,
)
from mmengine.config import Config
from mmpretrain.registry import DATASETS

from wsml_mm import FeatureDataset, LabelTable, PartialLabelDataset

TABLE = 'image,positive,negative\na.jpg,cat|dog,elk\nb.jpg,,*\nc.jpg,elk,\n'
LABELS = [[1, 1, 0], [0, 0, 0], [-1, -1, 1]]


@pytest.fixture
def root(tmp_path):
    (tmp_path / 'train.csv').write_text(TABLE)
    (tmp_path / 'val.csv').write_text('image,positive\nd.jpg,dog\n')
    (tmp_path / 'classes.txt').write_text('elk\ncat\ndog\n')
    return tmp_path


def rows(dataset):
    labels = dataset.sparse_labels()
    return [labels.row(index).tolist() for index in range(len(labels))]


def test_infos(root):
    config = dict(type='LabelTable', data_root=str(root), ann_file='train.csv', data_prefix='img')
    dataset = DATASETS.build(config)
    assert dataset.metainfo['classes'] == ('cat', 'dog', 'elk')
    assert rows(dataset) == LABELS
    info = dataset.get_data_info(0)
    assert info['img_path'] == os.path.join(str(root), 'img', 'a.jpg')
    assert info['sample_idx'] == 0
    assert [dataset.get_cat_ids(index) for index in range(3)] == [[0, 1], [], [2]]
    assert not (root / 'wsml_mm').exists()  # small tables are read again, not kept


@pytest.mark.parametrize('classes', ['classes.txt', ['elk', 'cat', 'dog'], ('elk', 'cat', 'dog')])
def test_classes_in_a_given_order(root, classes):
    dataset = LabelTable(root, 'train.csv', classes=classes)
    assert dataset.metainfo['classes'] == ('elk', 'cat', 'dog')
    assert rows(dataset) == [[row[2], row[0], row[1]] for row in LABELS]


def test_classes_of_another_table(root):
    dataset = LabelTable(root, 'val.csv', classes_from='train.csv')
    assert dataset.metainfo['classes'] == ('cat', 'dog', 'elk')
    assert rows(dataset) == [[-1, 1, -1]]
    assert LabelTable(root, 'val.csv').metainfo['classes'] == ('dog',)
    (root / 'val.csv').write_text('image,positive\nd.jpg,dgo\n')
    with pytest.raises(ValueError, match=r"val\.csv:2: unknown label 'dgo'; did you mean 'dog'\?"):
        LabelTable(root, 'val.csv', classes_from='train.csv')


def test_classes_of_xml_files(root):
    text = '<annotation><filename>a.jpg</filename><object><name>cat</name></object></annotation>'
    (root / 'Annotations').mkdir()
    (root / 'Annotations' / 'a.xml').write_text(text)
    (root / 'own.csv').write_text('image,positive\nd.jpg,cat\n')
    for prepare in (None, True):
        dataset = LabelTable(root, 'own.csv', classes_from='Annotations', prepare=prepare)
        assert dataset.metainfo['classes'] == ('cat',)


def test_lazy_datasets_read_nothing(root):
    dataset = LabelTable(root, 'missing.csv', lazy_init=True)
    with pytest.raises(FileNotFoundError, match=r'missing\.csv: no such file; check ann_file'):
        dataset.full_init()


def test_fully_annotated_tables(root):
    dataset = LabelTable(root, 'val.csv', classes='classes.txt', unlisted='negative')
    assert rows(dataset) == [[0, 0, 1]]
    assert 'gt_score' not in dataset.get_data_info(0)


def test_other_names_and_signs(root):
    (root / 't.csv').write_text('file;tags\na.jpg;cat, dog\n')
    dataset = LabelTable(
        root, 't.csv', columns=dict(image='file', positive='tags'), separator=',', indices=1
    )
    assert rows(dataset) == [[1, 1]]


def test_mmpretrains_json(root):
    items = [{'img_path': 'a.jpg', 'gt_score': [1, -1, 0]}, {'img_path': 'b.jpg', 'gt_label': [2]}]
    content = {'metainfo': {'classes': ['x', 'y', 'z']}, 'data_list': items}
    (root / 'm.json').write_text(json.dumps(content))
    assert rows(LabelTable(root, 'm.json')) == [[1, -1, 0], [0, 0, 1]]
    assert rows(LabelTable(root, 'm.json', classes=['z', 'y', 'x'])) == [[0, -1, 1], [1, 0, 0]]


def test_indicators(root):
    (root / 'i.csv').write_text('image,elk,cat\na.jpg,1,\nb.jpg,0,-1\n')
    options = dict(layout='indicators', signs=dict(unobserved=['blank', '-1']))
    config = dict(type='LabelTable', data_root=str(root), ann_file='i.csv', prepare=True)
    dataset = DATASETS.build(Config({'data': config | options}).data)
    assert dataset.metainfo['classes'] == ('elk', 'cat')
    assert rows(dataset) == [[1, -1], [0, -1]]
    options['signs'] = dict(negative=['0', '-1'], unobserved='')
    assert rows(LabelTable(root, 'i.csv', prepare=True, **options)) == [[1, -1], [0, 0]]
    assert len(kept(root)) == 2  # the signs are in the name of the kept columns
    (root / 'j.csv').write_text('image,cat,elk\nc.jpg,1,0\n')
    other = LabelTable(root, 'j.csv', classes_from='i.csv', **options)
    assert other.metainfo['classes'] == ('elk', 'cat')
    assert rows(other) == [[0, 1]]


def test_classes_called_like_an_empty_cell(root):
    (root / 't.csv').write_text('image,positive\na.jpg,nan|cat\n')
    with pytest.raises(ValueError, match=r"t\.csv:2: label 'nan' looks like an empty cell; leave"):
        LabelTable(root, 't.csv')
    assert rows(LabelTable(root, 't.csv', classes=['nan', 'cat'])) == [[1, 1]]


def test_doubts_are_logged_and_do_not_stop(root, capsys):
    (root / 't.csv').write_text('image,positive\na.jpg,cat\nb.jpg,cat dog\nc.jpg,dog\n')
    dataset = LabelTable(root, 't.csv')
    assert dataset.metainfo['classes'] == ('cat', 'cat dog', 'dog')
    said = capsys.readouterr()
    message = "t.csv:3: label 'cat dog' looks like several labels; if it is, say separator=' '"
    assert message in ' '.join((said.out + said.err).split())


def test_what_mmpretrains_json_does_not_list_is_as_it_is_said(root):
    items = [{'img_path': 'a.jpg', 'gt_label': [0]}, {'img_path': 'b.jpg', 'gt_label': []}]
    content = {'metainfo': {'classes': ['x', 'y', 'z']}, 'data_list': items}
    (root / 'm.json').write_text(json.dumps(content))
    unknown = [[1, -1, -1], [-1, -1, -1]]
    for prepare in (False, True):  # kept columns of one answer never serve another
        assert rows(LabelTable(root, 'm.json', prepare=prepare)) == [[1, 0, 0], [0, 0, 0]]
        dataset = LabelTable(root, 'm.json', unlisted='unobserved', prepare=prepare)
        assert rows(dataset) == unknown
        assert dataset.get_data_info(0).keys() >= {'labels'}
    assert rows(LabelTable(root, 'm.json', unlisted='negative')) == [[1, 0, 0], [0, 0, 0]]
    content['data_list'].append({'img_path': 'c.jpg', 'gt_score': [1, 0, -1]})
    (root / 'm.json').write_text(json.dumps(content))
    dataset = LabelTable(root, 'm.json', unlisted='unobserved')
    assert rows(dataset) == [*unknown, [1, 0, -1]]
    with pytest.raises(ValueError, match=r'data_list\[2\]: gt_score has -1 .*; leave unlisted out'):
        LabelTable(root, 'm.json', unlisted='negative')


def kept(root):
    folder = root / 'wsml_mm'
    return sorted(p.name for p in folder.iterdir() if p.is_dir()) if folder.exists() else []


def test_large_tables_are_kept_and_mapped(root, monkeypatch):
    monkeypatch.setattr('wsml_mm.datasets.label_table._PREPARE_ABOVE', 10)
    dataset = LabelTable(root, 'train.csv')
    (name,) = kept(root)
    assert name.startswith('labeltable_train_')
    assert dataset.columns.folder == root / 'wsml_mm' / name
    monkeypatch.setattr(LabelTable, 'read', None)  # not called again
    assert rows(LabelTable(root, 'train.csv')) == LABELS
    assert len(pickle.dumps(LabelTable(root, 'train.csv'))) < 4000


def test_kept_columns_follow_the_file_the_classes_and_the_options(root):
    def open_table(**kwargs):
        return LabelTable(root, 'train.csv', prepare=True, **kwargs)

    assert rows(open_table()) == LABELS
    assert rows(open_table(classes='classes.txt')) == [[r[2], r[0], r[1]] for r in LABELS]
    assert rows(open_table(unlisted='negative')) == [[max(v, 0) for v in r] for r in LABELS]
    assert len(kept(root)) == 3
    (root / 'classes.txt').write_text('dog\ncat\nelk\n')
    assert rows(open_table(classes='classes.txt')) == [[r[1], r[0], r[2]] for r in LABELS]
    (root / 'train.csv').write_text(TABLE + 'd.jpg,cat,dog\n')
    assert rows(open_table()) == [*LABELS, [1, 0, -1]]
    assert len(kept(root)) == 4
    LabelTable(root, 'val.csv', classes_from='train.csv', prepare=True)
    os.rename(root, root.parent / 'moved')
    moved = LabelTable(root.parent / 'moved', 'train.csv', prepare=True)
    assert moved.columns.folder.name in kept(root.parent / 'moved')
    assert len(kept(root.parent / 'moved')) == 5


def test_kept_classes_of_another_table_are_not_parsed_again(root, monkeypatch):
    LabelTable(root, 'train.csv', prepare=True)
    LabelTable(root, 'val.csv', classes_from='train.csv', prepare=True)
    monkeypatch.setattr(LabelTable, 'read', None)
    dataset = LabelTable(root, 'val.csv', classes_from='train.csv', prepare=True)
    assert dataset.metainfo['classes'] == ('cat', 'dog', 'elk')


def test_read_only_data_root(root, monkeypatch):
    def refuse(*_, **__):
        raise OSError(30, 'Read-only file system')

    monkeypatch.setattr('filelock.FileLock', refuse)
    assert rows(LabelTable(root, 'train.csv', prepare=True)) == LABELS
    assert kept(root) == []


def test_subsets(root):
    dataset = LabelTable(root, 'train.csv')
    assert rows(dataset.get_subset([2, 0])) == [LABELS[2], LABELS[0]]
    assert rows(LabelTable(root, 'train.csv', indices=[1])) == [LABELS[1]]


# --- within the other datasets, and a training -------------------------------------------------


@pytest.fixture(scope='module')
def kit(tmp_path_factory):
    """A devkit, and its labels as tables: the training's partly known."""
    kit = write_devkit(tmp_path_factory.mktemp('data') / 'kit')
    rng = np.random.default_rng(0)
    for split in ('train', 'val'):
        lines = ['image,positive,negative']
        for name, row in read_devkit(kit, split).items():
            shown = rng.random(len(row)) < (0.6 if split == 'train' else 1)
            sides = [[c for c, v, s in zip(CLASSES, row, shown, strict=True) if v == side and s]
                     for side in (1, 0)]  # fmt: skip
            lines.append(f'{name},{"|".join(sides[0])},{"|".join(sides[1])}')
        (kit / f'{split}.csv').write_text('\n'.join(lines) + '\n')
    return kit


def table_config(kit, split, **kwargs):
    pipeline = [dict(type='LoadImageFromFile', imdecode_backend='pillow'), dict(type='PackInputs')]
    inner = dict(
        type='LabelTable', data_root=str(kit), ann_file=f'{split}.csv', data_prefix='JPEGImages',
        classes=CLASSES, pipeline=pipeline,
    )  # fmt: skip
    return dict(type='PartialLabelDataset', dataset=inner, **kwargs)


def test_partial_label_dataset_shows_the_table(kit):
    dataset = DATASETS.build(table_config(kit, 'train'))
    inner = dataset.dataset
    sample = dataset[3]['data_samples']
    assert sample.gt_score.tolist() == inner.sparse_labels().row(3).tolist()
    assert set(sample.gt_score.tolist()) == {1, 0, -1}
    assert sample.gt_label.tolist() == inner.get_cat_ids(3)
    assert dataset.labels is inner.columns.labels  # not copied


def test_the_names_do_not_depend_on_the_reader(kit):
    table = DATASETS.build(table_config(kit, 'val'))
    voc = PartialLabelDataset(
        dict(type='VOC2012', data_root=str(kit), split='val', classes=CLASSES, pipeline=[])
    )
    assert list(table.dataset.image_names()) == list(voc.dataset.image_names())
    assert rows(table.dataset) == rows(voc.dataset)


def test_features_of_a_table(kit, tmp_path):
    extractor = dict(
        backbone=dict(type='ResNet', depth=18, out_indices=(0,), num_stages=1, strides=(1,),
                      dilations=(1,), style='pytorch'),
        neck=dict(type='GlobalAveragePooling'),
        data_preprocessor=dict(mean=[127.0] * 3, std=[64.0] * 3, to_rgb=True),
    )  # fmt: skip
    dataset = FeatureDataset(table_config(kit, 'val')['dataset'], extractor, tmp_path / 'cache')
    assert dataset[0]['inputs'].shape == (64,)
    partial = PartialLabelDataset(dataset)
    assert partial.labels.counts() == dataset.dataset.sparse_labels().counts()


@pytest.mark.smoke
def test_a_training_sees_each_images_own_labels(kit, tmp_path):
    cfg = tiny_config(kit, tmp_path / 'run', dataset=table_config(kit, 'train'), epochs=2)
    cfg.val_dataloader.dataset = table_config(kit, 'val')
    set_hook(cfg, 'spy', type='SpyHook')
    runner = train(cfg)
    dataset = runner.train_dataloader.dataset.dataset
    known = dict(zip(dataset.image_names(), rows(dataset), strict=True))
    steps = spy_of(runner).steps
    assert len(steps) == 8
    for step in steps:
        for path, row in zip(step['paths'], step['unobserved'], strict=True):
            assert row == [label == -1 for label in known[os.path.basename(path)]]
    assert spy_of(runner).selected(epoch=1)
    assert 0 < scalars(runner, 'val/multi-label/mAP')[-1] <= 100

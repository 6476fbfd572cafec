from __future__ import annotations

import json

import pytest
import user_datasets as user
from helpers import CLASSES, read_devkit, tiny_config, write_devkit
from mmengine.config import Config, ConfigDict
from mmpretrain.datasets import MultiLabelDataset
from mmpretrain.registry import DATASETS

from wsml_mm.datasets.table import ProblemLog, TableFormat
from wsml_mm.reports.dataset import dataset_of_loader, dataset_of_table
from wsml_mm.reports.dataset.checked_dataset import tables_of


@pytest.fixture(scope='module')
def kit(tmp_path_factory):
    kit = write_devkit(tmp_path_factory.mktemp('data') / 'kit')
    lines = [f'{name},{"|".join(c for c, v in zip(CLASSES, row, strict=True) if v)},*'
             for name, row in read_devkit(kit).items()]  # fmt: skip
    (kit / 'train.csv').write_text('\n'.join(['image,positive,negative', *lines]) + '\n')
    return kit


def config(kit, tmp_path, **kwargs):
    return tiny_config(kit, tmp_path, **kwargs)


def labels_of(dataset):
    labels = dataset.columns.labels
    return [labels.row(index).tolist() for index in range(len(labels))]


def test_any_datasets_observed_labels(kit, tmp_path):
    log = ProblemLog()
    dataset = dataset_of_loader(config(kit, tmp_path), 'train', log)
    assert not log.counts
    assert list(dataset.columns.names) == list(read_devkit(kit))
    assert dataset.path(2) == str(kit / 'JPEGImages' / dataset.columns.names[2])
    assert all(sorted(row) == [-1, -1, -1, -1, 1] for row in labels_of(dataset))
    full = dataset_of_loader(config(kit, tmp_path), 'train', log, all_labels=True)
    assert labels_of(full) == [row.tolist() for row in read_devkit(kit).values()]
    assert full.columns.metainfo['classes'] == CLASSES


@pytest.mark.parametrize('kind', ['FeatureDataset', 'KeptFeatures'])
def test_parts_and_features_are_seen_through(kit, tmp_path, kind):
    cfg = config(kit, tmp_path)
    inner = cfg.train_dataloader.dataset.dataset
    cfg.train_dataloader.dataset.dataset = dict(
        type=kind, dataset=inner, extractor=dict(backbone='none'), cache='none'
    )
    cfg.train_dataloader.dataset.holdout = dict(part='val', fraction=0.25)
    cfg.train_dataloader.dataset.bad_images = 'skip'
    log = ProblemLog()
    dataset = dataset_of_loader(cfg, 'train', log)
    assert len(dataset.columns) == 6
    assert dataset.path(0).startswith(str(kit / 'JPEGImages'))
    assert not log.counts


def table_loader(kit, tmp_path, ann_file='train.csv'):
    cfg = config(kit, tmp_path)
    cfg.train_dataloader.dataset.dataset = dict(
        type='LabelTable', data_root=str(kit), ann_file=ann_file, data_prefix='JPEGImages'
    )
    return cfg


def test_a_table_of_a_config(kit, tmp_path):
    log = ProblemLog()
    dataset = dataset_of_loader(table_loader(kit, tmp_path), 'train', log, all_labels=True)
    assert labels_of(dataset) == [row.tolist() for row in read_devkit(kit).values()]
    assert not log.counts


def test_a_users_kind_of_table(kit, tmp_path):
    cfg = config(kit, tmp_path)
    cfg.train_dataloader.dataset = dict(
        type='SurveyLabels',
        dataset=dict(type='SurveyTable', data_root=str(kit), data_prefix='JPEGImages'),
    )
    log = ProblemLog()
    subject = dataset_of_loader(cfg, 'train', log, all_labels=True)
    assert labels_of(subject) == [row.tolist() for row in read_devkit(kit).values()]
    (kit / 'train.csv').rename(kit / 'kept.csv')
    try:
        (kit / 'train.csv').write_text('image,positive\ntrain_000.jpg,ant|ant\n')
        dataset_of_loader(cfg, 'train', log)
    finally:
        (kit / 'kept.csv').replace(kit / 'train.csv')
    assert dict(log.counts) == {'label listed twice': 1}


def test_only_mmpretrains_own_reading_of_json_is_taken_for_a_table():
    @DATASETS.register_module()
    class OtherNameSameFile(MultiLabelDataset):
        pass

    @DATASETS.register_module()
    class OtherFile(MultiLabelDataset):
        def load_data_list(self):
            return []

    kinds = ['MultiLabelDataset', 'OtherNameSameFile', 'OtherFile', 'COCO2014', user.SurveyTable]
    found = [
        kind for kind in kinds if [*tables_of(ConfigDict(type=kind, ann_file='annotations.json'))]
    ]
    assert found == ['MultiLabelDataset', 'OtherNameSameFile', user.SurveyTable]


def test_all_problems_of_a_configs_table(kit, tmp_path):
    text = 'image,positive\ntrain_000.jpg,ant|ant\ntrain_001.jpg,\ntrain_000.jpg,bee\n'
    (kit / 'bad.csv').write_text(text)
    log = ProblemLog()
    dataset = dataset_of_loader(table_loader(kit, tmp_path, 'bad.csv'), 'train', log)
    assert dict(log.counts) == {'label listed twice': 1, 'image listed twice': 1}
    assert dataset.path(0) == str(kit / 'JPEGImages' / 'train_000.jpg')
    assert dataset.where(1) == f'{kit}/bad.csv:3'


def test_mmpretrains_json_alone_and_in_a_config(kit, tmp_path):
    items = [{'img_path': 'train_000.jpg', 'gt_label': [1, 1]}, {'img_path': 'b', 'gt_label': 9}]
    content = {'metainfo': {'classes': CLASSES}, 'data_list': items}
    (kit / 'm.json').write_text(json.dumps(content))
    log = ProblemLog()
    dataset_of_table(kit / 'm.json', kit / 'JPEGImages', None, TableFormat(), log)
    cfg = table_loader(kit, tmp_path, 'm.json')
    cfg.train_dataloader.dataset.dataset.type = 'MultiLabelDataset'
    other = ProblemLog()
    dataset = dataset_of_loader(cfg, 'train', other)
    assert log.counts == other.counts == {'label listed twice': 1, 'broken labels': 1}
    assert dataset.path(0) == str(kit / 'JPEGImages' / 'train_000.jpg')
    del items[1], items[0]['gt_label'][1]
    (kit / 'm.json').write_text(json.dumps(content))
    log = ProblemLog()
    assert labels_of(dataset_of_loader(cfg, 'train', log, all_labels=True)) == [[0, 1, 0, 0, 0]]
    assert not log.counts


def test_a_data_set_that_cannot_be_read(kit, tmp_path):
    log = ProblemLog()
    assert dataset_of_loader(config(tmp_path / 'nowhere', tmp_path), 'val', log) is None
    (problem,) = log.kept['unreadable data set']
    assert str(problem).startswith('val_dataloader: ')
    assert 'no VOC devkit there; data_root must hold' in str(problem)
    with pytest.raises(ValueError, match='has no test_dataloader; name another loader'):
        dataset_of_loader(Config(dict(test_dataloader=None)), 'test', log)

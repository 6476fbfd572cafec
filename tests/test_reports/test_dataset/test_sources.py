from __future__ import annotations

import json

import pytest
from helpers import CLASSES, read_devkit, tiny_config, write_devkit
from mmengine.config import Config

from wsml_mm.datasets.table import ProblemLog, TableFormat
from wsml_mm.reports.dataset import loader_subject, table_subject


@pytest.fixture(scope='module')
def kit(tmp_path_factory):
    kit = write_devkit(tmp_path_factory.mktemp('data') / 'kit')
    lines = [f'{name},{"|".join(c for c, v in zip(CLASSES, row, strict=True) if v)},*'
             for name, row in read_devkit(kit).items()]  # fmt: skip
    (kit / 'train.csv').write_text('\n'.join(['image,positive,negative', *lines]) + '\n')
    return kit


def config(kit, tmp_path, **kwargs):
    return tiny_config(kit, tmp_path, **kwargs)


def labels_of(subject):
    labels = subject.columns.labels
    return [labels.row(index).tolist() for index in range(len(labels))]


def test_any_datasets_observed_labels(kit, tmp_path):
    log = ProblemLog()
    subject = loader_subject(config(kit, tmp_path), 'train', log)
    assert not log.counts
    assert list(subject.columns.names) == list(read_devkit(kit))
    assert subject.path(2) == str(kit / 'JPEGImages' / subject.columns.names[2])
    assert all(sorted(row) == [-1, -1, -1, -1, 1] for row in labels_of(subject))
    full = loader_subject(config(kit, tmp_path), 'train', log, all_labels=True)
    assert labels_of(full) == [row.tolist() for row in read_devkit(kit).values()]
    assert full.columns.metainfo['classes'] == CLASSES


def test_parts_and_features_are_seen_through(kit, tmp_path):
    cfg = config(kit, tmp_path)
    inner = cfg.train_dataloader.dataset.dataset
    cfg.train_dataloader.dataset.dataset = dict(
        type='FeatureDataset', dataset=inner, extractor=dict(backbone='none'), cache='none'
    )
    cfg.train_dataloader.dataset.holdout = dict(part='val', fraction=0.25)
    cfg.train_dataloader.dataset.bad_images = 'skip'
    log = ProblemLog()
    subject = loader_subject(cfg, 'train', log)
    assert len(subject.columns) == 6
    assert subject.path(0).startswith(str(kit / 'JPEGImages'))
    assert not log.counts


def table_loader(kit, tmp_path, ann_file='train.csv'):
    cfg = config(kit, tmp_path)
    cfg.train_dataloader.dataset.dataset = dict(
        type='LabelTable', data_root=str(kit), ann_file=ann_file, data_prefix='JPEGImages'
    )
    return cfg


def test_a_table_of_a_config(kit, tmp_path):
    log = ProblemLog()
    subject = loader_subject(table_loader(kit, tmp_path), 'train', log, all_labels=True)
    assert labels_of(subject) == [row.tolist() for row in read_devkit(kit).values()]
    assert not log.counts


def test_all_faults_of_a_configs_table(kit, tmp_path):
    text = 'image,positive\ntrain_000.jpg,ant|ant\ntrain_001.jpg,\ntrain_000.jpg,bee\n'
    (kit / 'bad.csv').write_text(text)
    log = ProblemLog()
    subject = loader_subject(table_loader(kit, tmp_path, 'bad.csv'), 'train', log)
    assert dict(log.counts) == {'label listed twice': 1, 'image listed twice': 1}
    assert subject.path(0) == str(kit / 'JPEGImages' / 'train_000.jpg')
    assert subject.where(1) == f'{kit}/bad.csv:3'


def test_mmpretrains_json_alone_and_in_a_config(kit, tmp_path):
    items = [{'img_path': 'train_000.jpg', 'gt_label': [1, 1]}, {'img_path': 'b', 'gt_label': 9}]
    content = {'metainfo': {'classes': CLASSES}, 'data_list': items}
    (kit / 'm.json').write_text(json.dumps(content))
    log = ProblemLog()
    table_subject(kit / 'm.json', kit / 'JPEGImages', None, TableFormat(), log)
    cfg = table_loader(kit, tmp_path, 'm.json')
    cfg.train_dataloader.dataset.dataset.type = 'MultiLabelDataset'
    other = ProblemLog()
    subject = loader_subject(cfg, 'train', other)
    assert log.counts == other.counts == {'label listed twice': 1, 'broken labels': 1}
    assert subject.path(0) == str(kit / 'JPEGImages' / 'train_000.jpg')
    del items[1], items[0]['gt_label'][1]
    (kit / 'm.json').write_text(json.dumps(content))
    log = ProblemLog()
    assert labels_of(loader_subject(cfg, 'train', log, all_labels=True)) == [[0, 1, 0, 0, 0]]
    assert not log.counts


def test_a_data_set_that_cannot_be_read(kit, tmp_path):
    log = ProblemLog()
    assert loader_subject(config(tmp_path / 'nowhere', tmp_path), 'val', log) is None
    (fault,) = log.kept['unreadable data set']
    assert str(fault).startswith('val_dataloader: ')
    assert 'no VOC devkit there; data_root must hold' in str(fault)
    with pytest.raises(ValueError, match='has no test_dataloader; name another loader'):
        loader_subject(Config(dict(test_dataloader=None)), 'test', log)

"""What size and time cannot tell: kept labels, features, stamps and results, read again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from helpers import CLASSES, read_devkit, tiny_config, write_devkit
from mmengine.config import Config
from mmpretrain.registry import DATASETS

from wsml_mm.experiments.data_digests import DataDigests
from wsml_mm.experiments.identity import identity
from wsml_mm.experiments.results import METRIC, RunResult, write_result
from wsml_mm.experiments.verification import verify_config, verify_table
from wsml_mm.labels.contents import Contents

EXTRACTOR = dict(
    backbone=dict(type='ResNet', depth=18, stem_channels=8, base_channels=8),
    neck=dict(type='GlobalAveragePooling'),
)


SCORES = {'best': {METRIC: 60.5}, 'last': {METRIC: 60}}
RESULT = RunResult('AN', 'an', 'LabelTable', 'tiny', 3, 1, 1.5, SCORES, [50])


@pytest.fixture
def kit(tmp_path):
    kit = write_devkit(tmp_path / 'kit', train=6, val=2)
    for split in ('train', 'val'):
        rows = read_devkit(kit, split).items()
        lines = [f'{n},{"|".join(c for c, v in zip(CLASSES, row, strict=True) if v)},*\n'
                 for n, row in rows]  # fmt: skip
        (kit / f'{split}.csv').write_text('image,positive,negative\n' + ''.join(lines))
    return kit


@pytest.fixture
def cfg(kit, tmp_path):
    cfg = tiny_config(kit, '', 'AN')
    for name in ('train', 'val', 'test'):
        file = 'train.csv' if name == 'train' else 'val.csv'
        table = dict(
            type='LabelTable', data_root=str(kit), ann_file=file, data_prefix='JPEGImages',
            classes=list(CLASSES), prepare=True,
            pipeline=[dict(type='LoadImageFromFile'), dict(type='PackInputs')],
        )  # fmt: skip
        cfg[f'{name}_dataloader'].dataset.dataset = table
    return cfg


def change_unseen(path: Path, old: bytes, new: bytes) -> None:
    status, content = path.stat(), path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert path.stat().st_size == status.st_size


def compared(cfg: Config, root: Path) -> None:
    """Leaves what a comparison leaves."""
    contents = Contents(root / '.contents.json')
    identity(cfg, DataDigests(contents))
    contents.save()
    write_result(root / 'an_1' / 'result.json', RESULT)


def test_nothing_is_wrong(cfg, tmp_path):
    assert str(verify_config(cfg, [tmp_path / 'none'])).startswith('0 prepared label sets')
    compared(cfg, tmp_path / 'work')
    found = verify_config(cfg, [tmp_path / 'work'])
    assert found.wrong == []
    assert str(found) == (
        '2 prepared label sets, 0 feature caches, 2 stamps of files and images, 1 results'
    )


def test_a_table_that_kept_its_size_and_time(cfg, kit, tmp_path):
    compared(cfg, tmp_path / 'work')
    change_unseen(kit / 'train.csv', b',*\n', b', \n')
    # The table first: what has just been saved is read once more when it is opened.
    for found in (verify_table(kit / 'train.csv'), verify_config(cfg, [])):
        (wrong,) = found.wrong
        assert wrong.startswith(f'{kit}/train.csv: has changed and kept its size and time')
        assert wrong.endswith('; delete that folder, it is made anew')
    assert verify_table(kit / 'val.csv').wrong == []


def test_an_image_that_kept_its_size_and_time(cfg, kit, tmp_path):
    compared(cfg, tmp_path / 'work')
    change_unseen(kit / 'JPEGImages/train_003.jpg', b'\xff\xd9', b'\xff\xd8')
    assert verify_config(cfg, []).wrong == []  # no stamps of it are kept
    (wrong,) = verify_config(cfg, [tmp_path]).wrong
    assert wrong.startswith('one of 6 images, ')
    assert f'{tmp_path}/work/.contents.json takes it for unchanged; delete that file' in wrong


def test_a_photograph_of_kept_features(cfg, kit, tmp_path):
    inner = cfg.train_dataloader.dataset.dataset
    features = dict(
        type='FeatureDataset', dataset=inner, extractor=EXTRACTOR, cache=str(tmp_path / 'cache'),
        num_workers=0,
    )  # fmt: skip
    cfg.train_dataloader.dataset.dataset = features
    DATASETS.build(cfg.train_dataloader.dataset)
    found = verify_config(cfg, [])
    assert (found.wrong, found.caches, found.stamps) == ([], 1, 1)
    change_unseen(kit / 'JPEGImages/train_003.jpg', b'\xff\xd9', b'\xff\xd8')
    (wrong,) = verify_config(cfg, []).wrong
    assert wrong.startswith('one of 6 images, ')
    assert wrong.endswith('.npy, the features are made anew')
    (cache,) = (tmp_path / 'cache').glob('*.npy')
    cache.with_suffix('.stamps').unlink()
    (wrong,) = verify_config(cfg, []).wrong
    assert 'stale, made with other images; delete it' in wrong
    cache.unlink()
    DATASETS.build(cfg.train_dataloader.dataset)
    assert verify_config(cfg, []).wrong == []
    change_unseen(cache, cache.read_bytes()[-4:], b'\x00\x00\x00\x80')
    (wrong,) = verify_config(cfg, []).wrong
    assert 'this feature cache is damaged (ChecksumError' in wrong


def test_damaged_files_are_named(cfg, tmp_path):
    compared(cfg, tmp_path / 'work')
    (tmp_path / 'work/an_1/result.json').write_text('{}')
    (wrong,) = verify_config(cfg, [tmp_path]).wrong
    assert 'result.json: ' in wrong
    (tmp_path / 'work/.contents.json').write_text('{}')
    assert any('.contents.json: is damaged' in w for w in verify_config(cfg, [tmp_path]).wrong)
    (values,) = (tmp_path / 'kit/wsml_mm').glob('labeltable_train_*/values.npy')
    values.write_bytes(values.read_bytes()[:-1])
    wrong = verify_config(cfg, []).wrong
    assert any('these prepared labels are damaged' in line for line in wrong)

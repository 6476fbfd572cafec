from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest
import user_datasets  # noqa: F401 (registers)
from mmengine.config import Config
from PIL import Image
from report_data import dataset_of, write_images

from wsml_mm.datasets.table import ProblemLog
from wsml_mm.reports.dataset import check_dataset, dataset_of_loader


def photograph(seed, size=(96, 64)):
    """A smooth picture, as a photograph is in the large."""
    pixels = np.random.default_rng(seed).integers(0, 255, (6, 9, 3)).astype(np.uint8)
    return Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC)


@pytest.fixture
def folders(tmp_path):
    """train/ and val/ with four photographs each, all different."""
    for part, first in (('train', 0), ('val', 10)):
        (tmp_path / part).mkdir()
        for number in range(4):
            photograph(first + number).save(tmp_path / part / f'{number}.png')
    return tmp_path


def shared(root, decode=True, names=None):
    train, val = (
        replace(dataset_of([[1]] * len(n), ['cat'], root / part, n), loader=part)
        for part, n in (names or {part: [f'{i}.png' for i in range(4)] for part in PARTS}).items()
    )
    dataset = replace(train, others=lambda: {'val': val})
    log = check_dataset(dataset, ProblemLog(), decode).log
    return log, [str(problem) for problems in log.kept.values() for problem in problems]


PARTS = ('train', 'val')


def test_different_photographs_are_not_shared(folders):
    assert shared(folders)[1] == []


@pytest.mark.parametrize('how', ['copied', 'linked'])
def test_one_file_under_two_names(folders, how):
    (folders / 'val' / '2.png').unlink()
    if how == 'copied':
        shutil.copy(folders / 'train' / '1.png', folders / 'val' / '2.png')
    else:
        (folders / 'val' / '2.png').symlink_to(folders / 'train' / '1.png')
    log, (text,) = shared(folders)
    assert (
        text == "t:1: '1.png' of train and '2.png' of val are the same file; keep it in one loader"
    )
    assert dict(log.counts) == {'image in two splits': 1}
    assert log.serious == 0
    assert shared(folders, decode=False)[1] == []


def test_the_same_pixels_in_another_format(folders):
    Image.open(folders / 'train' / '1.png').save(folders / 'val' / 'x.bmp')
    names = {'train': ['0.png', '1.png'], 'val': ['0.png', 'x.bmp']}
    _, (text,) = shared(folders, names=names)
    assert "'1.png' of train and 'x.bmp' of val are files of the same pixels" in text


@pytest.mark.parametrize(('size', 'quality'), [((96, 64), 40), ((48, 32), 90), ((200, 133), 75)])
def test_a_photograph_compressed_or_resized(folders, size, quality):
    small = Image.open(folders / 'train' / '3.png').resize(size, Image.Resampling.LANCZOS)
    small.save(folders / 'val' / 'x.jpg', quality=quality)
    names = {'train': ['2.png', '3.png'], 'val': ['0.png', 'x.jpg']}
    log, (text,) = shared(folders, names=names)
    assert "'3.png' of train and 'x.jpg' of val look the same (mean difference " in text
    assert dict(log.counts) == {'similar image in two splits': 1}


def test_too_many_images_to_look_for_similar_ones(folders, monkeypatch):
    monkeypatch.setattr('wsml_mm.reports.dataset.shared_images._MOST', 3)
    log, (text,) = shared(folders)
    assert dict(log.counts) == {'similar images not looked for': 1}
    assert 'compressed or resized are looked for among 3 images only' in text


def test_pictures_without_contrast_are_not_alike(tmp_path):
    for part, level in (('train', 9), ('val', 10)):
        (tmp_path / part).mkdir()
        Image.new('RGB', (9, 9), (level,) * 3).save(tmp_path / part / '0.png')
    log, _ = shared(tmp_path, names={part: ['0.png'] for part in PARTS})
    assert set(log.counts) == {'constant image'}


def config_of(root, **options):
    def loader(file, **more):
        pipeline = [dict(type='LoadImageFromFile', imdecode_backend='pillow')]
        table = dict(type='LabelTable', data_root=str(root), ann_file=file, pipeline=pipeline)
        return dict(dataset=dict(type='PartialLabelDataset', dataset=table, **more))

    train, val = options.get('train', {}), options.get('val', {})
    return Config(
        dict(
            train_dataloader=loader('train.csv', **train),
            val_dataloader=loader(options.get('file', 'val.csv'), **val),
            test_dataloader=loader(options.get('file', 'val.csv'), **val),
        ),
    )


@pytest.fixture
def tables(tmp_path):
    write_images(tmp_path, ['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg'])
    shutil.copy(tmp_path / 'b.jpg', tmp_path / 'again.jpg')
    (tmp_path / 'train.csv').write_text('image,positive\na.jpg,cat\nb.jpg,cat\n')
    (tmp_path / 'val.csv').write_text('image,positive\nc.jpg,cat\nagain.jpg,cat\n')
    return tmp_path


def problems_of(cfg, loader='train', decode=True):
    log = ProblemLog()
    check_dataset(dataset_of_loader(cfg, loader, log), log, decode)
    return [str(problem) for problems in log.kept.values() for problem in problems]


def test_the_loaders_of_a_config(tables):
    # The test data are those of the validation: they are told of once.
    (text,) = problems_of(config_of(tables))
    assert "'b.jpg' of train and 'again.jpg' of val are the same file" in text
    (text,) = problems_of(config_of(tables), 'val')
    assert "'again.jpg' of val and 'b.jpg' of train are the same file" in text


def test_one_table_in_two_loaders_without_a_holdout(tables):
    cfg = config_of(tables, file='train.csv')
    (text,) = problems_of(cfg, decode=False)
    assert 'all 2 images of val are in train too; give each loader its own, e.g. with' in text
    parts = {part: dict(holdout=dict(part=part, fraction=0.5)) for part in PARTS}
    assert problems_of(config_of(tables, file='train.csv', **parts)) == []


def test_a_loader_that_cannot_be_read_is_passed_over(tables):
    (tables / 'val.csv').unlink()
    assert problems_of(config_of(tables)) == []

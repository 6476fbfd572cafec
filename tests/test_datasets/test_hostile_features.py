"""Feature caches that are refused, and one that serves from a read-only disk."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import filelock
import numpy as np
import torch
from hostile import (
    FULL,
    READ_ONLY,
    Act,
    Bomb,
    Case,
    Prepare,
    fails,
    kit_of,
    refusals,
    small_set_up,
    spoil,
    voc,
)
from PIL import Image
from unusual_names import odd_json

from wsml_mm import FeatureDataset
from wsml_mm.datasets import feature_cache, feature_extraction

EXTRACTOR = dict(
    backbone=dict(type='ResNet', depth=18, stem_channels=8, base_channels=8),
    neck=dict(type='GlobalAveragePooling'),
    data_preprocessor=dict(type='ClsDataPreprocessor', mean=[127] * 3, std=[64] * 3),
)


def extract(folder: Path, scale: int = 16, **kwargs: Any) -> FeatureDataset:
    pipeline = [
        dict(type='LoadImageFromFile'),
        dict(type='Resize', scale=(scale, scale)),
        dict(type='PackInputs'),
    ]
    source = voc(folder / 'kit', pipeline=pipeline)
    settings = dict(extractor=EXTRACTOR, cache=folder / 'cache', num_workers=0)
    return FeatureDataset(source, **{**settings, **kwargs})


def cached(change: Callable[[Path], Any] = lambda folder: None, **kwargs: Any) -> Prepare:
    """Fills a cache, changes something, and asks for the features again."""

    def make(folder):
        kit_of(folder)
        extract(folder)
        change(folder)
        return lambda: extract(folder, **kwargs)

    return make


def cache_file(folder: Path, suffix: str) -> Path:
    (path,) = (folder / 'cache').glob(f'*{suffix}')
    return path


def other_weights(folder: Path) -> None:
    feature_extraction.build_extractor.cache_clear()
    torch.manual_seed(1)


def repaint(folder: Path) -> None:
    Image.new('RGB', (16, 16)).save(folder / 'kit' / 'JPEGImages' / 'train_001.jpg')


def cut(suffix: str, keep: int) -> Callable[[Path], None]:
    def change(folder):
        path = cache_file(folder, suffix)
        path.write_bytes(path.read_bytes()[:keep])

    return change


def pickled_cache(folder: Path) -> None:
    np.save(cache_file(folder, '.npy'), np.array([Bomb(folder / 'boom')]), allow_pickle=True)


def cache_of_fewer(folder: Path) -> None:
    path = cache_file(folder, '.npy')
    np.save(path, np.load(path)[:-1])


def record_is(text: str) -> Callable[[Path], None]:
    return lambda folder: cache_file(folder, '.json').write_text(text)


def unwritable(target: Any, name: str, error: OSError) -> Prepare:
    def make(folder):
        kit_of(folder)
        return fails(target, name, error, lambda: extract(folder))

    return make


def unreadable_source(how: str, **kwargs: Any) -> Prepare:
    def make(folder):
        spoil(kit_of(folder) / 'JPEGImages' / 'train_002.jpg', how)
        return lambda: extract(folder, **kwargs)

    return make


def images_elsewhere(folder: Path) -> Act:
    kit = kit_of(folder)
    (kit / 'JPEGImages').rename(kit / 'Photos')
    return lambda: extract(folder)


def unpooled(folder: Path) -> Act:
    kit_of(folder)
    spec = {key: value for key, value in EXTRACTOR.items() if key != 'neck'}
    return lambda: extract(folder, extractor=spec)


STALE = 'cache/ ... .npy: ... stale ... {}; delete it'
# fmt: off
test_refusal = refusals(
    Case('extractor unpooled', unpooled, ValueError,
         'extractor ... (6, 64, 1, 1) ... give it a neck that pools'),
    Case('cache of other weights', cached(other_weights), ValueError, STALE.format('weights')),
    Case('cache of other pipeline', cached(scale=8), ValueError, STALE.format('pipeline')),
    Case('cache of other dtype', cached(dtype='float16'), ValueError, STALE.format('dtype')),
    Case('cache of other images', cached(repaint), ValueError, STALE.format('images')),
    Case('cache without its record', cached(lambda folder: cache_file(folder, '.json').unlink()),
         ValueError, STALE.format('weights, extractor, pipeline, dtype, images')),
    *(
        Case(f'cache {kind}', cached(change), ValueError,
             'cache/ ... .npy: ... damaged ( ... ); delete it')
        for kind, change in {
            'truncated': cut('.npy', 200),
            'without a header': cut('.npy', 3),
            'empty': cut('.npy', 0),
            'of pickled objects': pickled_cache,
            'of fewer images': cache_of_fewer,
        }.items()
    ),
    *(
        Case(f'cache record {kind}', cached(change), ValueError,
             'cache/ ... .json: ... damaged ( ... ); delete it')
        for kind, change in {
            'truncated': cut('.json', 40),
            'of a list': record_is('[]'),
            'of noise': lambda f: cache_file(f, '.json').write_bytes(b'\xff\xfe\x00'),
        }.items()
    ),
    Case('dtype unknown',
         lambda folder: lambda: FeatureDataset(None, EXTRACTOR, folder, dtype='int8'), ValueError,
         'dtype=\'int8\' ... "float32" or "float16"'),
    Case('cache folder read-only', unwritable(Path, 'mkdir', READ_ONLY), OSError,
         'cache/ ... .npy: ... (Read-only file system) ... another cache folder'),
    Case('disk full while the features are written',
         unwritable(feature_cache, 'write_rows', FULL), OSError,
         'cache/ ... .npy: ... (No space left on device) ... free some space'),
    Case('disk full while the record is written', unwritable(Path, 'write_text', FULL), OSError,
         'cache/ ... .npy: ... (No space left on device) ... free some space'),
    Case('no permission to rename the features',
         unwritable(os, 'replace', PermissionError(errno.EACCES, 'Permission denied')),
         PermissionError, 'cache/ ... .npy: ... (Permission denied) ... another cache folder'),
    Case('wrong image folder', images_elsewhere, ValueError,
         "none of the 6 images is below '/ ... /JPEGImages', which is no folder ... /Photos'?"),
    Case('image missing at extraction', unreadable_source('missing'), FileNotFoundError,
         "train_002.jpg' ... no such image ... add it, or remove its row"),
    *(
        Case(f'image corrupt at extraction, {workers} workers',
             unreadable_source('noise', num_workers=workers), ValueError,
             'train_002.jpg: cannot be read ( ... ); repair or remove the image', 'bad_images')
        for workers in (0, 1)
    ),
)
# fmt: on


def test_features_of_unusual_names(tmp_path):
    with small_set_up():
        dataset = odd_json(tmp_path, 'Bäume 木.jpg').dataset
        served = FeatureDataset(
            dataset, EXTRACTOR, tmp_path / 'Zwischen speicher 木', num_workers=0
        )
        assert served[0]['inputs'].shape == (64,)


def test_read_only_disk_serves_a_finished_cache(tmp_path):
    with small_set_up():
        cached()(tmp_path)
        for target, name in ((Path, 'mkdir'), (os, 'replace'), (filelock, 'FileLock')):
            assert len(fails(target, name, READ_ONLY, lambda: extract(tmp_path))()) == 6

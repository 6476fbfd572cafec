from __future__ import annotations

import re

import numpy as np
import pytest
from mmpretrain.registry import DATASETS

from wsml_mm.benchmarks.catalogue import BENCHMARKS
from wsml_mm.benchmarks.statistics import split_statistics
from wsml_mm.datasets import ColumnDataset
from wsml_mm.labels import SparseLabels

NAMES = list(BENCHMARKS)


@pytest.mark.parametrize('name', NAMES)
def test_entries_are_whole(name, tmp_path):
    benchmark = BENCHMARKS[name]
    assert issubclass(DATASETS.get(benchmark.dataset['type']), ColumnDataset)
    statistics = split_statistics(SparseLabels.from_dense(np.eye(3, dtype=np.int8)), 'abc', True)
    for split, published in benchmark.published.items():
        assert published.keys() <= statistics.keys()
        assert published['images'] > 0
        config = dict(benchmark.dataset, data_root=str(tmp_path), split=split, lazy_init=True)
        DATASETS.build(config)  # a split that the dataset knows
    for download in benchmark.downloads:
        assert download.address.startswith(('https://', 'http://'))
        assert download.split in (None, *benchmark.published)
        assert download.makes
        assert download.size is None or download.size > 0
        if download.checksum is not None:
            assert re.fullmatch(r'md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}', download.checksum)
        if not download.packed:
            assert download.makes == (download.name,) or download.makes == (f'{download.name}/',)


@pytest.mark.parametrize('name', NAMES)
def test_published_parts_add_up(name):
    for split, published in BENCHMARKS[name].published.items():
        if 'held out' in published:
            assert split == BENCHMARKS[name].holdout
            assert published['training part'] + published['held out'] == published['images']


def test_published_images():
    images = {
        name: [published['images'] for published in BENCHMARKS[name].published.values()]
        for name in ('voc2012', 'coco2014', 'nuswide-cole', 'nuswide-official', 'cub200')
    }
    assert images == {
        'voc2012': [5717, 5823],
        'coco2014': [82081, 40137],
        'nuswide-cole': [150000, 60260],
        'nuswide-official': [161789, 107859],
        'cub200': [5994, 5794],
    }

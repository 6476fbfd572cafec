"""Data sets whose folders, files and classes have unusual names and are right."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from mmpretrain.datasets import MultiLabelDataset
from PIL import Image

from wsml_mm import VOC2012, PartialLabelDataset

LOAD = [dict(type='LoadImageFromFile'), dict(type='PackInputs')]


def first_image(dataset: Any) -> tuple[str, list[int]]:
    sample = dataset[0]['data_samples']
    return os.path.basename(sample.img_path), sample.gt_label.tolist()


def odd_devkit(folder: Path, name: str, classes: tuple[str, ...], end: str, mark: str = '') -> Any:
    root = folder / 'Daten für 木' / 'VOC 2012'
    (root / 'ImageSets' / 'Main').mkdir(parents=True)
    (root / 'JPEGImages').mkdir()
    Image.new('RGB', (8, 8), 'red').save(root / 'JPEGImages' / f'{name}.jpg')
    for label, flag in zip(classes, (' 1', '-1'), strict=True):
        path = root / 'ImageSets' / 'Main' / f'{label}_train.txt'
        path.write_bytes(f'{mark}{name} {flag}{end}{end}'.encode())
    return PartialLabelDataset(VOC2012(data_root=str(root), classes=classes, pipeline=LOAD))


def odd_json(folder: Path, name: str) -> Any:
    root = folder / 'Daten für 木'
    (root / 'Bilder 1').mkdir(parents=True)
    Image.new('RGB', (8, 8), 'red').save(root / 'Bilder 1' / name)
    content = {
        'metainfo': {'classes': ['Bäume', '木']},
        'data_list': [{'img_path': name, 'gt_label': [0]}],
    }
    (root / 'Etiketten.json').write_text(json.dumps(content), encoding='utf-8')
    source = MultiLabelDataset(
        ann_file='Etiketten.json', data_root=str(root), data_prefix='Bilder 1', pipeline=LOAD
    )
    return PartialLabelDataset(source)

"""Images whose activation maps are known: a coloured cell a class, seen by a backbone that pools.

An image is WIDTH x HEIGHT, the network's input 32 x 32, the map 4 x 4: a cell of the map is 12 x 8
pixels of the image. The head's weight is the identity, so that a class's map is its colour.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from helpers import set_hook, tiny_config
from mmengine.config import Config
from mmengine.model import BaseModule
from mmpretrain.registry import MODELS
from PIL import Image

CLASSES = ('red', 'green', 'blue')
WIDTH, HEIGHT, CELL = 48, 32, (12, 8)


@MODELS.register_module()
class PoolingBackbone(BaseModule):
    """Returns the image in squares of 8 pixels; the first stage is there to be passed over."""

    def forward(self, x):
        return (x, torch.nn.functional.avg_pool2d(x, 8))


def cell_box(row: int, column: int) -> tuple[int, int, int, int]:
    """Returns a cell's left, top, right and bottom in pixels of the image."""
    x, y = column * CELL[0], row * CELL[1]
    return x, y, x + CELL[0], y + CELL[1]


def xml_object(name: str, box: tuple[float, ...], difficult: int = 0) -> str:
    """Returns a VOC object; its pixels are counted from 1 and the last is included."""
    values = (box[0] + 1, box[1] + 1, box[2], box[3])
    corners = ''.join(
        f'<{t}>{v}</{t}>' for t, v in zip(('xmin', 'ymin', 'xmax', 'ymax'), values, strict=True)
    )
    return (
        f'<object><name>{name}</name><difficult>{difficult}</difficult>'
        f'<bndbox>{corners}</bndbox></object>'
    )


def write_images(root: Path, images: list[dict[str, tuple[Any, Any]]]) -> Path:
    """Writes a devkit with one split, `val`.

    Args:
        root: folder to make.
        images: for each image {class: (cell of the colour, box written down or None)}.
    """
    for folder in ('JPEGImages', 'Annotations', 'ImageSets/Main'):
        (root / folder).mkdir(parents=True)
    for number, content in enumerate(images):
        pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        for name, (cell, _) in content.items():
            left, top, right, bottom = cell_box(*cell)
            pixels[top:bottom, left:right, CLASSES.index(name)] = 255
        path = root / 'JPEGImages' / f'{number:03d}.jpg'
        Image.fromarray(pixels).save(path, quality=100, subsampling=0)
        objects = ''.join(xml_object(n, box) for n, (_, box) in content.items() if box is not None)
        (root / 'Annotations' / f'{number:03d}.xml').write_text(
            f'<annotation>{objects}</annotation>'
        )
    for name in CLASSES:
        lines = [f'{n:03d} {1 if name in c else -1}\n' for n, c in enumerate(images)]
        (root / 'ImageSets/Main' / f'{name}_val.txt').write_text(''.join(lines))
    return root


def planted_config(devkit: Path, work_dir: Path, **game: Any) -> Config:
    """Returns a config that measures the pointing game in its test."""
    cfg = tiny_config(devkit, work_dir)
    cfg.custom_imports.imports = ['wsml_mm', 'helpers', 'planted_maps']
    cfg.model = dict(
        type='ImageClassifier',
        backbone=dict(type='PoolingBackbone'),
        neck=dict(type='GlobalAveragePooling'),
        head=dict(
            type='MultiLabelLinearClsHead', num_classes=3, in_channels=3,
            loss=dict(type='AssumeNegativeLoss'),
        ),
        data_preprocessor=dict(mean=[127.0] * 3, std=[64.0] * 3, to_rgb=True),
    )  # fmt: skip
    pipeline = [
        dict(type='LoadImageFromFile', imdecode_backend='pillow'),
        dict(type='Resize', scale=(32, 32), backend='pillow', interpolation='bilinear'),
        dict(type='PackInputs'),
    ]
    inner = dict(
        type='VOC2012', data_root=str(devkit), split='val', classes=CLASSES, pipeline=pipeline
    )
    cfg.test_dataloader.batch_size = 2
    cfg.test_dataloader.dataset = dict(type='PartialLabelDataset', dataset=inner)
    boxes = dict(type='VOCBoxes', folder=str(devkit / 'Annotations'))
    cfg.test_evaluator = [
        dict(type='MeanAveragePrecision'), dict(type='PointingGame', boxes=boxes, **game)
    ]  # fmt: skip
    set_hook(cfg, 'cam_peak', type='CamPeakHook')
    return cfg


def write_checkpoint(path: Path) -> Path:
    """Writes the weights that make a class's map its colour."""
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {'head.fc.weight': torch.eye(3), 'head.fc.bias': torch.zeros(3)}
    torch.save({'meta': {'epoch': 1, 'iter': 1}, 'state_dict': state}, path)
    return path

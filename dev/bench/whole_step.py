"""Whole steps and trainings end to end, loading included."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from helpers import CLASSES, read_devkit
from PIL import Image
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as bce
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms
from torchvision.models import resnet18

from .rows import row
from .timing import CLOCKS, SETTINGS, Measured, in_turns
from .training import devkit, end_to_end, timed

LOSSES = {
    'AN': dict(type='AssumeNegativeLoss'),
    'LL-R': dict(type='LargeLossReject', delta_rel=5),
    'LL-Ct': dict(type='LargeLossCorrectTemp', delta_rel=5),
    'LL-Cp': dict(type='LargeLossCorrectPerm', delta_rel=5),
}


def _steps(name: str, size: int, depth: int, images: int, record: bool) -> float:
    clock = timed(end_to_end(LOSSES[name], images, size, depth, 2), record)
    return statistics.median(clock.steps[1:])


def _over_an(
    name: str, size: int, depth: int, images: int, record: bool, rounds: int, quick: bool
) -> Measured:
    size, depth, images, rounds = (32, 18, 32, 1) if quick else (size, depth, images, rounds)
    return in_turns(
        partial(_steps, name, size, depth, images, record),
        partial(_steps, 'AN', size, depth, images, True),
        rounds,
    )


for _name in ('LL-R', 'LL-Ct', 'LL-Cp'):
    row(f'step/{_name}, ResNet-18, 64 px', 'AN, the same training')(
        partial(_over_an, _name, 64, 18, 160, True, 5)
    )
for _record in (True, False):
    row(
        f'step/LL-R, ResNet-50, 224 px, record {"on" if _record else "off"}',
        'AN, the same training', '<= 1.01', heavy=True,
    )(partial(_over_an, 'LL-R', 224, 50, 48, _record, 3))  # fmt: skip


class _Images(Dataset[dict[str, Any]]):
    """The reference's data set: paths and labels in memory, an image at a time by torchvision.

    Like ours it flips at random, and carries the true labels and the index of each sample.
    """

    def __init__(self, kit: Path, size: int) -> None:
        self.labels = read_devkit(kit)
        self.paths = [kit / 'JPEGImages' / name for name in self.labels]
        self.rows = np.stack(list(self.labels.values()))
        self.transform = transforms.Compose(
            [
                transforms.Resize((size, size)),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                transforms.Normalize([127 / 255] * 3, [64 / 255] * 3),
            ]
        )

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, idx: int) -> dict[str, Any]:
        with Image.open(self.paths[idx]) as image:
            pixels = self.transform(image.convert('RGB'))
        observed, true = (torch.FloatTensor(self.rows[idx]) for _ in range(2))
        return {'image': pixels, 'observed': observed, 'true': true, 'idx': idx}


def plain_training(
    kit: Path,
    size: int,
    epochs: int,
    network: Callable[..., nn.Module] = resnet18,
    half: bool = False,
    **loading: Any,
) -> float:
    """A plain torch loop of the reference's shape with its rejection; returns its seconds.

    Args:
        kit: of `devkit`.
        size: of its images, px.
        epochs: of the training.
        network: that is built.
        half: in mixed precision, on a GPU.
        loading: of the loader.
    """
    clock, device = CLOCKS[SETTINGS.clock], SETTINGS.device
    model, data = network(num_classes=len(CLASSES)).to(device), _Images(kit, size)
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    loader = DataLoader(data, shuffle=True, **{'batch_size': 16, **loading})
    scaler, begin = torch.amp.GradScaler(device, enabled=half), clock()
    model.train()
    for epoch in range(epochs):
        for batch in loader:
            positive = batch['observed'].to(device, non_blocking=True)
            with torch.autocast(device, torch.float16, half):
                logits = model(batch['image'].to(device, non_blocking=True))
                losses = bce(logits, positive, reduction='none')
            count = math.ceil(losses.numel() * 0.05 * epoch)
            large = (losses * (positive == 0)).detach().flatten().topk(count).indices
            keep = torch.ones(losses.numel(), device=device)
            keep[large] = 0
            optimizer.zero_grad()
            scaler.scale((losses * keep.view_as(losses)).mean()).backward()
            scaler.step(optimizer)
            scaler.update()
    return clock() - begin


@row('step/a training, loading included', "a plain torch loop of the reference's shape", '>= 1')
def throughput(quick: bool) -> Measured:
    """ResNet-18, 64 px, batches of 16."""
    images, size, epochs = (32, 32, 1) if quick else (240, 64, 2)
    kit = devkit(images, size)

    def ours() -> float:
        return timed(end_to_end(LOSSES['LL-R'], images, size, 18, epochs)).total

    return in_turns(ours, partial(plain_training, kit, size, epochs))

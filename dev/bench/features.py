"""Features of frozen backbones, and the training of a linear layer on them."""

from __future__ import annotations

import json
import statistics
import time
from functools import partial

import torch
from torch.nn.functional import binary_cross_entropy_with_logits as bce

from wsml_mm import MeanAveragePrecision
from wsml_mm.datasets.feature_extraction import build_extractor, extract_features

from .rows import not_here, row
from .timing import CLOCKS, SETTINGS, Measured, alternate, child, in_turns
from .training import EXTRACTOR, devkit, folder, images_of, linear, timed

AN = dict(type='AssumeNegativeLoss')
Part = tuple[torch.Tensor, torch.Tensor]


def bare_loop(train: Part, val: Part, epochs: int) -> float:
    """A plain torch loop over features in memory, validated each epoch; returns its seconds."""
    clock, device = CLOCKS[SETTINGS.clock], SETTINGS.device
    begin, (features, target) = clock(), train
    layer = torch.nn.Linear(features.shape[1], target.shape[1]).to(device)
    optimizer = torch.optim.Adam(layer.parameters(), 1e-3)
    for _ in range(epochs):
        for index in torch.randperm(len(features)).split(16):
            optimizer.zero_grad()
            bce(layer(features[index]), (target[index] == 1).float()).backward()
            optimizer.step()
        with torch.no_grad():
            scores = layer(val[0]).sigmoid()
        MeanAveragePrecision.calculate(scores.cpu().numpy(), val[1].cpu().numpy())
    return clock() - begin


def _linear_training(checkpoints: bool, quick: bool) -> Measured:
    """voc5's size: 1,206 rows, 20 epochs, batches of 16, validation each epoch; no start."""
    images, epochs, rounds = (32, 2, 1) if quick else (1206, 20, 3)
    cache, generator = folder(), torch.Generator().manual_seed(0)

    def part(count: int) -> Part:
        target = torch.randint(0, 2, (count, 5), generator=generator)
        features = torch.randn(count, 512, generator=generator)
        return features.to(SETTINGS.device), target.to(SETTINGS.device)

    train, val = part(images), part(max(8, images // 4))

    def ours() -> float:
        cfg = linear(AN, images, epochs, cache)
        if not checkpoints:
            cfg.default_hooks.checkpoint = None
        return timed(cfg, steps=False).total

    return in_turns(ours, lambda: bare_loop(train, val, epochs), rounds)


row('features/linear training', 'a plain torch loop over features in memory', '<= 1.5',
    note='the loop writes nothing, ours a checkpoint each epoch')(
        partial(_linear_training, True))  # fmt: skip
row('features/linear training, no checkpoints', 'a plain torch loop over features in memory',
    '<= 1.5')(partial(_linear_training, False))  # fmt: skip


@row('features/start of linear training', '', '<= 3', 's of CPU',
     note='a process from its start to its first step')  # fmt: skip
def start(quick: bool) -> Measured:
    """`wsml-mm train`; the cache is there; without loading weights."""
    cfg = linear(AN, 0, 1, folder(), kit=devkit(32 if quick else 64, 32, 16))
    cfg.custom_imports.imports.append('bench.first_step')
    cfg.default_hooks.first_step = dict(type='FirstStep')
    cfg.dump(path := folder() / 'start.py')
    arguments = '-m', 'wsml_mm_cli.main', 'train', str(path)
    child(*arguments)
    return Measured([child(*arguments)['seconds'] for _ in range(1 if quick else 3)])


def _extraction(images: int, rounds: int, quick: bool) -> Measured:
    """ResNet-18 at 224 px, reading images included; wall time, for a loader works beside.

    The loader's start, its first batch and the progress bar take about as long as three images.
    """
    count, size = (8, 32) if quick else (images, 224)
    dataset, spec = images_of(linear(AN, count, 1, folder(), size)), json.dumps(EXTRACTOR)
    model = build_extractor(spec)[0].to(memory_format=torch.channels_last)
    batches = [torch.randn(8, 3, size, size) for _ in range(min(16, count // 8))]
    batches = [batch.to(memory_format=torch.channels_last) for batch in batches]

    def bare() -> None:
        with torch.no_grad():
            for number in range(count // 8):
                model.extract_feat(batches[number % len(batches)])  # type: ignore[operator]

    def ours() -> None:
        list(extract_features(dataset, spec, 'float32', None, 1))

    rounds = 1 if quick else min(rounds, SETTINGS.rounds)
    return alternate(ours, bare, rounds, time.perf_counter)


row('features/extraction', 'the bare forward pass', '>= 0.95',
    note='128 images, start of the loader included')(partial(_extraction, 128, 5))  # fmt: skip
row('features/extraction, 1,024 images', 'the bare forward pass', '>= 0.95', heavy=True)(
    partial(_extraction, 1024, 3)
)


@row('features/LinearInit, 25 epochs', 'the frozen backbone run in each epoch', '>= 15',
     note='from one extraction and the epochs of one training, both measured here')  # fmt: skip
def linear_init(quick: bool) -> Measured:
    """ResNet-18 at 224 px."""
    count, size = (16, 32) if quick else (64, 224)
    cfg, clock = linear(AN, count, 3, folder(), size), CLOCKS[SETTINGS.clock]
    dataset, spec = images_of(cfg), json.dumps(EXTRACTOR)
    begin = clock()
    list(extract_features(dataset, spec, 'float32', None, 0))
    once = clock() - begin
    steps = timed(cfg).steps
    epoch = statistics.median(steps) * len(steps) / 3
    return Measured([once + 25 * epoch], [25 * (once + epoch)])


not_here('features/compare, 15 runs of the demo', '<= 40', 'minutes: time `make demo` alone', 's')

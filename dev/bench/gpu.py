"""On a GPU: steps and trainings, and how often they wait for the device.

`make bench ARGS="--gpu -k '^losses|^gpu'"`; without a GPU these rows are not measured.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from helpers import train
from mmengine.config import Config
from torchvision.models import resnet18, resnet50

from wsml_mm.engine.printed_config import PrintedConfig
from wsml_mm.experiments.configs import fill_loaders

from .losses import our_step
from .rows import gpu_row
from .timing import Measured, alternate, in_turns
from .training import devkit, end_to_end, timed
from .whole_step import LOSSES, plain_training


@dataclass(frozen=True)
class Network:
    """What is trained.

    Args:
        depth: of the ResNet.
        size: of images, px.
        workers: processes of the loader.
        steps: that are timed together.
    """

    depth: int = 50
    size: int = 224
    workers: int = min(12, os.cpu_count() or 1)
    steps: int = 10


FULL, QUICK = Network(), Network(18, 32, 1, 1)


def whole(
    loss: dict[str, Any], batch: int, half: bool, images: int, epochs: int, network: Network
) -> Config:
    """Returns a training end to end; `half`: in mixed precision."""
    cfg = end_to_end(loss, images, network.size, network.depth, epochs)
    cfg.train_dataloader.update(batch_size=batch, num_workers=network.workers)
    del cfg.train_dataloader['persistent_workers']
    fill_loaders(cfg, ['train_dataloader'])  # as `wsml-mm train` does
    if half:
        cfg.optim_wrapper.update(type='AmpOptimWrapper', dtype='float16')
    return cfg


def steps(
    name: str, batch: int, half: bool, record: bool = True, network: Network = FULL
) -> Callable[[], None]:
    """Returns some steps of a Runner with all its hooks, on a batch that is there.

    Args:
        name: key of `LOSSES`.
        batch: images.
        half: in mixed precision.
        record: that the hook keeps.
        network: that is trained.
    """
    cfg = whole(LOSSES[name], batch, half, batch, 2, network)
    cfg.log_level = 'ERROR'
    runner = train(PrintedConfig.of(cfg))
    loss, loop = runner.model.head.loss_module, runner.train_loop
    data = next(iter(runner.train_dataloader))
    runner.train_dataloader._iterator = None  # the collector takes 5 s for each of its workers
    runner.model.train()
    runner.call_hook('before_train_epoch')
    loss.keep_trace = record

    def call() -> None:
        for _ in range(network.steps):
            loop.run_iter(1, data)
        if name == 'LL-Cp':
            loss.corrections._added.clear()  # the same labels again and again

    return call


def _over_an(name: str, batch: int, half: bool, record: bool, quick: bool) -> Measured:
    network, batch = (QUICK, 4) if quick else (FULL, batch)
    return alternate(
        steps(name, batch, half, record, network), steps('AN', batch, half, network=network)
    )


for _batch in (16, 64):
    for _name in ('LL-R', 'LL-Ct', 'LL-Cp'):
        gpu_row(f'{_name}, ResNet-50, 224 px, B={_batch}, AMP', 'AN, the same step', '<= 1.01')(
            partial(_over_an, _name, _batch, True, True)
        )
gpu_row('LL-R, ResNet-50, 224 px, B=64', 'AN, the same step', '<= 1.01')(
    partial(_over_an, 'LL-R', 64, False, True)
)
gpu_row('LL-R, ResNet-50, 224 px, B=16, AMP, record off', 'AN, the same step', '<= 1.01')(
    partial(_over_an, 'LL-R', 16, True, False)
)


def _loss_alone(name: str, shape: tuple[int, int], quick: bool) -> Measured:
    found = alternate(our_step(name, (16, 80) if quick else shape), lambda: None)
    return Measured([1e3 * seconds for seconds in found.ours])


for _shape in ((16, 80), (288, 5000)):
    for _name in LOSSES:
        gpu_row(f'{_name} {_shape[0]}x{_shape[1]}, forward and backward', '', '', 'ms')(
            partial(_loss_alone, _name, _shape)
        )


def _images_a_second(batch: int, half: bool, quick: bool) -> Measured:
    network, batch = (QUICK, 4) if quick else (FULL, batch)
    found = alternate(steps('LL-R', batch, half, network=network), lambda: None)
    return Measured([batch * network.steps / seconds for seconds in found.ours])


for _half in (False, True):
    gpu_row(
        f'steps of LL-R, ResNet-50, 224 px, B=64{", AMP" if _half else ""}', '', '', 'images/s'
    )(partial(_images_a_second, 64, _half))


def waits(name: str) -> list[str]:
    """Returns where a step of a loss, its hook included, waits for the GPU.

    MMEngine itself waits for the loss it logs, and once more for each thing it copies.
    """
    call = steps(name, 4, False)
    call()
    torch.cuda.set_sync_debug_mode('warn')
    try:
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter('always')
            call()
    finally:
        torch.cuda.set_sync_debug_mode('default')
    return [f'{w.filename}:{w.lineno}' for w in found if 'synchroniz' in str(w.message)]


def _waits(name: str, quick: bool) -> Measured:
    return Measured([len(waits(name)) / FULL.steps])


for _name in LOSSES:
    gpu_row(f'waits of a step of {_name}, all of MMEngine included', '', '', 'waits')(
        partial(_waits, _name)
    )


def _training(half: bool, quick: bool) -> Measured:
    """Ours and a plain loop with as many workers; images, of which there are few, again."""
    network, images, epochs, batch = (QUICK, 16, 1, 4) if quick else (FULL, 1024, 3, 64)
    loading = dict(batch_size=batch, num_workers=network.workers, persistent_workers=True)
    loading['pin_memory'] = torch.cuda.is_available()
    kit, layers = devkit(images, network.size), resnet18 if quick else resnet50
    return in_turns(
        lambda: timed(whole(LOSSES['LL-R'], batch, half, images, epochs, network)).total,
        lambda: plain_training(kit, network.size, epochs, layers, half, **loading),
        1 if quick else 3,
    )


for _half in (False, True):
    gpu_row(
        f'a training, loading included{", AMP" if _half else ""}',
        "a plain torch loop of the reference's shape", '>= 1',
    )(partial(_training, _half))  # fmt: skip

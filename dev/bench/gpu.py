"""On a GPU: steps, trainings and extraction of the losses, and how often they wait for the device.

`make bench ARGS="--gpu -k 'losses|gpu'"`; without a GPU these rows are not measured.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import torch
from helpers import train
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpretrain.registry import DATASETS
from torchvision.models import resnet50

from wsml_mm.datasets.feature_extraction import build_extractor, extract_features
from wsml_mm.engine.printed_config import PrintedConfig
from wsml_mm.experiments.configs import fill_loaders

from .losses import our_step
from .rows import Measure, not_here, row
from .timing import Measured, alternate, in_turns
from .training import devkit, end_to_end, folder, linear, timed
from .whole_step import LOSSES, plain_training

WORKERS = min(12, os.cpu_count() or 1)
_STEPS = 10  # that are timed together
IMAGES_A_SECOND = 'images/s'


def gpu_row(name: str, rival: str = '', goal: str = '', unit: str = 'x') -> Callable[..., None]:
    """Returns what registers a row, not measured where there is no GPU; arguments as of `row`."""

    def register(measure: Measure) -> None:
        if torch.cuda.is_available():
            row(f'gpu/{name}', rival, goal, unit)(measure)
        else:
            not_here(f'gpu/{name}', goal, 'needs a GPU', unit)

    return register


def whole(loss: dict[str, Any], batch: int, half: bool, images: int, epochs: int) -> Config:
    """Returns a training of ResNet-50 at 224 px; `half`: in mixed precision."""
    cfg = end_to_end(loss, images, 224, 50, epochs)
    cfg.train_dataloader.update(batch_size=batch, num_workers=WORKERS)
    del cfg.train_dataloader['persistent_workers']
    fill_loaders(cfg, ['train_dataloader'])  # as `wsml-mm train` does
    if half:
        cfg.optim_wrapper.update(type='AmpOptimWrapper', dtype='float16')
    return cfg


def steps(name: str, batch: int, half: bool, record: bool = True) -> Callable[[], None]:
    """Returns some steps of a Runner with all its hooks, on a batch that is there.

    Args:
        name: key of `LOSSES`.
        batch: images.
        half: in mixed precision.
        record: that the hook keeps.
    """
    cfg = whole(LOSSES[name], batch, half, batch, 2)
    cfg.log_level = 'ERROR'
    runner = train(PrintedConfig.of(cfg))
    loss, loop = runner.model.head.loss_module, runner.train_loop
    data = next(iter(runner.train_dataloader))
    runner.train_dataloader._iterator = None  # the collector takes 5 s for each of its workers
    runner.model.train()
    runner.call_hook('before_train_epoch')
    loss.keep_trace = record

    def call() -> None:
        for _ in range(_STEPS):
            loop.run_iter(1, data)
        if name == 'LL-Cp':
            loss.corrections._added.clear()  # the same labels again and again

    return call


def _over_an(name: str, batch: int, half: bool, record: bool, quick: bool) -> Measured:
    batch = 4 if quick else batch
    return alternate(steps(name, batch, half, record), steps('AN', batch, half))


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
    call, batch = steps('LL-R', 4 if quick else batch, half), 4 if quick else batch
    found = alternate(call, lambda: None)
    return Measured([batch * _STEPS / seconds for seconds in found.ours])


for _half in (False, True):
    gpu_row(
        f'steps of LL-R, ResNet-50, 224 px, B=64{", AMP" if _half else ""}', '', '', IMAGES_A_SECOND
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
    return Measured([len(waits(name)) / _STEPS])


for _name in LOSSES:
    gpu_row(f'waits of a step of {_name}, all of MMEngine included', '', '', 'waits')(
        partial(_waits, _name)
    )


def _training(half: bool, quick: bool) -> Measured:
    """Ours and a plain loop with as many workers; images, of which there are few, again."""
    images, epochs, batch = (16, 1, 4) if quick else (1024, 3, 64)
    loading = dict(
        batch_size=batch, num_workers=WORKERS, persistent_workers=True, pin_memory=True,
        drop_last=False,
    )  # fmt: skip
    kit = devkit(images, 224)
    return in_turns(
        lambda: timed(whole(LOSSES['LL-R'], batch, half, images, epochs)).total,
        lambda: plain_training(kit, 224, epochs, resnet50, half, **loading),
        1 if quick else 3,
    )


for _half in (False, True):
    gpu_row(
        f'a training, loading included{", AMP" if _half else ""}',
        "a plain torch loop of the reference's shape", '>= 1',
    )(partial(_training, _half))  # fmt: skip


class _Again:
    """A dataset's images, several times over."""

    def __init__(self, dataset: Any, times: int) -> None:
        self.dataset, self.times, self.pipeline = dataset, times, dataset.pipeline

    def __len__(self) -> int:
        return len(self.dataset) * self.times

    def get_data_info(self, idx: int) -> dict[str, Any]:
        info: dict[str, Any] = self.dataset.get_data_info(idx % len(self.dataset))
        return info


SPEC = json.dumps(
    dict(
        backbone=dict(type='ResNet', depth=50),
        neck=dict(type='GlobalAveragePooling'),
        data_preprocessor=dict(mean=[127.0] * 3, std=[64.0] * 3, to_rgb=True),
    )
)


@cache
def _photographs(quick: bool) -> _Again:
    init_default_scope('mmpretrain')
    count, size = (8, 32) if quick else (1024, 224)
    config = linear(LOSSES['AN'], count, 1, folder(), size, devkit(count, size))
    dataset = DATASETS.build(config.train_dataloader.dataset.dataset.dataset)
    return _Again(dataset, 1 if quick else 8)


def _extract(precision: str, quick: bool) -> None:
    for _ in extract_features(_photographs(quick), SPEC, 'float32', None, None, precision):
        pass


def _extracted_a_second(precision: str, quick: bool) -> Measured:
    found = alternate(partial(_extract, precision, quick), lambda: None, 1 if quick else 3)
    return Measured([len(_photographs(quick)) / seconds for seconds in found.ours])


def _passed_a_second(precision: str, quick: bool) -> Measured:
    """What the network alone could do."""
    model = build_extractor(SPEC)[0].cuda().to(memory_format=torch.channels_last)
    batch = torch.randn(64, 3, 224, 224, device='cuda')
    batch = batch.contiguous(memory_format=torch.channels_last)

    def bare() -> None:
        with torch.no_grad(), torch.autocast('cuda', torch.bfloat16, precision == 'bfloat16'):
            for _ in range(_STEPS):
                model.extract_feat(batch)  # type: ignore[operator]

    return Measured([64 * _STEPS / seconds for seconds in alternate(bare, lambda: None).ours])


for _precision in ('float32', 'bfloat16'):
    gpu_row(f'extraction, ResNet-50, 224 px, {_precision}', '', '', IMAGES_A_SECOND)(
        partial(_extracted_a_second, _precision)
    )
    gpu_row(f'the forward pass alone, {_precision}', '', '', IMAGES_A_SECOND)(
        partial(_passed_a_second, _precision)
    )


def _over_reading(quick: bool) -> Measured:
    from wsml_mm.datasets.feature_extraction import _loader  # trees to compare with have none

    def read() -> None:
        for _ in _loader(_photographs(quick), 'cuda', None, None):
            pass

    return alternate(partial(_extract, 'bfloat16', quick), read, 1 if quick else 3)


gpu_row('extraction, bfloat16', 'reading its images alone, by the same processes', '>= 0.95')(
    _over_reading
)

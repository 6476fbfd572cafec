"""A small VOC devkit, a small complete config, and hooks that watch a training."""

from __future__ import annotations

import gc
import hashlib
import importlib.metadata
import itertools
import json
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config, ConfigDict
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.logging import HistoryBuffer
from mmengine.model import BaseModule
from mmengine.runner import Runner
from mmpretrain.registry import HOOKS, MODELS
from PIL import Image

gc.freeze()  # mmengine's datasets collect garbage: let them not walk over torch each time

REPO = Path(__file__).resolve().parent.parent
_NAMES = itertools.count()
CLASSES = ('ant', 'bee', 'cat', 'dog', 'elk')
LOSSES = {
    'AN': dict(type='AssumeNegativeLoss'),
    'LL-R': dict(type='LargeLossReject', delta_rel=5),
    'LL-Ct': dict(type='LargeLossCorrectTemp', delta_rel=5),
    'LL-Cp': dict(type='LargeLossCorrectPerm', delta_rel=5),
}


# What each method does to the labels it chooses, as it is logged.
ACTIONS = {'LL-R': 'label/ignored', 'LL-Ct': 'label/positive', 'LL-Cp': 'label/positive'}


def is_fork(package: str = 'mmengine') -> bool:
    """Whether the maintained fork of a package of OpenMMLab is installed."""
    try:
        importlib.metadata.version(f'onedl-{package}')
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def write_devkit(
    root: Path,
    train: int = 24,
    val: int = 8,
    classes: tuple[str, ...] = CLASSES,
    size: int = 16,
    seed: int = 0,
    prefix: str = '',
) -> Path:
    """Writes a VOC devkit of tiny JPEGs, each with one to three positive classes."""
    rng = np.random.default_rng(seed)
    (root / 'JPEGImages').mkdir(parents=True)
    main = root / 'ImageSets' / 'Main'
    main.mkdir(parents=True)
    colours = rng.integers(0, 256, (len(classes), 3))
    for split, count in (('train', train), ('val', val)):
        labels = np.full((count, len(classes)), -1)
        names = [f'{prefix}{split}_{i:03d}' for i in range(count)]
        for row, name in enumerate(names):
            present = rng.permutation(len(classes))[: rng.integers(1, 4)]
            labels[row, present] = 1
            pixels = rng.integers(0, 60, (size, size, 3))
            for label in present:
                y, x = rng.integers(0, size // 2, 2)
                pixels[y : y + size // 2, x : x + size // 2] += colours[label] * 3 // 4
            image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
            image.save(root / 'JPEGImages' / f'{name}.jpg', quality=95)
        for column, label in enumerate(classes):
            lines = [f'{n} {v}\n' for n, v in zip(names, labels[:, column], strict=True)]
            (main / f'{label}_{split}.txt').write_text(''.join(lines))
    return root


def read_devkit(
    root: Path, split: str = 'train', classes: tuple[str, ...] = CLASSES
) -> dict[str, np.ndarray]:
    """Returns {file name: 0/1 labels} in the order of the split, read without the package."""
    columns = []
    for label in classes:
        lines = (root / 'ImageSets' / 'Main' / f'{label}_{split}.txt').read_text().splitlines()
        columns.append({line.split()[0]: int(line.split()[1] == '1') for line in lines})
    return {
        f'{name}.jpg': np.array([column[name] for column in columns])
        for name in sorted(columns[0])
        if any(column[name] for column in columns)
    }


def dataset_config(devkit: Path, split: str = 'train', **kwargs: Any) -> dict[str, Any]:
    pipeline = [dict(type='LoadImageFromFile', imdecode_backend='pillow')]
    if split == 'train':
        pipeline.append(dict(type='RandomFlip', prob=0.5, direction='horizontal'))
    pipeline.append(dict(type='PackInputs'))
    inner = dict(
        type='VOC2012', data_root=str(devkit), split=split, classes=CLASSES, pipeline=pipeline
    )
    return dict(type='PartialLabelDataset', dataset=inner, **kwargs)


def tiny_config(
    devkit: Path,
    work_dir: Path,
    loss: str | dict[str, Any] = 'LL-R',
    workers: int = 0,
    epochs: int = 3,
    dataset: dict[str, Any] | None = None,
    **overrides: Any,
) -> Config:
    """Returns a complete config on the shared default runtime.

    Batches of 6 of a train split of 24; a ResNet of two stages with group norm, so that no image
    sees another.

    Args:
        devkit: of `write_devkit`.
        work_dir: for logs and checkpoints.
        loss: a key of LOSSES or a config.
        workers: of the train loader.
        epochs: of the training.
        dataset: of the train loader in place of the wrapped devkit.
        overrides: dotted keys to set, given as **{'a.b': value}.
    """
    cfg = Config.fromfile(REPO / 'configs/_base_/default_runtime.py')
    cfg.work_dir = str(work_dir)
    cfg.model = dict(
        type='ImageClassifier',
        backbone=dict(
            type='ResNet',
            depth=18,
            num_stages=2,
            strides=(1, 2),
            dilations=(1, 1),
            out_indices=(1,),
            stem_channels=8,
            base_channels=8,
            norm_cfg=dict(type='GN', num_groups=2),
            norm_eval=False,
        ),
        neck=dict(type='GlobalAveragePooling'),
        head=dict(
            type='MultiLabelLinearClsHead',
            num_classes=len(CLASSES),
            in_channels=16,
            loss=LOSSES[loss] if isinstance(loss, str) else loss,
        ),
        data_preprocessor=dict(mean=[127.0] * 3, std=[64.0] * 3, to_rgb=True),
    )
    train = dataset or dataset_config(
        devkit, observe=dict(type='SinglePositive', seed=1200), diagnosis=True
    )
    cfg.train_dataloader = dict(
        batch_size=6,
        num_workers=workers,
        persistent_workers=False,
        sampler=dict(type='DefaultSampler', shuffle=True),
        dataset=train,
    )
    cfg.val_dataloader = dict(
        batch_size=8,
        num_workers=0,
        persistent_workers=False,
        sampler=dict(type='DefaultSampler', shuffle=False),
        dataset=dataset_config(devkit, 'val'),
    )
    cfg.test_dataloader = cfg.val_dataloader
    cfg.val_evaluator = dict(type='MeanAveragePrecision')
    cfg.test_evaluator = cfg.val_evaluator
    cfg.optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1, momentum=0.9))
    cfg.param_scheduler = dict(type='MultiStepLR', milestones=[1], gamma=0.5)
    cfg.train_cfg = dict(by_epoch=True, max_epochs=epochs, val_interval=1)
    cfg.val_cfg = dict()
    cfg.test_cfg = dict()
    cfg.auto_scale_lr = dict(base_batch_size=6, enable=False)
    cfg.merge_from_dict(overrides)
    return cfg


@contextmanager
def live_writer(write: Callable[[Path], Any], target: Path, draft: str) -> Iterator[None]:
    """Has another process write a target, held up half-way; it is killed at the end.

    Args:
        write: does it, and never ends.
        target: file or folder, whose drafts lie beside it.
        draft: pattern of what is there once it is half-way.
    """
    process = multiprocessing.get_context('fork').Process(target=write, args=(target,))
    process.start()
    try:
        while not list(target.parent.glob(draft)):
            assert process.is_alive()
            time.sleep(0.01)
        yield
    finally:
        process.kill()
        process.join()


def without_yapf(patch: pytest.MonkeyPatch) -> None:
    """Leaves the texts of configs as they are written; what is no Python is refused all the same.

    MMEngine has yapf lay them out for every checkpoint, four fifths of a small training's time.
    """

    def as_written(text: str, **style: Any) -> tuple[str, bool]:
        compile(text, 'config', 'exec')
        return text, False

    patch.setattr('yapf.yapflib.yapf_api.FormatCode', as_written)
    patch.setattr('mmengine.config.config.FormatCode', as_written, raising=False)


def set_hook(cfg: Config, key: str, **hook: Any) -> None:
    """Adds a default hook, or takes one away with no arguments."""
    if hook:
        cfg.default_hooks[key] = ConfigDict(hook)
    else:
        cfg.default_hooks.pop(key)


def without_validation(cfg: Config) -> Config:
    cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    return cfg


def train(cfg: Config) -> Runner:
    """Runs a config to its end, under a name of its own (mmengine's hubs are global)."""
    cfg.experiment_name = f'{Path(cfg.work_dir).name}_{next(_NAMES)}'
    runner = Runner.from_cfg(cfg)
    try:
        runner.train()
    finally:
        # Persistent workers that only the garbage collector ends take it five seconds each.
        runner.train_dataloader._iterator = None
    return runner


@MODELS.register_module()
class DropoutNeck(BaseModule):
    """Draws from the process's generator in training."""

    def forward(self, feats):
        return tuple(torch.nn.functional.dropout(x, 0.2, self.training) for x in feats)


@HOOKS.register_module()
class HeadHook(Hook):
    """Keeps the head that a training starts with."""

    def before_train(self, runner):
        self.weight = getattr(runner.model, 'module', runner.model).head.fc.weight.detach().clone()


class Interrupted(Exception):
    """The machine went down."""


@HOOKS.register_module()
class InterruptHook(Hook):
    """Ends the process in the middle of an epoch (counted from 0)."""

    def __init__(self, epoch: int, batch: int = 1) -> None:
        self.epoch, self.batch = epoch, batch

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if (runner.epoch, batch_idx) == (self.epoch, self.batch):
            raise Interrupted


def train_interrupted(cfg: Config, epoch: int, batch: int = 1) -> None:
    """Runs a config until it is killed in the middle of `epoch`, counted from 0."""
    cfg = Config(cfg.to_dict(), format_python_code=False)
    set_hook(cfg, 'interrupt', type='InterruptHook', epoch=epoch, batch=batch)
    try:
        train(cfg)
    except Interrupted:
        return
    raise AssertionError('the training was not interrupted')


@HOOKS.register_module()
class SpyHook(Hook):
    """Keeps what each step saw and selected; `out` is a folder for one JSON file a rank."""

    priority = 'VERY_HIGH'

    def __init__(self, out: str | None = None) -> None:
        self.out, self.steps = out, []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        model = getattr(runner.model, 'module', runner.model)
        trace = model.head.loss_module.trace
        samples = data_batch['data_samples']
        paths = [getattr(s, 'img_path', None) for s in samples]
        inputs = [hashlib.sha256(x.numpy().tobytes()).hexdigest() for x in data_batch['inputs']]
        self.steps.append(
            {
                'epoch': runner.epoch,
                'paths': paths,
                'inputs': inputs,
                'sample_idx': [s.metainfo.get('sample_idx') for s in samples],
                'selected': trace.acted_on().tolist() if trace is not None else None,
                'unobserved': trace.open().tolist() if trace is not None else None,
                'loss': outputs['loss'].item(),
            }
        )

    def after_train(self, runner):
        if self.out:
            Path(self.out, f'rank{get_rank()}.json').write_text(json.dumps(self.steps))

    def selected(self, epoch: int | None = None) -> list[tuple[str, int]]:
        """Returns each (file name, class) selected, step by step."""
        return selected_pairs(self.steps, epoch)


def selected_pairs(steps: list[dict[str, Any]], epoch: int | None = None) -> list[tuple[str, int]]:
    return [
        (os.path.basename(path), label)
        for step in steps
        if epoch is None or step['epoch'] == epoch
        for path, row in zip(step['paths'], step['selected'], strict=True)
        for label, chosen in enumerate(row)
        if chosen
    ]


def spy_of(runner: Runner) -> SpyHook:
    return next(h for h in runner.hooks if isinstance(h, SpyHook))


def loss_of(runner: Runner) -> Any:
    return getattr(runner.model, 'module', runner.model).head.loss_module


def scalars(runner: Runner, name: str) -> list[float]:
    """Returns a logged series."""
    return runner.message_hub.get_scalar(name).data[0].tolist()


def log_text(work_dir: Path) -> str:
    return '\n'.join(path.read_text() for path in sorted(Path(work_dir).glob('*/*.log')))


def load(path: Path) -> dict[str, Any]:
    """Reads a checkpoint as torch >= 2.6 does by default."""
    return torch.load(path, weights_only=True, map_location='cpu')


def correction_rows(loss: Any) -> list[tuple[int, int, int]]:
    """Returns (sample, class, epoch) of each of LL-Cp's corrections."""
    table = loss.corrections.table()
    columns = (table[name].tolist() for name in ('sample', 'class', 'epoch'))
    return list(zip(*columns, strict=True))


def corrections_in(checkpoint: dict[str, Any]) -> dict[str, Any]:
    """Returns LL-Cp's corrections of a checkpoint: 'keys', 'epochs' and the sizes."""
    return checkpoint['wsml_mm']['losses'][0]['columns']['corrections']


def assert_same(found: Any, expected: Any, where: str = '') -> None:
    """Compares nested values bit for bit, NaN equal to NaN."""
    if isinstance(expected, torch.Tensor):
        assert isinstance(found, torch.Tensor), where
        assert found.dtype == expected.dtype, where
        assert found.shape == expected.shape, where
        found, expected = found.cpu(), expected.cpu()
        same = (found == expected) | (found != found) & (expected != expected)
        assert bool(same.all()), f'{where}: {found} != {expected}'
    elif isinstance(expected, np.ndarray):
        assert isinstance(found, np.ndarray), where
        assert found.dtype == expected.dtype, where
        np.testing.assert_array_equal(found, expected, err_msg=where, strict=True)
    elif isinstance(expected, HistoryBuffer):
        assert isinstance(found, HistoryBuffer), where
        assert found.max_length == expected.max_length, where
        assert_same(found.data, expected.data, where)
    elif isinstance(expected, dict):
        assert isinstance(found, dict), where
        assert found.keys() == expected.keys(), where
        for key, value in expected.items():
            assert_same(found[key], value, f'{where}.{key}')
    elif isinstance(expected, (list, tuple)):
        assert len(found) == len(expected), where
        for place, value in enumerate(expected):
            assert_same(found[place], value, f'{where}[{place}]')
    else:
        assert type(found) is type(expected), f'{where}: {found!r} != {expected!r}'
        assert found == expected or (found != found and expected != expected), (
            f'{where}: {found!r} != {expected!r}'
        )


def copies() -> Any:
    """Returns a context of processes that are copied from one that has the package.

    To import it takes each spawned process five seconds.
    """
    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload(['wsml_mm'])
    return context


def skip_on_gpu() -> None:
    """Skips a test of several ranks in a run on a GPU: each of them would need its own."""
    if torch.cuda.is_available():
        pytest.skip('several ranks run on the CPU: without TEST_ON_GPU')


def run_ranks(
    worker: Callable[..., None], args: Sequence[Any], ranks: int, timeout: float = 150
) -> None:
    """Runs `worker(rank, *args)` in a process of `copies` a rank, on the CPU."""
    skip_on_gpu()
    copies()
    context = torch.multiprocessing.start_processes(
        worker, tuple(args), nprocs=ranks, join=False, start_method='forkserver'
    )
    end = time.monotonic() + timeout
    while not context.join(timeout=1):
        if time.monotonic() > end:
            for process in context.processes:
                process.kill()
            raise TimeoutError(f'{worker.__name__}: {ranks} ranks took more than {timeout} s')


def run_jobs_on_ranks(folder: Path, ranks: int) -> None:
    """Runs the jobs of `train_jobs` in a folder; the store of the ranks is this process's."""
    store = torch.distributed.TCPStore('127.0.0.1', 0, is_master=True, wait_for_workers=False)
    run_ranks(_job_worker, (folder, ranks, store.port), ranks)


def _job_worker(rank: int, folder: Path, ranks: int, port: int) -> None:
    import train_jobs

    os.environ.update(
        RANK=str(rank),
        LOCAL_RANK=str(rank),
        WORLD_SIZE=str(ranks),
        LOCAL_WORLD_SIZE=str(ranks),
        MASTER_ADDR='127.0.0.1',
        MASTER_PORT=str(port),
        TORCHELASTIC_USE_AGENT_STORE='True',
        TORCHELASTIC_RESTART_COUNT='0',
    )
    os.chdir(folder)
    train_jobs.main(folder)


def run_python(
    *args: str, env: dict[str, str] | None = None, **kwargs: Any
) -> subprocess.CompletedProcess[str]:
    """Runs this python with the repository and the tests on its path."""
    path = os.pathsep.join([str(REPO), str(REPO / 'tests'), os.environ.get('PYTHONPATH', '')])
    return subprocess.run(
        [sys.executable, *args],
        env={**os.environ, 'PYTHONPATH': path, 'OMP_NUM_THREADS': '1', **(env or {})},
        capture_output=True,
        text=True,
        timeout=kwargs.pop('timeout', 300),
        check=False,
        **kwargs,
    )

"""What a training must be like for the losses to mean what they say; each refusal is one line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmengine.dataset import DefaultSampler, InfiniteSampler
from mmengine.dist import get_world_size
from mmengine.hooks import CheckpointHook
from mmengine.model import is_model_wrapper
from mmengine.runner import IterBasedTrainLoop, Runner
from torch.utils.data import BatchSampler

from wsml_mm.datasets.partial_label import PartialLabelDataset
from wsml_mm.models.losses import LargeLoss, LargeLossCorrectPerm, PartialLabelLoss


def find_losses(runner: Any) -> list[PartialLabelLoss]:
    """Returns the losses of this package within the runner's model."""
    model = runner.model.module if is_model_wrapper(runner.model) else runner.model
    return [m for m in model.modules() if isinstance(m, PartialLabelLoss)]


def wrapped_datasets(dataset: Any) -> list[PartialLabelDataset]:
    """Returns the `PartialLabelDataset`s below any stack of dataset wrappers, each once."""
    if isinstance(dataset, PartialLabelDataset):
        return [dataset]
    inner = [*getattr(dataset, 'datasets', []), getattr(dataset, 'dataset', None)]
    found = [leaf for part in inner if part is not None for leaf in wrapped_datasets(part)]
    return list(dict.fromkeys(found))


def check_set_up(runner: Any, losses: Sequence[PartialLabelLoss], epoch_length: int | None) -> None:
    """Refuses a training in which a loss would silently do something else.

    Raises:
        TypeError: under another runner than mmengine's `Runner`, or an iteration-based loop whose
            epoch length is not given.
        ValueError: if batch augmentation would blend unobserved labels, if ranks would wait for
            each other, or if checkpoints would lose LL-Cp's corrections.
    """
    if not isinstance(runner, Runner):
        raise TypeError(
            f'{type(runner).__name__} (FSDP, DeepSpeed, ColossalAI) is not supported by '
            "LargeLossHook: use mmengine's Runner, --launcher pytorch for several devices"
        )
    model = runner.model.module if is_model_wrapper(runner.model) else runner.model
    if getattr(getattr(model, 'data_preprocessor', None), 'batch_augments', None) is not None:
        raise ValueError(
            'data_preprocessor.batch_augments (Mixup, CutMix) blends unobserved labels (-1) with '
            'known ones: remove batch_augments from the config'
        )
    sampler = runner.train_dataloader.sampler
    if get_world_size() > 1 and not getattr(sampler, 'round_up', True):
        raise ValueError(
            'sampler round_up=False gives ranks different numbers of batches, and one would wait '
            'for ever for the others: use DefaultSampler(round_up=True)'
        )
    if any(isinstance(loss, LargeLoss) for loss in losses):
        _check_loop(runner, losses, epoch_length)


def deals_evenly(runner: Any) -> bool:
    """Tells whether all ranks get equally many rows in every batch."""
    loader = runner.train_dataloader
    return (
        type(loader.batch_sampler) is BatchSampler  # others may fill batches as they like
        and isinstance(loader.sampler, (DefaultSampler, InfiniteSampler))
        and getattr(loader.sampler, 'round_up', True)
    )


def _check_loop(runner: Any, losses: Sequence[PartialLabelLoss], epoch_length: int | None) -> None:
    by_iteration = isinstance(runner.train_loop, IterBasedTrainLoop)
    if by_iteration != (epoch_length is not None):
        raise TypeError(
            'the large-loss schedule counts epochs, which IterBasedTrainLoop does not: use '
            'train_cfg = dict(by_epoch=True, max_epochs=...), or give '
            'LargeLossHook(epoch_length=ITERATIONS)'
            if by_iteration
            else 'LargeLossHook(epoch_length=...) is for IterBasedTrainLoop: remove it'
        )
    if epoch_length is None or not any(isinstance(m, LargeLossCorrectPerm) for m in losses):
        return
    for hook in runner.hooks:
        if not isinstance(hook, CheckpointHook) or hook.by_epoch or hook.interval < 1:
            continue
        if hook.interval % epoch_length:
            raise ValueError(
                f'checkpoints every {hook.interval} iterations fall into the middle of an epoch of '
                f"{epoch_length} and would lose LL-Cp's corrections of its first part: make "
                'interval a multiple of epoch_length'
            )

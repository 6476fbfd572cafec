"""What a training must be like for the losses to mean what they say; each refusal is one line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmengine.dist import get_world_size
from mmengine.hooks import CheckpointHook
from mmengine.model import is_model_wrapper
from mmengine.runner import IterBasedTrainLoop, Runner
from torch import nn

from wsml_mm.models.heads import SampleIndexMixin
from wsml_mm.models.losses import PartialLabelLoss


def model_of(runner: Any) -> nn.Module:
    """Returns the runner's model without DistributedDataParallel and the like."""
    model: nn.Module = runner.model.module if is_model_wrapper(runner.model) else runner.model
    return model


def find_losses(runner: Any) -> list[PartialLabelLoss]:
    """Returns the losses of this package within the runner's model, without their regularisers."""
    found = [m for m in model_of(runner).modules() if isinstance(m, PartialLabelLoss)]
    inner = {id(part) for loss in found for part in loss.parts() if part is not loss}
    return [loss for loss in found if id(loss) not in inner]


def check_set_up(runner: Any, losses: Sequence[PartialLabelLoss], epoch_length: int | None) -> None:
    """Refuses a training in which a loss would silently do something else.

    Raises:
        TypeError: under another runner than mmengine's `Runner`, or an iteration-based loop whose
            epoch length is not given.
        ValueError: if ranks would wait for each other, or if checkpoints would lose label state.
    """
    if not isinstance(runner, Runner):
        raise TypeError(
            f'{type(runner).__name__} (FSDP, DeepSpeed, ColossalAI) is not supported by '
            "PartialLabelHook: use mmengine's Runner, --launcher pytorch for several devices"
        )
    sampler = runner.train_dataloader.sampler
    if get_world_size() > 1 and not getattr(sampler, 'round_up', True):
        raise ValueError(
            'sampler round_up=False gives ranks different numbers of batches, and one would wait '
            'for ever for the others: use DefaultSampler(round_up=True)'
        )
    _check_loop(runner, losses, epoch_length)


def _check_loop(runner: Any, losses: Sequence[PartialLabelLoss], epoch_length: int | None) -> None:
    by_iteration = isinstance(runner.train_loop, IterBasedTrainLoop)
    if epoch_length is not None and not by_iteration:
        raise TypeError('PartialLabelHook(epoch_length=...) is for IterBasedTrainLoop: remove it')
    parts = [part for loss in losses for part in loss.parts()]
    keeps_state = any(part.columns() for part in parts)
    if not keeps_state and not any(part.needs_progress for part in parts):
        return
    if by_iteration and epoch_length is None:
        raise TypeError(
            f'{type(losses[0]).__name__} counts epochs, which IterBasedTrainLoop does not: use '
            'train_cfg = dict(by_epoch=True, max_epochs=...), or give '
            'PartialLabelHook(epoch_length=ITERATIONS)'
        )
    if epoch_length is None or not keeps_state:
        return
    for hook in runner.hooks:
        if not isinstance(hook, CheckpointHook) or hook.by_epoch or hook.interval < 1:
            continue
        if hook.interval % epoch_length:
            raise ValueError(
                f'checkpoints every {hook.interval} iterations fall into the middle of an epoch of '
                f'{epoch_length} and would lose the label state of its first part: make interval '
                'a multiple of epoch_length'
            )


def warn_of_old_heads(runner: Any) -> None:
    """Warns of a head that a model needed before the hook gave losses their samples."""
    head = getattr(model_of(runner), 'head', None)
    name = type(head).__name__
    if isinstance(head, SampleIndexMixin) and type(head).__module__.startswith('wsml_mm.'):
        runner.logger.warning(
            f'{name} is only needed where a model passes some rows of a batch to its head: '
            f'{name.removeprefix("Indexed")} does the same here'
        )

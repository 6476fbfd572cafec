"""What a training must do to be one: make steps, see validation images, follow one schedule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mmengine.runner import EpochBasedTrainLoop

from .checkpoint_identity import loaded_file
from .plain_checkpoint_hook import to_plain

# What moves during a training, and what follows from the optimiser.
_MOVING = ('last_step', '_global_step', '_last_value', 'verbose', 'base_values')


def check_length(settings: Mapping[str, Any]) -> None:
    """Refuses a training of no epoch or iteration.

    Args:
        settings: of `train_cfg`.

    Raises:
        ValueError: naming the setting.
    """
    for setting in ('max_epochs', 'max_iters'):
        if settings.get(setting) == 0:
            raise ValueError(f'train_cfg.{setting}=0: nothing would be trained; make it at least 1')


def check_steps(runner: Any) -> None:
    """Refuses a training that would make no step; says so where a resumed one is at its end.

    Raises:
        ValueError: naming the setting.
    """
    loop = runner.train_loop
    if _length(loop.dataloader) != 0:
        check_length({'max_epochs': loop.max_epochs, 'max_iters': loop.max_iters})
    else:
        raise ValueError(
            f'train_dataloader: makes no batch of {loop.dataloader.batch_size} from '
            f'{len(loop.dataloader.dataset)} images with drop_last={loop.dataloader.drop_last}, so '
            'nothing would be trained; make batch_size smaller, or give more images'
        )
    if runner.iter >= loop.max_iters:
        epochs = isinstance(loop, EpochBasedTrainLoop)
        setting = 'max_epochs' if epochs else 'max_iters'
        done = f'{runner.epoch} epochs' if epochs else f'{runner.iter} iterations'
        runner.logger.warning(
            f'{loaded_file(runner)}: {done} are done and train_cfg.{setting} is '
            f'{getattr(loop, setting)}, so there is nothing to do; for more set {setting} (a '
            'schedule of the learning rate does not get longer by that)'
        )
    if runner.val_loop is not None:
        check_scored(runner.val_loop.dataloader, 'val_dataloader')


def check_scored(loader: Any, name: str) -> None:
    """Refuses to score no image, or not all.

    Args:
        loader: of a validation or test.
        name: of it, for messages.

    Raises:
        ValueError: if there is no image, or `drop_last` would leave some out.
    """
    if _length(loader) == 0:
        raise ValueError(
            f'{name}: has no batch ({len(loader.dataset)} images, batch_size {loader.batch_size}, '
            f'drop_last={loader.drop_last}), so there is nothing to score; check its dataset'
        )
    if loader.drop_last and (left := len(loader.sampler) % loader.batch_size):
        raise ValueError(
            f'{name}: drop_last=True leaves {left} images out of the score; use drop_last=False'
        )


def _length(loader: Any) -> int | None:
    try:
        return len(loader)
    except TypeError:  # of a stream
        return None


def check_epoch_had_steps(runner: Any, begin: int) -> None:
    """Refuses an epoch without a step, before its weights are validated and saved.

    Args:
        runner: at the end of an epoch.
        begin: iteration that it began with.

    Raises:
        ValueError: if it made no step.
    """
    if isinstance(runner.train_loop, EpochBasedTrainLoop) and runner.iter == begin:
        name = type(runner.train_dataloader.sampler).__name__
        raise ValueError(
            f'train_dataloader: epoch {runner.epoch + 1} made no step, because its sampler {name} '
            'yielded no image; use another sampler'
        )


def say_which_schedule_rules(runner: Any, checkpoint: Mapping[str, Any]) -> None:
    """Warns where a resumed training's schedule or optimiser is not the config's."""
    found = [*_schedules(runner, checkpoint), *_optimiser(runner, checkpoint)]
    if found:
        runner.logger.warning(
            f'{loaded_file(runner)}: the checkpoint rules, not the config, in {"; ".join(found)}; '
            "for the config's values start a new training with load_from"
        )


def _schedules(runner: Any, checkpoint: Mapping[str, Any]) -> Iterator[str]:
    own, saved = runner.param_schedulers or [], checkpoint.get('param_schedulers') or []
    if not isinstance(own, list) or not isinstance(saved, list):
        return  # of several optimisers
    if len(own) != len(saved):
        yield f'the first of param_scheduler ({len(saved)} there, {len(own)} in the config)'
    for scheduler, there in zip(own, saved, strict=False):
        if not hasattr(scheduler, 'state_dict'):
            return
        here, there = to_plain(scheduler.state_dict()), to_plain(there)
        yield from _different(there, here, type(scheduler).__name__, _MOVING)


def _optimiser(runner: Any, checkpoint: Mapping[str, Any]) -> Iterator[str]:
    saved = (checkpoint.get('optimizer') or {}).get('param_groups') or []
    own = getattr(runner.optim_wrapper, 'param_groups', [])
    name = type(getattr(runner.optim_wrapper, 'optimizer', None)).__name__
    for there, here in zip(saved, own, strict=False):
        moving = ['params'] + ['lr'] * bool(runner.param_schedulers)
        moving += ['momentum', 'betas'] * ('initial_momentum' in here)
        if found := list(_different(there, here, name, moving)):
            yield from found
            return  # the other groups say the same


def _different(
    there: Mapping[str, Any], here: Mapping[str, Any], name: str, left_out: Any
) -> Iterator[str]:
    for key in sorted(here.keys() & there.keys() - set(left_out)):
        if to_plain(there[key]) != to_plain(here[key]):
            yield f'{name} {key}={there[key]} (config: {here[key]})'

"""Whether a checkpoint belongs to the run that loads it: its classes, weights, data and method."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.model import BaseTTAModel, is_model_wrapper
from mmengine.runner import BaseLoop
from torch import nn

from wsml_mm.labels.class_lists import class_difference
from wsml_mm.labels.wording import some_of
from wsml_mm.models.checkpoint_file import classes_of
from wsml_mm.models.label_state import TrainingFacts
from wsml_mm.models.losses import PartialLabelLoss

from .training_facts import metainfo_of

TRAINING = 'wsml_mm_training'  # the key beside the weights
_SHAPES = re.compile(
    r'size mismatch for (\S+): .*?torch\.Size\(\[(.*?)\]\) from checkpoint, .*?'
    r'torch\.Size\(\[(.*?)\]\)'
)
_BACKBONE_ALONE = (
    'to start from its backbone alone, leave load_from out and give --cfg-options '
    'model.backbone.init_cfg.type=Pretrained model.backbone.init_cfg.prefix=backbone '
    'model.backbone.init_cfg.checkpoint=FILE'
)


def loaded_file(runner: Any) -> str:
    """Returns the name of the file that a run loads, for messages."""
    return str(getattr(runner, '_load_from', None) or 'the checkpoint')


def check_loaders(runner: Any) -> None:
    """Refuses a loader that is used whose classes are not those of the training.

    Raises:
        ValueError: naming the loader and what differs.
    """
    if not isinstance(runner._train_loop, BaseLoop):
        return
    trained = _classes(runner._train_loop)
    for name, loop in (('val', runner._val_loop), ('test', runner._test_loop)):
        own = _classes(loop)
        if trained and own and (found := class_difference(own, trained)):
            raise ValueError(
                f'{name}_dataloader: its classes are not those of train_dataloader ({found}; here '
                'is train): scores would go under wrong names; give both the same classes in the '
                'same order'
            )


def check_loaded(runner: Any, checkpoint: Mapping[str, Any]) -> None:
    """Refuses a checkpoint of other classes or weights, before MMEngine loads what fits.

    A test and a resumed training need all weights and the same classes. A new training may start
    with some weights, which is said, but not with those of other classes in the same places.

    Raises:
        ValueError: naming the file, what differs and what to do.
    """
    file = 'the checkpoint' if runner._has_loaded else loaded_file(runner)
    trains = isinstance(runner._train_loop, BaseLoop)
    loops = [runner._train_loop] if trains else [runner._test_loop, runner._val_loop]
    here = next((found for loop in loops if (found := _classes(loop))), None)
    there = classes_of(checkpoint)
    other = class_difference(there, here) if there and here else None
    whole = runner._resume or not trains
    if other and whole:
        raise ValueError(
            f'{file}: was trained on other classes than this data set has ({other}); give the '
            'config and the data it was trained with' + ('; ' + _BACKBONE_ALONE if trains else '')
        )
    lacking, total = unloaded(runner.model, checkpoint)
    if len(lacking) == total:
        raise ValueError(f'{file}: none of its weights fit the model; give another checkpoint')
    if whole and lacking:
        raise ValueError(
            f'{file}: {_shown(lacking)} of the model would stay at random; give the config it was '
            'trained with'
        )
    if other and not lacking:
        raise ValueError(
            f'{file}: was trained on other classes ({other}), whose weights would go to the '
            f'classes here; {_BACKBONE_ALONE}'
        )
    if lacking and not (trains and runner.cfg.get('linear_init')):
        runner.logger.warning(
            f'{file}: loaded but for {_shown(lacking)}, which start at random'
            + (f' (it was trained on other classes: {other})' if other else '')
        )


def unloaded(model: nn.Module, checkpoint: Mapping[str, Any]) -> tuple[dict[str, str], int]:
    """Returns which weights of a model a checkpoint does not have in their shape, and their number.

    The weights that fit are loaded, as they are next.

    Args:
        model: or a wrapper of one.
        checkpoint: with or without 'state_dict'.

    Returns:
        For each the shapes there and here, or ''; and how many weights the model has.
    """
    while is_model_wrapper(model) or isinstance(model, BaseTTAModel):
        model = model.module  # type: ignore[assignment]
    given = checkpoint.get('state_dict', checkpoint)
    given = {re.sub(r'^module\.', '', name): value for name, value in given.items()}
    losses = tuple(
        f'{name}.'
        for name, part in model.named_modules()
        if isinstance(part, PartialLabelLoss) or name.endswith('loss_module')
    )
    own = [
        name
        for name in model.state_dict()
        if not name.endswith('num_batches_tracked') and not name.startswith(losses)
    ]
    shapes: dict[str, str] = {}
    try:
        missing: Sequence[str] = model.load_state_dict(given, strict=False).missing_keys
    except RuntimeError as error:
        found = _SHAPES.findall(str(error))
        shapes = {name: f'({there}) there, ({here}) here' for name, there, here in found}
        missing = [name for name in own if name not in given]
    return {name: shapes.get(name, '') for name in own if name in {*missing, *shapes}}, len(own)


def _shown(lacking: Mapping[str, str]) -> str:
    names = [f'{name} ({why or "not in it"})' for name, why in lacking.items()]
    return some_of(names, of='weights')


def _classes(loop: Any) -> Sequence[str] | None:
    if not isinstance(loop, BaseLoop):
        return None
    found: Sequence[str] | None = metainfo_of(loop.dataloader.dataset).get('classes')
    return found


def training_identity(facts: TrainingFacts, losses: Sequence[PartialLabelLoss]) -> dict[str, Any]:
    """Returns what a checkpoint holds under `TRAINING`: which data were trained on, and how."""
    part = hashlib.sha256(facts.training_samples().tobytes()).hexdigest()[:16]
    return {
        'labels': facts.fingerprint,
        'part': part,
        'losses': [type(loss).__name__ for loss in losses],
    }


def check_resumed(saved: Mapping[str, Any], own: Mapping[str, Any], file: str) -> None:
    """Refuses to resume a training of another method, other images or observed labels.

    Args:
        saved: `training_identity` of the checkpoint.
        own: of this run.
        file: name of the checkpoint.

    Raises:
        ValueError: naming what differs.
    """
    start_anew = 'resume with the same, or start a new training with load_from'
    if saved.get('losses') != own['losses']:
        raise ValueError(
            f'{file}: was trained with {", ".join(saved.get("losses") or ["no loss of wsml_mm"])}, '
            f'this config trains {", ".join(own["losses"])}: {start_anew}'
        )
    for key, what in (
        ('labels', 'other images, image order or observed labels (observe=..., the mask)'),
        ('part', 'another part of the images (holdout, subsample, indices, bad_images)'),
    ):
        if saved.get(key) != own[key]:
            raise ValueError(f'{file}: was trained on {what}: {start_anew}')

"""What a loss is given and what a method returns, checked: one clear line for what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from wsml_mm.labels.encoding import CHECKED, check_labels

from .contract import ACTIONS, LabelBatch, LossParts

_FEW = 2**12  # entries, up to which `torch.equal`, which is not vectorised, takes less time


def check_target(logits: Tensor, target: Tensor, soft: bool = False) -> None:
    """Refuses a target of another shape or with other values than {1, 0, -1}.

    The values are read on the CPU only: on a GPU the check would make every step wait.

    Args:
        logits: (B, C).
        target: (B, C).
        soft: values between 0 and 1 are allowed too.

    Raises:
        ValueError: naming the shapes or the first bad value.
    """
    if logits.ndim != 2 or logits.shape != target.shape:
        raise ValueError(
            f'cls_score {tuple(logits.shape)} and target {tuple(target.shape)} must both be '
            '(batch, classes); check num_classes of the head against the data set'
        )
    if target.device.type != 'cpu' or torch.compiler.is_compiling():
        return
    if getattr(target, CHECKED, False):  # by the dataset, once
        return
    if not _are_signs(target):
        check_labels(_hard(target) if soft else target)


def _hard(target: Tensor) -> Tensor:
    """Returns the target with its soft values, which need no check, as 0."""
    return target.masked_fill((target > 0) & (target < 1), 0)


def _are_signs(target: Tensor) -> bool:
    """Tells whether all values are 1, 0 or -1, in a fraction of `check_labels`' time.

    These alone are their own signs; what is not a number differs from everything.
    """
    if target.dtype == torch.bool:
        return True
    if target.numel() < _FEW:
        return torch.equal(target.sign(), target)
    differs = target.sign().ne_(target)  # of the target's own type: 1 where it does
    # A sum of floats, which heads make of labels, takes half as long; one of integers twice.
    return not (differs.sum() if differs.is_floating_point() else differs.count_nonzero())


def check_samples(name: str, sample_idx: Tensor | None, target: Tensor) -> Tensor:
    """Returns the sample indices of a batch for a loss with state.

    Args:
        name: of the loss.
        sample_idx: (B,), as a head, the hook or a loop has given them; None: nobody has.
        target: (B, C).

    Raises:
        RuntimeError: if there are none.
        ValueError: if there is not one for each row.
    """
    if sample_idx is None:
        raise RuntimeError(
            f'{name} needs the samples of the batch: add PartialLabelHook to the config, or '
            'pass sample_idx=... in your own loop; a head that calls its loss more than once '
            'in a step must pass sample_idx itself'
        )
    sample_idx = torch.as_tensor(sample_idx)
    if sample_idx.shape != target.shape[:1]:
        raise ValueError(
            f'{name}: sample_idx {tuple(sample_idx.shape)} must hold one index for each of the '
            f'{len(target)} samples of the batch; a model that passes only some rows to its '
            'head must pass their sample_idx too, as IndexedMultiLabelLinearClsHead does'
        )
    return sample_idx


def check_views(parts: Iterable[Any], logits: Tensor, views: Mapping[str, Tensor]) -> None:
    """Refuses a step that lacks a view which a loss or one of its regularisers needs.

    Args:
        parts: the loss and its regularisers.
        logits: (B, C).
        views: (B, C) by name.

    Raises:
        RuntimeError: if one is missing.
        ValueError: if one has another shape.
    """
    for part in parts:
        for name in part.needs_views:
            if name not in views:
                raise RuntimeError(
                    f'{type(part).__name__} needs logits of the view {name!r}: use '
                    'ViewsClassifier with ExtraViews in the training pipeline, or pass views={...} '
                    'in your own loop'
                )
            if views[name].shape != logits.shape:
                raise ValueError(
                    f'{type(part).__name__}: the view {name!r} {tuple(views[name].shape)} must '
                    f'have the shape of the logits, {tuple(logits.shape)}'
                )


def tensor_versions(batch: LabelBatch) -> tuple[int, int]:
    """Returns how often logits and labels were changed; 0 where torch does not count it."""
    logits, observed = batch.logits, batch.observed
    if torch.compiler.is_compiling() or logits.is_inference() or observed.is_inference():
        return 0, 0
    return logits._version, observed._version


def check_unchanged(name: str, batch: LabelBatch, before: tuple[int, int]) -> None:
    """Refuses a method that has changed its batch.

    Args:
        name: of the loss.
        batch: that `compute` was given.
        before: its `tensor_versions` by then.

    Raises:
        ValueError: naming the tensor.
    """
    after = tensor_versions(batch)
    if after != before:
        tensor = 'logits' if after[0] != before[0] else 'observed'
        raise ValueError(
            f'{name}: compute has changed batch.{tensor} in place; make a new tensor of it, '
            f'e.g. torch.where(mask, 1, batch.{tensor})'
        )


def check_parts(name: str, parts: LossParts, batch: LabelBatch) -> None:
    """Refuses what would be reduced or recorded as something else; shapes only, no values.

    Args:
        name: of the loss.
        parts: that `compute` has returned.
        batch: that it was given.

    Raises:
        TypeError: if the parts are something else.
        ValueError: if a shape, type or name is wrong.
    """
    shape = batch.logits.shape
    if not isinstance(parts, LossParts):
        raise TypeError(f'{name}: compute must return LossParts(...), not {type(parts).__name__}')
    if parts.entries is None and not parts.terms:
        raise ValueError(f'{name}: LossParts(None) without terms is no loss; give one of both')
    if parts.entries is not None and parts.entries.shape != shape:
        raise ValueError(
            f'{name}: entries {tuple(parts.entries.shape)} must be the loss of each label, '
            f'{tuple(shape)}, not reduced; give a loss of the whole batch in terms'
        )
    for key, term in parts.terms.items():
        if term.ndim:
            raise ValueError(
                f'{name}: term {key!r} {tuple(term.shape)} must be one number; use '
                'batch.ranks.mean or batch.ranks.total'
            )
    for key, chosen in parts.actions.items():
        if key not in ACTIONS:
            raise ValueError(f'{name}: unknown action {key!r}; use one of {", ".join(ACTIONS)}')
        if chosen.dtype != torch.bool or chosen.shape != shape:
            raise ValueError(
                f'{name}: action {key!r} is {chosen.dtype} {tuple(chosen.shape)}; it must be a '
                f'bool mask {tuple(shape)}'
            )

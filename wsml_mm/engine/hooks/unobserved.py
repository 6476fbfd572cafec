"""Whether losses, data and metrics agree on unobserved labels; each message is one line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mmengine.runner import BaseLoop
from mmpretrain.evaluation import MultiLabelMetric
from mmpretrain.models.heads import ClsHead, MultiLabelClsHead
from torch import nn

from wsml_mm.datasets.annotations import count_unobserved
from wsml_mm.datasets.label_table import LabelTable
from wsml_mm.datasets.nesting import (
    find,
    innermost,
    unwrapped_datasets,
    wrapped_datasets,
)
from wsml_mm.models.losses import PartialLabelLoss

from .set_up import model_of


def check_other_losses(runner: Any) -> None:
    """Refuses or warns of losses that are not of this package on targets with unobserved labels.

    MMPretrain's own losses compute with -1 as if it were a target: `CrossEntropyLoss` goes below
    0 without end, `AsymmetricLoss` looks sane. A loss of another class is warned of, unless it has
    an attribute `handles_unobserved = True`.

    Raises:
        ValueError: if a head has a loss of MMPretrain and labels are unobserved.
    """
    dataset = runner.train_dataloader.dataset
    others = list(_other_losses(model_of(runner), bool(wrapped_datasets(dataset))))
    unobserved = count_unobserved(dataset) if others else None
    for loss in others if unobserved else ():
        name = type(loss).__name__
        if type(loss).__module__.startswith('mmpretrain.'):
            raise ValueError(
                f'{name} takes unobserved labels (-1) for targets, and the training set has '
                f'{unobserved} of them: use a loss of wsml_mm, e.g. loss=dict(_delete_=True, '
                "type='AssumeNegativeLoss')"
            )
        if not getattr(loss, 'handles_unobserved', False):
            runner.logger.warning(
                f'{name} is not a loss of wsml_mm and the training set has {unobserved} '
                'unobserved labels (-1): if it knows them, give the class the attribute '
                'handles_unobserved = True'
            )


def _other_losses(model: nn.Module, wrapped: bool) -> Iterator[nn.Module]:
    """Yields the losses of other packages in the heads that see `gt_score`.

    Args:
        model: without a wrapper.
        wrapped: whether the data come from `PartialLabelDataset`: then heads for one label an
            image are given -1 as well. Otherwise their labels are not even read.
    """
    for module in model.modules():
        if not isinstance(module, (MultiLabelClsHead, ClsHead) if wrapped else MultiLabelClsHead):
            continue
        loss = getattr(module, 'loss_module', None)
        if loss is not None and not isinstance(loss, PartialLabelLoss):
            yield loss


def check_wrapping(runner: Any) -> None:
    """Refuses a training set of which only a part is wrapped in `PartialLabelDataset`.

    Raises:
        ValueError: naming a dataset that is not.
    """
    dataset = runner.train_dataloader.dataset
    if wrapped_datasets(dataset) and (bare := unwrapped_datasets(dataset)):
        raise ValueError(
            f'a part of the training set, {type(bare[0]).__name__}, is not wrapped in '
            'PartialLabelDataset: its sample indices would be those of other images; wrap it too'
        )


def warn_if_nothing_unobserved(runner: Any, losses: Sequence[PartialLabelLoss]) -> None:
    """Warns where a method for missing labels meets a training set without any."""
    names = [type(loss).__name__ for loss in losses if loss.for_missing_labels]
    dataset = runner.train_dataloader.dataset
    if not names or (unobserved := count_unobserved(dataset)):
        return
    if wrapped_datasets(dataset):
        why, fix = 'every label of the training set is observed', _remedy(dataset)
    else:
        why = (
            'the training set is not wrapped in PartialLabelDataset, so labels that are not '
            'listed count as known negatives'
        )
        why += ' (unless its gt_score holds -1)' if unobserved is None else ''
        fix = 'wrap it: ' + _remedy(dataset)
    runner.logger.warning(f'{names[0]}: {why}, and it trains as plain binary cross entropy: {fix}')


def _remedy(dataset: Any) -> str:
    """Returns what makes the labels unobserved that are."""
    leaf = next((d for d in wrapped_datasets(dataset) or unwrapped_datasets(dataset)), dataset)
    if next(find(leaf, LabelTable), None) is not None:
        return (
            "if labels that are not listed are unknown, write unlisted='unobserved' in "
            'LabelTable, without `*` in its rows; or hide some with observe=...'
        )
    if hasattr(innermost(leaf), 'sparse_labels'):
        return 'hide some with observe=... of PartialLabelDataset'
    return (
        "if labels that are not listed are unknown, write unlisted='unobserved' in "
        'PartialLabelDataset; or hide some with observe=...'
    )


def warn_of_other_metrics(runner: Any, loop: BaseLoop | None) -> None:
    """Warns of MMPretrain's precision, recall and F1 over data with unobserved labels.

    Args:
        runner: whose log takes it.
        loop: of validation or test; None: there is none.
    """
    metrics = getattr(getattr(loop, 'evaluator', None), 'metrics', ())
    others = [metric for metric in metrics if isinstance(metric, MultiLabelMetric)]
    if loop is None or not others:
        return
    if unobserved := count_unobserved(loop.dataloader.dataset):
        runner.logger.warning(
            f'{type(others[0]).__name__} counts unobserved labels (-1) as it happens, and the '
            f'evaluated data have {unobserved} of them: its figures mean nothing; use '
            "dict(type='PartialLabelMetric'), which counts observed labels only"
        )

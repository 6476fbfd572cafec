"""What the losses need to know of the training set, read from the runner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.dataset import DefaultSampler, InfiniteSampler
from mmengine.model import is_model_wrapper
from mmpretrain.models.classifiers import ImageClassifier
from numpy.typing import NDArray
from torch.utils.data import BatchSampler

from wsml_mm.datasets.nesting import wrapped_datasets
from wsml_mm.datasets.partial_label import PartialLabelDataset
from wsml_mm.models.label_state import TrainingFacts
from wsml_mm.models.losses import PartialLabelLoss


def assign_index_offsets(leaves: Sequence[PartialLabelDataset]) -> int:
    """Numbers the samples of concatenated datasets one after the other; returns their number."""
    total = 0
    for leaf in leaves:
        leaf.index_offset = total
        total += leaf.num_samples
    return total


def assign_group_offsets(leaves: Sequence[PartialLabelDataset]) -> NDArray[np.int64] | None:
    """Numbers the groups of concatenated datasets one after the other.

    Returns:
        (N,) the group of each row of all datasets; None: a dataset has none.
    """
    found, first = [], 0
    for leaf in leaves:
        groups = leaf.sample_groups()
        if groups is None:
            return None
        leaf.group_offset = first
        found.append(groups + first)
        first += int(groups.max()) + 1
    return np.concatenate(found)


def fingerprint_of(leaves: Sequence[PartialLabelDataset]) -> str:
    """Returns a hash of the images and observed labels that label state belongs to."""
    return '+'.join(leaf.fingerprint() for leaf in leaves)


def metainfo_of(dataset: Any) -> Mapping[str, Any]:
    """Returns what a dataset says about itself; a plain one of PyTorch says nothing."""
    found: Mapping[str, Any] = getattr(dataset, 'metainfo', {})
    return found


def training_facts(
    runner: Any, losses: Sequence[PartialLabelLoss], max_epochs: int | None
) -> TrainingFacts:
    """Returns the facts of the runner's training set.

    Args:
        runner: about to train.
        losses: of the model.
        max_epochs: length of the training.

    Raises:
        ValueError: if a loss with state cannot know the samples of the training set.
    """
    dataset = runner.train_dataloader.dataset
    leaves = wrapped_datasets(dataset)
    facts = metainfo_of(dataset)
    classes = facts.get('classes')
    keeps_state = [loss for loss in losses if loss.needs_sample_idx]
    even = _deals_evenly(runner) and _passes_every_row(runner, losses)
    if leaves:
        total = assign_index_offsets(leaves)
        groups = assign_group_offsets(leaves)
        return TrainingFacts(
            num_samples=total,
            num_classes=leaves[0].labels.num_classes,
            labels=[leaf.labels for leaf in leaves],
            trained=np.concatenate([leaf.indices + leaf.index_offset for leaf in leaves]),
            classes=classes,
            fingerprint=fingerprint_of(leaves),
            max_epochs=max_epochs,
            num_groups=facts.get('num_groups') if groups is None else int(groups.max()) + 1,
            even_batches=even,
            groups=groups,
        )
    num_classes = len(classes) if classes is not None else 0
    for loss in keeps_state:
        try:
            samples = loss.facts_of_loop(num_classes).num_samples
        except RuntimeError as error:
            raise ValueError(
                f'{type(loss).__name__} needs sample indices: wrap the training dataset in '
                'PartialLabelDataset'
            ) from error
        return TrainingFacts(samples, num_classes, max_epochs=max_epochs, even_batches=even)
    return TrainingFacts(len(dataset), num_classes, max_epochs=max_epochs, even_batches=even)


def _deals_evenly(runner: Any) -> bool:
    """Tells whether all ranks get equally many rows in every batch."""
    loader = runner.train_dataloader
    return (
        type(loader.batch_sampler) is BatchSampler  # others may fill batches as they like
        and isinstance(loader.sampler, (DefaultSampler, InfiniteSampler))
        and getattr(loader.sampler, 'round_up', True)
    )


def _passes_every_row(runner: Any, losses: Sequence[PartialLabelLoss]) -> bool:
    """Tells whether the losses see every row of a batch: other models may drop some."""
    model = runner.model.module if is_model_wrapper(runner.model) else runner.model
    own = getattr(getattr(model, 'head', None), 'loss_module', None)
    return type(model) is ImageClassifier and all(loss is own for loss in losses)

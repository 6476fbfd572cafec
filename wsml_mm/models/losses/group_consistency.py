"""A regulariser for any loss: images of one group are drawn to what the group was predicted as."""

from __future__ import annotations

import numpy as np
import torch
from mmpretrain.registry import MODELS

from wsml_mm.labels.encoding import POSITIVE
from wsml_mm.labels.numbers import check_number

from ..label_state import Column, Rows, TrainingFacts
from .base import PartialLabelLoss
from .contract import LabelBatch, LossParts
from .entrywise import bce


@MODELS.register_module()
class GroupConsistency(PartialLabelLoss):
    """Draws an image's predictions to the running mean of its group: clip, recording or patient.

    y_g is a running mean of predicted probabilities, one row a group: R = mean of BCE(x, y_g) with
    y_g of before the step, then y_g := (1 - rate) y_g + rate p. It starts uniform in (0.4, 0.6),
    and at 1 where an image of the group that is trained on has an observed positive. Source: the
    asset regulariser of L48 (Sun et al., NeurIPS 2025, https://arxiv.org/abs/2511.00252) and its
    code. Where a group occurs several times in a batch the last of its rows counts, as there;
    over several ranks that is the last in the order of one process. Our reading: their code finds
    the observed positives of a recording in its first clip only, here in all clips.

    The data set says the groups: `sample_groups()`, one number from 0 for each image, or a packed
    `group` and `num_groups` in its metainfo, where nothing is known of the groups' positives.

    Args:
        loss_weight: factor of the term, alpha of the paper.
        rate: weight of a new prediction, epsilon of the paper, from 0 to 1.
        seed: of the first values.
        max_gigabytes: refuse to take more memory than this for the groups' values.

    Raises:
        ValueError: if the rate is not between 0 and 1, or the training set has no groups.

    Config:
        loss = dict(type='LargeLossReject', delta_rel=0.2, extra=[
            dict(type='GroupConsistency', loss_weight=0.1)])
    """

    def __init__(
        self,
        loss_weight: float = 1.0,
        rate: float = 0.001,
        seed: int = 0,
        max_gigabytes: float = 4.0,
    ) -> None:
        super().__init__(loss_weight)
        check_number('rate', rate, 'the weight of a new prediction, from 0 to 1', 0, 1)
        self.rate, self.seed, self.max_gigabytes = rate, seed, max_gigabytes

    def columns(self) -> dict[str, Column]:
        """Returns the running means."""
        return {'group_means': Rows(by_group=True, max_gigabytes=self.max_gigabytes)}

    def start(self, facts: TrainingFacts) -> None:
        """Draws the first values, once."""
        fresh = self.state is None
        super().start(facts)
        if fresh and self.state is not None:
            data = self.state.rows('group_means').data
            data.uniform_(0.4, 0.6, generator=torch.Generator().manual_seed(self.seed))
            for groups, classes in _observed_positives(facts):
                data[groups, classes] = 1

    def compute(self, batch: LabelBatch) -> LossParts:
        """Returns the term alone, and moves the means.

        Raises:
            RuntimeError: if the samples carry no group.
        """
        if batch.group is None or self.state is None:
            raise RuntimeError(
                'GroupConsistency needs the group of each sample: wrap a data set that has '
                'sample_groups() in PartialLabelDataset, or pack `group` with '
                'PackInputs(meta_keys=...); in your own loop pass loss(..., group=...)'
            )
        store = self.state.rows('group_means')
        means = store.rows(batch.group).detach().to(batch.logits)
        term = batch.ranks.mean(bce(batch.logits, means))
        store.follow(batch.group, batch.logits.detach().sigmoid(), self.rate)
        return LossParts(None, terms={'group_consistency': term})


def _observed_positives(facts: TrainingFacts) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Returns groups and classes of the observed positives among the training samples."""
    if facts.groups is None:
        return []
    trained = np.zeros(facts.num_samples, bool)
    trained[facts.training_samples()] = True
    found, first = [], 0
    for labels in facts.labels:
        rows = first + labels.entry_rows()
        kept = (np.asarray(labels.values) == POSITIVE) & trained[rows]
        groups = torch.from_numpy(facts.groups[rows[kept]])
        found.append((groups, torch.from_numpy(labels.classes[kept].astype(np.int64))))
        first += len(labels)
    return found

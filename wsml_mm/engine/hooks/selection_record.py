"""Sums of what a loss saw and selected over an epoch, kept on the device until they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.dist import all_reduce_dict
from torch import Tensor

from wsml_mm.datasets.partial_label import FULL_LABELS
from wsml_mm.labels.encoding import NEGATIVE, POSITIVE, UNOBSERVED
from wsml_mm.models.losses import LossTrace

# A label's group is given by its observation and the hidden truth and never changes: a label that
# LL-Cp has corrected stays where it was, or the curves of the methods could not be compared.
GROUPS = ('true_negative', 'false_negative', 'observed_positive', 'observed_negative')


def label_groups(target: Tensor, full: Tensor) -> dict[str, Tensor]:
    """Returns the (B, C) mask of each of `GROUPS`.

    True negatives are unobserved and truly negative, false negatives unobserved and truly positive:
    what "assume negative" gets right and wrong. Known negatives are a group of their own. An
    unobserved label whose truth is not known either is in none.

    Args:
        target: (B, C) observed labels of {1, 0, -1}.
        full: (B, C) full labels of {1, 0, -1}.
    """
    unobserved = target == UNOBSERVED
    masks = (
        unobserved & (full == NEGATIVE),
        unobserved & (full == POSITIVE),
        target == POSITIVE,
        target == NEGATIVE,
    )
    return dict(zip(GROUPS, masks, strict=True))


class SelectionRecord:
    """Sums by class over the entries of an epoch's steps; no host sync before `totals`.

    An image seen twice in an epoch (a repeated or padded one) counts twice.
    """

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}

    def add(self, trace: LossTrace, samples: Sequence[Any]) -> None:
        """Adds one step.

        Args:
            trace: of the loss, (B, C).
            samples: the batch's B data samples; those of a diagnosis carry the full labels.
        """
        self._sum('selected', trace.selected)
        self._sum('unobserved', trace.unobserved)
        if not samples or FULL_LABELS not in samples[0]:
            return
        full = torch.stack([s.get(FULL_LABELS) for s in samples])
        full = full.to(trace.selected.device, non_blocking=True)
        known, positive = full != UNOBSERVED, full == POSITIVE
        kept = (trace.target == UNOBSERVED) & ~trace.unobserved
        self._sum('hits', trace.selected & positive)
        self._sum('judged', trace.selected & known)
        self._sum('hidden', trace.unobserved & positive)
        self._sum('kept_hits', kept & positive)
        self._sum('kept', kept & known)
        for group, mask in label_groups(trace.target, full).items():
            self._sum(f'{group}_count', mask)
            # Not a product: an infinite loss of another group would make it NaN.
            self._sum(f'{group}_loss', torch.where(mask, trace.entry_loss, 0.0))

    def totals(self) -> dict[str, Tensor]:
        """Returns the sums over all ranks (a collective: call it on every rank).

        Returns:
            (C,) float64 CPU tensors. Counts: `selected`; `unobserved`, labels that are neither
            observed nor corrected earlier. With full labels also `judged`, selected of known
            truth, and `hits`, those truly positive; `hidden`, unobserved and truly positive;
            `kept`, corrected in an earlier epoch and of known truth, and `kept_hits`, those truly
            positive; and for each of `GROUPS` `GROUP_count` and `GROUP_loss`, the sum of the
            "assume negative" loss before the step's update.
        """
        if not self._sums:
            return {}
        sums = {key: value.clone() for key, value in self._sums.items()}
        all_reduce_dict(sums)
        return {key: value.cpu() for key, value in sums.items()}

    def scalars(self) -> dict[str, float]:
        """Returns the epoch's log of the selection over all ranks, a collective."""
        return selection_scalars(self.totals())

    def _sum(self, name: str, entries: Tensor) -> None:
        value = entries.sum(dim=0, dtype=torch.float64)
        self._sums[name] = self._sums[name] + value if name in self._sums else value


def selection_scalars(totals: Mapping[str, Tensor]) -> dict[str, float]:
    """Returns how much was selected of `SelectionRecord.totals`, and how much of it was right."""
    if not totals:
        return {}
    total = {key: float(value.sum()) for key, value in totals.items()}
    scalars = {
        'll/selected': total['selected'],
        'll/share': total['selected'] / max(total['unobserved'], 1),
    }
    if total.get('judged'):
        scalars['ll/precision'] = total['hits'] / total['judged']
    if total.get('hidden'):
        scalars['ll/recall'] = total['hits'] / total['hidden']
    return scalars


def memory_scalars(totals: Mapping[str, Tensor]) -> dict[str, float]:
    """Returns the mean "assume negative" loss of each group that has entries, `memory/GROUP`.

    What a network has memorised shows in the false negatives: their loss falls to that of the true
    negatives (Large Loss Matters, Fig. 1).
    """
    return {
        f'memory/{group}': float(totals[f'{group}_loss'].sum() / count)
        for group in GROUPS
        if f'{group}_count' in totals and (count := totals[f'{group}_count'].sum()) > 0
    }

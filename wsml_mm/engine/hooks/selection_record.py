"""Counts of what a loss selected over an epoch, kept on the device until they are logged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.dist import all_reduce_dict
from torch import Tensor

from wsml_mm.datasets.labels import POSITIVE, UNOBSERVED
from wsml_mm.datasets.partial_label import FULL_LABELS
from wsml_mm.models.losses import LossTrace


class SelectionRecord:
    """Sums of selected, unobserved and truly positive entries; no host sync before `scalars`."""

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
        full = torch.stack([s.get(FULL_LABELS) for s in samples]).to(trace.selected.device)
        self._sum('hits', trace.selected & (full == POSITIVE))
        self._sum('judged', trace.selected & (full != UNOBSERVED))
        self._sum('hidden', trace.unobserved & (full == POSITIVE))

    def scalars(self) -> dict[str, float]:
        """Returns the epoch's log over all ranks (a collective: call it on every rank)."""
        if not self._sums:
            return {}
        sums = {key: value.clone() for key, value in self._sums.items()}
        all_reduce_dict(sums)
        total = {key: float(value) for key, value in sums.items()}
        scalars = {
            'll/selected': total['selected'],
            'll/share': total['selected'] / max(total['unobserved'], 1),
        }
        if 'hits' in total:
            if total['judged']:
                scalars['ll/precision'] = total['hits'] / total['judged']
            if total['hidden']:
                scalars['ll/recall'] = total['hits'] / total['hidden']
        return scalars

    def _sum(self, name: str, mask: Tensor) -> None:
        value = mask.sum(dtype=torch.float64)
        self._sums[name] = self._sums[name] + value if name in self._sums else value

"""Sums of what a loss saw and claimed over an epoch, kept on the device until they are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from mmengine.dist import all_reduce_dict
from torch import Tensor

from wsml_mm.datasets.partial_label import FULL_LABELS
from wsml_mm.labels.encoding import NEGATIVE, POSITIVE, UNOBSERVED
from wsml_mm.models.losses import ACTIONS, LossTrace

# A label's group is given by its observation and the hidden truth and never changes: a label that
# LL-Cp has corrected stays where it was, or the curves of the methods could not be compared.
GROUPS = ('true_negative', 'false_negative', 'observed_positive', 'observed_negative')

Full = Tensor | list[Tensor]  # full labels of a step, (B, C) or B of (C,); empty: not known

_TOGETHER = 1 << 16  # entries of steps that are summed together


def label_groups(observed: Tensor, full: Tensor) -> dict[str, Tensor]:
    """Returns the (B, C) mask of each of `GROUPS`.

    True negatives are unobserved and truly negative, false negatives unobserved and truly positive:
    what "assume negative" gets right and wrong. Known negatives are a group of their own. An
    unobserved label whose truth is not known either is in none.

    Args:
        observed: (B, C) observed labels of {1, 0, -1}.
        full: (B, C) full labels of {1, 0, -1}.
    """
    unobserved = observed == UNOBSERVED
    masks = (
        unobserved & (full == NEGATIVE),
        unobserved & (full == POSITIVE),
        observed == POSITIVE,
        observed == NEGATIVE,
    )
    return dict(zip(GROUPS, masks, strict=True))


class LabelRecord:
    """Sums by class over the entries of an epoch's steps; no host sync before `totals`.

    An image seen twice in an epoch (a repeated or padded one) counts twice. Small steps are
    collected, and summed together: their sums would take as long as the step itself.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[LossTrace, Full]] = []
        self._sums: dict[str, Tensor] = {}
        self._terms: dict[str, Tensor] = {}
        self._steps = 0

    def add(
        self,
        trace: LossTrace,
        samples: Sequence[Any] | Tensor,
        mixed: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        """Adds one step.

        Args:
            trace: of the loss, (B, C).
            samples: the batch's B data samples; those of a diagnosis carry the full labels. Or
                these labels alone, (B, C).
            mixed: turns their full labels, (B, C), into those of the mixed images; None: no image
                was mixed.
        """
        self._steps += 1
        for name, term in trace.terms.items():
            self._terms[name] = self._terms.get(name, 0) + term.double()
        full: Full = _full_labels(samples)
        if mixed is not None and len(full):
            full = mixed(_stacked(full))
        if self._waiting and not _alike(self._waiting[0], (trace, full)):
            self._add_waiting()
        self._waiting.append((trace, full))
        if len(self._waiting) * trace.observed.numel() >= _TOGETHER:
            self._add_waiting()

    def _add_waiting(self) -> None:
        traces, waiting = [trace for trace, _ in self._waiting], self._waiting
        self._waiting = []
        if not traces:
            return
        actions = {
            action: _joined([trace.actions[action] for trace in traces])
            for action in traces[0].actions
        }
        observed = _joined([trace.observed for trace in traces])
        joined = LossTrace(_joined([trace.logits for trace in traces]), observed, actions, {})
        is_open = joined.open()
        claims = _claims(joined, is_open)
        self._count(is_open, claims)
        if parts := [_stacked(full) for _, full in waiting if len(full)]:
            full = _joined(parts).to(observed.device, non_blocking=True)
            entry_loss = _joined([trace.entry_loss for trace in traces])
            self._judge(observed, is_open, claims, entry_loss, full)

    def _count(self, is_open: Tensor, claims: Mapping[str, Tensor]) -> None:
        self._sum('open_count', is_open)
        for action, entries in claims.items():
            self._sum(f'{action}_count', entries)

    def _judge(
        self,
        observed: Tensor,
        is_open: Tensor,
        claims: Mapping[str, Tensor],
        entry_loss: Tensor,
        full: Tensor,
    ) -> None:
        known = full != UNOBSERVED
        self._sum('hidden_positive', is_open & (full == POSITIVE))
        self._sum('hidden_negative', is_open & (full == NEGATIVE))
        for action, entries in claims.items():
            self._sum(f'{action}_judged', entries & known)
            self._sum(f'{action}_right', entries & (full == ACTIONS[action]))
        for group, mask in label_groups(observed, full).items():
            self._sum(f'{group}_count', mask)
            # Not a product: an infinite loss of another group would make it NaN.
            self._sum(f'{group}_loss', torch.where(mask, entry_loss, 0.0))

    def totals(self) -> dict[str, Tensor]:
        """Returns the sums over all ranks (a collective: call it on every rank).

        Returns:
            (C,) float64 CPU tensors. Counts: `open_count`, labels neither observed nor decided in
            an earlier epoch; `ACTION_count` for each action of the loss. With full labels also
            `hidden_positive` and `hidden_negative`, open labels by their truth; `ACTION_judged`,
            those of known truth, and `ACTION_right`, those for which the claim is right; for each
            of `GROUPS` `GROUP_count` and `GROUP_loss`, the sum of the "assume negative" loss
            before the step's update.
        """
        self._add_waiting()
        if not self._sums:
            return {}
        sums = {key: value.clone() for key, value in self._sums.items()}
        all_reduce_dict(sums)
        return {key: value.cpu() for key, value in sums.items()}

    def scalars(self) -> dict[str, float]:
        """Returns the epoch's log over all ranks, a collective."""
        totals = self.totals()
        return label_scalars(totals) | memory_scalars(totals) | self.term_scalars()

    def term_scalars(self) -> dict[str, float]:
        """Returns the mean of each term over the steps, `term/NAME`; terms are of all ranks."""
        return {f'term/{name}': float(v) / self._steps for name, v in self._terms.items()}

    def _sum(self, name: str, entries: Tensor) -> None:
        value = entries.sum(dim=0, dtype=torch.float64)
        self._sums[name] = self._sums[name] + value if name in self._sums else value


def _claims(trace: LossTrace, is_open: Tensor) -> dict[str, Tensor]:
    """Returns the actions on labels that they decide about, (B, C) masks."""
    # A claim of an observed label, or anew of one decided before, would be right for free.
    unobserved = trace.observed == UNOBSERVED
    return {
        action: entries & (unobserved if action.startswith('kept_') else is_open)
        for action, entries in trace.actions.items()
    }


def _full_labels(samples: Sequence[Any] | Tensor) -> Full:
    if isinstance(samples, Tensor):
        return samples
    known = bool(samples) and FULL_LABELS in samples[0]
    return [sample.get(FULL_LABELS) for sample in samples] if known else []


def _stacked(full: Full) -> Tensor:
    return full if isinstance(full, Tensor) else torch.stack(full)


def _alike(one: tuple[LossTrace, Full], other: tuple[LossTrace, Full]) -> bool:
    """Tells whether two steps can be summed together: claims, kinds of numbers, full labels."""
    (mine, full), (theirs, others) = one, other
    same = mine.actions.keys() == theirs.actions.keys() and bool(len(full)) == bool(len(others))
    return same and mine.logits.dtype == theirs.logits.dtype


def _joined(parts: Sequence[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat([*parts])


def label_scalars(totals: Mapping[str, Tensor]) -> dict[str, float]:
    """Returns what a loss claimed of labels and how much of it was right, `label/ACTION/...`.

    `count` labels, their `share` of those that the action could take (open ones, or for a kept
    action all unobserved ones), `precision` among those of known truth, and `recall`, the part of
    the labels of that truth that was found.
    """
    total = {key: float(value.sum()) for key, value in totals.items()}
    kept = sum(total.get(f'{action}_count', 0) for action in ACTIONS if action.startswith('kept_'))
    scalars = {}
    for action, truth in ACTIONS.items():
        if f'{action}_count' not in total:
            continue
        is_kept = action.startswith('kept_')
        count, right = total[f'{action}_count'], total.get(f'{action}_right', 0)
        scalars[f'label/{action}/count'] = count
        scalars[f'label/{action}/share'] = count / max(total['open_count'] + kept * is_kept, 1)
        if judged := total.get(f'{action}_judged'):
            scalars[f'label/{action}/precision'] = right / judged
        hidden = total.get('hidden_positive' if truth == POSITIVE else 'hidden_negative', 0)
        if found_of := hidden + right * is_kept:
            scalars[f'label/{action}/recall'] = right / found_of
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

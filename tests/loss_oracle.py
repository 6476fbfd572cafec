"""What the large losses must compute, written as plain loops; shared by the tests beside it."""

from __future__ import annotations

import math
from fractions import Fraction

import torch
import torch.nn.functional as F

from wsml_mm import LargeLossCorrectPerm, LargeLossCorrectTemp, LargeLossReject

SCHEMES = {
    'reject': LargeLossReject,
    'temp': LargeLossCorrectTemp,
    'perm': LargeLossCorrectPerm,
}
BY_STEP = ('reject', 'temp')


def build(scheme, delta_rel, percent_of='all', **kwargs):
    if scheme == 'perm':
        kwargs = dict(num_samples=1000) | kwargs
    return SCHEMES[scheme](delta_rel, percent_of, **kwargs)


def step(loss, logits, target, **kwargs):
    """One training step on fresh images, so that LL-Cp has nothing to remember."""
    if isinstance(loss, LargeLossCorrectPerm):
        kwargs['sample_idx'] = torch.arange(len(logits))
    return loss(logits, target, **kwargs)


def batch(rows=16, classes=20, dtype=torch.float32, seed=0, shares=(0.1, 0.3, 0.6)):
    """Logits and labels in the given shares of positive, known negative and unobserved."""
    generator = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(rows, classes, generator=generator, dtype=torch.float64)
    drawn = torch.multinomial(torch.tensor(shares), rows * classes, True, generator=generator)
    target = torch.tensor([1.0, 0.0, -1.0])[drawn].view(rows, classes)
    return logits.to(dtype), target


def by_hand(logits, target, scheme, delta_rel: str, percent_of, t):
    """The specification with plain loops: (mean loss, entries acted on) of epoch t, from 1."""
    rows, classes = logits.shape
    places = [(r, c) for r in range(rows) for c in range(classes)]
    hidden = [p for p in places if target[p] == -1]
    base = len(places) if percent_of == 'all' else len(hidden)
    times = t - 1 if scheme in BY_STEP else min(t - 1, 1)
    budget = math.ceil(base * times * Fraction(delta_rel) / 100)
    usable = [p for p in hidden if math.isfinite(logits[p])]
    chosen = sorted(usable, key=lambda p: (-float(logits[p]), p))[:budget]
    total = 0.0
    for place in places:
        x, label = float(logits[place]), int(target[place] == 1)
        if place in chosen and scheme == 'reject':
            continue
        if place in chosen:
            label = 1
        total += max(x, 0) - x * label + math.log1p(math.exp(-abs(x)))
    return total / len(places), set(chosen)


def plain_bce(logits, target, **kwargs):
    positive = (target == 1).to(logits.dtype)
    return F.binary_cross_entropy_with_logits(logits, positive, **kwargs)


def entries_of(loss, logits, target, sample_idx):
    """The (B, C) losses of a training step before they are reduced."""
    kept, compute = [], loss.compute
    loss.compute = lambda batch: kept.append(compute(batch)) or kept[-1]
    loss(logits, target, sample_idx=sample_idx)
    del loss.compute
    return kept[0].entries


def acted_on(loss):
    return {tuple(place) for place in loss.trace.acted_on().nonzero().tolist()}

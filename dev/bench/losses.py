"""Losses, forward and backward, as modules; with the record that the hook asks for as well."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits as bce

import wsml_mm

from .growth import curve
from .rows import row
from .timing import SETTINGS, Measured, alternate

KINDS = {
    'AN': wsml_mm.AssumeNegativeLoss,
    'LL-R': wsml_mm.LargeLossReject,
    'LL-Ct': wsml_mm.LargeLossCorrectTemp,
    'LL-Cp': wsml_mm.LargeLossCorrectPerm,
}
Step = Callable[[], object]
_EPOCH = 3
GOALS = {
    (16, 80): {'AN': '<= 1.8', 'LL-R': '<= 3', 'LL-Ct': '<= 3', 'LL-Cp': ''},
    (288, 5000): {'AN': '<= 1.05', 'LL-R': '<= 1.6', 'LL-Ct': '<= 1.6', 'LL-Cp': '<= 1.8'},
}


def inputs(shape: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Returns random logits and labels, a third of them unobserved."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(shape, generator=generator)
    target = torch.randint(-1, 2, shape, generator=generator).float()
    return logits.to(SETTINGS.device), target.to(SETTINGS.device)


def our_step(name: str, shape: tuple[int, int], record: bool = False) -> Step:
    """Returns a step of a loss of ours, with or without the record that the hook asks for."""
    delta = 0.4 if shape[1] < 1000 else 0.01
    kind, (logits, target) = KINDS[name], inputs(shape)
    loss = kind() if name == 'AN' else kind(delta_rel=delta)
    if name == 'LL-Cp':
        loss = kind(delta_rel=delta, num_samples=shape[0])
    loss.to(SETTINGS.device)
    if hasattr(loss, 'set_epoch'):
        loss.set_epoch(_EPOCH, 10)
    loss.keep_trace = record
    index = torch.arange(shape[0])

    def step() -> None:
        leaf = logits.clone().requires_grad_()
        loss(leaf, target, sample_idx=index).backward()
        if name == 'LL-Cp':
            loss.corrections._added.clear()  # it would grow with the number of repeats

    return step


def plain_bce(shape: tuple[int, int]) -> Step:
    """Returns a step of bare BCE-with-logits on the same labels: no selection, record or check."""
    logits, target = inputs(shape)

    def step() -> None:
        leaf = logits.clone().requires_grad_()
        bce(leaf, (target == 1).float()).backward()

    return step


def bare_topk(shape: tuple[int, int]) -> Step:
    """Returns a step of the reference's idea in its fewest lines: BCE, topk, a mask, the mean.

    Rewrite of the algorithm of LargeLossMatters; without checks, ties, a record or several ranks.
    """
    logits, target = inputs(shape)
    rate = (0.4 if shape[1] < 1000 else 0.01) / 100 * _EPOCH

    def step() -> None:
        leaf = logits.clone().requires_grad_()
        losses = bce(leaf, (target == 1).float(), reduction='none')
        unobserved = (losses * (target == -1)).detach().flatten()
        count = math.ceil(unobserved.numel() * rate)
        keep = torch.ones_like(unobserved)
        keep[unobserved.topk(count).indices] = 0
        (losses * keep.view(shape)).mean().backward()

    return step


def _over_bce(name: str, shape: tuple[int, int], record: bool, quick: bool) -> Measured:
    shape = (16, 80) if quick else shape
    return alternate(our_step(name, shape, record), plain_bce(shape))


for _shape, _goals in GOALS.items():
    for _name, _goal in _goals.items():
        row(f'losses/{_name} {_shape[0]}x{_shape[1]}', 'BCE-with-logits alone', _goal)(
            partial(_over_bce, _name, _shape, False)
        )


row('losses/LL-R 16x80, recorded', 'BCE-with-logits alone')(
    partial(_over_bce, 'LL-R', (16, 80), True)
)


@row('losses/LL-R 288x5000 over bare topk', "the reference's idea in its fewest lines", '')
def over_topk(quick: bool) -> Measured:
    """What checks, ties, the record and the guard cost."""
    shape = (16, 80) if quick else (288, 5000)
    return alternate(our_step('LL-R', shape), bare_topk(shape))


@row('losses/rows step 65665x80', 'reading and writing the same bytes once', '')
def dense_rows(quick: bool) -> Measured:
    """ROLE's estimates at COCO's size: Adam moves every row, seen or not."""
    rows = 1000 if quick else 65_665
    facts = wsml_mm.TrainingFacts(rows, 80)
    store = wsml_mm.Rows(lr=1e-3).create(facts)
    index = torch.arange(16)
    # Adam reads values, gradient and two moments, and writes all but the gradient.
    parts = [torch.zeros(rows, 80, device=SETTINGS.device) for _ in range(4)]
    store.to(parts[0].device)

    def ours() -> None:
        leaf = store.rows(index)
        store.descend(index, leaf, leaf.square().sum())
        store.step(None)

    def rival() -> None:
        for part in parts[1:]:
            part.add_(parts[0])

    return alternate(ours, rival)


_grow = curve('losses by classes, B=64', 'classes', (80, 400, 2000, 5000), (80, 160))
for _name in KINDS:
    _grow(_name, partial(lambda name, classes: our_step(name, (64, classes)), _name))
_grow('BCE alone (rival)', lambda classes: plain_bce((64, classes)))

"""Every loss of the package and of docs/add_a_method.md, with its formula written out."""

from __future__ import annotations

import math

import numpy as np
from loss_tester import LossCase, SeesViews, bce, largest, nl, sigmoid
from my_methods import MyAPL, MyEPR, MyROLE, MySPLC, MyWeakNegatives

from wsml_mm import (
    AssumeNegativeLoss,
    ExpectedPositives,
    IGNORELoss,
    LargeLossCorrectPerm,
    LargeLossCorrectTemp,
    LargeLossReject,
    PLCLoss,
)

RATE = 7.5  # percent


def assume_negative(x, z, epoch):
    return bce(x, z == 1).mean()


def weak_negatives(x, z, epoch):
    return (bce(x, z == 1) * np.where(z == -1, 0.1, 1)).mean()


def splc(x, z, epoch):
    flip = (z == -1) & (sigmoid(x) > 0.6) & (epoch >= 1)
    return bce(x, (z == 1) | flip).mean()


def near(p, k):
    return ((p.sum(1).mean() - k) / p.shape[1]) ** 2


def epr(x, z, epoch):
    return (bce(x, z == 1) * (z != -1)).mean() + near(sigmoid(x), 2.0)


def entropy(x, z, epoch):
    p = sigmoid(x)
    unknown = -0.2 * (p * nl(p) + (1 - p) * nl(1 - p))
    return np.where(z == 1, nl(p), np.where(z == 0, nl(1 - p), unknown)).mean()


def times(epoch):
    return math.ceil(5 * 6 * RATE * epoch / 100)


def reject(x, z, epoch):
    return (bce(x, z == 1) * ~largest(x, z == -1, times(epoch))).mean()


def correct(x, z, epoch):
    return bce(x, (z == 1) | largest(x, z == -1, times(epoch))).mean()


def correct_for_good(x, z, epoch):
    return bce(x, (z == 1) | largest(x, z == -1, times(min(epoch, 1)))).mean()


def reject_and_expect(x, z, epoch):
    return reject(x, z, epoch) + 0.5 * near(sigmoid(x), 2.0)


class PLCOfViews(SeesViews, PLCLoss):
    pass


class IGNOREOfViews(SeesViews, IGNORELoss):
    pass


def plc(x, z, epoch):
    p = sigmoid(x)
    present = (z == 1) | ((z == -1) & (p >= 0.7))
    absent = (z == 0) | ((z == -1) & (p < 0.3))
    kept = present | absent
    strong = bce(SeesViews.strong(x), present)[kept].sum() / max(kept.sum(), 1)
    return bce(x, z == 1).mean() + 2 * strong


def ignore(x, z, epoch):
    strong, gap = SeesViews.strong(x), np.abs(x - SeesViews.masked(x))
    positive = z == 1
    least_gap = 0.5 * gap[positive].mean() if positive.any() else 0
    rejected = (z == -1) & (gap > least_gap) & (x > 0.5 * x.mean(0)) & (epoch >= 2)
    of_positives = nl(sigmoid(x))[positive].mean() if positive.any() else 0
    q = sigmoid(strong)
    kept = np.where(positive, nl(q), nl(1 - q))[~rejected].mean()
    return 0.1 * of_positives + kept + 0.5 * ((strong - x) ** 2).mean()


CASES = {
    case.name: case
    for case in (
        LossCase('AN', AssumeNegativeLoss, assume_negative),
        LossCase('LL-R', lambda: LargeLossReject(RATE), reject),
        LossCase('LL-Ct', lambda: LargeLossCorrectTemp(RATE), correct),
        LossCase('LL-Cp', lambda: LargeLossCorrectPerm(RATE), correct_for_good),
        LossCase(
            'LL-R + expected positives',
            lambda: LargeLossReject(RATE, extra=[ExpectedPositives(2.0, loss_weight=0.5)]),
            reject_and_expect,
            all_known=False,
        ),
        LossCase(
            'IGNORE',
            lambda: IGNOREOfViews(warm_up=2, momentum=0.5, log_eps=1e-5),
            ignore,
            all_known=False,
            exact=1e-7,  # its thresholds are float32, so that sums in another order differ
        ),
        LossCase('PLC', lambda: PLCOfViews(0.7, weight=2), plc, all_known=False),
        LossCase('my weak negatives', MyWeakNegatives, weak_negatives),
        LossCase('my SPLC', MySPLC, splc),
        LossCase('my EPR', lambda: MyEPR(2.0), epr, all_known=False),
        LossCase('my APL', lambda: MyAPL(warm_up=2), entropy, all_known=False),
    )
}
# Its value depends on rows that are drawn: see the oracle values in test_my_methods.
# Its rows are float32, so that sums in another order differ.
# Adam divides rounding errors of float32 gradients by their size: at rows of about 10 they are some
# 1e-6, whichever implementation of it takes the step.
ROLE = LossCase(
    'my ROLE', lambda: MyROLE(2.0), lambda x, z, epoch: float('nan'), all_known=False, exact=4e-6
)

"""Every loss of the package and of docs/add_a_method.md, with its formula written out."""

from __future__ import annotations

import math

import numpy as np
from loss_tester import LossCase, bce, largest, nl, sigmoid
from my_methods import MyAPL, MyEPR, MyROLE, MySPLC, MyWeakNegatives

from wsml_mm import (
    AssumeNegativeLoss,
    CurriculumLoss,
    EMAPLLoss,
    EMLoss,
    EPRLoss,
    ExpectedPositives,
    IgnoreUnobservedLoss,
    LargeLossCorrectPerm,
    LargeLossCorrectTemp,
    LargeLossReject,
    LSANLoss,
    ROLELoss,
    ThresholdWriteBackLoss,
    WANLoss,
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


def entropy(x, z, epoch, eps=1e-5):
    p = sigmoid(x)
    unknown = -0.2 * (p * nl(p, eps) + (1 - p) * nl(1 - p, eps))
    return np.where(z == 1, nl(p, eps), np.where(z == 0, nl(1 - p, eps), unknown)).mean()


def exact_entropy(x, z, epoch):
    return entropy(x, z, epoch, eps=0)


def guarded(x, z, epoch):
    p = sigmoid(x)
    return np.where(z == 1, nl(p), nl(1 - p)).mean()


def weak(x, z, epoch):
    return (bce(x, z == 1) / np.where(z == -1, x.shape[1] - 1, 1)).mean()


def smoothed(x, z, epoch):
    return bce(x, np.where(z == 1, 0.95, np.where(z == 0, 0, 0.05))).mean()


def observed_only(x, z, epoch):
    return (bce(x, z == 1) * (z != -1)).mean()


def assumed_first(x, z, epoch):
    """Durand's factor of an image, where nothing is chosen yet: r is its observed share."""
    known = (z != -1) | (epoch < 2)
    factor = 5.45 - 4.45 * known.mean(1, keepdims=True)
    return (factor * bce(x, z == 1) * known).mean()


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
        LossCase('AN, guarded', lambda: AssumeNegativeLoss(log_eps=1e-5), guarded, all_known=False),
        LossCase('WAN', WANLoss, weak),
        LossCase('LSAN', lambda: LSANLoss(0.1, 'paper'), smoothed, all_known=False),
        LossCase('IU', IgnoreUnobservedLoss, observed_only),
        LossCase('EPR', lambda: EPRLoss(2.0), epr, all_known=False),
        LossCase('EM', lambda: EMLoss(0.2), exact_entropy),
        LossCase('EM, guarded', lambda: EMLoss(0.2, log_eps=1e-5), entropy, all_known=False),
        LossCase('EM + APL', lambda: EMAPLLoss(0.2, 0.5, warm_up=2), exact_entropy),
        LossCase(
            'threshold write-back', lambda: ThresholdWriteBackLoss(0.7, warm_up=1), assume_negative
        ),
        LossCase('curriculum', lambda: CurriculumLoss(warm_up=2), observed_only),
        LossCase(
            'curriculum, normalised',
            lambda: CurriculumLoss(
                (-0.2, 0.5), warm_up=2, assume_negative_first=True, partial_bce=(-4.45, 5.45, 1)
            ),
            assumed_first,
        ),
        LossCase('my weak negatives', MyWeakNegatives, weak_negatives),
        LossCase('my SPLC', MySPLC, splc),
        LossCase('my EPR', lambda: MyEPR(2.0), epr, all_known=False),
        LossCase('my APL', lambda: MyAPL(warm_up=2), entropy, all_known=False),
    )
}
# Its value depends on rows that are drawn: see test_published_values.
# Its rows are float32, so that sums in another order differ.
# Adam divides rounding errors of float32 gradients by their size: at rows of about 10 they are some
# 1e-6, whichever implementation of it takes the step.
ROLES = [
    LossCase(name, build, lambda x, z, epoch: float('nan'), all_known=False, exact=4e-6)
    for name, build in (('ROLE', lambda: ROLELoss(2.0)), ('my ROLE', lambda: MyROLE(2.0)))
]

"""Every loss of the package and of docs/add_a_method.md, with its formula written out."""

from __future__ import annotations

import math

import numpy as np
from loss_tester import LossCase, SeesViews, bce, labels_of, largest, nl, sigmoid
from my_methods import MyAPL, MyEPR, MyROLE, MySPLC, MyWeakNegatives

from wsml_mm import (
    AssumeNegativeLoss,
    BalancedEntropyLoss,
    CRISPRiskLoss,
    CurriculumLoss,
    EMAPLLoss,
    EMLoss,
    EPRLoss,
    ExpectedPositives,
    GPRLoss,
    GRLoss,
    HillLoss,
    IGNORELoss,
    IgnoreUnobservedLoss,
    LargeLossCorrectPerm,
    LargeLossCorrectTemp,
    LargeLossReject,
    LSANLoss,
    PartialAsymmetricLoss,
    PLCLoss,
    ROLELoss,
    SPLCLoss,
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


def balanced_entropy(x, z, epoch):
    p, known = sigmoid(x), bce(x, z == 1)
    alpha = min(0.4 * np.sqrt((z == 1).sum() / max((z == -1).sum(), 1)), 1)
    unknown = alpha * (p * np.log(p) + (1 - p) * np.log(1 - p))
    return np.where(z == -1, unknown, known).mean()


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


def by_absolute_loss(x, z, epoch):
    return (z == -1) & (np.logaddexp(0, x) > (1.5 - 0.2 * (epoch + 1))) & (epoch >= 1)


def reject_absolute(x, z, epoch):
    return (bce(x, z == 1) * ~by_absolute_loss(x, z, epoch)).mean()


def correct_absolute(x, z, epoch):
    return bce(x, (z == 1) | by_absolute_loss(x, z, epoch)).mean()


def hill(x, z, epoch):
    p, q = sigmoid(x), sigmoid(x - 1)
    positive, unknown = -((1 - q) ** 2) * np.log(q), (1.5 - p) * p**2
    return np.where(z == 1, positive, np.where(z == 0, bce(x, z == 1), unknown)).mean()


def spl_correction(x, z, epoch):
    q = sigmoid(np.where(z == 1, x - 1, x))
    positive = (z == 1) | ((z == -1) & (sigmoid(x) > 0.6) & (epoch >= 1))
    return np.where(positive, -((1 - q) ** 2) * np.log(q), -(q**2) * np.log(1 - q)).mean()


def asymmetric(x, z, epoch):
    n = np.minimum(sigmoid(-x) + 0.05, 1)
    return np.where(z == 1, -np.log(sigmoid(x)), -((1 - n) ** 4) * np.log(n)).mean()


def partial_asymmetric(x, z, epoch):
    p = sigmoid(x)
    others = -np.where(z == 0, p, p**4) * np.log(1 - p)
    return np.where(z == 1, -np.log(p), others)


def normalised(x, z, epoch):
    weight = (z != -1) * (1 + 1 / (1 + (z != -1).sum(1, keepdims=True)))
    return (partial_asymmetric(x, z, epoch) * weight).mean()


def selective(x, z, epoch):
    return (partial_asymmetric(x, z, epoch) * ~largest(x, z == -1, len(x))).mean()


def selective_after_ignoring(x, z, epoch):
    """The prior is still 0: nobody has ended an epoch."""
    entries = partial_asymmetric(x, z, epoch)
    return (entries * (z != -1)).mean() if epoch < 1 else selective(x, z, epoch)


def robust(x, z, epoch, pseudo=False):
    p, before, after = sigmoid(x), epoch / 8, (epoch + 1) / 8
    k = sigmoid(2 * before * p - 2)
    mu, sigma = 0.5 + 0.3 * after, 2 - 1.5 * after
    v = np.exp(-((p - mu) ** 2) / (2 * sigma**2))
    soft = v * (k * (1 - p**0.01) / 0.01 + (1 - k) * p)
    taken = np.clip(1 - v, 0.4, 0.7) * (0.9 * bce(x, True) + 0.1 * bce(x, False))
    return np.where(z != -1, bce(x, z == 1), np.where(pseudo, taken, soft)).mean()


def robust_with_large_losses(x, z, epoch):
    return robust(x, z, epoch, largest(x, z == -1, times(epoch)))


def crisp(x, z, epoch):
    """The prior is still 0: nobody has ended an epoch."""
    if epoch < 1:
        return assume_negative(x, z, epoch)
    return (bce(x, False) * (z == 0)).mean() + sigmoid(x).mean(0).sum() / 6


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
        LossCase('AN, guarded', lambda: AssumeNegativeLoss(log_eps=1e-5), guarded, all_known=False),
        LossCase('WAN', WANLoss, weak),
        LossCase('LSAN', lambda: LSANLoss(0.1, 'paper'), smoothed, all_known=False),
        LossCase('IU', IgnoreUnobservedLoss, observed_only),
        LossCase('EPR', lambda: EPRLoss(2.0), epr, all_known=False),
        LossCase('EM', lambda: EMLoss(0.2), exact_entropy),
        LossCase('EM, guarded', lambda: EMLoss(0.2, log_eps=1e-5), entropy, all_known=False),
        LossCase('balanced entropy', BalancedEntropyLoss, balanced_entropy),
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
        LossCase(
            'LL-R abs', lambda: LargeLossReject(delta_abs=0.2, start_abs=1.5), reject_absolute
        ),
        LossCase(
            'LL-Ct abs',
            lambda: LargeLossCorrectTemp(delta_abs=0.2, start_abs=1.5),
            correct_absolute,
        ),
        LossCase(
            'LL-Cp abs',
            lambda: LargeLossCorrectPerm(delta_abs=0.2, start_abs=1.5),
            correct_absolute,
        ),
        LossCase('Hill', HillLoss, hill, all_known=False),
        LossCase('SPLC', SPLCLoss, spl_correction, all_known=False),
        LossCase(
            'ASL',
            lambda: PartialAsymmetricLoss(gamma_neg=4, clip=0.05, detach_focal=False),
            asymmetric,
            all_known=False,
        ),
        LossCase(
            'P-ASL normalised',
            lambda: PartialAsymmetricLoss('ignore_normalize', detach_focal=False),
            normalised,
            all_known=False,
        ),
        LossCase(
            'P-ASL selective',
            lambda: PartialAsymmetricLoss('selective', top_k=1, detach_focal=False),
            selective,
            all_known=False,
        ),
        LossCase(
            'P-ASL selective, prior',
            lambda: PartialAsymmetricLoss(
                'selective', top_k=1, class_prior='auto', eta=0.5, detach_focal=False
            ),
            selective_after_ignoring,
            all_known=False,
        ),
        LossCase('GR', GRLoss, robust, whole_gradient=False),
        LossCase(
            'GPR',
            lambda: GPRLoss(delta_rel=RATE),
            robust_with_large_losses,
            whole_gradient=False,
        ),
        LossCase(
            'GPR of a file',
            lambda: GPRLoss(labels_of(1) == 1),
            lambda x, z, epoch: float('nan'),
            whole_gradient=False,
            any_order=False,
        ),
        LossCase('CRISP', CRISPRiskLoss, crisp, all_known=False),
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
# Its value depends on rows that are drawn: see test_published_values.
# Its rows are float32, so that sums in another order differ.
# Adam divides rounding errors of float32 gradients by their size: at rows of about 10 they are some
# 1e-6, whichever implementation of it takes the step.
ROLES = [
    LossCase(name, build, lambda x, z, epoch: float('nan'), all_known=False, exact=4e-6)
    for name, build in (('ROLE', lambda: ROLELoss(2.0)), ('my ROLE', lambda: MyROLE(2.0)))
]

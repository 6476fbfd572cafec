"""Class priors: the share of images that have a class, from scores and observed labels."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .encoding import NEGATIVE, POSITIVE
from .numbers import check_number
from .sparse import SparseLabels

Floats = NDArray[np.float64]


class ClassPriors(NamedTuple):
    """An estimate for each class, (C,) each; NaN where nothing is known.

    Args:
        prior: share of the images that have the class.
        low: of its range.
        high: of its range; what the range means is said by the function that made it.
    """

    prior: Floats
    low: Floats
    high: Floats


def crisp_priors(
    scores: ArrayLike, positive: ArrayLike, delta: float = 0.01, tau: float = 0.01
) -> ClassPriors:
    """Returns CRISP's class priors, for positives that are labelled at random within their class.

    With Q(z) the share of all images scored z or more and Qp(z) that of the images labelled
    positive: the prior is Q/Qp at the z, among the scores, that minimises
    Q/Qp + (1 + tau)/Qp * (sqrt(ln(4/delta) / 2n) + sqrt(ln(4/delta) / 2n_p)). Source: Liu et al.,
    NeurIPS 2025, https://arxiv.org/abs/2309.13886, Eq. 2.

    Of equal objectives the largest z counts. A class without a labelled image has NaN.

    Args:
        scores: (N, C) of all images, finite, in any scale.
        positive: (N, C) bool, labelled positive.
        delta: the bound holds with probability 1 - delta.
        tau: of the formula.

    Returns:
        The priors, at most 1; `low` is the share of labelled images, which no prior can be below;
        `high` the minimum itself, at most 1: the upper bound.

    Raises:
        ValueError: if the shapes differ, a score is not finite or an argument is out of range.
    """
    check_number('delta', delta, 'a probability above 0 and below 1', 1e-12, 1 - 1e-12)
    check_number('tau', tau, 'a number, >= 0', 0)
    matrix, labelled = _checked(scores), np.asarray(positive, bool)
    if labelled.shape != matrix.shape:
        raise ValueError(
            f'scores {matrix.shape} and positive labels {labelled.shape} must be of one shape, '
            '(images, classes); give both of the same images'
        )
    found = [_crisp(matrix[:, c], labelled[:, c], delta, tau) for c in range(matrix.shape[1])]
    prior, high = np.array(found, np.float64).reshape(-1, 2).T
    low = labelled.sum(0) / max(len(matrix), 1)
    return ClassPriors(np.maximum(prior, low), low, np.maximum(high, low))


def _crisp(
    scores: Floats, labelled: NDArray[np.bool_], delta: float, tau: float
) -> tuple[float, float]:
    """Returns the prior of one class and its bound."""
    if not labelled.any():
        return math.nan, math.nan
    number, positives = len(scores), int(labelled.sum())
    order = np.argsort(-scores, kind='stable')
    ends = np.flatnonzero(np.diff(scores[order], append=-np.inf))  # the last of equal scores
    share = (ends + 1) / number
    share_of_positives = np.cumsum(labelled[order])[ends] / positives
    reached = share_of_positives > 0
    share, share_of_positives = share[reached], share_of_positives[reached]
    objective = _objective(share, share_of_positives, number, positives, delta, tau)
    best = int(np.argmin(objective))
    ratio = share[best] / share_of_positives[best]
    return min(float(ratio), 1.0), min(float(objective[best]), 1.0)


def _objective(
    share: Floats, of_positives: Floats, number: float, positives: float, delta: float, tau: float
) -> Floats:
    """Returns what CRISP minimises over the thresholds."""
    log = math.log(4 / delta) / 2
    slack = (1 + tau) * (math.sqrt(log / number) + math.sqrt(log / positives))
    found: Floats = share / of_positives + slack / of_positives
    return found


def counted_priors(counts: ArrayLike, positive: ArrayLike) -> ClassPriors:
    """Returns CRISP's class priors from counts of scores, for scores that do not fit into memory.

    The prior is Q/Qp at the lower edge of a bin, chosen by the objective of `crisp_priors`; with
    bins as fine as the scores it is the same.

    Args:
        counts: (C, K) how many images score in each of K bins, ascending.
        positive: (C, K) of them those labelled positive.

    Returns:
        The priors. Their range is of 95 % (Wilson's intervals of both shares at the bin that was
        chosen), under the method's own assumptions: positives are labelled at random within their
        class, and images that score above the bin have it. It is not CRISP's bound. NaN for a
        class without a labelled image.
    """
    every, labelled = np.asarray(counts, np.float64), np.asarray(positive, np.float64)
    found = [_counted(a[::-1], b[::-1]) for a, b in zip(every, labelled, strict=True)]
    prior, low, high = np.array(found, np.float64).reshape(-1, 3).T
    return ClassPriors(prior, low, high)


def _counted(every: Floats, labelled: Floats) -> tuple[float, float, float]:
    number, positives = every.sum(), labelled.sum()
    if not positives:
        return math.nan, math.nan, math.nan
    kept = every > 0
    above, above_of_positives = every[kept].cumsum(), labelled[kept].cumsum()
    reached = above_of_positives > 0
    hits, of_positives = above[reached], above_of_positives[reached]
    objective = _objective(hits / number, of_positives / positives, number, positives, 0.01, 0.01)
    best = int(np.argmin(objective))
    least, most = _wilson(hits[best], number)
    least_of, most_of = _wilson(of_positives[best], positives)
    share = positives / number
    prior = hits[best] / number / (of_positives[best] / positives)
    return max(min(prior, 1), share), max(least / most_of, share), min(most / least_of, 1)


def _wilson(hits: float, number: float) -> tuple[float, float]:
    """Returns Wilson's 95 % interval of a share; it is above 0 where something was hit."""
    z = 1.959964
    centre = (hits + z * z / 2) / (number + z * z)
    half = z / (number + z * z) * math.sqrt(hits * (number - hits) / number + z * z / 4)
    return centre - half, centre + half


def mean_priors(scores: ArrayLike) -> ClassPriors:
    """Returns the mean score of each class, for scores of a model trained on known labels alone.

    The estimate of CSL, Ben-Baruch et al., CVPR 2022, https://arxiv.org/abs/2110.10955. It is as
    good as the scores are calibrated, and means nothing where no negative was observed.

    Args:
        scores: (N, C) probabilities.

    Returns:
        The priors; their range is of twice the standard error of the mean, which says how well N
        images tell it and nothing about the calibration.

    Raises:
        ValueError: if a score is not between 0 and 1.
    """
    matrix = _checked(scores)
    if matrix.size and (matrix.min() < 0 or matrix.max() > 1):
        raise ValueError(
            f'scores run from {matrix.min():g} to {matrix.max():g}; the mean needs probabilities, '
            '0 to 1; apply a sigmoid to logits'
        )
    number = len(matrix)
    if not number:
        nothing = np.full(matrix.shape[1], np.nan)
        return ClassPriors(nothing, nothing, nothing)
    mean = matrix.mean(0)
    spread = 2 * matrix.std(0) / math.sqrt(number)
    return ClassPriors(mean, np.maximum(mean - spread, 0), np.minimum(mean + spread, 1))


def observed_bounds(labels: SparseLabels) -> ClassPriors:
    """Returns what observed labels alone say: the prior is not known, its range is.

    Args:
        labels: (N, C).

    Returns:
        NaN, the share of observed positives, and 1 less the share of observed negatives. Both ends
        are certain for these images.
    """
    number = max(len(labels), 1)
    low = labels.class_counts(POSITIVE) / number
    high = 1 - labels.class_counts(NEGATIVE) / number
    return ClassPriors(np.full(labels.num_classes, np.nan), low, high)


def is_single_positive(labels: SparseLabels) -> bool:
    """Tells whether each image has one positive label and no known negative."""
    return bool(
        len(labels)
        and (labels.row_counts(POSITIVE) == 1).all()
        and not labels.row_counts(NEGATIVE).any()
    )


def expected_positives(priors: ArrayLike) -> float:
    """Returns the mean number of positive labels of an image: the sum of the class priors.

    It is the k of `ExpectedPositives(expected_num_pos=k)`.

    Args:
        priors: (C,).

    Raises:
        ValueError: if one is not between 0 and 1, as where it is not known.
    """
    values = np.asarray(priors, np.float64)
    wrong = ~((values >= 0) & (values <= 1))
    if wrong.any():
        place = int(np.argmax(wrong))
        raise ValueError(
            f'class prior {place} is {values.flat[place]:g}; each must lie between 0 and 1, give '
            'one for every class'
        )
    return float(values.sum())


def _checked(scores: ArrayLike) -> Floats:
    matrix: Any = np.asarray(scores, np.float64)
    if matrix.ndim != 2:
        raise ValueError(f'scores {matrix.shape} must be (images, classes)')
    if not np.isfinite(matrix).all():
        place = np.argwhere(~np.isfinite(matrix))[0].tolist()
        raise ValueError(
            f'score {place} is {matrix[tuple(place)]}; priors need finite scores of all images'
        )
    found: Floats = matrix
    return found

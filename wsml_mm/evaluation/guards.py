"""What a metric is given, checked: one clear line for what would be a wrong figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from wsml_mm.labels.encoding import POSITIVE, UNOBSERVED, check_labels


def check_scores(scores: NDArray[np.floating], where: str = '') -> None:
    """Refuses scores that are NaN or infinite.

    Args:
        scores: of any shape.
        where: begins the message, e.g. an image with a colon and a blank.

    Raises:
        ValueError: saying how many there are.
    """
    bad = ~np.isfinite(scores)
    if bad.any():
        kind = 'NaN' if np.isnan(scores).any() else 'infinite'
        raise ValueError(
            f'{where}{int(bad.sum())} of {bad.size} scores are {kind}: the model has diverged; '
            'lower the learning rate'
        )


def class_scores(
    scores: ArrayLike, positive: ArrayLike
) -> tuple[NDArray[np.floating], NDArray[np.bool_]]:
    """Returns the scores and labels of one class, checked.

    Args:
        scores: (N,) real; float32 stays float32, all others become float64.
        positive: (N,) bool, or of {1, 0}.

    Raises:
        ValueError: if a score is not finite, or a label is neither.
    """
    score, truth = np.asarray(scores), np.asarray(positive)
    if score.dtype != np.float32:
        score = score.astype(np.float64, copy=False)
    check_scores(score)
    if truth.dtype == np.bool_:
        return score, truth
    if truth.size and not np.isin(truth, (0, 1)).all():
        raise ValueError(
            f'positive holds {truth[~np.isin(truth, (0, 1))][0]}: take the annotated labels only, '
            'or give matrices with -1 to class_average_precision'
        )
    return score, truth.astype(bool)


def batch_scores(
    samples: Sequence[Mapping[str, Any]],
) -> tuple[NDArray[np.floating], NDArray[np.int8]]:
    """Returns (B, C) scores and labels of evaluated samples, checked as by `sample_scores`.

    Args:
        samples: at least one; those of a batch that are alike are read and checked at once.

    Raises:
        ValueError: see `sample_scores`.
    """
    with suppress(ValueError):  # which sample it is will be found below
        return _stacked(samples)
    scores, labels = zip(*map(sample_scores, samples), strict=True)
    return np.stack(scores), np.stack(labels)


def _stacked(
    samples: Sequence[Mapping[str, Any]],
) -> tuple[NDArray[np.floating], NDArray[np.int8]]:
    scores, targets = zip(*((s['pred_score'], s.get('gt_score')) for s in samples), strict=True)
    kinds = {
        (score.shape, score.dtype, score.device, target.shape, target.dtype, target.device)
        if isinstance(target, torch.Tensor)
        else None
        for score, target in zip(scores, targets, strict=True)
    }
    if len(kinds) > 1 or None in kinds or scores[0].shape != targets[0].shape:
        raise ValueError('the samples are not alike')
    target = torch.stack(targets).cpu()
    check_labels(target)
    score, label = _array(torch.stack(scores)), target.to(torch.int8).numpy()
    check_scores(score[label != UNOBSERVED])
    return score, label


def _array(score: torch.Tensor) -> NDArray[np.floating]:
    """Returns float32, or float64 where it was that."""
    score = score.detach().cpu()
    array: NDArray[np.floating] = score.to(torch.promote_types(score.dtype, torch.float32)).numpy()
    return array


def sample_scores(sample: Mapping[str, Any]) -> tuple[NDArray[Any], NDArray[np.int8]]:
    """Returns an evaluated sample's (C,) scores, float32 or float64, and (C,) labels, checked.

    Args:
        sample: with `pred_score`, and `gt_score` of {1, 0, -1} or `gt_label`, positive classes.

    Raises:
        ValueError: naming the image, if a label is of another value or class, or the score of an
            annotated label is not finite.
    """
    score = _array(sample['pred_score'])
    image = sample.get('img_path')
    where = f'{image}: ' if image else ''
    if 'gt_score' in sample:
        target = torch.as_tensor(sample['gt_score']).cpu()
        if tuple(target.shape) != score.shape:
            raise ValueError(
                f'{where}pred_score {score.shape} and gt_score {tuple(target.shape)} must both be '
                '(C,); check num_classes of the head'
            )
        check_labels(target, f'{where}gt_score')
        label: NDArray[np.int8] = target.to(torch.int8).numpy()
    else:
        label = _of_positives(sample['gt_label'], len(score), where)
    check_scores(score[label != UNOBSERVED], where)
    return score, label


def _of_positives(positives: Any, num_classes: int, where: str) -> NDArray[np.int8]:
    listed = np.atleast_1d(torch.as_tensor(positives).cpu().numpy())
    whole = listed.dtype.kind in 'iu' or not listed.size
    if not whole or ((listed < 0) | (listed >= num_classes)).any():
        raise ValueError(
            f'{where}gt_label {listed.tolist()} must be class indices of 0..{num_classes - 1}; '
            'check the class list and num_classes of the head'
        )
    label = np.zeros(num_classes, dtype=np.int8)
    label[listed.astype(np.int64)] = POSITIVE
    return label

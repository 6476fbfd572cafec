"""What a metric is given, checked: one clear line for what would be a wrong figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Returns the scores and labels of one class, checked.

    Args:
        scores: (N,) real.
        positive: (N,) bool, or of {1, 0}.

    Raises:
        ValueError: if a score is not finite, or a label is neither.
    """
    score, truth = np.asarray(scores, dtype=np.float64), np.asarray(positive)
    check_scores(score)
    if truth.size and not np.isin(truth, (0, 1)).all():
        raise ValueError(
            f'positive holds {truth[~np.isin(truth, (0, 1))][0]}: take the annotated labels only, '
            'or give matrices with -1 to class_average_precision'
        )
    return score, truth.astype(bool)


def sample_scores(sample: Mapping[str, Any]) -> tuple[NDArray[Any], NDArray[np.int8]]:
    """Returns an evaluated sample's (C,) scores, float32 or float64, and (C,) labels, checked.

    Args:
        sample: with `pred_score`, and `gt_score` of {1, 0, -1} or `gt_label`, positive classes.

    Raises:
        ValueError: naming the image, if a label is of another value or class, or the score of an
            annotated label is not finite.
    """
    score = sample['pred_score'].detach().cpu()
    score = score.to(torch.promote_types(score.dtype, torch.float32)).numpy()
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


def batch_scores(
    samples: Sequence[Mapping[str, Any]],
) -> Sequence[tuple[NDArray[Any], NDArray[np.int8]]]:
    """Returns `sample_scores` of each sample of a batch; one that is as usual is checked at once.

    Raises:
        ValueError: as `sample_scores`.
    """
    try:
        score = torch.stack([sample['pred_score'] for sample in samples]).detach().cpu()
        target = torch.stack([sample['gt_score'] for sample in samples]).cpu()
        check_labels(target)
        score = score.to(torch.promote_types(score.dtype, torch.float32))
        usual = score.shape == target.shape and score.ndim == 2 and bool(score.isfinite().all())
    except (KeyError, TypeError, ValueError, RuntimeError):
        usual = False
    if not usual:  # each on its own: some may be right, and what is wrong is named
        return [sample_scores(sample) for sample in samples]
    return list(zip(score.numpy(), target.to(torch.int8).numpy(), strict=True))


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

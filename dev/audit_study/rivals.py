"""How others would rank the same labels by the same held-out probabilities.

They know no unobserved label: what is not observed as positive is absent to them.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wsml_mm.labels.encoding import POSITIVE

from .measures import Array, ordered

_JOB = Path(__file__).with_name('cleanlab_job.py')
_LEAST = 1e-7


def minus_thresholds(score: Array, labels: NDArray[np.int8]) -> NDArray[np.float64]:
    """Returns the probability less the threshold of its class, as in confident learning.

    The threshold of a class is the mean probability of the images that are labelled with it.
    Source: Northcutt et al., JAIR 70 (2021), Eq. 2, https://arxiv.org/abs/1911.00068.

    Args:
        score: (N, C) held-out probabilities.
        labels: (N, C) observed, each class positive at least once.
    """
    given = labels == POSITIVE
    thresholds = np.where(given, score, 0).sum(0, dtype=np.float64) / given.sum(0)
    return score - thresholds


def mistakenness(score: Array, labels: NDArray[np.int8]) -> NDArray[np.float64]:
    """Returns FiftyOne's mistakenness of each label, taken as a question of two answers.

    It is (m exp(-H) + 1) / 2 with the entropy H of the answers in nats, m = 1 where the likelier
    answer is not the given one and -1 where it is. A small rewrite of the formula in the comments
    of fiftyone/brain/internal/core/mistakenness.py, https://github.com/voxel51/fiftyone-brain. Of a
    label given as absent it grows with the probability, so it ranks no otherwise than that does.

    Args:
        score: (N, C) held-out probabilities.
        labels: (N, C) observed.
    """
    inside = np.clip(np.asarray(score, np.float64), _LEAST, 1 - _LEAST)
    entropy = -(inside * np.log(inside) + (1 - inside) * np.log1p(-inside))
    sign = np.where((inside > 0.5) == (labels == POSITIVE), -1, 1)
    return (sign * np.exp(-entropy) + 1) / 2


def image_mistakenness(score: Array, labels: NDArray[np.int8]) -> NDArray[np.float64]:
    """Returns FiftyOne's mistakenness as it is of several labels an image: one an image.

    The entropy is that of the softmax of the logits of all classes, and m = -1 only where the set
    of the likely classes is that of the given ones. Within an image the probability ranks.

    Args:
        score: (N, C) held-out probabilities.
        labels: (N, C) observed.
    """
    inside = np.clip(np.asarray(score, np.float64), _LEAST, 1 - _LEAST)
    odds = inside / (1 - inside)
    share = odds / odds.sum(1, keepdims=True)
    entropy = -(share * np.log(share)).sum(1)
    sign = np.where(((inside > 0.5) == (labels == POSITIVE)).all(1), -1, 1)
    each = (sign * np.exp(-entropy) + 1) / 2
    return ordered(np.broadcast_to(each[:, None], score.shape), score)


def of_cleanlab(python: str, score: Array, labels: NDArray[np.int8]) -> dict[str, Array]:
    """Returns the rankings of cleanlab's multi-label functions, run in an environment of its own.

    Args:
        python: interpreter that has cleanlab.
        score: (N, C) held-out probabilities.
        labels: (N, C) observed.

    Returns:
        'cleanlab quality' (`get_label_quality_scores_per_class`), 'cleanlab adjusted' (the same
        with `adjust_pred_probs`), 'cleanlab filter' (`find_multilabel_issues_per_class`: what it
        finds first, each by quality).
    """
    with tempfile.TemporaryDirectory() as folder:
        given, answer = Path(folder, 'given.npz'), Path(folder, 'answer.npz')
        np.savez(given, score=score, positive=labels == POSITIVE)
        subprocess.run([python, str(_JOB), str(given), str(answer)], check=True)
        with np.load(answer) as saved:
            quality, adjusted, issue = (saved[n] for n in ('quality', 'adjusted', 'issue'))
    return {
        'cleanlab quality': -quality,
        'cleanlab adjusted': -adjusted,
        'cleanlab filter': ordered(issue.astype(float), -quality),
    }

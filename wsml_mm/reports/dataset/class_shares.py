"""What is known of the class priors of a data set, in words for a report."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wsml_mm.labels.class_priors import (
    ClassPriors,
    crisp_priors,
    expected_positives,
    is_single_positive,
    mean_priors,
    observed_bounds,
)
from wsml_mm.labels.encoding import POSITIVE
from wsml_mm.labels.sparse import SparseLabels


@dataclass(frozen=True)
class ClassShares:
    """The class priors for a report.

    Args:
        bounds: what observed labels alone say.
        crisp: CRISP's estimate; None without scores.
        mean: the mean scores; None without scores, or where they are no probabilities.
        notes: lines of text.
    """

    bounds: ClassPriors
    crisp: ClassPriors | None
    mean: ClassPriors | None
    notes: tuple[str, ...]

    @property
    def headings(self) -> list[str]:
        """The headings of the columns of `cells`."""
        estimated = {'prior (CRISP)': self.crisp, 'mean score': self.mean}
        return ['prior from', 'to', *(name for name, found in estimated.items() if found)]

    def cells(self, index: int) -> list[str]:
        """Returns what is said of a class."""
        cells = [_percent(self.bounds.low[index]), _percent(self.bounds.high[index])]
        if self.crisp is not None:
            prior, high = self.crisp.prior[index], self.crisp.high[index]
            cells.append(
                'not known' if np.isnan(prior) else f'{_percent(prior)}, at most {_percent(high)}'
            )
        if self.mean is not None:
            mean, half = self.mean.prior[index], self.mean.high[index] - self.mean.prior[index]
            cells.append(f'{_percent(mean)} +- {100 * half:.1f}')
        return cells


def class_shares(labels: SparseLabels, scores: NDArray[np.float32] | None = None) -> ClassShares:
    """Returns what is known of the share of images that have each class.

    Args:
        labels: (N, C).
        scores: (N, C) of the same images; rows of NaN are left out; None: there are none.
    """
    bounds = observed_bounds(labels)
    notes = [_what_labels_say(labels, bounds)]
    if scores is None:
        return ClassShares(bounds, None, None, tuple(notes))
    scored = ~np.isnan(scores).any(1)
    if left := int((~scored).sum()):
        notes.append(f'{left:,} of {len(scores):,} images have no scores and are left out of them')
    known = scores[scored]
    rows = np.flatnonzero(scored)
    positive = np.zeros(known.shape, bool)
    for place, row in enumerate(rows):
        positive[place] = labels.row(int(row)) == POSITIVE
    crisp = crisp_priors(known, positive)
    mean = mean_priors(known) if known.size and 0 <= known.min() <= known.max() <= 1 else None
    notes.append(_expected('CRISP, if positives are labelled at random', crisp))
    if mean is None:
        notes.append('scores are no probabilities: their mean says nothing')
    else:
        notes.append(_expected('mean score, if scores are calibrated', mean))
    return ClassShares(bounds, crisp, mean, tuple(notes))


def _what_labels_say(labels: SparseLabels, bounds: ClassPriors) -> str:
    least, most = bounds.low.sum(), bounds.high.sum()
    if is_single_positive(labels):
        return (
            'single positive labels: a class prior is at least its observed rate; an image has '
            'at least 1 positive label, how many more no label says'
        )
    if not labels.counts()['unobserved']:
        return f'all labels are known: {least:.2f} positive labels an image'
    return f'positive labels an image: {least:.2f} to {most:.2f} by the labels alone'


def _expected(how: str, priors: ClassPriors) -> str:
    known = ~np.isnan(priors.prior)
    number = expected_positives(priors.prior[known])
    missing = int((~known).sum())
    more = '' if missing == 1 else 'es'
    rest = f', without {missing:,} class{more} never positive' if missing else ''
    return f'expected positive labels an image: {number:.2f} ({how}){rest}'


def _percent(share: float) -> str:
    return f'{100 * share:.1f}%'

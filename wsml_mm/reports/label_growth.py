"""How the observed labels of images grew by LL-Cp's corrections, judged by the full labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsml_mm.datasets.partial_label import PartialLabelDataset
from wsml_mm.labels.encoding import NEGATIVE, POSITIVE, UNOBSERVED

VERDICTS = {POSITIVE: 'right', NEGATIVE: 'wrong', UNOBSERVED: 'unknown'}

# Columns of `EntryStore.table`: 'sample', 'class', 'epoch' from 0; `judge` adds 'verdict'.
Corrections = dict[str, NDArray[np.int64]]


def judge(table: Corrections, leaves: Sequence[PartialLabelDataset]) -> Corrections:
    """Adds a column 'verdict', the full label of each correction, in order of time.

    Args:
        table: of `EntryStore.table`.
        leaves: the training set's datasets, numbered by `assign_index_offsets`.
    """
    verdict = np.full(len(table['sample']), UNOBSERVED, np.int64)
    for leaf in leaves:
        own = table['sample'] - leaf.index_offset
        here = (own >= 0) & (own < leaf.num_samples)
        verdict[here] = leaf.full_labels.values_at(own[here], table['class'][here])
    order = np.lexsort((table['class'], table['sample'], table['epoch']))
    return {key: column[order] for key, column in {**table, 'verdict': verdict}.items()}


def epoch_rows(table: Corrections, epochs: int, hidden: int) -> list[dict[str, Any]]:
    """Returns one row an epoch: corrections made in it and up to it, and how many were right.

    `precision` is the share of right ones among those that can be judged, `found` the share of the
    hidden positives that are corrected by then.

    Args:
        table: of `judge`.
        epochs: of the training.
        hidden: positives among the unobserved labels of the training images.
    """
    counts = {
        word: np.bincount(table['epoch'][table['verdict'] == value], minlength=epochs)
        for value, word in VERDICTS.items()
    }
    total = {word: np.cumsum(count) for word, count in counts.items()}
    rows = []
    for epoch in range(epochs):
        new = {word: int(count[epoch]) for word, count in counts.items()}
        now = {word: int(count[epoch]) for word, count in total.items()}
        rows.append(
            {
                'epoch': epoch + 1,
                'corrected': sum(new.values()),
                **new,
                'precision': _share(new['right'], new['right'] + new['wrong']),
                'corrected_so_far': sum(now.values()),
                **{f'{word}_so_far': count for word, count in now.items()},
                'precision_so_far': _share(now['right'], now['right'] + now['wrong']),
                'found_so_far': _share(now['right'], hidden),
            }
        )
    return rows


def count_hidden(leaves: Sequence[PartialLabelDataset]) -> int:
    """Counts the positives among the unobserved labels of the training images."""
    count = 0
    for leaf in leaves:
        full, trained = leaf.full_labels, np.zeros(leaf.num_samples, bool)
        trained[leaf.indices] = True
        rows = full.entry_rows()
        positive = (full.values == POSITIVE) & trained[rows]
        seen = leaf.labels.values_at(rows[positive], full.classes[positive])
        count += int((seen == UNOBSERVED).sum())
    return count


def choose_samples(table: Corrections, count: int, seed: int = 0) -> list[int]:
    """Returns samples to show: those with most corrections, right and wrong in their proportion.

    Of the corrected images, those with a wrong correction get their share of the places, rounded,
    but at least one if there is any, as do those without; within both, more corrections come
    first, ties drawn by `seed`. The share of wrong pictures is thus that of the training set.

    Args:
        table: of `judge`.
        count: how many.
        seed: of the draw.
    """
    samples, inverse = np.unique(table['sample'], return_inverse=True)
    number = np.bincount(inverse, minlength=len(samples))
    bad = np.bincount(inverse, table['verdict'] == NEGATIVE, minlength=len(samples)) > 0
    drawn = np.random.default_rng(seed).permutation(len(samples))
    ranked = np.lexsort((drawn, -number))
    kinds = [ranked[~bad[ranked]], ranked[bad[ranked]]]
    wrong = round(count * len(kinds[1]) / max(len(samples), 1))
    if count > 1:
        wrong = min(max(wrong, min(len(kinds[1]), 1)), count - min(len(kinds[0]), 1))
    wrong = min(max(wrong, count - len(kinds[0])), len(kinds[1]))
    chosen = [*kinds[0][: count - wrong], *kinds[1][:wrong]]
    return [int(samples[place]) for place in chosen]


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float('nan')

from __future__ import annotations

import numpy as np
import pytest

from wsml_mm.labels import SparseLabels
from wsml_mm.labels.class_priors import crisp_priors
from wsml_mm.reports.dataset.class_shares import class_shares


def labels(*rows):
    return SparseLabels.from_dense(np.array(rows, np.int8))


def test_without_scores_only_what_labels_tell():
    found = class_shares(labels([1, 0], [-1, -1], [-1, 0], [1, -1]))
    assert found.headings == ['prior from', 'to']
    assert found.cells(0) == ['50.0%', '100.0%']
    assert found.cells(1) == ['0.0%', '50.0%']
    assert found.notes == ('positive labels an image: 0.50 to 1.50 by the labels alone',)
    assert 'at least its observed rate' in class_shares(labels([1, -1], [-1, 1])).notes[0]
    known = class_shares(labels([1, 1], [0, 1]))
    assert known.notes == ('all labels are known: 1.50 positive labels an image',)
    assert known.cells(0) == ['50.0%', '50.0%']


def test_with_scores_both_estimates_and_what_they_suppose():
    table = labels([1, -1, -1], [-1, 1, -1], [1, -1, -1], [-1, 1, -1], [1, -1, -1])
    scores = np.array(
        [[0.9, 0.1, 0.3], [0.8, 0.9, 0.3], [0.7, 0.2, 0.3], [0.1, 0.8, 0.3], [np.nan] * 3],
        np.float32,
    )
    found = class_shares(table, scores)
    positive = np.array([[1, 0, 0], [0, 1, 0], [1, 0, 0], [0, 1, 0]]) == 1
    crisp = crisp_priors(scores[:4], positive)
    assert found.headings == ['prior from', 'to', 'prior (CRISP)', 'mean score']
    assert found.cells(0)[2] == f'{100 * crisp.prior[0]:.1f}%, at most 100.0%'
    assert found.cells(0)[3].startswith('62.5% +- ')
    assert found.cells(2)[2] == 'not known'
    left, by_crisp, by_mean = found.notes[1:]
    assert left == '1 of 5 images have no scores and are left out of them'
    number = crisp.prior[:2].sum()
    assert by_crisp.startswith(f'expected positive labels an image: {number:.2f} (CRISP')
    assert 'without 1 class' in by_crisp
    assert by_mean.startswith('expected positive labels an image: 1.43 (mean score')
    logits = class_shares(table, 10 * scores)
    assert logits.headings[-1] == 'prior (CRISP)'
    assert 'no probabilities' in logits.notes[-1]


@pytest.mark.parametrize('images', [0, 1])
def test_hardly_any_image(images):
    table = labels(*[[1, -1]] * images) if images else SparseLabels.from_dense(np.zeros((0, 2)))
    found = class_shares(table, np.full((images, 2), 0.5, np.float32))
    assert len(found.cells(1)) == len(found.headings)

from __future__ import annotations

import numpy as np
import pytest

from wsml_mm import TrainingFacts
from wsml_mm.labels import SparseLabels
from wsml_mm.models.losses.pseudo_labels import pseudo_positives

FACTS = TrainingFacts(3, 4, classes=list('abcd'))
MATRIX = np.array([[1, 0, 0, 1], [0, 0, 0, 0], [0, 1, 0, 0]], np.int8)
KEYS = [0, 3, 9]


@pytest.mark.parametrize('kind', ['array', 'bool', 'signs', 'sparse', 'npy', 'npz', 'npz of names'])
def test_every_form_gives_the_same_positives(kind, tmp_path):
    sample, label = MATRIX.nonzero()
    np.save(tmp_path / 'm.npy', MATRIX)
    np.savez(tmp_path / 'p.npz', **{'sample': sample[::-1], 'class': label[::-1]})
    named = dict(classes=list('abcd'), num_samples=3, value=np.ones(3), epoch=np.zeros(3))
    np.savez(tmp_path / 'n.npz', **{'sample': sample, 'class': label, **named})
    source = {
        'array': MATRIX,
        'bool': MATRIX == 1,
        'signs': np.where(MATRIX, 1, -1),
        'sparse': SparseLabels.from_dense(MATRIX),
        'npy': str(tmp_path / 'm.npy'),
        'npz': tmp_path / 'p.npz',
        'npz of names': str(tmp_path / 'n.npz'),
    }[kind]
    found = pseudo_positives(source, FACTS, list('abcd'))
    assert found.tolist() == KEYS


def archive(path, **columns):
    np.savez(path / 'x.npz', **columns)
    return str(path / 'x.npz')


def text(path, name):
    (path / name).write_text('0,1')
    return str(path / name)


@pytest.mark.parametrize(
    ('source', 'classes', 'says'),
    [
        (lambda p: MATRIX[:2], None, r'shape \(2, 4\), the training set has \(3, 4\) .*one row'),
        (lambda p: MATRIX.T, None, r'shape \(4, 3\)'),
        (lambda p: MATRIX * 0.5, None, 'value 0.5 of sample 0, class 0; .*threshold'),
        (lambda p: MATRIX, list('abce'), 'of other classes .*only there: e; only here: d'),
        (lambda p: MATRIX, list('abdc'), 'another order, from class 3'),
        (lambda p: SparseLabels.from_dense(MATRIX[:1]), None, r'shape \(1, 4\)'),
        (lambda p: text(p, 'x.npy'), None, r'x\.npy: is not a \.npy matrix of numbers'),
        (lambda p: text(p, 'x.npz'), None, r'x\.npz: is not a \.npz archive'),
        (lambda p: archive(p, sample=[0]), None, "has no column 'class'"),
        (lambda p: archive(p, **{'sample': [0.5], 'class': [0]}), None, 'whole numbers'),
        (lambda p: archive(p, **{'sample': [3], 'class': [0]}), None, r'sample 3 .*outside 0\.\.2'),
        (lambda p: archive(p, **{'sample': [0], 'class': [4]}), None, r'class 4 .*outside 0\.\.3'),
        (lambda p: archive(p, **{'sample': [0], 'class': [0], 'classes': list('abcx')}), None,
         'x.npz: pseudo-labels of other classes'),
        (lambda p: archive(p, **{'sample': [0], 'class': [0], 'num_samples': 9}), None,
         r'shape \(9, 4\)'),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_in_one_line(source, classes, says, tmp_path):
    with pytest.raises(ValueError, match=says) as error:
        pseudo_positives(source(tmp_path), FACTS, classes)
    assert '\n' not in str(error.value)


def test_a_missing_file_is_named(tmp_path):
    for name in ('no.npy', 'no.npz'):
        with pytest.raises((ValueError, FileNotFoundError), match=name):
            pseudo_positives(str(tmp_path / name), FACTS)

from __future__ import annotations

import numpy as np
import pytest
from mmpretrain.registry import TASK_UTILS

from wsml_mm.datasets import (
    KeepRatio,
    ObservationFile,
    ObserveAll,
    ObserveCounts,
    SinglePositive,
    SparseLabels,
    holdout_indices,
)

FROM_REFERENCE = {1: 1, -1: 0, 0: -1}


def full_labels(count, classes, density=0.08, seed=0) -> np.ndarray:
    """A 0/1 matrix whose first row has no positive and whose second has no negative."""
    dense = (np.random.RandomState(seed).rand(count, classes) < density).astype(np.int8)
    dense[0], dense[1] = 0, 1
    return dense


def as_sparse(dense) -> SparseLabels:
    return SparseLabels.from_dense(dense, rest=0)


def to_dense(labels: SparseLabels) -> np.ndarray:
    return np.array([labels.row(index) for index in range(len(labels))])


def from_reference(observed) -> np.ndarray:
    return np.vectorize(FROM_REFERENCE.get)(observed).astype(np.int8)


@pytest.mark.parametrize(('count', 'classes'), [(2, 1), (17, 20), (300, 80)])
@pytest.mark.parametrize(
    ('num_pos', 'num_neg'), [(1, 0), (1, 1), (0, 2), (2, -1), (-1, 0), (-1, -1), (0, 0), (999, 3)]
)
def test_counts_equal_the_published_generator(count, classes, num_pos, num_neg, reference):
    dense = full_labels(count, classes, seed=count)
    for seed in (1200, 5):
        labels = ObserveCounts(num_pos, num_neg, seed)(as_sparse(dense))
        expected = from_reference(reference.observe(dense, num_pos, num_neg, seed))
        np.testing.assert_array_equal(to_dense(labels), expected)
        assert labels.rest == -1


def test_single_positive_is_the_published_mask(reference):
    dense = full_labels(200, 20, density=0.2)
    labels = TASK_UTILS.build(dict(type='SinglePositive'))(as_sparse(dense))
    observed = to_dense(labels)
    np.testing.assert_array_equal(observed, from_reference(reference.observe(dense, seed=1200)))
    np.testing.assert_array_equal((observed == 1).sum(axis=1), dense.any(axis=1))
    assert set(np.unique(observed)) == {1, -1}
    assert (dense[observed == 1] == 1).all()


def test_generator_restarts_for_every_split():
    dense = as_sparse(full_labels(30, 20, density=0.3))
    process = SinglePositive()
    first = process(dense).fingerprint()
    assert process(dense).fingerprint() == first
    assert SinglePositive(seed=1)(dense).fingerprint() != first


def test_stored_zeros_and_unlisted_zeros_give_the_same_mask():
    # A dataset with `gt_score` lists its negatives, one with `gt_label` does not.
    dense = full_labels(40, 12, density=0.3)
    for process in (ObserveCounts(1, 2), KeepRatio(0.5, seed=1)):
        listed = process(SparseLabels.from_dense(dense, rest=-1))
        assert listed.fingerprint() == process(as_sparse(dense)).fingerprint()


def test_unobserved_labels_of_the_source_stay_so():
    dense = np.random.RandomState(0).choice([1, 0, -1], (40, 12)).astype(np.int8)
    for process in (ObserveCounts(-1, -1), ObserveCounts(2, 2), KeepRatio(1.0), KeepRatio(0.5)):
        observed = to_dense(process(SparseLabels.from_dense(dense)))
        assert ((observed == dense) | (observed == -1)).all()
    kept = to_dense(ObserveCounts(-1, -1)(SparseLabels.from_dense(dense)))
    np.testing.assert_array_equal(kept, dense)


@pytest.mark.parametrize(('num_pos', 'num_neg'), [(-2, 0), (1, -3)])
def test_counts_below_all_are_refused(num_pos, num_neg):
    with pytest.raises(ValueError, match=f'num_pos={num_pos}, num_neg={num_neg}.*-1 for all'):
        ObserveCounts(num_pos, num_neg)


def test_observe_all_returns_every_known_label():
    dense = np.random.RandomState(0).choice([1, 0, -1], (10, 5)).astype(np.int8)
    labels = SparseLabels.from_dense(dense)
    np.testing.assert_array_equal(to_dense(ObserveAll()(labels)), dense)
    rows = SparseLabels.from_rows(ObserveAll().rows(labels), 5, rest=-1)
    np.testing.assert_array_equal(to_dense(rows), dense)


@pytest.mark.parametrize('ratio', [0.1, 0.5, 0.9])
def test_keep_ratio_keeps_its_share_of_both_kinds(ratio):
    dense = full_labels(300, 80, density=0.3)
    observed = to_dense(KeepRatio(ratio, seed=3)(as_sparse(dense)))
    assert ((observed == dense) | (observed == -1)).all()
    for kind in (0, 1):
        known = observed[dense == kind] != -1
        spread = np.sqrt(ratio * (1 - ratio) / known.size)
        assert abs(known.mean() - ratio) < 4 * spread
    # Independent of the neighbour: joint share of two classes is the product.
    known = observed != -1
    both = (known[:, 1:] & known[:, :-1]).mean()
    assert abs(both - ratio**2) < 5 * np.sqrt(ratio**2 * (1 - ratio**2) / known.size * 3)


def test_keep_ratio_bounds():
    dense = full_labels(20, 6, density=0.5)
    assert (to_dense(KeepRatio(0)(as_sparse(dense))) == -1).all()
    np.testing.assert_array_equal(to_dense(KeepRatio(1)(as_sparse(dense))), dense)
    for ratio in (-0.1, 1.5, float('nan')):
        with pytest.raises(ValueError, match=r'ratio=.*lies in 0\.\.1'):
            KeepRatio(ratio)


def test_keep_ratio_mask_does_not_depend_on_the_known_labels():
    process = KeepRatio(0.4, seed=11)
    mask = to_dense(process(as_sparse(full_labels(50, 10)))) != -1
    other = to_dense(process(as_sparse(full_labels(50, 10, density=0.7, seed=9)))) != -1
    np.testing.assert_array_equal(mask, other)
    partial = np.random.RandomState(2).choice([1, 0, -1], (50, 10)).astype(np.int8)
    observed = to_dense(process(SparseLabels.from_dense(partial)))
    np.testing.assert_array_equal(observed, np.where(mask, partial, -1))


def encode(observed, encoding) -> np.ndarray:
    """Writes {1, 0, -1} labels as another project does."""
    codes = {'wsml': (1, 0, -1), 'reference': (1, -1, 0), 'nan': (1, 0, np.nan)}[encoding]
    return np.select([observed == 1, observed == 0], codes[:2], codes[2]).astype(np.float64)


@pytest.mark.parametrize('encoding', ['wsml', 'reference', 'nan'])
def test_file_in_every_encoding(tmp_path, encoding):
    dense = full_labels(12, 6, density=0.4)
    observed = to_dense(ObserveCounts(1, 2)(as_sparse(dense)))
    np.save(tmp_path / 'obs.npy', encode(observed, encoding))
    config = dict(type='ObservationFile', path=str(tmp_path / 'obs.npy'), encoding=encoding)
    process = TASK_UTILS.build(config)
    np.testing.assert_array_equal(to_dense(process(as_sparse(dense))), observed)
    rows = SparseLabels.from_rows(process.rows(as_sparse(dense)), 6, rest=-1)
    np.testing.assert_array_equal(to_dense(rows), observed)


def test_published_file_equals_the_process(tmp_path, reference):
    dense = full_labels(60, 20, density=0.2)
    np.save(tmp_path / 'formatted_train_labels_obs.npy', reference.observe(dense).astype(float))
    read = ObservationFile(tmp_path / 'formatted_train_labels_obs.npy', 'reference')
    labels = as_sparse(dense)
    assert read(labels).fingerprint() == SinglePositive()(labels).fingerprint()


def test_file_of_another_shape_is_refused(tmp_path):
    dense = full_labels(10, 4)
    for shape in ((8, 4), (10, 5), (10,), (10, 4, 1)):
        np.save(tmp_path / 'obs.npy', np.full(shape, -1))
        with pytest.raises(ValueError, match=r'obs\.npy: holds .*\(10, 4\).*before any hold-out'):
            ObservationFile(tmp_path / 'obs.npy')(as_sparse(dense))


@pytest.mark.parametrize('flipped', [1, 0])
def test_file_that_contradicts_the_annotation_is_refused(tmp_path, flipped):
    dense = full_labels(10, 4, density=0.5, seed=4)
    observed = np.full_like(dense, -1)
    row, column = np.argwhere(dense == 1 - flipped)[-1]
    observed[row, column] = flipped
    np.save(tmp_path / 'obs.npy', observed)
    with pytest.raises(ValueError, match=rf'obs\.npy: row {row}, class {column} contradicts'):
        ObservationFile(tmp_path / 'obs.npy')(as_sparse(dense))


def test_file_in_the_wrong_encoding_does_not_pass_silently(tmp_path):
    dense = full_labels(10, 4, density=0.5)
    np.save(tmp_path / 'obs.npy', encode(dense, 'reference'))  # negatives as -1, all known
    with pytest.raises(ValueError, match=r'obs\.npy: label -1 is not of the encoding .nan.'):
        ObservationFile(tmp_path / 'obs.npy', 'nan')(as_sparse(dense))
    np.save(tmp_path / 'obs.npy', encode(np.where(dense == 1, -1, 0), 'reference'))
    with pytest.raises(ValueError, match=r"obs\.npy: row .*the file's encoding"):
        ObservationFile(tmp_path / 'obs.npy')(as_sparse(dense))


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'gone\.npy: no such observed-label file'):
        ObservationFile(tmp_path / 'gone.npy')(as_sparse(full_labels(3, 2)))


class Trap:
    """Leaves a file behind when unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), 'w')


def test_pickled_objects_are_refused_unread(tmp_path):
    trap = np.empty((1, 1), dtype=object)
    trap[0, 0] = Trap(tmp_path / 'sprung')
    np.save(tmp_path / 'obs.npy', trap, allow_pickle=True)
    with pytest.raises(ValueError, match=r'obs\.npy: is no \.npy matrix of numbers.*numpy\.save'):
        ObservationFile(tmp_path / 'obs.npy')(as_sparse(np.ones((1, 1), dtype=np.int8)))
    assert not (tmp_path / 'sprung').exists()


def test_files_of_another_kind_are_refused(tmp_path):
    labels = as_sparse(full_labels(2, 2))
    (tmp_path / 'empty.npy').touch()
    (tmp_path / 'text.npy').write_text('1 0\n0 1\n')
    np.savez(tmp_path / 'many.npz', labels=np.zeros((2, 2)))
    np.save(tmp_path / 'names.npy', np.array([['a', 'b'], ['c', 'd']]))
    for name in ('empty.npy', 'text.npy', 'many.npz', 'names.npy'):
        with pytest.raises(ValueError, match=rf'{name}: is no \.npy matrix of numbers'):
            ObservationFile(tmp_path / name)(labels)


@pytest.mark.parametrize('count', [1, 2, 3, 7, 12, 13, 100, 5717])
@pytest.mark.parametrize(('fraction', 'seed'), [(0.2, 1200), (0.5, 1200), (0.25, 3), (1.0, 0)])
def test_holdout_equals_the_published_split(count, fraction, seed, reference):
    train, val = (holdout_indices(count, part, fraction, seed) for part in ('train', 'val'))
    expected = reference.split(count, fraction, seed)
    np.testing.assert_array_equal(train, expected[0])
    np.testing.assert_array_equal(val, expected[1])
    assert train.dtype == val.dtype == np.int64
    np.testing.assert_array_equal(np.sort(np.concatenate([train, val])), np.arange(count))


@pytest.mark.parametrize(
    ('count', 'fraction', 'held'),
    # The published sizes of VOC, COCO, NUS and CUB, then halves, which round to even.
    [
        (5717, 0.2, 1143),
        (82081, 0.2, 16416),
        (150000, 0.2, 30000),
        (5994, 0.2, 1199),
        (5, 0.5, 2),
        (7, 0.5, 4),
        (2, 0.2, 0),
        (3, 0.2, 1),
    ],
)
def test_holdout_sizes(count, fraction, held):
    assert len(holdout_indices(count, 'val', fraction, 1200)) == held
    assert len(holdout_indices(count, 'train', fraction, 1200)) == count - held


def test_holdout_of_nothing_and_of_all():
    np.testing.assert_array_equal(holdout_indices(9, 'train', 0, 1), np.arange(9))
    np.testing.assert_array_equal(holdout_indices(9, 'val', 1, 1), np.arange(9))
    assert len(holdout_indices(9, 'val', 0, 1)) == len(holdout_indices(9, 'train', 1, 1)) == 0


def test_holdout_errors():
    with pytest.raises(ValueError, match="part='test': use"):
        holdout_indices(9, 'test', 0.2, 1)
    for fraction in (-0.1, 1.1, 20):
        with pytest.raises(ValueError, match=rf'fraction={fraction}.*0\.\.1'):
            holdout_indices(9, 'val', fraction, 1)

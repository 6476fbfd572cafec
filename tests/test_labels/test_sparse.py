from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from wsml_mm.labels import SparseLabels, decode_labels

SHAPES = st.tuples(st.integers(0, 9), st.integers(1, 8))
DENSE = hnp.arrays(np.int8, SHAPES, elements=st.sampled_from([1, 0, -1]))
RESTS = st.sampled_from([0, -1])


def to_dense(labels: SparseLabels) -> np.ndarray:
    rows = [labels.row(index) for index in range(len(labels))]
    return np.array(rows, dtype=np.int8).reshape(len(labels), labels.num_classes)


def to_rows(dense):
    return [(np.flatnonzero(row == 1), np.flatnonzero(row == 0)) for row in dense]


@given(DENSE, RESTS)
def test_dense_round_trip(dense, rest):
    labels = SparseLabels.from_dense(dense, rest)
    assert len(labels) == len(dense)
    assert labels.rest == rest
    assert len(labels.values) == (dense != rest).sum()
    np.testing.assert_array_equal(to_dense(labels), dense)
    assert all(labels.row(index).dtype == np.int8 for index in range(len(labels)))


@given(DENSE)
def test_rows_and_dense_build_the_same(dense):
    from_rows = SparseLabels.from_rows(to_rows(dense), dense.shape[1], rest=-1)
    np.testing.assert_array_equal(to_dense(from_rows), dense)
    assert from_rows.fingerprint() == SparseLabels.from_dense(dense).fingerprint()


@given(hnp.arrays(np.int8, SHAPES, elements=st.sampled_from([1, 0])), st.randoms())
def test_full_rows_store_the_positives_only(dense, random):
    rows = [(random.sample(p.tolist(), len(p)), n) for p, n in to_rows(dense)]
    labels = SparseLabels.from_rows(rows, dense.shape[1], rest=0)
    np.testing.assert_array_equal(to_dense(labels), dense)
    assert len(labels.classes) == dense.sum()


@given(DENSE, RESTS)
def test_listed_and_counts(dense, rest):
    labels = SparseLabels.from_dense(dense, rest)
    for index, row in enumerate(dense):
        for value in (1, 0, -1):
            listed = labels.listed(index, value)
            assert listed.dtype == np.int64
            np.testing.assert_array_equal(listed, np.flatnonzero(row == value))
    assert labels.counts() == {
        'positive': (dense == 1).sum(),
        'negative': (dense == 0).sum(),
        'unobserved': (dense == -1).sum(),
    }


def test_listed_may_be_shuffled_without_harm():
    dense = np.array([[1, 1, 0, 1, -1]], dtype=np.int8)
    for rest in (0, -1):
        labels = SparseLabels.from_dense(dense, rest)
        for value in (1, 0, -1):
            labels.listed(0, value)[:] = 0
        labels.row(0)[:] = 0
        np.testing.assert_array_equal(to_dense(labels), dense)


@given(DENSE.filter(lambda dense: dense.size > 0), RESTS, st.data())
def test_fingerprint_sees_every_label(dense, rest, data):
    before = SparseLabels.from_dense(dense, rest).fingerprint()
    assert before == SparseLabels.from_dense(dense.copy(), rest).fingerprint()
    changed = dense.copy()
    at = data.draw(st.integers(0, dense.size - 1))
    changed.flat[at] = (changed.flat[at] + 2) % 3 - 1
    assert (changed != dense).sum() == 1
    assert SparseLabels.from_dense(changed, rest).fingerprint() != before


def test_fingerprint_sees_shape_rows_and_rest():
    dense = np.array([[1, -1], [-1, -1]], dtype=np.int8)
    same_entries = [
        SparseLabels.from_dense(dense),
        SparseLabels.from_dense(dense[::-1]),
        SparseLabels.from_dense(dense[:1]),
        SparseLabels.from_dense(np.hstack([dense, dense * 0 - 1])),
        SparseLabels.from_dense(np.maximum(dense, 0), rest=0),
    ]
    assert len({labels.fingerprint() for labels in same_entries}) == 5


@pytest.mark.parametrize('index', [2, 99, -1])
def test_index_outside_is_refused(index):
    labels = SparseLabels.from_dense(np.zeros((2, 3), dtype=np.int8))
    with pytest.raises(IndexError, match=rf'sample index {index} is outside 0\.\.1'):
        labels.row(index)
    with pytest.raises(IndexError, match=rf'sample index {index} is outside 0\.\.1'):
        labels.listed(index, 1)


@pytest.mark.parametrize('row', [([2, 0, 2], []), ([2], [2]), ([], [2, 1, 2])])
@pytest.mark.parametrize('rest', [0, -1])
def test_class_listed_twice_is_refused(row, rest):
    with pytest.raises(ValueError, match=r'row 1: class 2 is listed twice'):
        SparseLabels.from_rows([([0], []), row], 3, rest)


@pytest.mark.parametrize('row', [([3], []), ([-1], []), ([0], [3])])
def test_class_outside_the_list_is_refused(row):
    with pytest.raises(ValueError, match=r'outside 0\.\.2; check the class list'):
        SparseLabels.from_rows([row], 3, rest=-1)


@pytest.mark.parametrize('rest', [1, 2, -2])
def test_rest_is_negative_or_unobserved(rest):
    with pytest.raises(ValueError, match=f'rest={rest}'):
        SparseLabels.from_dense(np.zeros((1, 2), dtype=np.int8), rest)


@pytest.mark.parametrize('rest', [0, -1])
def test_dense_value_outside_the_encoding_is_refused(rest):
    with pytest.raises(ValueError, match=r'label 2 is not of \{1, 0, -1\}.*decode_labels'):
        SparseLabels.from_dense(np.array([[1, 0, 2]], dtype=np.int8), rest)


@pytest.mark.parametrize(
    ('encoding', 'values'),
    [
        ('wsml', [[1, 0, -1]]),
        ('wsml', np.array([[1.0, 0.0, -1.0]], dtype=np.float16)),
        ('reference', [[1, -1, 0]]),
        ('reference', np.array([[1, -1, 0]], dtype=np.int64)),
        ('nan', [[1, 0, float('nan')]]),
        ('nan', np.array([[1, 0, np.nan]], dtype=np.float32)),
    ],
)
def test_decode_to_the_one_encoding(encoding, values):
    decoded = decode_labels(values, encoding)
    assert decoded.dtype == np.int8
    np.testing.assert_array_equal(decoded, [[1, 0, -1]])


@given(hnp.arrays(np.float64, hnp.array_shapes(min_side=0, max_side=5), elements=st.just(np.nan)))
def test_decode_keeps_any_shape(values):
    decoded = decode_labels(values, 'nan')
    assert decoded.shape == values.shape
    assert (decoded == -1).all()


@pytest.mark.parametrize(
    ('encoding', 'value', 'shown'),
    [
        ('wsml', float('nan'), 'nan'),
        ('wsml', 2, '2'),
        ('reference', 0.5, '0.5'),
        ('reference', float('nan'), 'nan'),
        ('nan', -1, '-1'),
    ],
)
def test_decode_names_file_value_and_encoding(encoding, value, shown):
    with pytest.raises(ValueError, match=rf"^obs\.npy: label {shown} is not of .*'{encoding}'"):
        decode_labels([1, value, 1], encoding, where='obs.npy')


def test_decode_unknown_encoding():
    with pytest.raises(ValueError, match=r"obs\.npy: unknown label encoding 'cole'.*'reference'"):
        decode_labels([1], 'cole', where='obs.npy')


@given(DENSE, RESTS, st.randoms())
def test_pairs_in_any_order(dense, rest, random):
    triples = [(r, c, dense[r, c]) for r in range(len(dense)) for c in range(dense.shape[1])]
    random.shuffle(triples)
    rows, classes, values = zip(*triples, strict=True) if triples else ((), (), ())
    labels = SparseLabels.from_pairs(rows, classes, values, dense.shape, rest)
    np.testing.assert_array_equal(to_dense(labels), dense)
    assert labels.fingerprint() == SparseLabels.from_dense(dense, rest).fingerprint()


@pytest.mark.parametrize(
    ('rows', 'classes', 'message'),
    [([0, 1, 0], [1, 1, 1], r'row 0: class 1 is listed twice; list it once'),
     ([2], [0], r'row 2 is outside 0\.\.1; check the number of images'),
     ([-1], [0], r'row -1 is outside 0\.\.1; check the number of images'),
     ([0], [3], r'class index 3 is outside 0\.\.2; check the class list')],
)  # fmt: skip
def test_bad_pairs(rows, classes, message):
    with pytest.raises(ValueError, match=message):
        SparseLabels.from_pairs(rows, classes, 1, (2, 3))


@given(DENSE, RESTS, st.data())
def test_parts_and_counts(dense, rest, data):
    labels = SparseLabels.from_dense(dense, rest)
    rows = data.draw(
        st.lists(st.integers(0, len(dense) - 1), max_size=9) if len(dense) else st.just([])
    )
    np.testing.assert_array_equal(to_dense(labels.subset(rows)), dense[np.array(rows, int)])
    columns = data.draw(st.permutations(range(dense.shape[1])))[: dense.shape[1] // 2 + 1]
    np.testing.assert_array_equal(to_dense(labels.select(columns)), dense[:, columns])
    for value in (1, 0, -1):
        np.testing.assert_array_equal(labels.row_counts(value), (dense == value).sum(axis=1))
        np.testing.assert_array_equal(labels.class_counts(value), (dense == value).sum(axis=0))


@given(DENSE, RESTS, st.data())
def test_completed_rows_have_no_unlisted_label(dense, rest, data):
    flags = data.draw(st.lists(st.booleans(), min_size=len(dense), max_size=len(dense)))
    rows = np.flatnonzero(flags)
    found = SparseLabels.from_dense(dense, rest).completed(rows)
    expected = dense.copy()
    if rest == -1:  # all that was listed stays; unlisted labels become negative
        expected[rows] = np.maximum(expected[rows], 0)
    np.testing.assert_array_equal(to_dense(found), expected)
    assert (np.diff(found.indptr)[rows] == dense.shape[1]).all()


@given(DENSE, RESTS, RESTS)
def test_unlisted_labels_count_as_said(dense, rest, other):
    labels = SparseLabels.from_dense(dense, rest)
    found = labels.unlisted(other)
    assert found.rest == other
    np.testing.assert_array_equal(to_dense(found), np.where(dense == rest, other, dense))


@given(DENSE, RESTS, st.data())
def test_values_at_any_places(dense, rest, data):
    labels = SparseLabels.from_dense(dense, rest)
    keys = labels.keys()
    assert keys.dtype == np.int64
    np.testing.assert_array_equal(keys, np.flatnonzero(dense != rest))
    places = np.array(
        data.draw(
            st.lists(st.integers(0, dense.size - 1), max_size=20) if dense.size else st.just([])
        ),
        np.int64,
    )
    rows, classes = places // dense.shape[1], places % dense.shape[1]
    found = labels.values_at(rows, classes)
    assert found.dtype == np.int8
    np.testing.assert_array_equal(found, dense.ravel()[places])
    assert labels.values_at(rows.tolist(), classes.astype(np.int32)).tolist() == found.tolist()


@given(DENSE, RESTS)
def test_values_at_every_place(dense, rest):
    labels = SparseLabels.from_dense(dense, rest)
    rows, classes = (x.ravel() for x in np.indices(dense.shape))
    np.testing.assert_array_equal(labels.values_at(rows, classes), dense.ravel())
    assert labels.values_at([], []).shape == (0,)


@given(DENSE, RESTS)
def test_a_pickle_holds_the_same_labels(dense, rest):
    labels = SparseLabels.from_dense(dense, rest)
    again = pickle.loads(pickle.dumps(labels))
    assert again.fingerprint() == labels.fingerprint()
    np.testing.assert_array_equal(to_dense(again), dense)
    for name in ('indptr', 'classes', 'values'):
        assert getattr(again, name).dtype == getattr(labels, name).dtype


def test_rows_of_a_batch_are_the_single_rows():
    matrix = np.random.default_rng(0).integers(-1, 2, (9, 4)).astype(np.int8)
    matrix[3] = -1  # nothing is listed
    for labels in (SparseLabels.from_dense(matrix), SparseLabels.from_dense(abs(matrix), 0)):
        for indices in ([], [3], [8, 0, 3, 3, 5], range(9)):
            found = labels.rows(indices)
            assert found.dtype == np.int8
            assert found.tolist() == [labels.row(index).tolist() for index in indices]
        for wrong in ([9], [0, -1]):
            with pytest.raises(IndexError, match='rows of the whole split'):
                labels.rows(wrong)

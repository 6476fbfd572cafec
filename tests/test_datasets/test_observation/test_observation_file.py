from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from label_samples import (
    as_sparse,
    few_listed,
    full_labels,
    names_of,
    to_dense,
)
from mmpretrain.registry import TASK_UTILS

from wsml_mm.datasets import (
    ObservationFile,
    ObserveCounts,
    SinglePositive,
    observe_split,
    save_observation,
)
from wsml_mm.labels import SparseLabels


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
    with pytest.raises(ValueError, match=r'obs\.npy: .*matrix of numbers.*numpy\.save'):
        ObservationFile(tmp_path / 'obs.npy')(as_sparse(np.ones((1, 1), dtype=np.int8)))
    assert not (tmp_path / 'sprung').exists()


def test_files_of_another_kind_are_refused(tmp_path):
    labels = as_sparse(full_labels(2, 2))
    (tmp_path / 'empty.npy').touch()
    (tmp_path / 'text.npy').write_text('1 0\n0 1\n')
    np.save(tmp_path / 'names.npy', np.array([['a', 'b'], ['c', 'd']]))
    for name in ('empty.npy', 'text.npy', 'names.npy'):
        with pytest.raises(ValueError, match=rf'{name}: is not a \.npy matrix of numbers'):
            ObservationFile(tmp_path / name)(labels)


def test_matrix_is_decoded_by_blocks(tmp_path, monkeypatch):
    dense = np.full((2000, 1000), -1, np.int8)
    dense[::100, 7] = 1
    np.save(tmp_path / 'obs.npy', dense)
    monkeypatch.setattr('wsml_mm.labels.blocks._LABELS', 10**4)
    labels = SparseLabels.from_dense(dense)
    tracemalloc.start()
    try:
        observed = ObservationFile(tmp_path / 'obs.npy')(labels)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert observed.fingerprint() == labels.fingerprint()
    assert peak < 1e6  # the matrix has two


def test_matrix_in_columns(tmp_path):
    dense = full_labels(12, 6, density=0.4)
    np.save(tmp_path / 'obs.npy', np.asfortranarray(dense))
    np.testing.assert_array_equal(
        to_dense(ObservationFile(tmp_path / 'obs.npy')(as_sparse(dense))), dense
    )


def test_mask_file_is_read_by_its_ending(tmp_path):
    labels = few_listed(50, 20, listed=5)
    names = names_of(50, 20)
    observed = ObserveCounts(1, 1)(labels)
    save_observation(tmp_path / 'obs.npz', observed, labels, names)
    process = TASK_UTILS.build(dict(type='ObservationFile', path=str(tmp_path / 'obs.npz')))
    assert observe_split(process, labels, names).fingerprint() == observed.fingerprint()
    with pytest.raises(ValueError, match=r"obs\.npz: encoding='reference' is for .*leave it out"):
        ObservationFile(tmp_path / 'obs.npz', 'reference')

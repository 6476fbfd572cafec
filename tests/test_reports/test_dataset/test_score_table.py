from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from wsml_mm.reports.dataset import read_scores

NAMES, CLASSES = ['a/1.jpg', 'a/2.jpg'], ['cat', 'dog, wild']
MATRIX = np.array([[0.5, 0.25], [0.125, 1]], np.float32)


def table(images=('a/2.jpg', 'b/3.jpg', 'a/1.jpg'), **change):
    columns = {
        'image': list(images),
        'positive': ['', '', ''],
        'score/dog, wild': [1.0, 0.0, 0.25],
        'score/cat': [0.125, 0.0, 0.5],
    }
    return pa.table({k: v for k, v in {**columns, **change}.items() if v is not None})


def write(path, content):
    if path.suffix == '.parquet':
        parquet.write_table(content, path)
    else:
        delimiter = '\t' if path.suffix == '.tsv' else ','
        csv.write_csv(content, path, write_options=csv.WriteOptions(delimiter=delimiter))
    return path


@pytest.mark.parametrize('suffix', ['.csv', '.tsv', '.parquet'])
def test_images_and_classes_go_by_name(tmp_path, suffix):
    file = write(tmp_path / f's{suffix}', table())
    assert np.array_equal(read_scores(file, NAMES, CLASSES), MATRIX)
    elsewhere = write(tmp_path / f't{suffix}', table(['x/y/2.jpg', '3.jpg', '1.jpg']))
    assert np.array_equal(read_scores(elsewhere, NAMES, CLASSES), MATRIX)


def test_an_array_is_in_the_order_of_the_images(tmp_path):
    np.save(tmp_path / 's.npy', MATRIX.astype(np.float64))
    assert np.array_equal(read_scores(tmp_path / 's.npy', NAMES, CLASSES), MATRIX)


def test_an_image_without_scores_is_nan(tmp_path):
    broken = table(**{'score/cat': [0.125, None, None], 'score/dog, wild': [1.0, None, None]})
    found = read_scores(write(tmp_path / 's.csv', broken), NAMES, CLASSES)
    assert np.isnan(found[0]).all()
    assert np.array_equal(found[1], MATRIX[1])


@pytest.mark.parametrize(
    ('content', 'says'),
    [
        (
            lambda: table(['a/2.jpg', 'b.jpg', 'c.jpg']),
            r"no scores of 1 of 2 images, of 'a/1\.jpg'",
        ),
        (lambda: table(['a/2.jpg', 'a/2.jpg', 'a/1.jpg']), r"image 'a/2\.jpg' comes twice"),
        (lambda: table(image=None), "has no column 'image'"),
        (lambda: table(**{'score/cat': None}), 'other classes than the data set .*only here: cat'),
        (lambda: table(**{'score/cat': None, 'score/dog, wild': None}), "no column 'score/CLASS'"),
        (
            lambda: table(**{'score/cat': ['x', 'y', 'z']}),
            "column 'score/cat' holds what is no num",
        ),
    ],
)
def test_other_tables_are_refused_in_one_line(tmp_path, content, says):
    for suffix in ('.csv', '.parquet'):
        with pytest.raises(ValueError, match=says) as error:
            read_scores(write(tmp_path / f's{suffix}', content()), NAMES, CLASSES)
        assert '\n' not in str(error.value)


def test_other_files_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match='no such file of scores; give a CSV'):
        read_scores(tmp_path / 'no.csv', NAMES, CLASSES)
    np.save(tmp_path / 's.npy', MATRIX[:1])
    with pytest.raises(ValueError, match=r'shape \(1, 2\), the data set has \(2, 2\)'):
        read_scores(tmp_path / 's.npy', NAMES, CLASSES)
    (tmp_path / 's.parquet').write_bytes(b'no')
    with pytest.raises(ValueError, match=r's\.parquet: is no table'):
        read_scores(tmp_path / 's.parquet', NAMES, CLASSES)

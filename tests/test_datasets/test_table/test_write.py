"""What is written is read back as it was, whatever the names and the kind of file."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsml_mm import LabelTable
from wsml_mm.datasets.table import write_table
from wsml_mm.labels import SparseLabels
from wsml_mm.labels.files import TABLE_SUFFIXES

SIGNS = st.characters(exclude_categories=['C', 'Z'], exclude_characters='/\\:.|')
TEXT = st.text(SIGNS, min_size=1)
AWKWARD = ['dog, small', 'a"b', 'b;c', '"', "it's", 'x y', '-', '**', '0']
CLASS_NAMES = (TEXT | st.sampled_from(AWKWARD)).filter(lambda name: name != '*')


@st.composite
def tables(draw):
    """Distinct image and class names, labels {1, 0, -1}, some rows known wholly or not at all."""
    classes = draw(st.lists(CLASS_NAMES, min_size=1, max_size=6, unique=True))
    names = draw(st.lists(TEXT, min_size=1, max_size=8, unique=True))
    known = st.lists(st.sampled_from([1, 0, -1]), min_size=len(classes), max_size=len(classes))
    row = known | known.map(lambda r: [max(v, 0) for v in r]) | st.just([-1] * len(classes))
    matrix = np.array([draw(row) for _ in names], np.int8)
    return [f'd/{name}.jpg' for name in names], matrix, classes


def dense(labels):
    return np.array([labels.row(i) for i in range(len(labels))])


@settings(max_examples=60)
@given(tables(), st.sampled_from([0, -1]), st.sampled_from(TABLE_SUFFIXES))
def test_round_trip(tmp_path_factory, case, rest, suffix):
    names, matrix, classes = case
    folder = tmp_path_factory.mktemp('t')
    labels = SparseLabels.from_dense(matrix, rest)
    write_table(folder / f't{suffix}', names, labels, classes)
    read = LabelTable(folder, f't{suffix}', classes=classes)
    assert list(read.image_names()) == names
    np.testing.assert_array_equal(dense(read.sparse_labels()), matrix)
    # A second time, the labels as they were read: the very same file.
    write_table(folder / f'again{suffix}', names, read.sparse_labels(), classes)
    if suffix != '.parquet':
        assert (folder / f'again{suffix}').read_bytes() == (folder / f't{suffix}').read_bytes()


def test_a_table_to_look_at(tmp_path):
    labels = SparseLabels.from_dense(np.array([[1, 0, -1], [1, 0, 0], [-1, -1, -1], [-1, 1, 1]]))
    names = ['a.jpg', 'b, c.jpg', 'd.jpg', 'e.jpg']
    write_table(tmp_path / 't.csv', names, labels, ['cat', 'dog', 'elk'])
    assert (tmp_path / 't.csv').read_text().replace('"', '').splitlines() == [
        'image,positive,negative', 'a.jpg,cat,dog', 'b, c.jpg,cat,*', 'd.jpg,,', 'e.jpg,dog|elk,',
    ]  # fmt: skip
    write_table(tmp_path / 't.json', names[:1], labels.subset([0]), ['cat', 'dog', 'elk'])
    assert (tmp_path / 't.json').read_text() == (
        '[{"image": "a.jpg", "positive": ["cat"], "negative": ["dog"]}]\n'
    )


def test_fully_annotated_labels_stay_as_short(tmp_path):
    labels = SparseLabels.from_dense(np.array([[1, 0, 0], [0, 0, 0]]), rest=0)
    write_table(tmp_path / 't.csv', ['a', 'b'], labels, ['x', 'y', 'z'])
    read = LabelTable(tmp_path, 't.csv', classes=['x', 'y', 'z']).sparse_labels()
    assert read.fingerprint() == labels.fingerprint()


def test_another_separator_or_kind_takes_any_class(tmp_path):
    labels, classes = SparseLabels.from_dense(np.array([[1, 1]])), ['a|b', 'c']
    with pytest.raises(ValueError, match=r"t\.csv: class name 'a\|b' holds the separator '\|'; g"):
        write_table(tmp_path / 't.csv', ['x.jpg'], labels, classes)
    assert not (tmp_path / 't.csv').exists()
    write_table(tmp_path / 't.csv', ['x.jpg'], labels, classes, separator=';')
    write_table(tmp_path / 't.parquet', ['x.jpg'], labels, classes)
    for name, separator in (('t.csv', ';'), ('t.parquet', '|')):
        read = LabelTable(tmp_path, name, classes=classes, separator=separator)
        assert dense(read.sparse_labels()).tolist() == [[1, 1]]


@pytest.mark.parametrize('separator', ['||', ' ', '|', ' | '])
def test_separators_that_end_a_name(tmp_path, separator):
    labels, classes = SparseLabels.from_dense(np.array([[1, 1]])), ['a|', 'b']
    if separator in ('||', '|'):
        with pytest.raises(ValueError, match=r"class name 'a\|' holds the separator"):
            write_table(tmp_path / 't.csv', ['x.jpg'], labels, classes, separator)
        return
    write_table(tmp_path / 't.csv', ['x.jpg'], labels, classes, separator)
    read = LabelTable(tmp_path, 't.csv', classes=classes, separator=separator)
    assert dense(read.sparse_labels()).tolist() == [[1, 1]]


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(path='t.xlsx'), r't\.xlsx: a table of labels ends with one of \.csv, '),
        (dict(names=['a.jpg']), r't\.csv: 1 names and 2 classes for labels of 2 x 2; give one'),
        (dict(classes=['x']), r'2 names and 1 classes for labels of 2 x 2; give one'),
        (dict(names=['a.jpg', 'a.jpg']), r"image 'a\.jpg' is there 2 times; give each once"),
        (dict(classes=['x', 'x']), r"class 'x' is there 2 times; give each once"),
        (dict(names=['a.jpg', '../b.jpg']), r"image name '\.\./b\.jpg' would not be read as it is"),
        (dict(names=['a.jpg', './b.jpg']), r"image name '\./b\.jpg' would not be read as it is"),
        (dict(classes=['x', '*']), r"class name '\*' would not be read as it is; rename it"),
        (dict(classes=['x', '']), r"class name '' would not be read as it is"),
        (dict(classes=['x', ' y']), r"class name ' y' would not be read as it is"),
        (dict(classes=['x', 'y\nz']), r"class name 'y\\nz' would not be read as it is"),
        (dict(separator=''), r"separator='': use a sign like"),
        (dict(separator='*'), r"separator='\*': use a sign like"),
    ],
)
def test_what_would_not_be_read_back_is_refused(tmp_path, options, message):
    given = dict(path='t.csv', names=['a.jpg', 'b.jpg'], classes=['x', 'y']) | options
    given['path'] = tmp_path / given['path']
    with pytest.raises(ValueError, match=message):
        write_table(labels=SparseLabels.from_dense(np.array([[1, 0], [-1, 1]])), **given)
    assert not list(tmp_path.iterdir())


def test_no_images_are_refused(tmp_path):
    nothing = SparseLabels.from_dense(np.zeros((0, 1), np.int8))
    with pytest.raises(ValueError, match='0 names and 1 classes for labels of 0 x 1'):
        write_table(tmp_path / 't.csv', [], nothing, ['x'])

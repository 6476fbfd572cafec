from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from wsml_mm.benchmarks.cub200.attribute_labels import read_attribute_labels, read_id_table

GOOD = ['1 1 0 3 7.1', '1 2 1 4 2', '4 1 1 1 0.2 9 9', '4 2 0']


@pytest.fixture
def path(tmp_path):
    return tmp_path / 'labels.txt'


def read(path, lines):
    path.write_text('\n'.join(lines) + '\n')
    return read_attribute_labels(path, [1, 4], [1, 2])


@pytest.mark.parametrize('order', [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
def test_any_order_of_lines_and_further_columns(path, order):
    np.testing.assert_array_equal(read(path, [GOOD[i] for i in order]), [[0, 1], [1, 0]])


@given(arrays(np.int8, (4, 3), elements=st.integers(0, 1)), st.permutations(range(12)))
@settings(max_examples=30)
def test_labels_go_by_their_ids(tmp_path_factory, matrix, order):
    lines = [f'{i + 2} {a + 5} {matrix[i, a]} 1 0.5\n' for i in range(4) for a in range(3)]
    path = tmp_path_factory.mktemp('l') / 'labels.txt'
    path.write_text(''.join(lines[n] for n in order))
    np.testing.assert_array_equal(read_attribute_labels(path, [2, 3, 4, 5], [5, 6, 7]), matrix)


@pytest.mark.parametrize(
    ('number', 'line', 'message'),
    [
        (2, '1 2', r"labels\.txt:3: '1 2' is not \"IMAGE ATTRIBUTE PRESENT"),
        (2, '1 2 x 4', r"labels\.txt:3: '1 2 x 4' is not"),
        (2, '1 2 1.0 4', r"labels\.txt:3: '1 2 1.0 4' is not"),
        (2, '1 2 -1 4', r"labels\.txt:3: '1 2 -1 4' is not"),
        (0, '2 1 0 3', r"labels\.txt:1: '2 1 0 3': there is no image 2"),
        (0, '9 1 0 3', r'there is no image 9'),
        (1, '1 3 0 3', r"labels\.txt:2: '1 3 0 3': there is no attribute 3"),
        (1, '1 0 0 3', r'there is no attribute 0'),
        (1, '1 2 2 3', r"labels\.txt:2: '1 2 2 3': there is no is_present 2"),
        (4, '1 2 1 3', r"labels\.txt:5: '1 2 1 3': this label is given twice"),
        (4, '1 2 0 3', r"labels\.txt:5: '1 2 0 3': this label is given twice"),
        (4, '1 2 99999999999999999999 3', r'labels\.txt:5: .* is not "IMAGE'),
    ],
)
def test_bad_lines_are_named(path, number, line, message):
    lines = [*GOOD[:number], line, *GOOD[number:]]
    with pytest.raises(ValueError, match=rf'{message}.*; take the file of CUB_200_2011\.tgz') as e:
        read(path, lines)
    assert '\n' not in str(e.value)


@pytest.mark.parametrize('gone', range(4))
def test_missing_labels_are_named(path, gone):
    image, attribute = GOOD[gone].split()[:2]
    message = rf'has no label of image {image}, attribute {attribute} \(1 are missing\)'
    with pytest.raises(ValueError, match=message):
        read(path, GOOD[:gone] + GOOD[gone + 1 :])


def test_file_that_is_gone_empty_or_no_text(path):
    with pytest.raises(FileNotFoundError, match=r'labels\.txt: no such file; data_root must hold'):
        read_attribute_labels(path, [1, 4], [1, 2])
    with pytest.raises(ValueError, match=r'has no label of image 1, attribute 1 \(4 are missing\)'):
        read(path, [])
    path.write_bytes(b'\xff\xfe\x00')
    with pytest.raises(ValueError, match=r'labels\.txt: is not a UTF-8 text'):
        read_attribute_labels(path, [1, 4], [1, 2])


def test_tables_are_in_the_order_of_ids(path):
    path.write_text('3 c\n\n1 a\r\n2 b')
    assert list(read_id_table(path).items()) == [(1, 'a'), (2, 'b'), (3, 'c')]


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('1 a\n1 b\n', r'labels\.txt:2: id 1 is given twice'),
        ('1 a b\n', r"labels\.txt:1: '1 a b' is not \"ID TEXT\""),
        ('a 1\n', r"labels\.txt:1: 'a 1' is not"),
        ('1\n', r"labels\.txt:1: '1' is not"),
        ('\n', r'labels\.txt: is empty'),
    ],
)
def test_bad_tables(path, text, message):
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_id_table(path)

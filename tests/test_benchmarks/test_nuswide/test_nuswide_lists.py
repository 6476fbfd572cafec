from __future__ import annotations

import numpy as np
import pytest

from wsml_mm.benchmarks.nuswide.lists import read_concepts, read_formatted, read_lists

CLASSES = ('ant', 'bee', 'cat')
NAMES = ['a/1.jpg', 'b/2.jpg', 'a/3.jpg']
MATRIX = np.array([[1, 0, 1], [0, 0, 0], [0, 1, 0]])


@pytest.fixture
def formatted(tmp_path):
    def write(names=NAMES, matrix=MATRIX, allow_pickle=False):
        paths = tmp_path / 'images.npy', tmp_path / 'labels.npy'
        np.save(paths[0], np.asarray(names), allow_pickle=allow_pickle)
        np.save(paths[1], np.asarray(matrix), allow_pickle=allow_pickle)
        return read_formatted(*paths, CLASSES)

    return write


@pytest.mark.parametrize('kind', [np.float64, np.float32, np.int8, np.uint8, bool])
def test_formatted_labels_of_any_type(formatted, kind):
    columns = formatted(matrix=MATRIX.astype(kind))
    assert list(columns.names) == NAMES
    np.testing.assert_array_equal([columns.labels.row(i) for i in range(3)], MATRIX)


def test_bytes_backslashes_and_the_images_folder_in_names(formatted):
    names = [rb'Flickr\a\1.jpg', b'Flickr/b/2.jpg', b'a/3.jpg']
    assert list(formatted(names).names) == NAMES


@pytest.mark.parametrize(
    ('names', 'matrix', 'message'),
    [
        (NAMES, MATRIX[:2], r'labels\.npy: holds \(2, 3\) labels, but .* ask for \(3, 3\)'),
        (NAMES, MATRIX[:, :2], r'labels\.npy: holds \(3, 2\) labels'),
        (NAMES, MATRIX[0], r'labels\.npy: holds \(3,\) labels'),
        (NAMES, -MATRIX, r'labels\.npy: row 0, column 0: -1 is neither 1 nor 0; take the full'),
        (NAMES, MATRIX * 0.5, r'labels\.npy: row 0, column 0: 0\.5 is neither'),
        (NAMES, MATRIX * np.nan, r'labels\.npy: row 0, column 0: nan is neither'),
        (
            NAMES,
            MATRIX.astype(str),
            r'labels\.npy: .*matrix of numbers \(values of type',
        ),
        ([1, 2, 3], MATRIX, r'images\.npy: is not a \.npy list of texts \(values of type int'),
        ([NAMES] * 3, MATRIX, r'labels\.npy: holds \(3, 3\) labels'),
        (['../1.jpg', *NAMES[1:]], MATRIX, r"images\.npy: entry 0: '\.\./1\.jpg' is outside the"),
        (
            ['a\\..\\..\\1.jpg', *NAMES[1:]],
            MATRIX,
            r'images\.npy: entry 0: .* is outside the image',
        ),
        ([*NAMES[:2], '/etc/x'], MATRIX, r"images\.npy: entry 2: '/etc/x' is outside the image"),
        (['', *NAMES[1:]], MATRIX, r"images\.npy: entry 0: '' is outside the image folder"),
        (NAMES[:2] + NAMES[:1], MATRIX, r'image a/1\.jpg is listed twice with different labels'),
    ],
)
def test_bad_arrays(formatted, names, matrix, message):
    with pytest.raises(ValueError, match=message) as error:
        formatted(names, matrix)
    assert '\n' not in str(error.value)


def test_an_image_listed_twice_alike_stays(formatted):
    assert list(formatted(['x', 'y', 'x'], MATRIX[[0, 1, 0]]).names) == ['x', 'y', 'x']


class Trap:
    def __reduce__(self):
        return pytest.fail, ('unpickled',)


@pytest.mark.parametrize('which', ['names', 'matrix'])
def test_pickles_are_never_read(formatted, which):
    trap = np.array([Trap()] * 3, dtype=object)
    with pytest.raises(ValueError, match=r'\.npy: .*objects, which are never read') as error:
        formatted(**{which: trap}, allow_pickle=True)
    assert '\n' not in str(error.value)


def test_missing_arrays(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'images\.npy: no such file; take the files of'):
        read_formatted(tmp_path / 'images.npy', tmp_path / 'labels.npy', CLASSES)


@pytest.fixture
def lists(tmp_path):
    def write(names='a\\1.jpg\nb\\2.jpg\na\\3.jpg\n', **flags):
        (tmp_path / 'list.txt').write_text(names)
        for column, name in enumerate(CLASSES):
            text = flags.get(name, ''.join(f'{flag}\n' for flag in MATRIX[:, column]))
            (tmp_path / f'{name}.txt').write_text(text)
        return read_lists(tmp_path / 'list.txt', [tmp_path / f'{n}.txt' for n in CLASSES], CLASSES)

    return write


def test_lists(lists):
    columns = lists()
    assert list(columns.names) == NAMES
    np.testing.assert_array_equal([columns.labels.row(i) for i in range(3)], MATRIX)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(ant='1\n0\n'), r'ant\.txt: holds 2 labels, but list\.txt lists 3 images'),
        (dict(bee='1\n0\n0\n1\n'), r'bee\.txt: holds 4 labels'),
        (dict(cat='1\n\n2\n0\n'), r"cat\.txt:3: '2' is neither 1 nor 0; .*correct that line"),
        (dict(cat='1\n-1\n0\n'), r"cat\.txt:2: '-1' is neither"),
        (dict(cat='1\n0 1\nx\n'), r"cat\.txt:2: '0 1' is neither"),
        (dict(names='a\n..\\b\nc\n'), r"list\.txt:2: '\.\.\\\\b' is outside the image folder"),
        (dict(names='a\nC:\\b\n/c\n'), r"list\.txt:3: '/c' is outside the image folder"),
        (dict(names='a\nb\na\n'), r'list\.txt: image a is listed twice with different labels'),
    ],
)
def test_bad_lists(lists, change, message):
    with pytest.raises(ValueError, match=message) as error:
        lists(**change)
    assert '\n' not in str(error.value)


def test_missing_lists(tmp_path, lists):
    lists()
    (tmp_path / 'bee.txt').unlink()
    paths = [tmp_path / f'{n}.txt' for n in CLASSES]
    with pytest.raises(FileNotFoundError, match=r'bee\.txt: no such file of labels; data_root m'):
        read_lists(tmp_path / 'list.txt', paths, CLASSES)
    with pytest.raises(FileNotFoundError, match=r'gone\.txt: no such list of images; data_root m'):
        read_lists(tmp_path / 'gone.txt', paths, CLASSES)


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('a\nb\na\n', r"81\.txt:3: 'a' is listed twice"),
        ('a\n../b\n', r"2: '\.\./b' is not a name"),
    ],
)
def test_bad_concepts(tmp_path, text, message):
    (tmp_path / 'Concepts81.txt').write_text(text)
    with pytest.raises(ValueError, match=message):
        read_concepts(tmp_path)
    assert read_concepts(tmp_path / 'gone') is None

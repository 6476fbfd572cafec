from __future__ import annotations

import posixpath

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsml_mm import LabelTable
from wsml_mm.datasets.table import TableFormat
from wsml_mm.datasets.table.image_names import ImageNames, file_name, image_name
from wsml_mm.datasets.table.problem import RowErrors, refuse


@pytest.mark.parametrize(
    ('name', 'tidy'),
    [
        ('a.jpg', 'a.jpg'),
        (' d/a b.jpg ', 'd/a b.jpg'),
        ('./a.jpg', 'a.jpg'),
        ('d//e/./a.jpg', 'd/e/a.jpg'),
        ('Bäume_木.jpg', 'Bäume_木.jpg'),
        ('a..b.jpg', 'a..b.jpg'),
        ('10:00.jpg', '10:00.jpg'),
    ],
)
def test_tidy_names(name, tidy):
    assert image_name(name) == tidy


@pytest.mark.parametrize(
    ('name', 'kind', 'what'),
    [
        ('', 'no image', 'the row names no image'),
        ('  ', 'no image', 'the row names no image'),
        (None, 'no image', 'the row names no image'),
        (7, 'broken row', "image '7' is not text"),
        (['a.jpg'], 'broken row', 'is not text'),
        ('a\n.jpg', 'image outside', r"image name 'a\n.jpg' holds a control sign"),
        ('a\ud800.jpg', 'image outside', 'holds a control sign'),
        ('..', 'image outside', "image name '..' is outside the image folder"),
        ('/etc/passwd', 'image outside', 'is outside the image folder'),
        ('d/../a.jpg', 'image outside', 'is outside the image folder'),
        ('https://x.org/a.jpg', 'image outside', 'is outside the image folder'),
    ],
)
def test_bad_names(name, kind, what):
    wrong = image_name(name)
    assert wrong.kind == kind
    assert what in wrong.what


@given(st.text('ab/. \\:', max_size=12))
def test_what_passes_stays_below_the_folder(name):
    found = image_name(name)
    if isinstance(found, str):
        whole = posixpath.normpath(posixpath.join('/data/images', found))
        assert whole == '/data/images' or whole.startswith('/data/images/')
        assert ' ' in found or image_name(found) == found


@pytest.mark.parametrize(
    ('name', 'file', 'original'),
    [
        ('/data/upload/1/0a1b2c3d-my%20cat.jpg', '0a1b2c3d-my cat.jpg', 'my cat.jpg'),
        ('/data/local-files/?d=photos/a%20b.jpg', 'a b.jpg', 'a b.jpg'),
        ('https://host/x/cat.jpg?token=1', 'cat.jpg', 'cat.jpg'),
        ('s3://bucket/x/cat.jpg', 'cat.jpg', 'cat.jpg'),
        ('C:\\photos\\cat.jpg', 'cat.jpg', 'cat.jpg'),
        ('sub/100%25.jpg', '100%25.jpg', '100%25.jpg'),
        ('deadbeef-cat.jpg', 'deadbeef-cat.jpg', 'cat.jpg'),
        ('a1b2-cat.jpg', 'a1b2-cat.jpg', 'a1b2-cat.jpg'),
        ('', '', ''),
    ],
)
def test_names_of_files(name, file, original):
    assert file_name(name, 'path') == name
    assert file_name(name, 'file') == file
    assert file_name(name, 'original') == original


def named(tmp_path, names, **layout):
    found = ImageNames(TableFormat(**layout))
    lines = np.arange(len(names))
    return found(pa.array(names), lines, RowErrors(tmp_path, refuse)).to_pylist()


@pytest.mark.parametrize('kind', ['path', 'file'])
def test_suffixes_are_added_where_they_are_missing(tmp_path, kind):
    names, files = ['a', 'a.v2', 'c.PNG', ' d '], ['a.jpg', 'a.v2.jpg', 'c.PNG', 'd.jpg']
    assert named(tmp_path, names, suffix='.jpg', image_names=kind) == files
    names, files = ['a', 'b.JP2', 'c.jp2x'], ['a.jp2', 'b.JP2', 'c.jp2x.jp2']
    assert named(tmp_path, names, suffix='.jp2', image_names=kind) == files
    assert named(tmp_path, ['sub/b', 'jpg'], suffix='.jpg') == ['sub/b.jpg', 'jpg.jpg']


def test_a_name_with_and_without_suffix_is_one_image(tmp_path):
    (tmp_path / 't.csv').write_text('image,positive\na,cat\na.jpg,dog\n')
    with pytest.raises(ValueError, match=r"csv:3: image 'a\.jpg' is listed twice, first in line 2"):
        LabelTable(tmp_path, 't.csv', suffix='.jpg')
    table = LabelTable(tmp_path, 't.csv', suffix='.jpg', duplicates='merge')
    assert table.sparse_labels().row(0).tolist() == [1, 1]


def test_addresses_beside_indicators(tmp_path):
    (tmp_path / 't.csv').write_text('image,cat\n/x/a,1\n/y/b.png,0\n')
    options = dict(layout='indicators', suffix='.jpg')
    with pytest.raises(ValueError, match=r"csv:2: .* or say image_names='file' for its last part"):
        LabelTable(tmp_path, 't.csv', **options)
    table = LabelTable(tmp_path, 't.csv', image_names='file', **options)
    assert list(table.image_names()) == ['a.jpg', 'b.png']


def test_two_images_that_would_become_one_are_never_merged(tmp_path):
    (tmp_path / 't.csv').write_text('image,positive\nx/a.jpg,cat\nb.jpg,cat\ny/a.jpg,dog\n')
    with pytest.raises(ValueError, match=r"csv:4: 'y/a\.jpg' would be the file 'a\.jpg', as 'x/a"):
        LabelTable(tmp_path, 't.csv', image_names='file', duplicates='merge')
    (tmp_path / 't.csv').write_text('image,positive\nx/a.jpg,cat\nx/a.jpg,dog\n')
    table = LabelTable(tmp_path, 't.csv', image_names='file', duplicates='merge')
    assert list(table.image_names()) == ['a.jpg']
    assert table.sparse_labels().row(0).tolist() == [1, 1]


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(image_names='stem'), "image_names='stem': use .path. or .file. or .original."),
        (dict(suffix='jpg'), 'suffix=\'jpg\': write it like ".jpg"'),
    ],
)
def test_options(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        LabelTable(tmp_path, 't.csv', **options)

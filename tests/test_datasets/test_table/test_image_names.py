from __future__ import annotations

import pytest

from wsml_mm import LabelTable
from wsml_mm.datasets.table import TableFormat
from wsml_mm.datasets.table.image_names import file_name


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
    assert file_name(name, TableFormat()) == name
    assert file_name(name, TableFormat(image_names='file')) == file
    assert file_name(name, TableFormat(image_names='original')) == original


def test_suffixes_are_added_where_they_are_missing():
    layout = TableFormat(suffix='.jpg')
    names = ['a', 'a.v2', 'a.PNG', 'sub/b']
    assert [file_name(n, layout) for n in names] == ['a.jpg', 'a.v2.jpg', 'a.PNG', 'sub/b.jpg']
    layout = TableFormat(suffix='.jp2')
    assert [file_name(n, layout) for n in ('a', 'b.JP2')] == ['a.jp2', 'b.JP2']


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
        (dict(image_names='stem'), "image_names='stem': use one of path, file, original"),
        (dict(suffix='jpg'), "suffix='jpg': use one like '.jpg'"),
    ],
)
def test_options(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        LabelTable(tmp_path, 't.csv', **options)

from __future__ import annotations

import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsml_mm.datasets.table.check import image_name


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

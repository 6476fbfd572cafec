"""Digests of files: what is read, when, and what is noticed."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsml_mm.labels import contents as module
from wsml_mm.labels.contents import Contents


@pytest.fixture
def reads(monkeypatch):
    """The paths that were read, in no order."""
    paths = []
    read = module._content
    monkeypatch.setattr(module, '_content', lambda path: paths.append(path) or read(path))
    return paths


@pytest.fixture
def images(tmp_path):
    (tmp_path / 'images').mkdir()
    paths = [tmp_path / 'images' / f'{n:04}.jpg' for n in range(1200)]
    for number, path in enumerate(paths):
        path.write_bytes(b'%d' % number)
    return [str(path) for path in paths]


def look(stamps, images):
    contents = Contents(stamps)
    digest = contents.images(images)
    contents.save()
    return digest


def test_only_blocks_that_changed_are_read_again(images, tmp_path, reads):
    stamps = tmp_path / 'stamps.json'
    before = look(stamps, images)
    assert sorted(reads) == images
    assert stamps.stat().st_size < 1000  # small: a stamp a block
    reads.clear()
    assert look(stamps, images) == before
    assert reads == []
    os.utime(images[600], (5, 5))
    assert look(stamps, images) == before
    assert reads == images[512:1024]
    with open(images[600], 'wb') as file:
        file.write(b'abc')  # as long as before
    assert look(stamps, images) != before


def test_order_names_and_missing_images_count(images, tmp_path):
    contents = Contents()
    before = contents.images(images[:5])
    assert contents.images(images[4::-1]) != before
    assert contents.images(images[:4]) != before
    os.rename(images[2], images[2] + 'x')
    assert contents.images(images[:5]) != before
    renamed = [*images[:2], images[2] + 'x', *images[3:5]]
    assert contents.images(renamed) != before
    assert contents.images(['s3://bucket/a.jpg']) != contents.images(['s3://bucket/b.jpg'])


def test_another_folder_with_the_same_bytes_is_the_same(images, tmp_path):
    (tmp_path / 'copy').mkdir()
    copies = []
    for path in images[:7]:
        copies.append(path.replace('/images/', '/copy/'))
        with open(path, 'rb') as file, open(copies[-1], 'wb') as other:
            other.write(file.read())
    assert Contents().images(copies) == Contents().images(images[:7])


@given(st.lists(st.binary(max_size=3), min_size=1, max_size=4), st.data())
def test_any_change_of_bytes_is_noticed(tmp_path_factory, parts, data):
    folder = tmp_path_factory.mktemp('any')
    paths = [str(folder / str(n)) for n in range(len(parts))]
    other = data.draw(st.lists(st.binary(max_size=3), min_size=len(parts), max_size=len(parts)))
    digests = []
    for written in (parts, other):
        for path, part in zip(paths, written, strict=True):
            with open(path, 'wb') as file:
                file.write(part)
        digests.append(Contents().images(paths))
    assert (digests[0] == digests[1]) is (parts == other)


def test_a_damaged_file_of_stamps_is_named(tmp_path):
    path = tmp_path / 'stamps.json'
    for text in ('{"format": 1', '[]', '{}'):
        path.write_text(text)
        with pytest.raises(ValueError, match=r'stamps\.json: is damaged .*; delete it') as error:
            Contents(path)
        assert '\n' not in str(error.value)
    path.write_text('{"format": 9, "digest_by_stamp": {"a": "b"}}')
    assert Contents(path)._known == {}

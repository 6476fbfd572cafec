from __future__ import annotations

import os

import pytest

from wsml_mm.datasets.image_folders import (
    FolderLists,
    common_folder,
    missing_images,
    why_no_file,
    wrong_folder,
)

NAMES = [f'{number}.jpg' for number in range(20)]


def write(folder, names=NAMES):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b'x')


def test_what_is_no_file_is_missing(tmp_path):
    write(tmp_path, ['a.jpg', 'B.JPG'])
    (tmp_path / 'folder.jpg').mkdir()
    (tmp_path / 'dangling.jpg').symlink_to('gone.jpg')
    (tmp_path / 'circle.jpg').symlink_to('circle.jpg')
    (tmp_path / 'good_link.jpg').symlink_to('a.jpg')
    os.mkfifo(tmp_path / 'pipe.jpg')
    names = ['a.jpg', 'b.jpg', *(sorted(os.listdir(tmp_path))), 'no/a.jpg']
    found = missing_images(str(tmp_path), names)
    assert found == ['b.jpg', 'circle.jpg', 'dangling.jpg', 'folder.jpg', 'pipe.jpg', 'no/a.jpg']
    said = [why_no_file(str(tmp_path / name)) for name in found]
    assert said == [
        '', "it is a link to 'circle.jpg', which is not there",
        "it is a link to 'gone.jpg', which is not there", 'it is a folder',
        'it is no regular file', '',
    ]  # fmt: skip


def test_remote_images_are_not_looked_for():
    assert FolderLists().have('s3://bucket/a.jpg')


@pytest.mark.parametrize(
    ('paths', 'folder'),
    [
        (['/a/b/x.jpg', '/a/c/y.jpg'], '/a/'),
        (['/a/b/x.jpg', '/a/b/y.jpg'], '/a/b/'),
        (['x.jpg', 'y.jpg'], ''),
        ([], ''),
    ],
)
def test_common_folder(paths, folder):
    assert common_folder(paths) == folder


@pytest.mark.parametrize(
    ('there', 'said'),
    [
        ('photos', 'photos'),  # beside it
        ('images/train', 'images/train'),  # below it
        ('', ''),  # above it
        ('set/photos', 'set/photos'),  # below one beside it
    ],
)
def test_the_folder_that_is_meant(tmp_path, there, said):
    (tmp_path / 'images').mkdir()
    write(tmp_path / there)
    what, fix = wrong_folder(f'{tmp_path}/images/', NAMES)
    assert what == f"none of the 20 images is below '{tmp_path}/images'"
    assert fix == f'is the folder called {str(tmp_path / said)!r}?'


def test_a_folder_named_twice(tmp_path):
    write(tmp_path / 'images')
    _, fix = wrong_folder(str(tmp_path / 'images'), [f'images/{name}' for name in NAMES])
    assert fix == f'is the folder called {str(tmp_path)!r}?'


def test_no_folder_has_them(tmp_path):
    write(tmp_path / 'few', NAMES[:2])
    what, fix = wrong_folder(str(tmp_path / 'gone'), NAMES)
    assert what.endswith("gone', which is no folder")
    assert fix == "check the image folder (data_prefix, --images), e.g. for '0.jpg'"

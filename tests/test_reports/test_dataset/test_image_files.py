from __future__ import annotations

import errno
import os
import shutil
from unittest import mock

import pytest
from PIL import Image
from report_data import write_images

from wsml_mm.reports.dataset.image_files import check_files


@pytest.fixture
def files(tmp_path):
    for number in range(4):
        Image.new('RGB', (8, 8), (60 * number, 9, 9)).save(tmp_path / f'{number}.jpg')
    shutil.copy(tmp_path / '1.jpg', tmp_path / 'copy.jpg')
    (tmp_path / 'cut.jpg').write_bytes((tmp_path / '2.jpg').read_bytes()[:200])
    (tmp_path / 'empty.jpg').write_bytes(b'')
    (tmp_path / 'folder.jpg').mkdir()
    return tmp_path


def check(folder, *names, decode=False):
    return check_files(lambda index: os.path.join(folder, names[index]), len(names), decode)


def test_missing_files_and_what_may_be_meant(files):
    found = check(files, '0.jpg', '1.JPG', '2.png', 'COPY.jpg', 'x.jpg', 'no/0.jpg', 'folder.jpg')
    assert found.missing == {
        1: '1.jpg', 2: '2.jpg', 3: 'copy.jpg', 4: '', 5: '', 6: '',
    }  # fmt: skip
    assert found.unreadable == {}
    assert found.twins == []
    assert not found.decoded


def test_every_missing_file_is_looked_for_under_a_similar_name(tmp_path):
    for number in range(60):
        (tmp_path / f'{number}.JPG').write_bytes(b'x')
    found = check(tmp_path, *(f'{number}.jpg' for number in range(60)))
    assert found.missing == {number: f'{number}.JPG' for number in range(60)}


def test_unreadable_files_and_twins(files):
    names = ('copy.jpg', 'cut.jpg', '0.jpg', '1.jpg', 'empty.jpg', './1.jpg', '3.jpg')
    found = check(files, *names, decode=True)
    assert set(found.unreadable) == {1, 4}
    assert 'runcated' in found.unreadable[1]
    assert found.unreadable[4] == 'the file is empty'
    assert found.same_files == [True]
    assert found.missing == {}
    assert found.decoded
    (group,) = found.twins
    assert [names[index].removeprefix('./') for index in group] == ['copy.jpg', '1.jpg']


def test_the_same_name_twice_is_no_twin(files):
    assert check(files, '1.jpg', './1.jpg', decode=True).twins == []


def test_more_images_than_one_chunk(files, monkeypatch):
    monkeypatch.setattr('wsml_mm.reports.dataset.image_files._CHUNK', 2)
    names = [f'{number % 5}.jpg' for number in range(7)]
    assert set(check(files, *names, decode=True).missing) == {4}


def test_the_same_pixels_in_two_formats(tmp_path):
    write_images(tmp_path, ['a.png'])
    Image.open(tmp_path / 'a.png').save(tmp_path / 'b.bmp')
    found = check(tmp_path, 'a.png', 'b.bmp', decode=True)
    assert found.twins == [[0, 1]]
    assert found.same_files == [False]


def test_two_files_of_one_colour_are_no_twins(tmp_path):
    for name in ('a.png', 'b.bmp'):
        Image.new('RGB', (8, 8)).save(tmp_path / name)
    found = check(tmp_path, 'a.png', 'b.bmp', decode=True)
    assert found.twins == []
    assert [found.remarks[index][0].kind for index in (0, 1)] == ['constant image'] * 2


def test_files_that_may_not_be_read(files):
    with mock.patch('os.access', lambda path, mode: not path.endswith('1.jpg')):
        assert check(files, '0.jpg', '1.jpg').unreadable == {1: 'no permission to read it'}
    refused = PermissionError(errno.EACCES, 'Permission denied')
    with mock.patch('pathlib.Path.read_bytes', side_effect=refused):
        found = check(files, '0.jpg', decode=True)
    assert found.unreadable == {0: 'no permission to read it'}


def test_images_that_are_on_no_disk_are_not_missing(files):
    assert check(files.parent, 's3://bucket/a.jpg', 'gone.jpg').missing.keys() == {1}

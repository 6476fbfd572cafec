from __future__ import annotations

import shutil

import pytest
from PIL import Image

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
    return check_files(lambda index: str(folder / names[index]), len(names), decode)


def test_missing_files_and_what_may_be_meant(files):
    found = check(files, '0.jpg', '1.JPG', '2.png', 'COPY.jpg', 'x.jpg', 'no/0.jpg', 'folder.jpg')
    assert found.missing == {
        1: '1.jpg', 2: '2.jpg', 3: 'copy.jpg', 4: '', 5: '', 6: '',
    }  # fmt: skip
    assert found.unreadable == {}
    assert found.twins == []
    assert not found.decoded


def test_unreadable_files_and_twins(files):
    names = ('copy.jpg', 'cut.jpg', '0.jpg', '1.jpg', 'empty.jpg', './1.jpg', '3.jpg')
    found = check(files, *names, decode=True)
    assert set(found.unreadable) == {1, 4}
    assert 'runcated' in found.unreadable[1]
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

"""A corrected archive replaces the files of the old one."""

from __future__ import annotations

import os
import zipfile

import pytest

from wsml_mm.benchmarks.downloads import Download, check_downloads

DOWNLOAD = Download('set.zip', 'http://x', ('a.txt',))


def pack(folder, text, time):
    with zipfile.ZipFile(folder / 'set.zip', 'w') as opened:
        opened.writestr('a.txt', text)
    os.utime(folder / 'set.zip', (time, time))


def check(folder, unpack=False):
    return check_downloads([DOWNLOAD], folder, ['train'], unpack)


def test_another_archive_of_the_name_is_unpacked_when_asked(tmp_path):
    pack(tmp_path, 'old', 5)
    assert check(tmp_path, unpack=True) == []
    assert check(tmp_path) == []
    os.utime(tmp_path / 'set.zip', (6, 6))
    assert check(tmp_path) == []  # touched
    pack(tmp_path, 'new', 7)
    (problem,) = check(tmp_path)
    assert problem.endswith('zip: is another than the one unpacked; call this again with --unpack')
    assert check(tmp_path, unpack=True) == []
    assert (tmp_path / 'a.txt').read_text() == 'new'
    assert check(tmp_path) == []
    (tmp_path / 'set.zip').unlink()
    assert check(tmp_path) == []


def test_files_unpacked_by_hand_are_taken_as_they_are(tmp_path):
    pack(tmp_path, 'old', 5)
    (tmp_path / 'a.txt').write_text('by hand')
    assert check(tmp_path, unpack=True) == []
    assert (tmp_path / 'a.txt').read_text() == 'by hand'


@pytest.mark.parametrize('text', ['', '[]', '{"unpacked": {}}'])
def test_a_damaged_mark_is_named(tmp_path, text):
    pack(tmp_path, 'old', 5)
    check(tmp_path, unpack=True)
    (tmp_path / '.unpacked-set.zip.json').write_text(text)
    (problem,) = check(tmp_path)
    assert 'unpacked-set.zip.json: is damaged' in problem
    assert 'delete it' in problem

from __future__ import annotations

import hashlib
import zipfile

import pytest

from wsml_mm.benchmarks.downloads import Download, check_downloads


def test_missing(tmp_path):
    download = Download('x.zip', 'http://x', ('a.txt|b/a.txt', 'folder/'))
    assert download.missing(tmp_path) == ['a.txt|b/a.txt', 'folder/']
    (tmp_path / 'folder').write_text('no folder')
    (tmp_path / 'b').mkdir()
    (tmp_path / 'b/a.txt').touch()
    assert download.missing(tmp_path) == ['folder/']
    (tmp_path / 'folder').unlink()
    (tmp_path / 'folder').mkdir()
    assert download.missing(tmp_path) == []


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / 'set.zip'
    with zipfile.ZipFile(path, 'w') as opened:
        opened.writestr('a.txt', 'a')
    digest = hashlib.md5(path.read_bytes()).hexdigest()
    return Download(
        'set.zip', 'http://x', ('a.txt',), size=path.stat().st_size, checksum=f'md5:{digest}'
    )


def test_checksums_are_reported_and_nothing_is_printed(archive, tmp_path, capsys):
    lines = []
    problems = check_downloads([archive], tmp_path, ['train'], True, True, lines.append)
    assert problems == []
    assert (tmp_path / 'a.txt').read_text() == 'a'
    assert lines == [f'{tmp_path / "set.zip"}: {archive.checksum.replace(":", " ")} as published']
    assert capsys.readouterr().out.strip() == ''


def test_only_the_wanted_splits(tmp_path):
    downloads = [
        Download(f'{split}.csv', f'http://{split}', (f'{split}.csv',), split=split)
        for split in ('train', 'val')
    ] + [Download('all.csv', 'http://all', ('all.csv',), note='ask them')]
    problems = check_downloads(downloads, tmp_path, ['val'])
    assert [problem.split(':')[0] for problem in problems] == [
        str(tmp_path / 'val.csv'), str(tmp_path / 'all.csv'),
    ]  # fmt: skip
    assert 'from  http://val' in problems[0]
    assert 'note  ask them' in problems[1]
    (tmp_path / 'val.csv').touch()
    (tmp_path / 'all.csv').touch()
    assert check_downloads(downloads, tmp_path, ['val']) == []


def test_what_a_killed_unpacking_leaves_is_unpacked_again(archive, tmp_path):
    (tmp_path / 'a.txt').write_text('half')  # moved already, others may not be
    draft = tmp_path / '.unpacking-set.zip'
    draft.mkdir()
    (problem,) = check_downloads([archive], tmp_path, ['train'])
    assert 'set.zip: is not unpacked to its end; call this again with --unpack' in problem
    assert check_downloads([archive], tmp_path, ['train'], unpack=True) == []
    assert (tmp_path / 'a.txt').read_text() == 'a'
    assert not draft.exists()

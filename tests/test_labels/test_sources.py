"""What labels were read from: touched, changed, and saved in the middle of it."""

from __future__ import annotations

import os

import pytest

from wsml_mm.labels import checksums, sources
from wsml_mm.labels.sources import differing, note, read_noting, still


@pytest.fixture
def table(tmp_path):
    path = tmp_path / 'train.csv'
    path.write_text('a,cat')
    os.utime(path, (9, 9))  # long ago
    return path


@pytest.fixture
def reads(monkeypatch):
    paths = []
    read = sources.content_digest
    monkeypatch.setattr(sources, 'content_digest', lambda path: paths.append(path) or read(path))
    return paths


def test_only_files_whose_stamp_changed_are_read(table, tmp_path, reads):
    noted = note([table], tmp_path / 'kit')
    assert list(noted) == ['../train.csv']
    assert noted['../train.csv'][:2] == [5, 9_000_000_000]
    reads.clear()
    assert still(noted, [table], tmp_path / 'kit') == noted
    assert reads == []
    os.utime(table, (10, 10))
    touched = still(noted, [table], tmp_path / 'kit')
    assert touched == {'../train.csv': [5, 10_000_000_000, noted['../train.csv'][2]]}
    assert reads == [table]
    table.write_text('a,dog')  # as long as before
    assert still(noted, [table], tmp_path / 'kit') is None
    assert differing(noted, tmp_path / 'kit') == []  # its time tells
    os.utime(table, (9, 9))
    assert still(noted, [table], tmp_path / 'kit') == noted
    assert differing(noted, tmp_path / 'kit') == [table]
    table.unlink()
    assert still(noted, [table], tmp_path / 'kit') == noted  # the archive may be deleted
    assert differing(noted, tmp_path / 'kit') == []


def test_a_file_that_was_not_there_is_a_change(table, tmp_path):
    noted = note([table, tmp_path / 'more.csv'], tmp_path)
    (tmp_path / 'more.csv').write_text('b,dog')
    assert still(noted, [table, tmp_path / 'more.csv'], tmp_path) is None


def test_a_file_that_has_just_been_saved_is_read_once_more(table, tmp_path, reads, monkeypatch):
    os.utime(table)
    status = table.stat()
    noted = note([table], tmp_path)
    assert noted['train.csv'][1] == 0
    table.write_text('a,dog')
    os.utime(table, ns=(status.st_atime_ns, status.st_mtime_ns))  # the disk counts in seconds
    assert still(noted, [table], tmp_path) is None
    assert differing(noted, tmp_path) == [table]
    table.write_text('a,cat')
    monkeypatch.setattr(checksums, '_SETTLED', -1)
    settled = still(noted, [table], tmp_path)
    assert settled['train.csv'][1] == table.stat().st_mtime_ns
    reads.clear()
    assert still(settled, [table], tmp_path) == settled
    assert reads == []


def test_a_table_that_is_saved_while_it_is_read_is_read_again(table, tmp_path):
    seen = []

    def read():
        seen.append(table.read_text())
        if len(seen) == 1:
            table.write_text('a,dog')
        return seen[-1]

    found, noted = read_noting([table], tmp_path, read)
    assert (found, seen) == ('a,dog', ['a,cat', 'a,dog'])
    assert still(noted, [table], tmp_path) is not None


def test_a_table_that_is_saved_again_and_again_is_refused(table, tmp_path):
    with pytest.raises(ValueError, match=r'train\.csv: was saved again .*3 times; wait') as error:
        read_noting([table], tmp_path, lambda: table.write_text(table.read_text() + 'x'))
    assert '\n' not in str(error.value)

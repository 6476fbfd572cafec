"""Annotations that are opened many times: parsed once for the same content."""

from __future__ import annotations

import os

import pytest

from wsml_mm.labels import read_once as module
from wsml_mm.labels.read_once import read_once


@pytest.fixture
def table(tmp_path, monkeypatch):
    monkeypatch.setattr(module, '_read', module.OrderedDict())
    path = tmp_path / 'train.csv'
    path.write_text('a,cat')
    os.utime(path, (9, 9))
    return path


class Reader:
    """Counts how often it parses."""

    def __init__(self, path):
        self.path, self.times = path, 0

    def __call__(self):
        self.times += 1
        return [self.path.read_text()]


def test_the_same_content_is_parsed_once(table, tmp_path):
    read = Reader(table)
    first = read_once('a', [table], read)
    assert read_once('a', [table], read) is first
    copy = tmp_path / 'copy.csv'
    copy.write_text('a,cat')
    assert read_once('a', [copy], read) is first  # content decides, not place or time
    assert read.times == 1
    assert read_once('b', [table], read) == first
    assert read.times == 2


def test_a_change_that_keeps_size_and_time_is_seen(table):
    read = Reader(table)
    assert read_once('a', [table], read) == ['a,cat']
    table.write_text('a,dog')
    os.utime(table, (9, 9))
    assert read_once('a', [table], read) == ['a,dog']


def test_what_is_saved_meanwhile_is_not_kept(table):
    read = Reader(table)

    def saved_meanwhile():
        found = read()
        table.write_text('a,cow')
        return found

    assert read_once('a', [table], saved_meanwhile) == ['a,cat']
    table.write_text('a,cat')
    read_once('a', [table], read)
    assert read.times == 2


def test_missing_and_large_files_are_left_to_the_reader(table, tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError):
        read_once('a', [table, tmp_path / 'no'], Reader(tmp_path / 'no'))
    monkeypatch.setattr(module, '_LARGEST', 4)
    read = Reader(table)
    read_once('a', [table], read)
    read_once('a', [table], read)
    assert read.times == 2


def test_only_the_latest_are_kept(table):
    read = Reader(table)
    for number in range(9):
        read_once(number, [table], read)
    read_once(8, [table], read)
    assert read.times == 9
    read_once(0, [table], read)
    assert read.times == 10

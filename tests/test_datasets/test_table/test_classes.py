from __future__ import annotations

import pytest

from wsml_mm.datasets.table import ProblemLog, distinct_classes, read_class_file


@pytest.mark.parametrize(
    'text', ['cat\ndog\n', '\ufeffcat\r\ndog\r\n', '\n cat \n\ndog', 'cat\ndog\n\n']
)
def test_class_file(tmp_path, text):
    path = tmp_path / 'classes.txt'
    path.write_bytes(text.encode())
    assert read_class_file(path) == ('cat', 'dog')


def test_all_problems_are_listed(tmp_path):
    path, log = tmp_path / 'classes.txt', ProblemLog()
    path.write_text('cat\ndog\ncat\n*\n')
    assert read_class_file(path, log) == ('cat', 'dog')
    assert [str(f) for f in log.kept['broken class list']] == [
        f"{path}:3: class 'cat' is listed twice, first in {path}:1; remove one",
        f"{path}:4: '*' is not a class name; remove it",
    ]
    path.write_text('\n')
    assert read_class_file(path, log) == ()
    path.write_bytes(b'B\xe4r\n')
    assert read_class_file(path, log) == ()
    assert 'names no class; write one a line' in str(log.kept['broken class list'][-1])
    assert 'is not UTF-8 text' in str(log.kept['not UTF-8'][0])


def test_given_names():
    with pytest.raises(ValueError, match=r"classes: class 'a' is listed twice, .*; remove one"):
        distinct_classes([('classes', 'a'), ('classes', 'a')])


@pytest.mark.parametrize(
    ('text', 'classes', 'message'),
    [
        ("['cat', 'dog']\n", (), "classes.txt:1: class \"['cat', 'dog']\" looks like a list of na"),
        ('["cat",\n"dog"]\n', (), "classes.txt:1: class '[\"cat\",' looks like a part of a list"),
        ('"cat",\n"dog",\n', (), "classes.txt:1: class '\"cat\",' has its quotation marks in it"),
        ('cat,\ndog\n', ('dog',), "classes.txt:1: class 'cat,' ends with ','"),
        ('0 cat\n1 dog\n', ('0 cat', '1 dog'), "classes.txt:1: '0 cat', '1 dog': the lines are "),
        ('cat\t0\ndog\n', ('dog',), "classes.txt:1: class 'cat\\t0' holds a tab or control sign"),
        ('e\u0301lan\n\u00e9lan\n', ('e\u0301lan',),
         "classes.txt:2: class '\\xe9lan' looks just like 'e\\u0301lan' in "),
    ],
)  # fmt: skip
def test_class_files_that_are_refused(tmp_path, text, classes, message):
    path, log = tmp_path / 'classes.txt', ProblemLog()
    path.write_text(text, encoding='utf-8')
    assert read_class_file(path, log) == classes
    assert log.serious
    problem = log.kept['broken class list'][0]
    assert str(problem).replace(str(path), 'classes.txt').startswith(message)


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        (
            'cat\n?\n',
            "classes.txt:2: class '?' has no letter or digit; remove the line, if it is",
        ),
        ('cat\nnan\n', "classes.txt:2: class 'nan' looks like an empty cell; remove the line, if"),
        (
            'cat,dog,elk\n',
            "classes.txt:1: class 'cat,dog,elk' looks like several; write one a",
        ),
    ],
)
def test_class_files_that_are_doubted(tmp_path, text, message):
    path, log = tmp_path / 'classes.txt', ProblemLog()
    path.write_text(text)
    assert read_class_file(path, log) == tuple(text.split())
    ((problem,),) = log.kept.values()
    assert not problem.serious
    assert str(problem).replace(str(path), 'classes.txt').startswith(message)


def test_class_file_with_cr_alone(tmp_path):
    (tmp_path / 'classes.txt').write_bytes(b'cat\rdog\r')
    assert read_class_file(tmp_path / 'classes.txt') == ('cat', 'dog')


@pytest.mark.parametrize('name', [1, None, 'cat '])
def test_given_names_are_text_without_outer_blanks(name):
    with pytest.raises(ValueError, match=r'classes: class .* is not text without outer blanks'):
        distinct_classes([('classes', name)])

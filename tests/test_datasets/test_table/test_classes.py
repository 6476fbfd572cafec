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

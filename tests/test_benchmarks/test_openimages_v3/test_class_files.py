from __future__ import annotations

import pytest

from wsml_mm.benchmarks.openimages_v3.class_files import read_class_names, read_trainable


def test_trainable(tmp_path):
    path = tmp_path / 'classes-trainable.txt'
    path.write_bytes(b'/m/010dmf\r\n/m/0117z\r\n\r\n')
    assert read_trainable(path) == ['/m/010dmf', '/m/0117z']


@pytest.mark.parametrize(
    ('content', 'problem'),
    [
        (b'\n', 'is empty'),
        (b'/m/a\n/m/b\n/m/b\n', '/m/b is listed twice'),
        (b'\xff\xfe', r'is not a text file'),
    ],
)
def test_bad_trainable(tmp_path, content, problem):
    path = tmp_path / 'classes-trainable.txt'
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf'classes-trainable\.txt: {problem}.*; extract'):
        read_trainable(path)


def test_names(tmp_path):
    path = tmp_path / 'class-descriptions.csv'
    path.write_text(
        '/m/025gg7,Jaguar\n/m/02wvth,"Fiat 500 ""topolino"""\n\n/m/03hgsf0,"Lemon, lime"\n'
        '/m/0449p,Jaguar\n/m/unused,Lemon\n/m/025khl,Spätzle\n',
        encoding='utf-8',
    )
    ids = ['/m/03hgsf0', '/m/0449p', '/m/02wvth', '/m/025gg7', '/m/none', '/m/025khl']
    assert read_class_names(path, ids) == (
        'Lemon, lime',
        'Jaguar (/m/0449p)',
        'Fiat 500 "topolino"',
        'Jaguar (/m/025gg7)',
        '/m/none',
        'Spätzle',
    )
    assert read_class_names(path, ids[1:3]) == ('Jaguar', 'Fiat 500 "topolino"')


@pytest.mark.parametrize(
    ('content', 'problem'),
    [
        (b'/m/a,A\n/m/b,B, C\n', r":2: '/m/b,B, C' is not an id and a name"),
        (b'/m/a\n', r":1: '/m/a' is not an id and a name"),
        (b'/m/a,\xff\n', r': is not a CSV file \(UnicodeDecodeError'),
    ],
)
def test_bad_names(tmp_path, content, problem):
    path = tmp_path / 'class-descriptions.csv'
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf'class-descriptions\.csv{problem}'):
        read_class_names(path, ['/m/a'])

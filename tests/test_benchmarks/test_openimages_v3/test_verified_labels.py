from __future__ import annotations

import gzip
import sys

import numpy as np
import pytest
from openimages_tree import HEADER

from wsml_mm.benchmarks.openimages_v3 import read_verified_labels, verified_labels

INDEX = {'/m/04hgtk': 0, '/m/07j7r': 1, '/m/01bqvp': 2}
LINES = [
    '000026e7ee790996,verification,/m/04hgtk,0',
    '000026e7ee790996,verification,/m/07j7r,1',
    '000026e7ee790996,crowdsource-verification,/m/01bqvp,1.0',
    'f9e0434389a1d4dd,verification,/m/0other,0.0',
    '000026e7ee790996,verification,/m/07j7r,0',
]


@pytest.fixture(params=['pyarrow', 'csv'])
def reader(request, monkeypatch):
    """Both readers must agree; the standard library's works where pyarrow is not installed."""
    if request.param == 'csv':
        monkeypatch.setitem(sys.modules, 'pyarrow', None)
        monkeypatch.setattr(verified_labels, 'find_spec', lambda name: None)
    return request.param


def read(path):
    labels = read_verified_labels(path, INDEX)
    images = np.repeat(labels.images, labels.lengths).tolist()
    return list(zip(images, labels.classes.tolist(), labels.positive.tolist(), strict=True))


EXPECTED = [
    (0x26E7EE790996, 0, False),
    (0x26E7EE790996, 1, True),
    (0x26E7EE790996, 2, True),
    (0xF9E0434389A1D4DD, -1, False),
    (0x26E7EE790996, 1, False),
]


@pytest.mark.parametrize('ending', ['\n', '\r\n'])
@pytest.mark.parametrize('mark', ['', '\ufeff'])
@pytest.mark.parametrize('last', ['', 'ending', 'blank lines'])
def test_lines_are_read(reader, tmp_path, ending, mark, last):
    tail = {'': '', 'ending': ending, 'blank lines': ending * 3}[last]
    path = tmp_path / 'annotations-human.csv'
    path.write_bytes((mark + ending.join([HEADER, *LINES]) + tail).encode())
    assert read(path) == EXPECTED


def test_gz_and_another_order_of_columns(reader, tmp_path):
    path = tmp_path / 'annotations-human.csv.gz'
    lines = [','.join(line.split(',')[::-1]) for line in [HEADER, *LINES]]
    path.write_bytes(gzip.compress('\n'.join(lines).encode()))
    assert read(path) == EXPECTED


@pytest.mark.parametrize('block', [64, 200])
def test_any_cut_into_blocks_gives_the_same(reader, tmp_path, monkeypatch, block):
    monkeypatch.setattr(verified_labels, '_BLOCK', block)
    monkeypatch.setattr(verified_labels, '_LINES', block // 64)
    path = tmp_path / 'annotations-human.csv'
    path.write_text('\n'.join([HEADER, *LINES * 7]))
    assert read(path) == EXPECTED * 7


def test_no_lines(reader, tmp_path):
    path = tmp_path / 'annotations-human.csv'
    path.write_text(f'{HEADER}\n')
    assert read(path) == []


@pytest.mark.parametrize(
    ('line', 'problem'),
    [
        ('000026e7ee790996,verification,/m/04hgtk', r"'000026e7ee790996,verif.*' is not ImageID,"),
        ('000026e7ee790996,verification,/m/04hgtk,1,2', r'is not ImageID,Source,LabelName'),
        ('000026e7ee790996', r"'000026e7ee790996' is not ImageID,Source,LabelName,Confidence"),
        ('26e7ee790996,verification,/m/04hgtk,1', r"ImageID '26e7ee790996' is not 16 lower-case"),
        ('000026E7EE790996,verification,/m/04hgtk,1', r"ImageID '000026E7EE790996' is not 16"),
        ('../../../etc/pwd,verification,/m/04hgtk,1', r"ImageID '../../../etc/pwd' is not 16"),
        (',verification,/m/04hgtk,1', r"ImageID '' is not 16"),
        ('000026e7ee790996,machine,/m/04hgtk,0.7', r"'0\.7' is neither 1.*machine annotations"),
        ('000026e7ee790996,verification,/m/04hgtk,-1', r"Confidence '-1' is neither 1"),
        ('000026e7ee790996,verification,/m/04hgtk,yes', r"Confidence 'yes' is neither 1"),
        ('000026e7ee790996,verification,/m/04hgtk,nan', r"Confidence 'nan' is neither 1"),
        ('000026e7ee790996,verification,/m/04hgtk,', r"Confidence '' is neither 1"),
    ],
)
def test_damaged_line_is_named(reader, tmp_path, line, problem):
    path = tmp_path / 'annotations-human.csv'
    path.write_text('\n'.join([HEADER, *LINES, '', line, *LINES, 'also bad']))
    with pytest.raises(ValueError, match=rf'annotations-human\.csv:8: .*{problem}') as caught:
        read(path)
    assert '\n' not in str(caught.value)


def test_a_digit_that_slipped_into_the_next_id(reader, tmp_path):
    path = tmp_path / 'annotations-human.csv'
    slipped = [
        '000026e7ee79099,verification,/m/07j7r,1',
        '60000000000000001,verification,/m/07j7r,1',
    ]
    path.write_text('\n'.join([HEADER, *LINES, *slipped]))
    with pytest.raises(ValueError, match=r"csv:7: ImageID '000026e7ee79099' is not 16"):
        read(path)


@pytest.mark.parametrize('text', ['', 'ImageID,Source,LabelName\n', '\x00\x01\x02' * 50])
def test_other_files_are_refused(reader, tmp_path, text):
    path = tmp_path / 'annotations-human.csv'
    path.write_text(text)
    with pytest.raises(ValueError, match=r'annotations-human\.csv:1: ') as caught:
        read(path)
    assert '\n' not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_not_utf8(reader, tmp_path):
    path = tmp_path / 'annotations-human.csv'
    path.write_bytes('\n'.join([HEADER, *LINES]).encode() + b'\n\xff\xfe,a,b,1\n')
    with pytest.raises(ValueError, match=r'csv:\d: is damaged or cut off \(UnicodeDecodeError'):
        read(path)


@pytest.mark.parametrize('cut', [30, -20, -4])
def test_gz_that_is_cut_off(reader, tmp_path, cut):
    path = tmp_path / 'annotations-human.csv.gz'
    rng = np.random.default_rng(0)
    lines = [f'{n:016x},verification,/m/07j7r,1' for n in rng.integers(0, 2**60, 2000)]
    path.write_bytes(gzip.compress('\n'.join([HEADER, *lines]).encode())[:cut])
    with pytest.raises(ValueError, match=r'csv\.gz:\d+: is damaged or cut off .*fetch it anew'):
        read(path)


def test_plain_text_called_gz(reader, tmp_path):
    path = tmp_path / 'annotations-human.csv.gz'
    path.write_text('\n'.join([HEADER, *LINES]))
    with pytest.raises(ValueError, match=r'csv\.gz:1: is damaged .*Not a gzipped file'):
        read(path)

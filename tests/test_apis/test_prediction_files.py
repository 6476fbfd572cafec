"""The table of predictions is a table of labels, whole or not there."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from pyarrow import parquet

from wsml_mm import LabelTable
from wsml_mm.apis import Prediction
from wsml_mm.apis.prediction_files import PredictionFile

CLASSES = ('ant', 'a "big", cat', 'dog')
SCORES = np.array([[0.25, 0.75, 0.1], [0.1, 0.2, 0.3]], np.float32)
LABELS = SCORES > 0.2


def write(path, classes=CLASSES, **kwargs):
    with PredictionFile(path, classes, **kwargs) as file:
        file.add(Prediction('a.jpg', SCORES[0]), LABELS[0])
        file.add(Prediction('sub/bad.jpg', None, 'the file is empty'), None)
        file.add(Prediction('sub/b.jpg', SCORES[1]), LABELS[1])
    return path


@pytest.mark.parametrize('kind', ['csv', 'tsv', 'parquet', 'json', 'jsonl'])
def test_label_table_reads_it_back(tmp_path, kind, monkeypatch):
    monkeypatch.setattr('wsml_mm.apis.prediction_files._ROWS', 2)  # two pieces
    path = write(tmp_path / f'labels.{kind}')
    dataset = LabelTable(tmp_path, path.name, classes=CLASSES)
    assert list(dataset.image_names()) == ['a.jpg', 'sub/bad.jpg', 'sub/b.jpg']
    found = dataset.sparse_labels()
    assert [found.row(place).tolist() for place in range(3)] == [
        [1, 1, 0], [-1, -1, -1], [0, 0, 1],
    ]  # fmt: skip
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_scores_and_reasons(tmp_path):
    rows = list(csv.DictReader(write(tmp_path / 'x.csv').open(newline='')))
    assert [row['error'] for row in rows] == ['', 'the file is empty', '']
    assert [row['score/a "big", cat'] for row in rows] == ['0.75', '', '0.2']
    rows = json.loads(write(tmp_path / 'x.json').read_text())
    assert rows[0]['scores'] == {'ant': 0.25, 'a "big", cat': 0.75, 'dog': 0.1}
    assert rows[1]['scores'] is None
    assert rows[1]['error'] == 'the file is empty'
    table = parquet.read_table(write(tmp_path / 'x.parquet'))
    assert table['score/dog'].to_pylist()[1] is None
    np.testing.assert_array_equal(table['score/dog'].to_numpy()[[0, 2]], SCORES[:, 2])
    assert table['positive'].to_pylist() == [['ant', 'a "big", cat'], None, ['dog']]


def write_half(path):
    with PredictionFile(path, CLASSES) as file:
        file.add(Prediction('a.jpg', SCORES[0]), LABELS[0])
        raise RuntimeError


@pytest.mark.parametrize('kind', ['csv', 'json', 'parquet'])
def test_an_error_leaves_the_old_file(tmp_path, kind):
    path = tmp_path / f'x.{kind}'
    path.write_text('old')
    with pytest.raises(RuntimeError):
        write_half(path)
    assert path.read_text() == 'old'
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_refusals(tmp_path):
    with pytest.raises(ValueError, match=r'x.txt: predictions are written to one of \.csv'):
        PredictionFile(tmp_path / 'x.txt', CLASSES)
    with pytest.raises(ValueError, match=r"class name 'a\|b' holds the separator"):
        PredictionFile(tmp_path / 'x.csv', ['a|b'])
    PredictionFile(tmp_path / 'x.json', ['a|b'])
    PredictionFile(tmp_path / 'x.csv', ['a|b'], separator=';')
    (tmp_path / 'file').touch()
    with (
        pytest.raises(OSError, match=r'cannot be written .*; free some space, or name another'),
        PredictionFile(tmp_path / 'file' / 'x.csv', CLASSES),
    ):
        pass

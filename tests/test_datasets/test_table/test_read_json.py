from __future__ import annotations

import json

import pytest

from wsml_mm.datasets.table import ColumnNames, ProblemLog, TableFormat, read_table
from wsml_mm.datasets.table.problem import RowErrors
from wsml_mm.datasets.table.read_json import read_json

ROWS = [
    {'image': 'a.jpg', 'positive': ['cat'], 'negative': ['dog']},
    {'image': 'b.jpg', 'positive': [], 'note': {'x': [1]}},
]


def rows_of(batches):
    return [
        row
        for batch in batches
        for row in zip(
            batch.lines.tolist(), *(column.to_pylist() for column in batch[1:]), strict=True
        )
    ]


def read(tmp_path, text, classes=None, names=None):
    path = tmp_path / 't.json'
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    log = ProblemLog()
    errors = RowErrors(path, log)
    batches, _ = read_json(path, TableFormat(ColumnNames.of(names)), errors, classes)
    rows = [(errors.where(row[0]), *row[1:]) for row in rows_of(batches)]
    errors.flush()
    problems = [str(f).replace(str(path), 't.json') for fs in log.kept.values() for f in fs]
    return [(row[0].replace(str(path), 't.json'), *row[1:]) for row in rows], problems


@pytest.mark.parametrize(
    ('text', 'lines'),
    [
        (json.dumps(ROWS), (1, 1)),
        (json.dumps(ROWS, indent=1), (2, 11)),
        ('\ufeff' + '\n'.join(map(json.dumps, ROWS)), (1, 2)),
        ('\n'.join(map(json.dumps, ROWS)) + '\n\n', (1, 2)),
        (' \n' + json.dumps(ROWS) + '\n', (2, 2)),
    ],
    ids=['list', 'indented', 'lines, mark', 'lines', 'blanks'],
)
def test_lists_and_lines(tmp_path, text, lines):
    rows, problems = read(tmp_path, text)
    assert problems == []
    assert rows == [
        (f't.json:{lines[0]}', 'a.jpg', ['cat'], ['dog']),
        (f't.json:{lines[1]}', 'b.jpg', [], None),
    ]


@pytest.mark.parametrize('text', ['', '[]', ' [ ]\n'])
def test_no_rows(tmp_path, text):
    assert read(tmp_path, text) == ([], [])


GOOD = json.dumps(ROWS[0])


@pytest.mark.parametrize(
    ('text', 'count', 'messages'),
    [
        (f'{GOOD}\n{{"image": \n{GOOD}', 2, ['t.json:2: is not JSON (Expecting value)']),
        (f'[{GOOD},\n{{"image"]', 1, ["t.json:2: is not JSON (Expecting ':' delimiter)"]),
        (f'[{GOOD}\n{GOOD}]', 1, ['t.json:2: is not JSON (no comma or ] after the object)']),
        (f'[{GOOD}', 1, ['t.json:1: is not JSON (no comma or ] after the object)']),
        (f'[{GOOD},', 1, ['t.json:1: is not JSON (Expecting value)']),
        (f'[{GOOD}]\nx', 1, ['t.json:2: is not JSON (text after the list)']),
        (f'[{GOOD}, 3]', 1, ['t.json:1: 3 is not an object; write {"image": ...}']),
        ('[' * 5000, 0, ['t.json:1: is not JSON (nested too deeply)']),
        (
            f'{GOOD}\n{{"image": "b.jpg", "positive": [], "negatives": []}}',
            1,
            ["t.json:2: the object has no 'negative', only 'image', 'positive', 'negatives' (is"],
        ),
        ('{"image": "b.jpg"}', 0, ["t.json:1: the object has no 'positive', only 'image'; name"]),
        ('{"image": 0, "positive": []}', 0, ["t.json:1: image '0' is not text; name a file"]),
        (
            '{"image": "a\\ud800", "positive": []}',
            0,
            ["t.json:1: image name 'a\\ud800' holds a con"],
        ),
        ('{"image": "a", "positive": 0}', 1, ['t.json:1: 0 is not a list; list class names']),
        ('{"image": "Bär"}'.encode('latin-1'), 0, ['t.json: is not UTF-8 text (']),
    ],
)
def test_problems(tmp_path, text, count, messages):
    rows, problems = read(tmp_path, text)
    assert len(rows) == count
    assert len(problems) == len(messages)
    for problem, message in zip(problems, messages, strict=True):
        assert problem.startswith(message)


def mmpretrain(*items, classes=('cat', 'dog', 'elk')):
    info = {} if classes is None else {'classes': classes}
    return json.dumps({'metainfo': info, 'data_list': items})


def test_mmpretrains_own_format(tmp_path):
    text = mmpretrain(
        {'img_path': 'a.jpg', 'gt_score': [1, -1, 0]}, {'img_path': 'b.jpg', 'gt_label': [2, 0]}
    )
    rows, problems = read(tmp_path, text)
    assert problems == []
    assert rows == [
        ('t.json: data_list[0]', 'a.jpg', ['cat'], ['elk']),
        ('t.json: data_list[1]', 'b.jpg', ['elk', 'cat'], ['*']),
    ]


def test_given_classes_read_indices_where_the_file_names_none(tmp_path):
    text = mmpretrain({'img_path': 'a.jpg', 'gt_label': [1]}, classes=None)
    rows, _ = read(tmp_path, text, classes=['x', 'y'])
    assert rows == [('t.json: data_list[0]', 'a.jpg', ['y'], ['*'])]
    assert read(tmp_path, text)[1] == [
        't.json: metainfo names no classes; add "metainfo": {"classes": [...]}'
    ]


@pytest.mark.parametrize(
    ('item', 'message'),
    [
        ({'img_path': 'a.jpg'}, 'has neither gt_label nor gt_score; add one'),
        ({'gt_score': [1, 0]}, 'gt_score must be 3 values of {1, 0, -1}; convert'),
        ({'gt_score': [1, 0, 2]}, 'gt_score must be 3 values'),
        ({'gt_score': ['1', 0, 0]}, 'gt_score must be 3 values'),
        ({'gt_score': [[1], 0, 0]}, 'gt_score must be 3 values'),
        ({'gt_score': None}, 'gt_score must be 3 values'),
        ({'gt_label': [3]}, 'gt_label [3] has 3, outside 0..2; check the class list'),
        ({'gt_label': [-1]}, 'gt_label [-1] has -1, outside 0..2'),
        ({'gt_label': ['cow']}, "gt_label ['cow'] has 'cow', which is no class; name"),
        ({'gt_label': [True]}, "gt_label [True] has 'True', no index of 0..2; list whole"),
        (7, 'has neither gt_label nor gt_score'),
    ],
)
def test_problems_of_mmpretrains_format(tmp_path, item, message):
    good = {'img_path': 'b.jpg', 'gt_label': [0]}
    rows, (problem,) = read(tmp_path, mmpretrain(item, good))
    assert problem.startswith(f't.json: data_list[0]: {message}')
    assert [row[1] for row in rows] == ['b.jpg']


def test_a_list_written_into_a_text(tmp_path):
    rows, problems = read(
        tmp_path, json.dumps([{'image': 'a', 'positive': "['cat', 'a|b']", 'negative': 'elk|*'}])
    )
    assert (rows, problems) == ([('t.json:1', 'a', ['cat', 'a|b'], ['elk', '*'])], [])
    text = json.dumps([{'image': 'a', 'positive': "['cat']|dog"}])
    assert read(tmp_path, text, ["['cat']", 'dog'])[0][0][2] == ["['cat']", 'dog']


@pytest.mark.parametrize('name', ['t.json', 't.jsonl'])
def test_images_alone(tmp_path, name):
    (tmp_path / name).write_text('{"file": "a", "positive": 7}\n{"file": "b.png"}\n')
    layout = TableFormat(ColumnNames('file'), layout='images', suffix='.jpg')
    table = read_table(tmp_path / name, ['cat', 'dog'], layout)
    assert list(table.columns.names) == ['a.jpg', 'b.png']
    assert [table.columns.labels.row(n).tolist() for n in (0, 1)] == [[-1, -1]] * 2
    assert table.notes == ('images alone: every label -> unobserved',)


def test_layouts_that_a_file_cannot_have(tmp_path):
    (tmp_path / 't.json').write_text('{"images": [], "annotations": [], "categories": []}')
    with pytest.raises(ValueError, match="layout='images' is for plain rows of JSON, not for exp"):
        read_table(tmp_path / 't.json', ['cat'], TableFormat(layout='images'))
    (tmp_path / 't.json').write_text('[{"data": {"image": "a"}, "annotations": []}]')
    with pytest.raises(ValueError, match="layout='images' is for plain rows of JSON, not for exp"):
        read_table(tmp_path / 't.json', ['cat'], TableFormat(layout='images'))
    with pytest.raises(ValueError, match="layout='images' is for CSV and Parquet, and plain rows"):
        read_table(tmp_path, ['cat'], TableFormat(layout='images'))
    with pytest.raises(ValueError, match="layout='indicators' is for CSV and Parquet; leave it"):
        read_table(tmp_path, ['cat'], TableFormat(layout='indicators'))
    (tmp_path / 't.json').write_text('[{"image": "a", "cat": 1}]')
    with pytest.raises(ValueError, match="no 'positive'") as caught:
        read_table(tmp_path / 't.json')
    assert "say columns=dict(positive=...); layout='images' if there are no labels" in str(
        caught.value
    )

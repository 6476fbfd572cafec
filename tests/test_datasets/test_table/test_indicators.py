"""Tables with one column a class, and of images alone: CSV and Parquet alike."""

from __future__ import annotations

import time

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import csv, parquet

from wsml_mm.datasets.table import ColumnNames, ProblemLog, TableFormat, read_table


def read(path, classes=None, columns=None, **layout):
    log = ProblemLog()
    layout = {'layout': 'indicators', **layout}
    table = read_table(path, classes, TableFormat(ColumnNames.of(columns), **layout), log)
    problems = [str(f).replace(str(path), path.name) for fs in log.kept.values() for f in fs]
    return table, problems


def text_table(tmp_path, text, *args, **kwargs):
    (tmp_path / 't.csv').write_text(text, encoding='utf-8')
    return read(tmp_path / 't.csv', *args, **kwargs)


def dense(table):
    return [table.columns.labels.row(i).tolist() for i in range(len(table.columns))]


ROWS = st.lists(st.lists(st.sampled_from([1, 0, None]), min_size=3, max_size=3), min_size=1)


@settings(max_examples=25)
@given(ROWS, st.sampled_from([pa.int8(), pa.float32(), pa.string(), pa.bool_()]))
def test_csv_and_parquet_agree(tmp_path_factory, rows, kind):
    folder = tmp_path_factory.getbasetemp()
    columns = {'image': [f'{i}.jpg' for i in range(len(rows))]}
    for name, column in zip(('a', 'b', 'c'), zip(*rows, strict=True), strict=True):
        values = pa.array(column, pa.int8())
        columns[name] = values.cast(kind)
    parquet.write_table(pa.table(columns), folder / 'i.parquet', row_group_size=2)
    csv.write_csv(pa.table(columns), folder / 'i.csv')
    due = [[-1 if value is None else value for value in row] for row in rows]
    for name in ('i.csv', 'i.parquet'):
        table, problems = read(folder / name, signs=dict(unobserved='blank'))
        assert problems == []
        assert dense(table) == due
        assert table.columns.metainfo['classes'] == ('a', 'b', 'c')
        full = not any(None in row for row in rows)
        assert table.columns.labels.rest == (0 if full else -1)


def test_types_of_parquet(tmp_path):
    columns = {
        ' image': ['a', 'b', 'c'],
        ' nan': pa.array([1.0, float('nan'), None]),
        'coded': pa.array(['1', None, '0']).dictionary_encode(),
        'null': pa.nulls(3),
        'exact': pa.array([1, 0, None]).cast(pa.decimal128(25, 2)),
        '__index_level_0__': [5, 6, 7],
    }
    parquet.write_table(pa.table(columns), tmp_path / 't.parquet')
    names = ['nan', 'coded', 'null', 'exact']
    table, problems = read(tmp_path / 't.parquet', names, signs=dict(unobserved='blank'))
    assert problems == []
    assert dense(table) == [[1, 1, -1, 1], [-1, -1, -1, 0], [-1, 0, -1, -1]]
    _, (problem,) = read(tmp_path / 't.parquet', ['__index_level_0__', 'coded'][:1])
    assert problem.startswith("t.parquet: row 1: column '__index_level_0__' holds '5', of which")
    parquet.write_table(pa.table({'image': ['a'], 'x': [['1']]}), tmp_path / 't.parquet')
    _, (problem,) = read(tmp_path / 't.parquet')
    assert problem.startswith("t.parquet: column 'x' holds list<")
    assert problem.endswith('; write numbers, truth values or strings')


CHEXPERT = """Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Cardiomegaly,Edema
x/1.jpg,Female,68,Frontal,AP,1.0,,
x/2.jpg,Female,87,Lateral,,,-1.0,1.0
x/3.jpg,Male,1,Frontal,PA,,0.0,-1.0
"""
OTHERS = ['Sex', 'Age', 'Frontal/Lateral', 'AP/PA']


def test_chexpert_is_asked_about_before_it_is_read(tmp_path):
    path = dict(image='Path')
    _, problems = text_table(tmp_path, CHEXPERT, None, path)
    ignored = "ignored=['Sex', 'Age', 'Frontal/Lateral', 'AP/PA']"
    assert [p for p in problems if f'if it is no class, say {ignored}; else' in p] == [
        f't.csv:2: column {name!r} holds {value!r}, of which nothing is said; if it is no class, '
        f'say {ignored}; else correct it, or say whether it is positive, negative or unobserved, '
        f"e.g. signs=dict(unobserved=['{value}'])"
        for name, value in zip(OTHERS, ('Female', '68', 'Frontal', 'AP'), strict=True)
    ]
    _, problems = text_table(tmp_path, CHEXPERT, None, path, ignored=OTHERS)
    assert [p.partition(', of which')[0] for p in problems] == [
        "t.csv:2: column 'Cardiomegaly' holds a blank cell",
        "t.csv:2: column 'Edema' holds a blank cell",
        "t.csv:3: column 'No Finding' holds a blank cell",
        "t.csv:3: column 'Cardiomegaly' holds '-1'",
        "t.csv:4: column 'Edema' holds '-1'",
    ]
    fix = "e.g. signs=dict(unobserved=['blank', '-1']); if it is no class, say ignored=['Sex', "
    assert all(fix in problem for problem in problems)
    table, problems = text_table(
        tmp_path, CHEXPERT, None, path, ignored=OTHERS,
        signs=dict(positive=['1', '-1'], unobserved='blank'),
    )  # fmt: skip
    assert problems == []
    assert table.columns.metainfo['classes'] == ('No Finding', 'Cardiomegaly', 'Edema')
    assert dense(table) == [[1, -1, -1], [-1, 1, 1], [-1, 0, 1]]
    assert table.notes == (
        '1 -> positive (2), -1 -> positive (2), 0 -> negative (1), blank -> unobserved (4)',
        "columns not read: 'Sex', 'Age', 'Frontal/Lateral', 'AP/PA'",
    )


def test_the_classes_given_are_the_columns_read(tmp_path):
    table, problems = text_table(
        tmp_path, CHEXPERT, ['Edema', 'Cardiomegaly'], dict(image='Path'),
        signs=dict(unobserved=['blank', '-1']),
    )  # fmt: skip
    assert problems == []
    assert dense(table) == [[-1, -1], [1, -1], [-1, 0]]


def test_roboflow(tmp_path):
    text = 'filename, person, car\na.jpg, 1, 0\n"b.jpg", 0, 0\n'
    table, problems = text_table(tmp_path, text, None, dict(image='filename'))
    assert problems == []
    assert table.columns.metainfo['classes'] == ('person', 'car')
    assert dense(table) == [[1, 0], [0, 0]]
    assert table.columns.labels.rest == 0
    assert len(table.columns.labels.values) == 1


def test_quoted_rows_bad_names_and_row_numbers(tmp_path):
    text = (
        ',image,a,b,Unnamed: 4\n0,x.jpg,1,0,5\n1,"y,1.jpg","0",1,6\n2,,1,1,7\n3,z.jpg,1\n'
        '4,../w.jpg,1,1,8\n5,./v.jpg,0,0,9\n'
    )
    table, problems = text_table(tmp_path, text)
    assert list(table.columns.names) == ['x.jpg', 'y,1.jpg', 'v.jpg']
    assert dense(table) == [[1, 0], [0, 1], [0, 0]]
    assert table.lines.tolist() == [2, 3, 7]
    assert [p.partition(': ')[0] for p in problems] == ['t.csv:4', 't.csv:5', 't.csv:6']


def test_merged_rows(tmp_path):
    text = 'image,a,b,c\nx,1,,0\nx,,0,0\ny,1,1,1\ny,,0,\n'
    signs = dict(unobserved='blank')
    table, problems = text_table(tmp_path, text, signs=signs, duplicates='merge')
    assert dense(table) == [[1, 0, 0], [1, -1, 1]]
    assert problems == [
        "t.csv:5: label 'b' is both positive and negative, as in line 4; keep the one that is right"
    ]


@pytest.mark.parametrize(
    ('header', 'message'),
    [
        ('image,a,a', "t.csv:1: the header: class 'a' is listed twice"),
        ('image,\u00e9,e\u0301', "t.csv:1: the header: class 'e\\u0301' looks just like '\\xe9'"),
        (
            'image,a,nan',
            "t.csv:1: column 'nan' looks like an empty cell; rename it, or",
        ),
        (
            'image,a,*',
            "t.csv:1: column '*' has no letter or digit; rename it, or",
        ),
        (
            'Image,a,b',
            "t.csv:1: the header has no 'image', only 'Image', 'a', 'b' (is 'Imag",
        ),
    ],
)
def test_header_is_refused(tmp_path, header, message):
    table, (problem,) = text_table(tmp_path, f'{header}\nx,1,0\n')
    assert problem.startswith(message)
    assert len(table.columns) == 0


@pytest.mark.parametrize('suffix', ['.csv', '.parquet'])
def test_images_alone(tmp_path, suffix):
    path = tmp_path / f't{suffix}'
    table = pa.table({'id': ['a', 'b.jpg', 'C.JPG'], 'x': [1, 2, 3]})
    (csv.write_csv if suffix == '.csv' else parquet.write_table)(table, path)
    found, problems = read(path, ['p', 'q'], dict(image='id'), layout='images', suffix='.jpg')
    assert problems == []
    assert list(found.columns.names) == ['a.jpg', 'b.jpg', 'C.JPG']
    assert dense(found) == [[-1, -1]] * 3


@pytest.mark.parametrize(
    ('layout', 'message'),
    [
        (dict(layout='wide'), 'layout=\'wide\': use "lists" or "indicators" or "images"'),
        (dict(layout='indicators', unlisted='negative'), 'unlisted=.* is for layout="lists" only'),
        (dict(layout='indicators', separator=' '), 'separator=.* is for layout="lists" only'),
        (dict(signs=dict(unobserved='')), 'signs=.* is for layout="indicators" only; leave it out'),
        (dict(ignored=['x']), 'ignored=.* is for layout="indicators" only'),
        (dict(layout='indicators', ignored='x'), "ignored='x': give a list of names"),
        (dict(layout='images', nothing='x'), "nothing='x': is for layout"),
        (dict(nothing='a|b'), r"nothing='a\|b': it holds the separator"),
        (dict(suffix='jpg'), "suffix='jpg': write it like"),
        (dict(suffix='./x'), "suffix='./x': write it like"),
        (dict(layout='images', columns=ColumnNames(positive='x')), 'columns=.*layout="lists" only'),
    ],
)
def test_options_that_would_not_be_read(layout, message):
    with pytest.raises(ValueError, match=message):
        TableFormat(**layout)


@pytest.mark.parametrize('suffix', ['.csv', '.parquet'])
def test_a_wide_table_is_read_by_columns(tmp_path, suffix):
    """3 M cells in well under a second; a loop over cells in Python takes seconds."""
    matrix = np.random.default_rng(0).random((3000, 1000)) < 0.02
    columns = {f'c{i}': matrix[:, i].astype(np.int8) for i in range(1000)}
    table = pa.table({'image': [f'{i}.jpg' for i in range(3000)], **columns})
    path = tmp_path / f't{suffix}'
    (csv.write_csv if suffix == '.csv' else parquet.write_table)(table, path)
    begin = time.process_time()
    found, problems = read(path)
    assert time.process_time() - begin < 2
    assert problems == []
    assert found.columns.labels.counts()['positive'] == matrix.sum()
    assert found.columns.labels.listed(7, 1).tolist() == np.flatnonzero(matrix[7]).tolist()

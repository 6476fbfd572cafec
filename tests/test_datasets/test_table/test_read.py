"""A table read is the table written, in every kind of file, and each problem is listed once."""

from __future__ import annotations

import csv
import json
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsml_mm.datasets.table import ColumnNames, ProblemLog, TableFormat, read_table

CLASSES = ['cat', 'dog, small', 'Bär "x"', '木', 'élan']
NAMES = st.text(
    st.characters(exclude_categories=['C', 'Z'], exclude_characters='/\\:.'), min_size=1
)


@st.composite
def tables(draw):
    """Distinct image names, labels {1, 0, -1} and which rows say `*` instead of their zeros."""
    names = draw(st.lists(NAMES, min_size=1, max_size=8, unique=True))
    rows = st.lists(st.sampled_from([1, 0, -1]), min_size=len(CLASSES), max_size=len(CLASSES))
    matrix = np.array([draw(rows) for _ in names], np.int8)
    star = [draw(st.booleans()) for _ in names]
    matrix[star] = np.maximum(matrix[star], 0)
    return [f'{name}.jpg' for name in names], matrix, star


def listed(row, value, star=False):
    return ['*'] if star else [CLASSES[i] for i in np.flatnonzero(row == value)]


def write(path, names, matrix, star):
    rows = [(n, listed(r, 1), listed(r, 0, s)) for n, r, s in zip(names, matrix, star, strict=True)]
    fields = ('image', 'positive', 'negative')
    if path.suffix == '.csv':
        with path.open('w', newline='', encoding='utf-8') as file:
            writer = csv.writer(file)
            writer.writerows([fields, *((n, '|'.join(p), '|'.join(q)) for n, p, q in rows)])
    elif path.suffix == '.parquet':
        import pyarrow as pa
        from pyarrow import parquet

        kinds = (pa.string(), pa.list_(pa.string()), pa.list_(pa.string()))
        columns = dict(zip(fields, zip(*rows, strict=True), strict=True))
        schema = pa.schema(list(zip(fields, kinds, strict=True)))
        parquet.write_table(pa.table(columns, schema=schema), path)
    else:
        objects = [dict(zip(fields, row, strict=True)) for row in rows]
        text = '\n'.join(map(json.dumps, objects)) if path.suffix == '.jsonl' else None
        path.write_text(text or json.dumps(objects, indent=1), encoding='utf-8')


def dense(columns):
    return np.array([columns.labels.row(i) for i in range(len(columns))])


@settings(max_examples=30)
@given(tables())
def test_all_kinds_of_files_agree(tmp_path_factory, case):
    names, matrix, star = case
    folder = tmp_path_factory.mktemp('t')
    for suffix in ('.csv', '.json', '.jsonl', *(['.parquet'] if find_spec('pyarrow') else [])):
        path = folder / f't{suffix}'
        write(path, names, matrix, star)
        table = read_table(path, CLASSES)
        assert list(table.columns.names) == names
        np.testing.assert_array_equal(dense(table.columns), matrix)
        assert table.columns.metainfo['classes'] == tuple(CLASSES)


def text_table(tmp_path, *rows, header='image,positive,negative', **layout):
    path, log = tmp_path / 't.csv', ProblemLog()
    path.write_text('\n'.join([header, *rows]) + '\n', encoding='utf-8')
    table = read_table(path, layout.pop('classes', None), TableFormat(**layout), log)
    problems = [str(f).replace(str(path), 't.csv') for fs in log.kept.values() for f in fs]
    return table.columns, problems, log


def test_classes_found_in_the_table_are_sorted(tmp_path):
    columns, problems, _ = text_table(tmp_path, 'a.jpg,elk,ant', 'b.jpg,cat|elk,')
    assert columns.metainfo['classes'] == ('ant', 'cat', 'elk')
    assert dense(columns).tolist() == [[0, -1, 1], [-1, 1, 1]]
    assert problems == []


def test_star_completes_its_row_only(tmp_path):
    columns, problems, _ = text_table(tmp_path, 'a.jpg,cat,*', 'b.jpg,,', 'c.jpg,dog,cat|*')
    assert dense(columns).tolist() == [[1, 0], [-1, -1], [0, 1]]
    assert columns.labels.rest == -1
    assert problems == []


@pytest.mark.parametrize(
    ('rows', 'layout'),
    [(('a.jpg,cat,*', 'b.jpg,,*'), {}), (('a.jpg,cat,', 'b.jpg,,'), {'unlisted': 'negative'})],
)
def test_full_annotation_lists_no_negatives(tmp_path, rows, layout):
    columns, problems, _ = text_table(tmp_path, *rows, classes=['cat', 'dog'], **layout)
    assert dense(columns).tolist() == [[1, 0], [0, 0]]
    assert columns.labels.rest == 0
    assert len(columns.labels.values) == 1
    assert problems == []


def test_names_are_tidied(tmp_path):
    columns, problems, _ = text_table(tmp_path, './a.jpg,cat,', ' d//b.jpg,cat,', 'd/./c.jpg,cat,')
    assert list(columns.names) == ['a.jpg', 'd/b.jpg', 'd/c.jpg']
    assert problems == []


OUTSIDE = ['../a.jpg', '/a.jpg', 'd/../../a.jpg', 'd\\a.jpg', 'C:/a.jpg', 's3://b/a.jpg', '..']


@pytest.mark.parametrize('name', OUTSIDE)
def test_names_that_leave_the_folder(tmp_path, name):
    columns, (problem,), _ = text_table(tmp_path, f'{name},cat,', 'b.jpg,cat,')
    fix = 'folders separated by "/"'
    if name in ('/a.jpg', 'C:/a.jpg', 's3://b/a.jpg'):  # of another computer
        fix = "or say image_names='file' for its last part"
    assert problem == (
        f't.csv:2: image name {name!r} is outside the image folder; name a file below it, {fix}'
    )
    assert list(columns.names) == ['b.jpg']


@pytest.mark.parametrize('name', ['2024-01-01T10:00.jpg', 'a..b.jpg', '.a.jpg', 'a b.jpg', '...'])
def test_odd_names_that_stay(tmp_path, name):
    columns, problems, _ = text_table(tmp_path, f'{name},cat,')
    assert list(columns.names) == [name]
    assert problems == []


def test_an_image_listed_twice(tmp_path):
    rows = ('a.jpg,cat,', 'b.jpg,dog,', './a.jpg,,dog', 'a.jpg,cat,')
    columns, problems, _ = text_table(tmp_path, *rows)
    assert problems == [
        f"t.csv:{line}: image 'a.jpg' is listed twice, first in line 2; remove one row, or unite "
        "them with duplicates='merge'"
        for line in (4, 5)
    ]
    assert list(columns.names) == ['a.jpg', 'b.jpg']
    columns, problems, _ = text_table(tmp_path, *rows, duplicates='merge')
    assert problems == []
    assert list(columns.names) == ['a.jpg', 'b.jpg']
    assert dense(columns).tolist() == [[1, 0], [-1, 1]]


def test_merged_rows_that_contradict(tmp_path):
    rows = ('a.jpg,cat,dog', 'b.jpg,cat,', 'a.jpg,dog,', 'b.jpg,,*')
    columns, problems, _ = text_table(tmp_path, *rows, duplicates='merge')
    assert problems == [
        "t.csv:4: label 'dog' is both positive and negative, as in line 2; keep the one that is "
        'right',
        "t.csv:5: label 'cat' is both positive and negative, as in line 3; keep the one that is "
        'right',
    ]
    assert dense(columns).tolist() == [[1, -1], [-1, 0]]


@pytest.mark.parametrize('rows', [('a.jpg,cat,', 'a.jpg,dog,'), ('a.jpg,cat|dog,*', 'a.jpg,cat,')])
def test_merged_full_annotation_stays_full(tmp_path, rows):
    columns, problems, _ = text_table(
        tmp_path, *rows, duplicates='merge', unlisted='negative', classes=['cat', 'dog', 'elk']
    )
    assert problems == []
    assert columns.labels.rest == 0
    assert dense(columns).tolist() == [[1, 1, 0]]


def test_each_problem_is_listed_once_and_the_rest_is_read(tmp_path):
    columns, problems, log = text_table(
        tmp_path,
        'a.jpg,cat|cta,dog',
        'b.jpg,cat,cat|dog',
        ',cat,',
        'c.jpg,dog|dog,',
        'd.jpg,cat|,',
        'e.jpg,dog,*',
        classes=['cat', 'dog'],
    )
    assert sorted(problems) == [
        "t.csv:2: unknown label 'cta'; did you mean 'cat'?",
        "t.csv:3: label 'cat' is both positive and negative; keep the one that is right",
        't.csv:4: the row names no image; name one, or remove the row',
        "t.csv:5: label 'dog' is listed twice; list it once",
        't.csv:6: an empty label; remove the extra separator',
    ]
    assert sum(log.counts.values()) == log.serious == 5
    assert [f.image for fs in log.kept.values() for f in fs if f.kind != 'no image'] == [
        'a.jpg', 'b.jpg', 'c.jpg', 'd.jpg',
    ]  # fmt: skip
    assert dense(columns).tolist() == [[1, 0], [-1, 0], [-1, 1], [1, -1], [0, 1]]


@pytest.mark.parametrize(
    ('rows', 'message'),
    [((), 't.csv: has no rows; write one'), (('a.jpg,,',), 't.csv: no row names a label, and no')],
)
def test_nothing_to_learn(tmp_path, rows, message):
    columns, (problem,), _ = text_table(tmp_path, *rows)
    assert problem.startswith(message)
    assert len(columns) == len(rows)
    assert columns.metainfo['classes'] == ()


def test_where(tmp_path):
    (tmp_path / 't.csv').write_text('image,positive\n\na.jpg,cat\nb.jpg,cat\n')
    table = read_table(tmp_path / 't.csv')
    assert [table.where(i) for i in (0, 1)] == [f'{tmp_path}/t.csv:{line}' for line in (3, 4)]


@pytest.mark.parametrize(
    ('layout', 'message'),
    [
        (dict(unlisted='unknown'), 'unlisted=\'unknown\': use "unobserved" or "negative"'),
        (dict(duplicates='keep'), 'duplicates=\'keep\': use "refuse" or "merge"'),
        (dict(separator=''), "separator='': use a sign like"),
        (dict(separator=' *'), r"separator=' \*': use a sign like"),
    ],
)
def test_unknown_options(layout, message):
    with pytest.raises(ValueError, match=message):
        TableFormat(**layout)


@pytest.mark.parametrize(
    ('names', 'message'),
    [
        ({'img': 'file'}, "unknown 'img'; use image, positive, negative"),
        ({'image': 'x', 'positive': 'x'}, 'two columns have one name; name each'),
    ],
)
def test_unknown_columns(names, message):
    with pytest.raises(ValueError, match=message):
        ColumnNames.of(names)


def test_unknown_kind_of_file(tmp_path):
    with pytest.raises(ValueError, match=r't\.xlsx: a table of labels ends with one of \.csv, '):
        read_table(tmp_path / 't.xlsx')
    with pytest.raises(FileNotFoundError, match=r't\.csv: no such file; check ann_file'):
        read_table(tmp_path / 't.csv')


@given(st.binary(max_size=200))
def test_noise_is_refused_and_never_fails(tmp_path_factory, noise):
    folder = tmp_path_factory.getbasetemp()
    for suffix, begin in (('.csv', b'image,positive\n'), ('.json', b'[{"image":'), ('.jsonl', b'')):
        (folder / f'noise{suffix}').write_bytes(begin + noise)
        log = ProblemLog()
        read_table(folder / f'noise{suffix}', None, None, log)
        assert all('\n' not in str(f) for fs in log.kept.values() for f in fs)


@pytest.mark.parametrize(
    ('rows', 'message'),
    [
        (('a,cat', 'b,Cat', 'c,cat'), "t.csv:2: label 'cat' is nearly 'Cat'; if they are one, "),
        (('a,0|1', 'b,1'), 't.csv:2: the labels are numbers; as classes they are sorted as text'),
        (('a,cat;dog', 'b,cat', 'c,dog'), "t.csv:2: label 'cat;dog' looks like several labels"),
        (tuple(f'{i},a photograph of thing {i}' for i in range(60)),
         't.csv:2: 60 classes for 60 labels: each is hardly used again; if this is free text, '),
    ],
)  # fmt: skip
def test_classes_that_are_doubted_where_none_are_given(tmp_path, rows, message):
    columns, (problem,), log = text_table(tmp_path, *rows, header='image,positive')
    assert problem.startswith(message)
    assert log.serious == 0
    again = text_table(
        tmp_path, *rows, header='image,positive', classes=list(columns.metainfo['classes'])
    )
    assert again[1] == []


@pytest.mark.parametrize('suffix', ['csv', 'jsonl'])
def test_labels_that_are_hardly_names(tmp_path, suffix):
    """In any kind of file; where the classes are given, any name may be one."""
    path, log = tmp_path / f't.{suffix}', ProblemLog()
    lines = {
        'csv': 'image,positive\na.jpg,cat\nb.jpg,nan\n',
        'jsonl': '{"image": "a.jpg", "positive": ["cat"]}\n{"image": "b.jpg", "positive": ["nan"]}',
    }
    path.write_text(lines[suffix])
    table = read_table(path, None, None, log)
    assert table.columns.metainfo['classes'] == ('cat',)
    ((problem,),) = log.kept.values()
    assert problem.what == "label 'nan' looks like an empty cell"
    assert dense(read_table(path, ['cat', 'nan']).columns).tolist() == [[1, -1], [-1, 1]]

from __future__ import annotations

import csv

import pytest

from wsml_mm.datasets.table import ColumnNames, ProblemLog
from wsml_mm.datasets.table.problem import RowErrors
from wsml_mm.datasets.table.read_csv import read_csv
from wsml_mm.datasets.table.rows import listed


def rows_of(batches):
    return [
        row
        for batch in batches
        for row in zip(
            batch.lines.tolist(), *(column.to_pylist() for column in batch[1:]), strict=True
        )
    ]


def read(tmp_path, text, names=None):
    path = tmp_path / 't.csv'
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    log = ProblemLog()
    errors = RowErrors(path, log)
    columns = ColumnNames.of(names)
    rows = rows_of(listed(some, columns) for some in read_csv(path, columns, errors))
    errors.flush()
    return rows, [str(f).replace(str(path), 't.csv') for fs in log.kept.values() for f in fs]


RIGHT = [(2, 'a.jpg', 'cat|dog', 'elk'), (3, 'b.jpg', '', '')]


@pytest.mark.parametrize(
    'text',
    [
        'image,positive,negative\na.jpg,cat|dog,elk\nb.jpg,,\n',
        '\ufeffimage,positive,negative\r\na.jpg,cat|dog,elk\r\nb.jpg,,\r\n',
        'image;positive;negative\na.jpg;cat|dog;elk\nb.jpg;;',
        'image\tpositive\tnegative\na.jpg\tcat|dog\telk\nb.jpg\t\t\n',
        '"image","positive","negative"\n"a.jpg","cat|dog","elk"\n"b.jpg","",""\n',
        ' image , positive,negative \na.jpg,cat|dog,elk\nb.jpg,,\n',
        'negative,note,image,positive\nelk,"x, y",a.jpg,cat|dog\n,,b.jpg,\n',
    ],
    ids=['plain', 'Windows', 'semicolon', 'tab', 'quoted', 'blanks', 'other order'],
)
def test_one_table_in_many_forms(tmp_path, text):
    assert read(tmp_path, text) == (RIGHT, [])


def test_negative_column_may_be_missing(tmp_path):
    assert read(tmp_path, 'image,positive\na.jpg,cat\n') == ([(2, 'a.jpg', 'cat', '')], [])


def test_columns_called_otherwise(tmp_path):
    names = {'image': 'file', 'positive': 'tags'}
    rows, problems = read(tmp_path, 'file,tags,negative\na.jpg,cat,dog\n', names)
    assert rows == [(2, 'a.jpg', 'cat', 'dog')]
    assert problems == []


def test_cells_with_line_breaks_and_empty_lines_keep_the_count(tmp_path):
    text = '\n\nimage,positive,note\n\na.jpg,cat,"one\ntwo"\n\nb.jpg,dog,x\n'
    rows, problems = read(tmp_path, text)
    assert rows == [(5, 'a.jpg', 'cat', ''), (8, 'b.jpg', 'dog', '')]
    assert problems == []


@pytest.mark.parametrize(
    ('header', 'message'),
    [
        ('img,positive', "t.csv:1: the header has no 'image', only 'img', 'positive' (is 'img' me"),
        ('a.jpg,cat', "t.csv:1: the header has no 'image', only 'a.jpg', 'cat'; name the columns"),
        ('image,positive,negatives', "the header has no 'negative', only 'image', 'positive', 'ne"),
        ('image,positive,Negative', "no 'negative', only 'image', 'positive', 'Negative' (is 'Neg"),
        ('image,image,positive', "t.csv:1: the header has 'image' twice; keep one column"),
        ('', "t.csv:1: the header has no 'image', only nothing; name the columns image, positive,"),
    ],
)
def test_header_is_refused(tmp_path, header, message):
    rows, (problem,) = read(tmp_path, f'{header}\na.jpg,cat,dog\n' if header else '')
    assert message in problem
    assert rows == []


def test_a_broken_row_costs_no_other(tmp_path):
    text = (
        'image,positive,negative\na.jpg,cat,\n"b.jpg,cat,\nc.jpg,dog,\nd.jpg,dog\ne.jpg,cat,dog,elk'
        '\nf.jpg,"a"b,\n"g.jpg,cat,\nh.jpg,"dog",\n'
    )
    rows, problems = read(tmp_path, text)
    assert [row[:2] for row in rows] == [(2, 'a.jpg'), (4, 'c.jpg'), (9, 'h.jpg')]
    assert sorted(problems) == [
        "t.csv:3: the row cannot be read (',' expected after '\"'); close its quotation marks; "
        'one inside a cell is written twice',
        't.csv:5: 2 cells where the header has 3; write an empty cell for no labels',
        't.csv:6: 4 cells where the header has 3; put a cell that holds the delimiter in quotation '
        'marks',
        "t.csv:7: the row cannot be read (',' expected after '\"'); close its quotation marks; "
        'one inside a cell is written twice',
        "t.csv:8: the row cannot be read (',' expected after '\"'); close its quotation marks; "
        'one inside a cell is written twice',
    ]


def test_quotation_mark_that_is_never_closed(tmp_path):
    body = ''.join(f'{i}.jpg,cat\n' for i in range(20000))  # beyond csv's limit of a cell
    rows, (problem,) = read(tmp_path, f'image,positive\n"x.jpg,cat\n{body}')
    assert len(rows) == 20000
    assert rows[0] == (3, '0.jpg', 'cat', '')
    assert problem.startswith('t.csv:2: the row cannot be read')


def test_latin_1_is_named_by_line(tmp_path):
    rows, problems = read(tmp_path, b'image,positive\na.jpg,cat\nb.jpg,B\xe4r\nc.jpg,dog\n')
    assert [row[1] for row in rows] == ['a.jpg', 'b.jpg', 'c.jpg']
    assert problems == [
        't.csv:3: is not UTF-8 text (invalid continuation byte at byte 7); save the file as UTF-8 '
        '(in Excel: "CSV UTF-8")'
    ]


def test_lines_that_end_with_cr_alone(tmp_path):
    text = 'image,positive\r\ra.jpg,cat\r"b,.jpg",dog\r'
    assert read(tmp_path, text) == ([(3, 'a.jpg', 'cat', ''), (4, 'b,.jpg', 'dog', '')], [])


def test_long_cells(tmp_path):
    long = 'p' * 150_000
    marks = 'q""' * 100_000
    text = (
        f'image,positive,note\na.jpg,cat,{long}\nb.jpg,dog,"{marks}"\nc.jpg,elk,"{long}\n{long}"\n'
    )
    rows, problems = read(tmp_path, text)
    assert problems == []
    assert rows == [(2, 'a.jpg', 'cat', ''), (3, 'b.jpg', 'dog', ''), (4, 'c.jpg', 'elk', '')]
    assert csv.field_size_limit() == 131_072  # of the process, as it was


def test_the_delimiter_of_a_header_without_the_column(tmp_path):
    _, (problem,) = read(tmp_path, 'Image;Positive\na.jpg;cat\n')
    assert problem.endswith("say columns=dict(image='Image', positive='Positive')")


def test_excels_line_about_the_delimiter(tmp_path):
    text = 'sep=;\r\nimage;positive\r\na.jpg;cat\r\n'
    assert read(tmp_path, text) == ([(3, 'a.jpg', 'cat', '')], [])


def test_mixed_ends_of_lines(tmp_path):
    rows, (problem,) = read(tmp_path, 'image,positive\na.jpg,cat\rb.jpg,dog\r\nc.jpg,cat\n')
    assert rows == [(3, 'c.jpg', 'cat', '')]
    assert problem == (
        't.csv:2: the row cannot be read (CR stands alone within it); end all lines alike, with LF '
        'or CRLF'
    )

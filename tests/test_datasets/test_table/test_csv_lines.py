"""Lines as places, and their cells: as Python would split them."""

import tracemalloc
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsml_mm.datasets.table import csv_lines, read_csv
from wsml_mm.datasets.table.column_names import ColumnNames
from wsml_mm.datasets.table.csv_lines import Lines, split_cells
from wsml_mm.datasets.table.csv_rows import quoted_row
from wsml_mm.datasets.table.problem import RowErrors


@settings(max_examples=100, deadline=None)
@given(st.text('aé\r\n', max_size=30), st.sampled_from([b'\n', b'\r']), st.integers(1, 40))
def test_lines_are_those_of_split(text, end, block):
    content, before = text.encode(), csv_lines._BLOCK
    csv_lines._BLOCK = block
    try:
        lines = Lines(content, end)
        ends = [0]
        while ends[-1] < len(lines):
            ends.append(lines.block_end(ends[-1]))
    finally:
        csv_lines._BLOCK = before
    expected = content.split(end)
    assert [*lines] == lines[:] == expected
    assert ends == sorted(set(ends))
    found = [t for a, b in pairwise(ends) for t in lines.texts(a, b).to_pylist()]
    assert found == [line.decode().rstrip('\r\n') for line in expected]
    with pytest.raises(IndexError):
        lines[len(lines)]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text('aé;, ', max_size=8), max_size=6))
def test_cells_are_those_of_split(lines):
    flat, counts = split_cells(pa.array(lines, pa.string()), ',')
    flat.validate(full=True)
    assert flat.to_pylist() == [cell for line in lines for cell in line.split(',')]
    assert counts.tolist() == [len(line.split(',')) for line in lines]


def test_lines_are_no_objects():
    content = b'some text of a line\n' * 100_000
    tracemalloc.start()
    lines = Lines(content, b'\n')
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(lines) == 100_001
    assert held < 9 * len(lines)  # a place each; one object of bytes has 33 bytes of its own


def _read(path, content):
    """Returns the rows, the lines they begin on, and the errors of a CSV file."""
    path.write_bytes(content)
    problems, rows = [], []
    errors = RowErrors(path, lambda problem: problems.append(str(problem)))
    for some in read_csv.read_csv(path, ColumnNames(), errors):
        cells = [some.column(name).to_pylist() for name in ('image', 'positive', 'other')]
        rows += zip(some.lines.tolist(), *cells, strict=True)
        errors.flush()
    errors.flush()
    return rows, problems


_CELL = st.text('ab "\r,;é', max_size=4)
_LINE = st.lists(
    st.one_of(_CELL, _CELL.map(lambda cell: '"' + cell.replace('"', '""') + '"')), max_size=4
).map(','.join)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(_LINE, st.text('a,"\r', max_size=6)), max_size=8), st.booleans())
def test_rows_of_one_reader_are_those_of_one_reader_each(tmp_path_factory, lines, windows):
    path = tmp_path_factory.mktemp('one') / 'a.csv'
    end = '\r\n' if windows else '\n'
    content = end.join(['image,positive,other', *lines]).encode()
    together = _read(path, content)
    one = read_csv.short_rows
    read_csv.short_rows = lambda texts, form: [None] * len(texts)
    try:
        assert together == _read(path, content)
    finally:
        read_csv.short_rows = one


def test_rows_in_quotation_marks_take_one_reader(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(
        read_csv, 'quoted_row', lambda *args: (calls.append(args[1]), quoted_row(*args))[1]
    )
    lines = ['"image","positive","other"', *(f'"{i}.jpg","a,b","say ""c"""' for i in range(3000))]
    lines[7] = '"7.jpg","a\nb","c"'
    rows, problems = _read(tmp_path / 'a.csv', '\n'.join(lines).encode())
    assert problems == []
    assert len(rows) == 3000
    assert rows[6] == (8, '7.jpg', 'a\nb', 'c')
    assert rows[7] == (10, '7.jpg', 'a,b', 'say "c"')
    assert calls == [0, 7]  # the header, and the row of two lines


@pytest.mark.parametrize('line', [b'a.jpg,cat,\xff\n', b'"a.jpg","cat","\xff"\n'])
def test_bytes_that_are_no_text_cost_their_line_only(tmp_path, line):
    content = b'image,positive,other\n' + line + b'b.jpg,dog,\n' + b'"c.jpg","dog",""\n'
    rows, problems = _read(tmp_path / 'a.csv', content)
    assert [row[1:3] for row in rows][1:] == [('b.jpg', 'dog'), ('c.jpg', 'dog')]
    assert len(problems) == 1
    assert 'a.csv:2: is not UTF-8' in problems[0]


def test_the_last_line_may_end_or_not():
    for content in (b'', b'a', b'a\n', b'\n'):
        lines = Lines(content, b'\n')
        assert [*lines] == content.split(b'\n')

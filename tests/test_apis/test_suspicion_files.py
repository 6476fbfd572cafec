"""Suspicions as CSV, Parquet and JSON of other tools."""

from __future__ import annotations

import csv
import json
import xml.etree.ElementTree as tree

import pytest
from hostile import Case, refusals

from wsml_mm import LabelTable
from wsml_mm.apis.suspicion_files import (
    count_by_list,
    read_record,
    read_suspicions,
    write_for_tools,
    write_suspicions,
)
from wsml_mm.apis.suspicions import COLUMNS

CLASSES = ['a "quoted", name', 'bee', 'cat']
TABLE = dict(zip(COLUMNS, zip(
    ('missing', 1, 'x/1.jpg', CLASSES[0], 0.75, 0.5, None, 2, 1, -1),
    ('missing', 2, '2.jpg', 'cat', 0.5, 0.25, None, None, 0, -1),
    ('positive', 1, 'x/1.jpg', 'bee', 0.125, 0.5, None, None, None, 1),
    ('negative', 1, '2.jpg', 'bee', 0.25, 0.5, None, None, None, 0),
    strict=True), strict=True))  # fmt: skip
TABLE = {name: list(column) for name, column in TABLE.items()}
RECORD = dict(fingerprint='f', images=2, labels='l', classes=CLASSES, missing={'low': float('nan')})


def test_the_table_is_read_back(tmp_path):
    folder = tmp_path / 'new' / 'audit'
    write_suspicions(folder, TABLE, RECORD)
    found, record = read_suspicions(folder)
    assert found == TABLE
    assert record == {**RECORD, 'missing': {'low': None}}
    with open(folder / 'suspicions.csv', newline='') as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert rows[0]['class'] == CLASSES[0]
    assert rows[1]['first_selected'] == ''
    assert [row['observed'] for row in rows] == ['-1', '-1', '1', '0']
    assert count_by_list(TABLE) == {'missing': 2, 'negative': 1, 'positive': 1}


def test_what_other_tools_get(tmp_path):
    write_for_tools(tmp_path, TABLE, CLASSES, '/data/')
    tasks = json.loads((tmp_path / 'label_studio.json').read_text())
    assert [task['data']['image'] for task in tasks] == ['/data/x/1.jpg', '/data/2.jpg']
    assert [each['value'] for each in tasks[0]['data']['asked']] == [CLASSES[0], 'bee']
    (result,) = tasks[0]['predictions'][0]['result']
    assert result['value'] == {'choices': [CLASSES[0]]}  # an observed positive is doubted
    assert tasks[0]['predictions'][0]['score'] == 0.875
    view = tree.parse(tmp_path / 'label_studio.xml').getroot()
    names = [each.get('name') for each in view]
    assert result['to_name'] in names
    assert result['from_name'] in names
    content = json.loads((tmp_path / 'fiftyone.json').read_text())
    assert content['classes'] == CLASSES
    assert content['labels'] == {'x/1.jpg': [CLASSES[0]], '2.jpg': ['cat', 'bee']}
    dataset = LabelTable(tmp_path, 'fiftyone.json')
    assert dataset.sparse_labels().row(1).tolist() == [-1, 1, 1]


def written(spoil):
    def make(folder):
        write_suspicions(folder / 'audit', TABLE, RECORD)
        spoil(folder / 'audit')
        return lambda: read_suspicions(folder / 'audit')

    return make


# fmt: off
test_refusal = refusals(
    Case('no audit', lambda folder: lambda: read_record(folder), FileNotFoundError,
         'audit.json: no such file; name the folder of an audit'),
    Case('half a record', written(lambda f: (f / 'audit.json').write_text('{"images": 3}')),
         ValueError, 'audit.json: is not the record of an audit ... make the audit anew'),
    Case('a record of a list', written(lambda f: (f / 'audit.json').write_text('[1]')),
         ValueError, 'audit.json: is not the record of an audit'),
    Case('no table', written(lambda f: (f / 'suspicions.parquet').unlink()), FileNotFoundError,
         'suspicions.parquet: no such file; make the audit anew'),
    Case('half a table', written(lambda f: (f / 'suspicions.parquet').write_bytes(b'PAR1')),
         ValueError, 'suspicions.parquet: is not the table of an audit ... make the audit anew'),
)
# fmt: on


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / 'file').touch()
    with pytest.raises(OSError, match=r'cannot be written .*; free some space, or give another'):
        write_suspicions(tmp_path / 'file', TABLE, RECORD)

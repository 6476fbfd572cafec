"""Verdict files of every kind, and broken ones."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest
from hostile import Case, refusals
from pyarrow import parquet

from wsml_mm.apis.suspicion_files import write_for_tools
from wsml_mm.apis.suspicions import COLUMNS
from wsml_mm.apis.verdict_files import read_verdicts

HEAD = 'image,class,verdict,annotator\n'


def test_tables(tmp_path):
    text = HEAD + 'a.jpg,"x, y",accept,Eve\nb.jpg,z, Reject ,\nc.jpg,z,,\n'
    (tmp_path / 'v.csv').write_text('\ufeff' + text)
    found = read_verdicts(tmp_path / 'v.csv')
    assert [tuple(each[:4]) for each in found] == [
        ('a.jpg', 'x, y', 'accept', 'Eve'), ('b.jpg', 'z', 'reject', '')
    ]  # fmt: skip
    assert found[1].where.endswith('v.csv:3')
    table = pa.table({'class': ['z'], 'verdict': ['unsure'], 'image': ['a'], 'rank': [3]})
    parquet.write_table(table, tmp_path / 'v.parquet')
    (one,) = read_verdicts(tmp_path / 'v.parquet')
    assert tuple(one[:4]) == ('a', 'z', 'unsure', '')


def test_label_studio_and_fiftyone(tmp_path):
    """What the tools get, answered as they answer."""
    rows = [('a.jpg', 'ant', -1), ('a.jpg', 'bee', -1), ('a.jpg', 'cat', 1), ('b.jpg', 'ant', -1)]
    table = {name: [0.5] * 4 for name in COLUMNS}
    table |= {'image': [r[0] for r in rows], 'class': [r[1] for r in rows],
              'observed': [r[2] for r in rows]}  # fmt: skip
    write_for_tools(tmp_path, table, ['ant', 'bee', 'cat'])
    tasks = json.loads((tmp_path / 'label_studio.json').read_text())

    def answer(control, chosen):  # fmt: skip
        return dict(from_name=control, to_name='image', type='choices', value=dict(choices=chosen))

    tasks[0]['annotations'] = [
        dict(completed_by=dict(email='eve@x'), result=[answer('present', ['bee', 'cat'])]),
        dict(completed_by=7, result=[answer('present', ['cat']), answer('unsure', ['bee'])]),
        dict(was_cancelled=True, result=[answer('present', ['ant'])]),
    ]
    tasks[1]['annotations'] = []
    (tmp_path / 'done.json').write_text(json.dumps(tasks))
    found = [
        (v.image, v.label, v.verdict, v.annotator) for v in read_verdicts(tmp_path / 'done.json')
    ]
    assert found == [
        ('a.jpg', 'ant', 'reject', 'eve@x'), ('a.jpg', 'bee', 'accept', 'eve@x'),
        ('a.jpg', 'cat', 'accept', 'eve@x'),
        ('a.jpg', 'ant', 'reject', '7'), ('a.jpg', 'bee', 'unsure', '7'),
        ('a.jpg', 'cat', 'accept', '7'),
    ]  # fmt: skip
    content = json.loads((tmp_path / 'fiftyone.json').read_text())
    content['labels'] = {'a.jpg': [0, {'label': 'dog', 'confidence': 0.5}], 'b.jpg': None}
    (tmp_path / 'done.json').write_text(json.dumps(content))
    asked = {'a.jpg': ['ant', 'bee'], 'b.jpg': ['ant']}
    found = [(v.image, v.label, v.verdict) for v in read_verdicts(tmp_path / 'done.json', asked)]
    assert found == [
        ('a.jpg', 'ant', 'accept'), ('a.jpg', 'bee', 'reject'), ('a.jpg', 'dog', 'accept')
    ]  # fmt: skip


def of(name, text, asked=None):
    def make(folder):
        path = folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return lambda: read_verdicts(path, asked)

    return make


TASK = {'data': {'name': 'a', 'image': 'a', 'asked': [{'value': 'x'}]}}
BROKEN_RESULT = [{**TASK, 'annotations': [{'result': [{'from_name': 'present', 'value': 3}]}]}]
# fmt: off
test_refusal = refusals(
    Case('no file', lambda f: lambda: read_verdicts(f / 'v.csv'), FileNotFoundError,
         'v.csv: no such file of verdicts'),
    Case('another kind', of('v.txt', HEAD), ValueError, 'v.txt: verdicts end with .csv'),
    Case('no rows', of('v.csv', HEAD), ValueError, 'v.csv: holds no verdict; judge some'),
    Case('empty', of('v.csv', ''), ValueError, "v.csv: has no column 'image'"),
    Case('no verdicts', of('v.csv', 'image,class\na,b\n'), ValueError, "no column 'verdict'"),
    Case('another word', of('v.csv', HEAD + 'a,b,yes,\n'), ValueError,
         "v.csv:2: verdict 'yes'; write accept, reject, unsure"),
    Case('no class', of('v.csv', HEAD + 'a,,accept,\n'), ValueError, 'v.csv:2: names no class'),
    Case('no image', of('v.csv', HEAD + ',b,accept,\n'), ValueError, 'v.csv:2: names no image'),
    Case('cells lost', of('v.csv', HEAD + 'a,b,accept\n'), ValueError, 'v.csv:2: has fewer cells'),
    Case('cells more', of('v.csv', HEAD + 'a,b,c,d,e\n'), ValueError, 'v.csv:2: has more cells'),
    Case('cut quote', of('v.csv', HEAD + 'a,"b,accept,\n'), ValueError, 'v.csv: is no table'),
    Case('not text', of('v.csv', b'\xff\xfe\x00'), ValueError, 'v.csv: is no table ... UTF-8'.
         replace(' ... UTF-8', ' ... utf-8')),
    Case('no parquet', of('v.parquet', b'PAR1'), ValueError, 'v.parquet: is no table'),
    Case('no JSON', of('v.json', '[{'), ValueError, 'v.json:1: is not JSON'),
    Case('other JSON', of('v.json', '{"a": 1}'), ValueError, 'v.json: is no export of Label'),
    Case('other tasks', of('v.json', '[{"id": 1}]'), ValueError,
         'task 1: is no annotated task of Label Studio'),
    Case('tasks of others', of('v.json', '[{"data": {"image": "a"}, "annotations": []}]'),
         ValueError, 'task 1: says not which labels of which image'),
    Case('broken result', of('v.json', json.dumps(BROKEN_RESULT)), ValueError,
         "task 1: its 'present' holds no choices"),
    Case('FiftyOne alone', of('v.json', '{"classes": [], "labels": {"a": ["x"]}}'), ValueError,
         'FiftyOne does not say ... give --audit FOLDER'),
    Case('FiftyOne index', of('v.json', '{"classes": ["x"], "labels": {"a": [3]}}', {}), ValueError,
         "labels['a']: 3 names no class"),
)
# fmt: on


@pytest.mark.parametrize('name', ['v.csv', 'v.tsv'])
def test_tabs(tmp_path, name):
    mark = '\t' if name.endswith('tsv') else ','
    text = mark.join(['image', 'class', 'verdict']) + '\n' + mark.join(['a', 'b', 'unsure']) + '\n'
    (tmp_path / name).write_text(text)
    assert len(read_verdicts(tmp_path / name)) == 1

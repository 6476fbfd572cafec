from __future__ import annotations

import json

import pytest

from wsml_mm import LabelTable

ROWS = [{'image': 'a.jpg', 'positive': ['cat'], 'negative': ['dog']}]


@pytest.fixture
def read(tmp_path):
    def labels(text):
        (tmp_path / 't.json').write_bytes(text if isinstance(text, bytes) else text.encode())
        table = LabelTable(tmp_path, 't.json')
        return [table.sparse_labels().row(n).tolist() for n in range(len(table))]

    return labels


@pytest.mark.parametrize('encoding', ['utf-8-sig', 'utf-16', 'utf-16-le'])
@pytest.mark.parametrize('form', ['{0}', '{1}\n\n', '\n{1}\n', '{2}'])
def test_marks_and_wide_letters(read, encoding, form):
    text = form.format(json.dumps(ROWS), json.dumps(ROWS[0]), json.dumps(ROWS[0], indent=2))
    assert read(text.encode(encoding)) == [[1, 0]]


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('[{"image": "a", "positive": ["x"], "positive": []}]', "an object has 'positive' twice"),
        ('{"image": "a", "positive": ["x"], "image": "b"}', "an object has 'image' twice"),
        ('{"image": "a", "positive": ["x"]} x', r'json:1: is not JSON \(Extra data\); remove what'),
        ('[{"image": "a", "positive": NaN}]', 'NaN is not a list; list class names'),
        ('[{"image": Infinity, "positive": []}]', "image 'inf' is not text; name a file"),
        ('[{"image": "a", "positive": [1e999]}]', 'label Infinity is not text; give names'),
        ('[' + json.dumps(ROWS[0]), r'json:1: .* \(no comma .*\); if the file is cut off, export'),
        ('{"image": "a",\n "positive": [\n', r'json:3: is not JSON .*; if the file is cut off'),
        ('[{"x": ' + '[' * 100_000, r'json:1: is not JSON \(nested too deeply\); annotations have'),
        (f'[{{"image": "a", "positive": [{"9" * 5000}]}}]', r'\(Exceeds .* usual size'),
    ],
)  # fmt: skip
def test_what_is_refused(read, text, message):
    with pytest.raises(ValueError, match=message) as error:
        read(text)
    assert '\n' not in str(error.value)
    assert 'quotation marks' not in str(error.value)


def test_numbers_that_nobody_reads_may_be_no_numbers(read):
    assert read('[{"image": "a.jpg", "positive": ["cat"], "share": NaN, "x": -Infinity}]') == [[1]]

from __future__ import annotations

import json

import pytest

from wsml_mm.labels.json_files import json_text, load_json, unique_keys


@pytest.mark.parametrize('encoding', ['utf-8', 'utf-8-sig', 'utf-16', 'utf-16-le', 'utf-32'])
def test_every_encoding_of_json_is_read(tmp_path, encoding):
    content = {'Bär': [1, {'木': None}]}
    path = tmp_path / 'a.json'
    path.write_bytes(json.dumps(content, ensure_ascii=False).encode(encoding))
    assert load_json(path) == content
    assert json.loads(json_text(path.read_bytes())) == content


@pytest.mark.parametrize(
    ('raw', 'message'),
    [
        (b'', 'is not JSON (the file is empty); export or copy it again'),
        (b' \n', 'is not JSON (the file is empty); export or copy it again'),
        (b'{"a": [1,\n', 'is not JSON (Expecting value); if the file is cut off, export or copy'),
        (b'{"a": "bc', 'is not JSON (Unterminated string starting at); if the file is cut off'),
        (b'{"a": 1}\nx', 'is not JSON (Extra data); remove what follows the first value, or'),
        (b'{"a": x}', 'is not JSON (Expecting value); write it anew with json.dump'),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', "(an object has 'c' twice); keep the one that is"),
        (b'[' * 100_000, 'is not JSON (nested too deeply); annotations have a few levels'),
        (b'{"a":' * 100_000, 'is not JSON (nested too deeply); annotations have a few levels'),
        (b'[' + b'1' * 5000 + b']', '4300 digits) for integer string conversion'),
        ('"Bär"'.encode('latin-1'), 'is not UTF-8 text (invalid continuation byte at byte 2)'),
    ],
)  # fmt: skip
def test_what_is_no_json_is_named_with_the_fix(tmp_path, raw, message):
    (tmp_path / 'a.json').write_bytes(raw)
    with pytest.raises(ValueError, match=r'a\.json') as error:
        load_json(tmp_path / 'a.json')
    assert message in str(error.value)
    assert '\n' not in str(error.value)


def test_the_line_is_named(tmp_path):
    (tmp_path / 'a.json').write_text('{"a":\n\n x}')
    with pytest.raises(ValueError, match=r'a\.json:3: is not JSON'):
        load_json(tmp_path / 'a.json')


def test_keys_that_are_there_once():
    assert unique_keys([('a', 1), ('b', 1)]) == {'a': 1, 'b': 1}

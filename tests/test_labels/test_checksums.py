"""Checksums of files and of JSON texts."""

from __future__ import annotations

import json
import os
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsml_mm.labels import checksums
from wsml_mm.labels.checksums import ChecksumError, check_seal, checksum, seal, settled, verify


@pytest.mark.parametrize('size', [0, 1, 1 << 20, (1 << 20) + 3])
def test_it_is_the_crc_of_the_bytes(tmp_path, size):
    content = os.urandom(size)
    (tmp_path / 'a').write_bytes(content)
    assert checksum(tmp_path / 'a') == f'{zlib.crc32(content):08x}'


def test_every_changed_bit_is_refused(tmp_path):
    path = tmp_path / 'a.npy'
    path.write_bytes(bytes(range(60)))
    expected = checksum(path)
    for place in range(60):
        for bit in range(8):
            content = bytearray(range(60))
            content[place] ^= 1 << bit
            path.write_bytes(content)
            with pytest.raises(ChecksumError, match=rf'of a\.npy, {expected} when it was written'):
                verify(path, expected)


def test_a_file_at_rest_is_read_once_a_process(tmp_path, monkeypatch):
    path, read = tmp_path / 'a', []
    path.write_bytes(b'1234')
    expected = checksum(path)
    monkeypatch.setattr(checksums, 'checksum', lambda path: read.append(path) or checksum(path))
    verify(path, expected)
    verify(path, expected)
    assert len(read) == 2  # it has just been written, and may be again
    monkeypatch.setattr(checksums, '_SETTLED', -1)
    verify(path, expected)
    verify(path, expected)
    assert len(read) == 3
    status = path.stat()
    path.write_bytes(b'1235')
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    with pytest.raises(ChecksumError):
        verify(path, expected)


def test_times_settle():
    assert settled(0, 3_000_000_000)
    assert not settled(2_000_000_000, 3_000_000_000)
    assert not settled(9_000_000_000, 3_000_000_000)  # of a clock that goes ahead


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)
CONTENT = st.dictionaries(st.text(max_size=4).filter(lambda key: key != 'checksum'), JSON)


@given(CONTENT, CONTENT)
def test_a_seal_holds_for_its_content_only(content, other):
    text = seal(content, indent=1)
    found = check_seal(json.loads(text))
    assert json.dumps(found) == json.dumps(content)
    sealed = json.loads(text)
    if json.dumps(other, sort_keys=True) != json.dumps(content, sort_keys=True):
        with pytest.raises(ChecksumError):
            check_seal({**other, 'checksum': sealed['checksum']})
    with pytest.raises(ChecksumError):
        check_seal(content)

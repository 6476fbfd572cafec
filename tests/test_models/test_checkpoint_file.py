"""A checkpoint with one wrong bit is refused, and one that could run code."""

from __future__ import annotations

import hashlib
import io
import pickle
import random
import tarfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import torch
from helpers import assert_same
from hostile import Bomb, Case, refusals, save_pickle, save_unsafe_checkpoint
from mmengine.logging import HistoryBuffer
from mmengine.runner import CheckpointLoader

from wsml_mm.models.checkpoint_file import classes_of, damage, read_checkpoint, sealed

CONTENT = {
    'state_dict': {f'layer{i}.weight': torch.linspace(-1, 1, 25 * i) for i in range(1, 9)},
    'meta': {'epoch': 3, 'dataset_meta': {'classes': ('ant', 'bee')}},
}


def _saved(content, **kwargs):
    buffer = io.BytesIO()
    torch.save(content, buffer, **kwargs)
    return buffer.getvalue()


WHOLE = _saved(CONTENT)


def _flipped(content, bit):
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def _loaded(path):
    """Through MMEngine: test, resume, load_from and init_cfg go this way."""
    return CheckpointLoader.load_checkpoint(str(path), 'cpu', logger='silent')


def test_a_sealed_checkpoint_is_whole_to_the_last_bit(tmp_path):
    path, content, rng = tmp_path / 'a.pth', sealed(WHOLE), random.Random(0)
    path.write_bytes(content)
    assert_same(_loaded(path), CONTENT)
    assert_same(torch.load(path, weights_only=True), CONTENT)
    assert_same(torch.load(path, weights_only=True, mmap=True), CONTENT)
    bits = [rng.randrange(8 * len(content)) for _ in range(240)]
    bits += range(8 * len(content) - 8 * 93, 8 * len(content))  # the end and the seal
    for bit in bits:
        path.write_bytes(_flipped(content, bit))
        with pytest.raises(ValueError, match=r'a\.pth: (is damaged|holds)') as refusal:
            _loaded(path)
        assert 'weights_only' not in str(refusal.value)
    for share in range(20):
        path.write_bytes(content[: len(content) * share // 20])
        with pytest.raises(ValueError, match=r'a\.pth: is damaged'):
            _loaded(path)


def test_no_flipped_bit_changes_a_value_of_a_stock_checkpoint(tmp_path):
    path, rng = tmp_path / 'a.pth', random.Random(1)
    refused = 0
    for _ in range(240):
        path.write_bytes(_flipped(WHOLE, rng.randrange(8 * len(WHOLE))))
        try:
            found = _loaded(path)
        except ValueError:
            refused += 1
        else:
            assert_same(found, CONTENT)  # in the room between the members
    assert refused > 100


def test_only_what_torch_writes_is_sealed():
    assert sealed(b'text') == b'text'
    assert sealed(sealed(WHOLE)) == sealed(WHOLE)


def _tar(path):
    with tarfile.open(path, 'w') as archive:
        for name, value in (
            ('storages', 0),
            ('tensors', 0),
            ('pickle', Bomb(path.with_name('boom'))),
        ):
            content = pickle.dumps(value, 2)
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def _legacy(path):
    torch.save(Bomb(path.with_name('boom')), path, _use_new_zipfile_serialization=False)


class _Getattr:
    """Unpickling this would reach for an attribute of whatever stands there."""

    def __reduce__(self):
        return getattr, (HistoryBuffer, '__init__')


def _through(load, write):
    def make(folder):
        path = folder / 'a.pth'
        write(path)
        return lambda: load(path)

    return make


def _case(name, write, error, says, load=_loaded):
    return Case(name, _through(load, write), error, says, never='weights_only')


# fmt: off
OBJECT = 'a.pth: holds the object ... could run code, and is not loaded; take a checkpoint of'
test_refusal = refusals(
    _case('objects', save_unsafe_checkpoint, ValueError, OBJECT),
    _case('objects in the old format', _legacy, ValueError, OBJECT),
    _case('a tar file', _tar, ValueError, 'a.pth: is in ... .tar ... not loaded; take another'),
    _case('a bare pickle', save_pickle, ValueError, 'a.pth: is damaged or no checkpoint'),
    _case('getattr', lambda path: torch.save(_Getattr(), path), ValueError, OBJECT),
    _case('an empty file', lambda path: path.touch(), ValueError, 'a.pth: is damaged ... copy it'),
    _case('a folder', lambda path: path.mkdir(), ValueError, 'a.pth: is a folder; name the'),
    _case('nothing', lambda path: None, FileNotFoundError, 'a.pth: no such checkpoint; check the'),
    _case('with its option', lambda path: path.write_bytes(WHOLE[:-9]), ValueError,
          'state_from= ... a.pth: is damaged', partial(read_checkpoint, source='state_from=')),
)
# fmt: on


def test_a_log_history_of_stock_mmengine_is_read(tmp_path):
    content = {'log': HistoryBuffer([1.0, 2.0], [1, 1]), 'array': np.arange(3), 'x': np.float64(2)}
    torch.save(content, tmp_path / 'a.pth')
    found = read_checkpoint(tmp_path / 'a.pth')
    assert found['log'].mean() == 1.5
    assert_same(found, content)


def test_the_old_format_is_read_with_a_warning(tmp_path, capsys):
    (tmp_path / 'a.pth').write_bytes(_saved(CONTENT, _use_new_zipfile_serialization=False))
    assert_same(read_checkpoint(tmp_path / 'a.pth'), CONTENT)
    assert 'no check sums' in ''.join(capsys.readouterr())


def test_the_name_of_an_old_file_is_its_check_sum(tmp_path, capsys):
    content = _saved(CONTENT, _use_new_zipfile_serialization=False)
    named, odd = f'a-{hashlib.sha256(content).hexdigest()[:8]}.pth', 'a-20200101.pth'
    for name in (named, odd):
        (tmp_path / name).write_bytes(content)
    read_checkpoint(tmp_path / named)
    assert 'no check sums' not in ''.join(capsys.readouterr())
    read_checkpoint(tmp_path / odd)
    assert 'no check sums' in ''.join(capsys.readouterr())


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def test_downloads_are_checked_as_files_are(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, 'get_dir', lambda: str(tmp_path / 'hub'))
    (tmp_path / 'whole.pth').write_bytes(WHOLE)
    (tmp_path / 'bad.pth').write_bytes(_flipped(WHOLE, 8 * WHOLE.index(b'layer1.weight')))
    server = ThreadingHTTPServer(('127.0.0.1', 0), partial(_Quiet, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f'http://127.0.0.1:{server.server_port}'
        assert_same(_loaded(f'{url}/whole.pth'), CONTENT)
        with pytest.raises(ValueError, match=r'http.*bad.pth: .*hub/.*bad.pth: is damaged'):
            _loaded(f'{url}/bad.pth')
    finally:
        server.shutdown()
        server.server_close()


def test_classes_of():
    assert classes_of(CONTENT) == ['ant', 'bee']
    assert classes_of({'meta': {'CLASSES': ['ant']}}) == ['ant']  # of mmcls
    assert classes_of({'state_dict': {}}) is None


def test_damage_of_a_whole_file(tmp_path):
    (tmp_path / 'a.pth').write_bytes(WHOLE)
    assert damage(tmp_path / 'a.pth') is None

from __future__ import annotations

import errno
import hashlib
import io
import multiprocessing
import os
import signal
import tarfile
import time
import zipfile
from pathlib import Path

import pytest
from archive_attacks import ATTACKS

from wsml_mm.benchmarks.downloads import archives
from wsml_mm.benchmarks.downloads.archives import file_checksum, unpack

FILES = {'set/a.txt': b'a' * 3000, 'set/deep/b.txt': b'b', 'c.txt': b'c' * 50}


def make(path: Path, files=FILES) -> Path:
    if path.suffix == '.zip':
        with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as opened:
            for name, content in files.items():
                opened.writestr(name, content)
        return path
    with tarfile.open(path, 'w' if path.suffix == '.tar' else 'w:gz') as opened:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            opened.addfile(member, io.BytesIO(content))
    return path


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob('*')
        if path.is_file() and not path.name.endswith('.lock')
    }


@pytest.mark.parametrize('name', ['x.zip', 'x.tar', 'x.tgz', 'x.tar.gz'])
def test_unpacks(tmp_path, name):
    archive = make(tmp_path / name)
    places = []
    unpack(archive, tmp_path / 'out', places.append)
    assert tree(tmp_path / 'out') == FILES
    assert places == sorted(places)
    assert len(places) == 3
    assert 0 < places[-1] <= archive.stat().st_size


def test_other_files_stay_and_those_of_the_archive_win(tmp_path):
    out = tmp_path / 'out'
    (out / 'set').mkdir(parents=True)
    (out / 'set/other.txt').write_text('other')
    (out / 'set/a.txt').write_text('half of')
    unpack(make(tmp_path / 'x.zip'), out)
    assert tree(out) == {**FILES, 'set/other.txt': b'other'}


@pytest.mark.parametrize('suffix', ['zip', 'tar', 'tgz'])
@pytest.mark.parametrize('name', ['../evil', '/tmp/evil', 'set/../../evil', '..'])
def test_names_that_leave_the_folder_are_refused(tmp_path, suffix, name):
    archive = make(tmp_path / f'x.{suffix}', {'good': b'1', name: b'2'})
    with pytest.raises(
        ValueError, match=r'x\.\w+: its file .* would leave the folder, so noth'
    ) as e:
        unpack(archive, tmp_path / 'deep' / 'out')
    assert '\n' not in str(e.value)
    assert tree(tmp_path / 'deep') == {}
    assert not (tmp_path / 'evil').exists()


@pytest.mark.parametrize(
    ('suffix', 'attack'), [attack[1:] for attack in ATTACKS], ids=[attack[0] for attack in ATTACKS]
)
def test_attacks(tmp_path, suffix, attack):
    out, target = tmp_path / 'work' / 'out', tmp_path / 'work' / 'home' / 'target'
    for folder in (out, target.parent):
        folder.mkdir(parents=True)
    target.write_bytes(b'mine')
    archive = out / f'x.{suffix}'
    attack(archive, target)
    before = {'work/home/target': b'mine', f'work/out/x.{suffix}': archive.read_bytes()}
    with pytest.raises((ValueError, OSError), match=rf'x\.{suffix}: ') as error:
        unpack(archive, out)
    assert 'cannot be written' not in str(error.value)
    assert '\n' not in str(error.value)
    assert tree(tmp_path) == before
    # Neither a link nor a pipe, which are no files to `tree`.
    assert {path.name for path in out.iterdir()} <= {
        archive.name,
        f'.unpacking-{archive.name}.lock',
    }


@pytest.mark.parametrize('name', ['x.zip', 'x.tar', 'x.tgz'])
@pytest.mark.parametrize('keep', [0, 10, 0.5, 0.7])
def test_half_an_archive(tmp_path, name, keep):
    archive = make(tmp_path / name, {f'set/{n}': os.urandom(2000) for n in range(9)})
    content = archive.read_bytes()
    archive.write_bytes(content[: int(keep * len(content) if keep < 1 else keep)])
    with pytest.raises(ValueError, match=r'is damaged or incomplete \(.*\); download it') as error:
        unpack(archive, tmp_path / 'out')
    assert '\n' not in str(error.value)
    assert tree(tmp_path / 'out') == {}


def test_a_flipped_bit(tmp_path):
    archive = make(tmp_path / 'x.zip')
    content = bytearray(archive.read_bytes())
    content[40] ^= 255
    archive.write_bytes(content)
    with pytest.raises(ValueError, match='is damaged or incomplete'):
        unpack(archive, tmp_path / 'out')


def test_no_filter_of_tarfile_is_needed(tmp_path, monkeypatch):
    monkeypatch.delattr(tarfile, 'data_filter')  # as in Python 3.10.11
    unpack(make(tmp_path / 'x.tar'), tmp_path / 'out')
    assert tree(tmp_path / 'out') == FILES


def test_a_gzip_that_is_called_tar(tmp_path):
    """A browser may have unpacked it, or renamed it."""
    unpack(make(tmp_path / 'x.tgz').rename(tmp_path / 'x.tar'), tmp_path / 'out')
    unpack(make(tmp_path / 'x.tar').rename(tmp_path / 'x.tgz'), tmp_path / 'other')
    assert tree(tmp_path / 'out') == tree(tmp_path / 'other') == FILES


def test_modes_of_an_archive_do_not_count(tmp_path):
    with tarfile.open(tmp_path / 'x.tar', 'w') as opened:
        for name, kind in {'./': tarfile.DIRTYPE, './set': tarfile.DIRTYPE, 'set/a': b'0'}.items():
            member = tarfile.TarInfo(name)
            member.type, member.mode = kind, 0o4000
            opened.addfile(member, io.BytesIO())
    unpack(tmp_path / 'x.tar', tmp_path / 'out')
    assert (tmp_path / 'out/set/a').stat().st_mode & 0o4400 == 0o400


def test_no_room(tmp_path, monkeypatch):
    archive = make(tmp_path / 'x.zip')
    usage = type('Usage', (), {'free': 3050})
    monkeypatch.setattr(archives.shutil, 'disk_usage', lambda _: usage)
    with pytest.raises(OSError, match=r'x\.zip: unpacks to 3,051 bytes, but 3,050 are free; free'):
        unpack(archive, tmp_path / 'out')
    usage.free = 3051
    unpack(archive, tmp_path / 'out')


def test_full_disk_is_named(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(archives, '_write', full)
    with pytest.raises(OSError, match=r'out: cannot be written \(No space left on device\); free'):
        unpack(make(tmp_path / 'x.zip'), tmp_path / 'out')
    assert tree(tmp_path / 'out') == {}


def _unpack_slowly(archive, folder):
    # A background job of a shell ignores SIGINT, and so would its children.
    signal.signal(signal.SIGINT, signal.default_int_handler)

    def wait(_):
        (folder.parent / 'begun').touch()
        time.sleep(0.5)

    unpack(archive, folder, wait)


@pytest.mark.parametrize('name', ['x.zip', 'x.tgz'])
@pytest.mark.parametrize('kill', [signal.SIGINT, signal.SIGKILL])
def test_interrupted_unpacking_leaves_no_file_and_is_begun_anew(tmp_path, name, kill):
    archive, out = make(tmp_path / name), tmp_path / 'out'
    process = multiprocessing.get_context('fork').Process(
        target=_unpack_slowly, args=(archive, out)
    )
    process.start()
    while not (tmp_path / 'begun').exists():
        assert process.is_alive()
        time.sleep(0.01)
    os.kill(process.pid, kill)
    process.join(30)
    assert process.exitcode
    assert not {path.name for path in out.iterdir()} & {'set', 'c.txt'}
    if kill == signal.SIGINT:
        assert tree(out) == {}
    unpack(archive, out)
    assert tree(out) == FILES


@pytest.mark.parametrize('size', [0, 5, 3 << 20])
def test_checksum(tmp_path, size):
    content = os.urandom(size)
    (tmp_path / 'x').write_bytes(content)
    places = []
    for name in ('md5', 'sha256'):
        found = file_checksum(tmp_path / 'x', name, places.append)
        assert found == hashlib.new(name, content).hexdigest()
    assert places[-1:] == ([size] if size else [])

"""Archives made to write outside the folder they are unpacked to, or to fill the disk."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

Attack = Callable[[Path, Path], None]  # of the archive to write, and of a file outside to change


def _tar(path: Path, *members: tuple[str, bytes | tuple[bytes, str]]) -> None:
    """Writes a tar of (name, content) and (name, (type, link name)); names as they are given."""
    with tarfile.open(path, 'w', format=tarfile.GNU_FORMAT) as opened:
        for name, what in members:
            member = tarfile.TarInfo(name)
            if isinstance(what, bytes):
                member.size = len(what)
                opened.addfile(member, io.BytesIO(what))
            else:
                member.type, member.linkname = what
                opened.addfile(member)


def _zip(path: Path, *members: tuple[str, bytes, int]) -> None:
    """Writes a zip of (name, content, mode)."""
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as opened:
        for name, content, mode in members:
            info = zipfile.ZipInfo(name)
            info.filename, info.create_system, info.external_attr = name, 3, mode << 16
            opened.writestr(info, content, zipfile.ZIP_DEFLATED)


def tar_of(*members: tuple[str, bytes | tuple[bytes, str]]) -> Attack:
    return lambda path, _: _tar(path, *members)


def zip_of(*members: tuple[str, bytes, int]) -> Attack:
    return lambda path, _: _zip(path, *members)


def link_chain_longer_than_paths(path: Path, target: Path) -> None:
    """CVE-2025-4517: beyond PATH_MAX realpath gives up, and the filter takes `..` for inside."""
    long, steps, place = 'd' * 247, 'abcdefghijklmnop', ''
    members: list[tuple[str, bytes | tuple[bytes, str]]] = []
    for step in steps:
        members.append((place + long, (tarfile.DIRTYPE, '')))
        members.append((place + step, (tarfile.SYMTYPE, long)))
        place += f'{long}/'
    deep = '/'.join(steps) + '/' + 'l' * 254
    up = '../' * len(steps)
    members += [
        (deep, (tarfile.SYMTYPE, up)),
        ('escape', (tarfile.SYMTYPE, f'{deep}/../../{target.parent.name}')),
        ('hard', (tarfile.LNKTYPE, f'escape/{target.name}')),
        ('hard', b'attacked'),
    ]
    _tar(path, *members)


def link_to_folder(path: Path, target: Path) -> None:
    _tar(path, ('out', (tarfile.SYMTYPE, str(target.parent))), (f'out/{target.name}', b'attacked'))


def link_up(path: Path, target: Path) -> None:
    place = f'../../{target.parent.name}'
    _tar(path, ('out', (tarfile.SYMTYPE, place)), (f'out/{target.name}', b'attacked'))


def link_to_file(path: Path, target: Path) -> None:
    _tar(path, ('out', (tarfile.SYMTYPE, str(target))), ('out', b'attacked'))


def hard_link(path: Path, target: Path) -> None:
    _tar(path, ('out', (tarfile.LNKTYPE, str(target))), ('out', b'attacked'))


def absolute(path: Path, target: Path) -> None:
    _tar(path, (str(target), b'attacked'))


def upwards(path: Path, target: Path) -> None:
    _tar(path, (f'a/../../{target.parent.name}/{target.name}', b'attacked'))


def zip_absolute(path: Path, target: Path) -> None:
    _zip(path, (str(target), b'attacked', 0o100644))


def zip_upwards(path: Path, target: Path) -> None:
    _zip(path, (f'a/../../{target.parent.name}/{target.name}', b'attacked', 0o100644))


def zip_link(path: Path, target: Path) -> None:
    _zip(
        path,
        ('out', str(target.parent).encode(), 0o120777),
        (f'out/{target.name}', b'attacked', 0o100644),
    )


def sparse_file_of_a_terabyte(path: Path, _: Path) -> None:
    with tarfile.open(path, 'w', format=tarfile.PAX_FORMAT) as opened:
        member = tarfile.TarInfo('big')
        member.pax_headers = {
            'GNU.sparse.major': '0', 'GNU.sparse.minor': '1', 'GNU.sparse.name': 'big',
            'GNU.sparse.size': str(1 << 40), 'GNU.sparse.map': f'{(1 << 40) - 1},1',
        }  # fmt: skip
        member.size = 1
        opened.addfile(member, io.BytesIO(b'x'))


def negative_size(path: Path, _: Path) -> None:
    """CVE-2025-8194: a size below 0 sends the reader back to the same member, for ever."""
    _tar(path, ('a', b''), ('b', b'b'))
    content = bytearray(path.read_bytes())
    content[124:136] = b'\xff' * 4 + struct.pack('>q', -tarfile.BLOCKSIZE)
    content[148:156] = b' ' * 8
    content[148:156] = f'{sum(content[:512]):06o}\0 '.encode()
    path.write_bytes(content)


def headers_nested_a_thousandfold(path: Path, _: Path) -> None:
    with tarfile.open(path, 'w') as opened:
        member = tarfile.TarInfo('././@LongLink')
        member.type, member.size = tarfile.GNUTYPE_LONGNAME, 2
        for _ in range(5000):
            opened.addfile(member, io.BytesIO(b'x\0'))


def more_than_the_disk_holds(path: Path, _: Path) -> None:
    """The header of a file of 4 EB, compressed."""
    header = tarfile.TarInfo('big')
    header.size = 1 << 62
    path.write_bytes(gzip.compress(header.tobuf(tarfile.GNU_FORMAT) + bytes(2048)))


def zip_size_too_large(path: Path, _: Path) -> None:
    _lying_zip(path, 5000)


def zip_size_too_small(path: Path, _: Path) -> None:
    _lying_zip(path, 3)


def _lying_zip(path: Path, size: int) -> None:
    _zip(path, ('a', b'0123456789', 0o100644))
    content = bytearray(path.read_bytes())
    at = content.rindex(b'PK\1\2')
    content[at + 24 : at + 28] = struct.pack('<I', size)
    path.write_bytes(content)


FILE = 0o100644
# Name, suffix, attack.
ATTACKS: list[tuple[str, str, Attack]] = [
    ('tar: link chain longer than PATH_MAX', 'tar', link_chain_longer_than_paths),
    ('tar: link to an absolute folder', 'tar', link_to_folder),
    ('tar: link up to a folder', 'tar', link_up),
    ('tar: link to a file', 'tar', link_to_file),
    ('tar: link within the folder', 'tar', tar_of(('a', b'1'), ('b', (tarfile.SYMTYPE, 'a')))),
    ('tar: hard link out', 'tar', hard_link),
    ('tar: hard link within', 'tar', tar_of(('a', b'1'), ('b', (tarfile.LNKTYPE, 'a')))),
    ('tar: absolute name', 'tar', absolute),
    ('tar: name with ..', 'tar', upwards),
    ('tar: name is ..', 'tar', tar_of(('..', (tarfile.DIRTYPE, '')))),
    ('tar: backslashes', 'tar', tar_of(('..\\..\\evil', b'attacked'))),
    ('tar: drive', 'tar', tar_of(('C:evil', b'attacked'))),
    ('tar: control sign', 'tar', tar_of(('a\x1b[2Jb', b'1'))),
    ('tar: line break', 'tar', tar_of(('a\nb', b'1'))),
    ('tar: name of 300 bytes', 'tar', tar_of(('n' * 300, b'1'))),
    ('tar: character device', 'tar', tar_of(('null', (tarfile.CHRTYPE, '')))),
    ('tar: block device', 'tar', tar_of(('disk', (tarfile.BLKTYPE, '')))),
    ('tar: pipe', 'tar', tar_of(('pipe', (tarfile.FIFOTYPE, '')))),
    ('tar: unknown kind', 'tar', tar_of(('what', (b'Z', '')))),
    ('tar: one name twice', 'tar', tar_of(('a', b'1'), ('./a', b'2'))),
    ('tar: file and folder of one name', 'tar', tar_of(('a', b'1'), ('a/b', b'2'))),
    ('tar: folder and file of one name', 'tar', tar_of(('a/b', b'2'), ('a', b'1'))),
    ('tar: the archive itself', 'tar', tar_of(('x.tar', b'attacked'))),
    ('tar: the lock of the unpacking', 'tar', tar_of(('.unpacking-x.tar.lock', b'attacked'))),
    ('tar: sparse file of a terabyte', 'tar', sparse_file_of_a_terabyte),
    ('tar: size below 0', 'tar', negative_size),
    ('tar: headers nested a thousandfold', 'tar', headers_nested_a_thousandfold),
    ('tgz: more than the disk holds', 'tgz', more_than_the_disk_holds),
    ('zip: absolute name', 'zip', zip_absolute),
    ('zip: name with ..', 'zip', zip_upwards),
    ('zip: backslashes', 'zip', zip_of(('..\\..\\evil', b'attacked', FILE))),
    ('zip: drive', 'zip', zip_of(('C:evil', b'attacked', FILE))),
    ('zip: control sign', 'zip', zip_of(('a\x1b[2Jb', b'1', FILE))),
    ('zip: link', 'zip', zip_link),
    ('zip: device', 'zip', zip_of(('null', b'', 0o020666))),
    ('zip: pipe', 'zip', zip_of(('pipe', b'', 0o010666))),
    ('zip: one name twice', 'zip', zip_of(('a', b'1', FILE), ('./a', b'2', FILE))),
    ('zip: file and folder of one name', 'zip', zip_of(('a', b'1', FILE), ('a/b', b'2', FILE))),
    ('zip: the archive itself', 'zip', zip_of(('x.zip', b'attacked', FILE))),
    ('zip: the lock of the unpacking', 'zip', zip_of(('.unpacking-x.zip.lock', b'1', FILE))),
    ('zip: size too large', 'zip', zip_size_too_large),
    ('zip: size too small', 'zip', zip_size_too_small),
]

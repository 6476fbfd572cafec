"""Downloaded files of benchmarks: what is there, what is wrong with it, and unpacking."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .archives import Moved, file_checksum, unpack
from .catalogue import Benchmark, Download


@contextmanager
def _byte_bar(what: str, path: Path) -> Iterator[Moved]:
    from rich.progress import DownloadColumn, Progress, TimeRemainingColumn

    columns = (*Progress.get_default_columns()[:-1], DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, transient=True) as progress:
        bar = progress.add_task(f'{what} {path.name}', total=path.stat().st_size)
        yield lambda done: progress.update(bar, completed=done)


def archive_fault(download: Download, path: Path, verify: bool) -> str | None:
    """Returns what is wrong with a downloaded file; None: nothing, as far as is known."""
    size = path.stat().st_size
    if download.size not in (None, size):
        return f'has {size:,} bytes of {download.size:,}; download it again'
    if not verify:
        return None
    algorithm, _, due = (download.checksum or 'sha256:').partition(':')
    with _byte_bar('checking', path) as moved:
        found = file_checksum(path, algorithm, moved)
    if due and found != due:
        return f'has {algorithm} {found} instead of {due}; download it again'
    print(f'{path}: {algorithm} {found} {"as published" if due else "(none is published)"}')
    return None


def settle_download(download: Download, folder: Path, args: argparse.Namespace) -> str | None:
    """Checks, and if asked unpacks, one download.

    Args:
        download: of a benchmark.
        folder: that it lies in.
        args: with `unpack` and `verify`.

    Returns:
        What is missing and how to get it; None: nothing.

    Raises:
        ValueError: if the archive is damaged or unsafe.
        OSError: if it cannot be unpacked for want of room or rights.
    """
    path = folder / download.name
    is_there = path.is_file()
    if is_there and (fault := archive_fault(download, path, args.verify)):
        return f'{path}: {fault}\n  from  {download.address}'
    missing = download.missing(folder)
    if missing and is_there and download.packed and args.unpack:
        with _byte_bar('unpacking', path) as moved:
            unpack(path, folder, moved)
        if missing := download.missing(folder):
            return f'{path}: does not hold {_listed(missing)}; take the archive of the owners'
    if not missing:
        return None
    if is_there and download.packed:
        return f'{path}: is not unpacked; call this again with --unpack'
    size = 'size unknown' if download.size is None else f'{download.size:,} bytes'
    facts = f'{size}, {download.checksum or "checksum unknown"}'
    return '\n'.join(
        [
            f'{path}: is missing ({facts})',
            f'  from  {download.address}',
            *([f'  note  {download.note}'] if download.note else []),
            *([f'  makes {_listed(missing)}'] if download.packed else []),
        ]
    )


def _listed(missing: Sequence[str]) -> str:
    return ', '.join(path.replace('|', ' or ') for path in missing)


def settle_downloads(benchmark: Benchmark, folder: Path, args: argparse.Namespace) -> list[str]:
    """Settles the downloads that the wanted splits need; returns what is missing or wrong.

    Args:
        benchmark: whose downloads.
        folder: that they lie in.
        args: with `split` (a list), `unpack` and `verify`.
    """
    faults = []
    for download in benchmark.downloads:
        if download.split in (None, *args.split):
            try:
                faults.append(settle_download(download, folder, args))
            except (OSError, ValueError) as error:
                faults.append(str(error))
    return [fault for fault in faults if fault is not None]

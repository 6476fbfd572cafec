"""Prepares a benchmark: what is missing, unpacking, reading once, and numbers beside published."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mmpretrain.registry import DATASETS

from wsml_mm.datasets.archives import Moved, file_checksum, unpack
from wsml_mm.datasets.catalogue import BENCHMARKS, Benchmark, Download
from wsml_mm.datasets.column_dataset import ColumnDataset
from wsml_mm.datasets.images import missing_images

from .statistics_table import statistics_table


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('name', choices=list(BENCHMARKS), help='of the benchmark')
    parser.add_argument(
        '--root',
        default=os.environ.get('WSML_DATA', 'data'),
        help='folder of all data sets; default: $WSML_DATA, or data',
    )
    parser.add_argument('--split', nargs='+', help='splits to prepare; default: all')
    parser.add_argument('--unpack', action='store_true', help='unpack the archives that are there')
    parser.add_argument('--verify', action='store_true', help='compute the checksums of archives')
    args = parser.parse_args(argv)
    splits = list(BENCHMARKS[args.name].published)
    if unknown := set(args.split or []) - set(splits):
        parser.error(f'--split {" ".join(sorted(unknown))}: {args.name} has {splits}')
    args.split = args.split or splits
    return args


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
    """Settles the downloads that the wanted splits need; returns what is missing or wrong."""
    faults = []
    for download in benchmark.downloads:
        if download.split in (None, *args.split):
            try:
                faults.append(settle_download(download, folder, args))
            except (OSError, ValueError) as error:
                faults.append(str(error))
    return [fault for fault in faults if fault is not None]


def read_split(benchmark: Benchmark, root: Path, split: str) -> ColumnDataset:
    """Reads a split, which keeps its columns, and returns it.

    Raises:
        FileNotFoundError: if an official file is missing.
        ValueError: if one is not of its format.
    """
    config: dict[str, Any] = dict(
        benchmark.dataset, data_root=str(root / benchmark.data_root), split=split
    )
    dataset: ColumnDataset = DATASETS.build(config)
    dataset.full_init()
    print(f'{split}: {config}')
    return dataset


def image_fault(dataset: ColumnDataset) -> str | None:
    """Returns how many images of a split are missing, and the first; None: none is."""
    from rich.progress import track

    names, total = dataset.image_names(), len(dataset)
    looked = track(names, f'looking for the images of {dataset.split}', total, transient=True)
    gone = missing_images(dataset.img_prefix, looked)
    if not gone:
        return None
    first = ', '.join(gone[:3]) + (', ...' if len(gone) > 3 else '')
    return (
        f'{dataset.img_prefix}: {len(gone):,} of the {total:,} images of {dataset.split} are '
        f'missing: {first}; unpack their archive again'
    )


def prepare(args: argparse.Namespace) -> list[str]:
    """Does what is asked and prints the statistics; returns what is missing or wrong."""
    benchmark, root = BENCHMARKS[args.name], Path(args.root).expanduser()
    faults = settle_downloads(benchmark, root / benchmark.folder, args)
    splits: dict[str, ColumnDataset] = {}
    for split in args.split:
        try:
            splits[split] = read_split(benchmark, root, split)
        except (OSError, ValueError) as error:
            # What a missing download would have held need not be told again.
            if not (faults and isinstance(error, FileNotFoundError)):
                faults.append(str(error))
            print(f'{split}: not read, for what is told below')
        else:
            faults += [fault] if (fault := image_fault(splits[split])) else []
    if splits:
        statistics_table(benchmark, splits)
    return faults


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command; exits with 1 if anything is missing."""
    try:
        faults = prepare(parse_args(argv))
    except KeyboardInterrupt:
        print('interrupted; no half of anything is left, and the same command takes it up again')
        raise SystemExit(130) from None
    print('\n'.join(['Missing or wrong:', *faults] if faults else ['Nothing is missing.']))
    if faults:
        raise SystemExit(1)


if __name__ == '__main__':
    main()

"""Prepares a benchmark: what is missing, unpacking, reading once, and numbers beside published."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmpretrain.registry import DATASETS

from wsml_mm.benchmarks.benchmark import Benchmark
from wsml_mm.benchmarks.catalogue import BENCHMARKS
from wsml_mm.benchmarks.downloads import check_downloads
from wsml_mm.datasets.column_dataset import ColumnDataset
from wsml_mm.datasets.image_folders import missing_images
from wsml_mm.reports.published_statistics import print_statistics
from wsml_mm_cli.command import run
from wsml_mm_cli.prepare_dataset import parse_args


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


def missing_images_of(dataset: ColumnDataset) -> str | None:
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
    problems = check_downloads(
        benchmark.downloads,
        root / benchmark.folder,
        args.split,
        unpack=args.unpack,
        verify=args.verify,
        report=print,
    )
    splits: dict[str, ColumnDataset] = {}
    for split in args.split:
        try:
            splits[split] = read_split(benchmark, root, split)
        except (OSError, ValueError) as error:
            # That a file of a missing download is missing as well says nothing new.
            if not (problems and isinstance(error, FileNotFoundError)):
                problems.append(str(error))
            print(f'{split}: not read, see below')
        else:
            problems += [missing] if (missing := missing_images_of(splits[split])) else []
    if splits:
        print_statistics(benchmark, splits)
    return problems


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command; exits with 1 if anything is missing."""
    try:
        problems = prepare(parse_args(argv))
    except KeyboardInterrupt:
        print('interrupted; no half of anything is left, and the same command takes it up again')
        raise SystemExit(130) from None
    print('\n'.join(['Missing or wrong:', *problems] if problems else ['Nothing is missing.']))
    if problems:
        raise SystemExit(1)


if __name__ == '__main__':
    run(main)

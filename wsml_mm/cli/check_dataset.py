"""Checks a data set: finds all that is wrong with a table of labels, or with a config's data."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from wsml_mm.datasets.table import ColumnNames, ProblemLog, TableFormat
from wsml_mm.experiments.compose import read_config
from wsml_mm.reports.dataset import (
    CheckedDataset,
    check_dataset,
    check_evaluation,
    check_splits,
    dataset_of_loader,
    dataset_of_table,
    print_problems,
    print_report,
    write_html,
)


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        description='Find all that is wrong with a data set; the exit code is 1 if there is any'
    )
    parser.add_argument(
        'source', help="a table of labels (CSV, Parquet, JSON), MMPretrain's JSON, or a config"
    )
    parser.add_argument('--html', type=Path, help='also write the report as a page with pictures')
    parser.add_argument(
        '--decode', action='store_true', help='decode every image, and find identical files'
    )
    table = parser.add_argument_group('for a table')
    table.add_argument('--images', type=Path, help="the images' folder; default: the table's")
    table.add_argument('--classes', type=Path, help='text file of class names, one a line')
    table.add_argument('--separator', default='|', help='between the labels of a cell')
    table.add_argument(
        '--unlisted',
        help="'unobserved' or 'negative'; default: unobserved, in MMPretrain's JSON negative",
    )
    table.add_argument('--duplicates', default='refuse', help='or: merge')
    table.add_argument(
        '--columns', nargs='+', default=[], metavar='KEY=NAME', help='e.g. image=file positive=tags'
    )
    config = parser.add_argument_group('for a config')
    config.add_argument('--loader', choices=['train', 'val', 'test'], default='train')
    config.add_argument(
        '--all-labels', action='store_true', help='also those that `observe` hides from the model'
    )
    return parser.parse_args(argv)


def read_dataset(args: argparse.Namespace, log: ProblemLog) -> CheckedDataset | None:
    """Returns the data set that the command line names, as far as it can be read.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if an option is unknown.
    """
    if not args.source.endswith('.py'):
        file = Path(args.source)
        if wrong := [pair for pair in args.columns if '=' not in pair]:
            raise ValueError(f'--columns {wrong[0]}: write it as KEY=NAME, e.g. image=file')
        columns = dict(pair.split('=', 1) for pair in args.columns)
        layout = TableFormat(
            ColumnNames.of(columns), args.separator, args.unlisted, args.duplicates
        )
        images = file.parent if args.images is None else args.images
        return dataset_of_table(file, images, args.classes, layout, log)
    for option in ('images', 'classes', 'columns'):
        if getattr(args, option):
            raise ValueError(f'--{option} is for a table; a config says it itself')
    cfg = read_config(args.source)
    dataset = dataset_of_loader(cfg, args.loader, log, args.all_labels)
    if dataset is not None:
        check_splits(cfg, dataset.columns.metainfo['classes'], args.loader, log)
        check_evaluation(cfg, args.loader, dataset, log)
    return dataset


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command."""
    from rich.console import Console

    args, log, console = parse_args(argv), ProblemLog(), Console(highlight=False)
    try:
        dataset = read_dataset(args, log)
    except (OSError, ValueError) as error:
        raise SystemExit(f'error: {error}') from error
    if dataset is None:
        print_problems(log, console)
        raise SystemExit(1)
    report = check_dataset(dataset, log, args.decode)
    print_report(report, console)
    if args.html is not None:
        write_html(report, args.html)
        console.print(f'Report: {args.html}', markup=False)
    if log.serious:
        sys.exit(1)


if __name__ == '__main__':
    main()

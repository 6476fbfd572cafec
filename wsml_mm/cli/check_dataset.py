"""Checks a data set: finds all that is wrong with a table of labels, or with a config's data."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from wsml_mm.datasets.table import ProblemLog, in_command_words
from wsml_mm.experiments.compose import read_config
from wsml_mm.reports.dataset import (
    CheckedDataset,
    check_dataset,
    check_splits,
    dataset_of_loader,
    dataset_of_table,
    print_problems,
    print_report,
    write_html,
)

from .table_options import add_table_options, refuse_table_options, table_format


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
    add_table_options(parser)
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
        images = file.parent if args.images is None else args.images
        return dataset_of_table(file, images, args.classes, table_format(args), log)
    refuse_table_options(args)
    cfg = read_config(args.source)
    dataset = dataset_of_loader(cfg, args.loader, log, args.all_labels)
    if dataset is not None:
        check_splits(cfg, dataset.columns.metainfo['classes'], args.loader, log)
    return dataset


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command."""
    from rich.console import Console

    args, console = parse_args(argv), Console(highlight=False)
    log = ProblemLog(command=not args.source.endswith('.py'))
    try:
        dataset = read_dataset(args, log)
    except (OSError, ValueError) as error:
        raise SystemExit(f'error: {_message(error, log.command)}') from error
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


def _message(error: Exception, command: bool) -> str:
    said = error.args[0] if len(error.args) == 1 else error
    return in_command_words(said) if command and isinstance(said, str) else str(error)


if __name__ == '__main__':
    main()

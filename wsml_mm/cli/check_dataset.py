"""Checks a data set: finds all that is wrong with a table of labels, or with a config's data."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from wsml_mm.datasets.table import Problem, ProblemLog, in_command_words
from wsml_mm.experiments.compose import read_config
from wsml_mm.experiments.verification import verify_config, verify_table
from wsml_mm.reports.dataset import (
    CheckedDataset,
    check_dataset,
    check_evaluation,
    check_splits,
    dataset_of_loader,
    dataset_of_table,
    print_problems,
    print_report,
    read_scores,
    write_html,
)
from wsml_mm_cli.check_dataset import parse_args
from wsml_mm_cli.command import run

from .table_options import refuse_table_options, table_format


def verify(args: argparse.Namespace, log: ProblemLog) -> str:
    """Reads everything again that is kept of the data; returns what that was.

    Raises:
        FileNotFoundError: if there is no such config.
    """
    if not args.source.endswith('.py'):
        found = verify_table(Path(args.source))
    else:
        found = verify_config(read_config(args.source), args.work_dir)
    for wrong in found.wrong:
        where, _, rest = wrong.partition(': ')
        what, _, fix = rest.rpartition('; ')
        log(Problem('kept data', where, what or rest, fix))
    return f'verified: {found}'


def read_dataset(args: argparse.Namespace, log: ProblemLog) -> CheckedDataset | None:
    """Returns the data set that the command line names, as far as it can be read.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if an option is unknown.
    """
    if not args.source.endswith('.py'):
        file = Path(args.source)
        beside = file if file.is_dir() else file.parent  # labelImg writes XML beside the images
        images = beside if args.images is None else args.images
        return dataset_of_table(file, images, args.classes, table_format(args), log)
    refuse_table_options(args)
    cfg = read_config(args.source)
    dataset = dataset_of_loader(cfg, args.loader, log, args.all_labels)
    if dataset is not None:
        check_splits(cfg, dataset.columns.metainfo['classes'], args.loader, log)
        check_evaluation(cfg, args.loader, dataset, log)
    return dataset


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command."""
    from rich.console import Console

    args, console = parse_args(argv), Console(highlight=False)
    log = ProblemLog(command=not args.source.endswith('.py'))
    try:
        if args.verify:
            console.print(verify(args, log), markup=False, soft_wrap=True)
        dataset = read_dataset(args, log)
        scores = None
        if args.scores is not None and dataset is not None:
            names, classes = dataset.columns.names, dataset.columns.metainfo['classes']
            scores = read_scores(args.scores, list(names), classes)
    except (OSError, ValueError) as error:
        raise SystemExit(f'error: {_message(error, log.command)}') from error
    if dataset is None:
        print_problems(log, console)
        raise SystemExit(1)
    report = check_dataset(dataset, log, args.decode, scores)
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
    run(main)

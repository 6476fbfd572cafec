"""Command-line options that all tools share which train methods and compare them."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mmengine.config import DictAction

from wsml_mm.experiments.comparison import run_folder
from wsml_mm.experiments.entries import Entry, read_entries
from wsml_mm.experiments.execution import Execution, Interrupted, RunError
from wsml_mm.experiments.method import shipped_methods
from wsml_mm.reports.styles import Style, read_styles

from .number_options import integer, seed_number


class _Distinct(argparse.Action):
    """Takes a list whose values differ."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option: Any = None) -> None:
        twice = [value for value in values if values.count(value) > 1]
        if twice:
            parser.error(f'{option} names {twice[0]} twice; once is enough')
        setattr(namespace, self.dest, values)


def add_comparison_options(parser: argparse.ArgumentParser, needs_work_dir: bool = True) -> None:
    """Adds what every tool takes that trains methods and compares them."""
    parser.add_argument(
        'configs',
        nargs='+',
        metavar='CONFIG',
        help='with --methods a protocol (scenes/lite0_linear.py, or a config of your own), and '
        'besides it NAME=FILE; without, a complete config a method, FILE or NAME=FILE',
    )
    parser.add_argument(
        '--methods',
        nargs='+',
        metavar='METHOD',
        help=f'to compare under the protocol: {", ".join(shipped_methods())}, or files of your own',
    )
    parser.add_argument(
        '--upper-bound', action='store_true', help='also train AN on all labels ("full labels")'
    )
    parser.add_argument(
        '--seeds',
        nargs='+',
        type=seed_number,
        action=_Distinct,
        default=[1200],
        help='of labels + training',
    )
    parser.add_argument(
        '--work-dir', required=needs_work_dir, help='folder for runs, tables and figures'
    )
    add_execution_options(parser)
    parser.add_argument('--title', default='', help='of the figure')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, help='settings to override')


def chosen_entries(args: argparse.Namespace) -> list[Entry]:
    """Returns what parsed options compare."""
    return read_entries(args.configs, args.methods, args.upper_bound)


def add_execution_options(parser: argparse.ArgumentParser) -> None:
    """Adds --jobs, --devices and --keep-going, for `execution_of`."""
    parser.add_argument(
        '--jobs',
        type=integer(1, 1024, 'give a number of runs at a time, at least 1'),
        default=1,
        help='runs at a time, on each of --devices',
    )
    parser.add_argument(
        '--devices',
        nargs='+',
        action=_Distinct,
        default=[],
        metavar='ID',
        help='GPUs to share the runs, as in CUDA_VISIBLE_DEVICES; each run sees one',
    )
    parser.add_argument(
        '--keep-going',
        action='store_true',
        help='after a failed run do the others, then name the failed; default: stop',
    )


def execution_of(args: argparse.Namespace) -> Execution:
    """Returns the choices of `add_execution_options`."""
    return Execution(args.jobs, args.devices, args.keep_going)


@contextmanager
def stopping_in_one_line() -> Iterator[list[str]]:
    """Makes a failed or interrupted run end the command with one line and a status.

    Yields:
        A list for the failures that others were not stopped by; they are named at the end.

    Raises:
        SystemExit: with status 1 after a failed run, 130 after Ctrl-C.
    """
    failures: list[str] = []
    try:
        yield failures
    except RunError as error:
        raise SystemExit(str(error)) from error
    except KeyboardInterrupt as error:
        text = str(error) if isinstance(error, Interrupted) else 'interrupted'
        print(text, file=sys.stderr)
        raise SystemExit(130) from None
    if failures:
        lines = '\n  '.join(failures)
        raise SystemExit(f'{len(failures)} runs failed and are in no table:\n  {lines}')


def add_baseline_option(parser: argparse.ArgumentParser) -> None:
    """Adds --baseline, for `chosen_baseline`."""
    parser.add_argument('--baseline', help='method that others are compared with; default: first')


def chosen_baseline(name: str | None, methods: Sequence[Entry]) -> str:
    """Returns the method that others are compared with.

    Raises:
        SystemExit: if it is none of them.
    """
    names = [m.name for m in methods]
    keys = {m.method.key: m.name for m in methods if m.method and not m.upper_bound}
    chosen = names[0] if name is None else keys.get(name, name)
    if chosen not in names:
        raise SystemExit(f'--baseline {name}: not one of {names}')
    return chosen


def styles_of(methods: Sequence[Entry], root: Path, seed: int) -> dict[str, Style]:
    """Returns the styles of methods that are trained below `root`, for all figures of a tool."""
    return read_styles({m.name: run_folder(root, m.name, seed) for m in methods})


def command_line(tool: str, argv: Sequence[str] | None) -> str:
    """Returns the command line of a tool, to be written beside what it makes."""
    return shlex.join(['python', f'tools/{tool}.py', *(sys.argv[1:] if argv is None else argv)])

"""What commands do with the options of `wsml_mm_cli.comparison_options`."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from wsml_mm.experiments.comparison import run_folder
from wsml_mm.experiments.entries import Entry, read_entries
from wsml_mm.experiments.execution import Execution, Interrupted, RunError
from wsml_mm.reports.styles import Style, read_styles


def chosen_entries(args: argparse.Namespace) -> list[Entry]:
    """Returns what parsed options compare."""
    entries = read_entries(args.configs, args.methods, args.upper_bound)
    partial = not args.no_partial_validation
    return [replace(entry, partial_validation=partial) for entry in entries]


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

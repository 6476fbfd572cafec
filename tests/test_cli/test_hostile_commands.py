"""Command lines that are refused."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hostile import Case, Prepare, refusals
from hostile_methods import comparing, methods

from wsml_mm.cli import compare
from wsml_mm.cli import test as cli_test
from wsml_mm.cli import train as cli_train


def compare_with_nobody(given: list[str], folder: Path) -> None:
    compare.main([*given, '--work-dir', str(folder / 'run'), '--baseline', 'nobody'])


def last_line_of(parse: Callable[[list[str]], Any], arguments: list[str]) -> Prepare:
    """argparse prints its message below the usage and raises its exit status."""

    def act():
        printed = io.StringIO()
        try:
            with contextlib.redirect_stderr(printed):
                parse(arguments)
        except SystemExit:
            raise SystemExit(printed.getvalue().splitlines()[-1]) from None

    return lambda folder: act


NO_CONFIG = 'missing.py: no such config ... wsml_mm (scenes'
# fmt: off
test_refusal = refusals(
    Case('baseline unknown', comparing(methods(''), compare_with_nobody), SystemExit,
         "--baseline nobody ... ['AN']"),
    Case('train without its config',
         lambda folder: lambda: cli_train.make_config(cli_train.parse_args(['missing.py'])),
         FileNotFoundError, NO_CONFIG),
    Case('test without its config',
         lambda folder: lambda: cli_test.make_config(cli_test.parse_args(['missing.py', 'x.pth'])),
         FileNotFoundError, NO_CONFIG),
    Case('--out-item without --out',
         last_line_of(cli_test.parse_args, ['c.py', 'x.pth', '--out-item', 'metrics']), SystemExit,
         '--out-item ... give --out FILE as well'),
)
# fmt: on

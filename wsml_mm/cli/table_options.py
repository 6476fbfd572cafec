"""The options of a command that say how a table of labels is to be read."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wsml_mm.datasets.table import ColumnNames, TableFormat

_DEFAULTS: dict[str, Any] = dict(
    images=None, classes=None, columns=[], separator='|', unlisted='unobserved',
    duplicates='refuse', layout='lists', signs=[], ignored=[], nothing='', suffix='',
)  # fmt: skip


def add_table_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options to an argument parser, as a group."""
    add = parser.add_argument_group('for a table').add_argument
    add('--images', type=Path, help="the images' folder; default: the table's")
    add('--classes', type=Path, help='text file of class names, one a line')
    add('--columns', nargs='+', metavar='KEY=NAME', help='e.g. image=file positive=tags')
    add('--separator', help='between the labels of a cell')
    add('--unlisted', help='or: negative')
    add('--duplicates', help='or: merge')
    add('--layout', help='or: indicators (a column each class), images (no labels)')
    add(
        '--signs', nargs='+', metavar='MEANING=SIGNS',
        help='of indicators, e.g. positive=1 negative=0 unobserved=blank,-1',
    )  # fmt: skip
    add('--ignored', nargs='+', metavar='COLUMN', help='columns that are no classes')
    add('--nothing', help="the label that says that no class is present, e.g. 'No Finding'")
    add('--suffix', help='of the image files, where the table leaves it out, e.g. .jpg')
    parser.set_defaults(**_DEFAULTS)


def table_format(args: argparse.Namespace) -> TableFormat:
    """Returns how the command line says that a table is to be read.

    Raises:
        ValueError: if an option is unknown.
    """
    signs = _pairs('signs', args.signs, 'MEANING=SIGNS', 'unobserved=blank,-1')
    return TableFormat(
        ColumnNames.of(_pairs('columns', args.columns, 'KEY=NAME', 'image=file')),
        args.separator,
        args.unlisted,
        args.duplicates,
        args.layout,
        {key: some.split(',') for key, some in signs.items()} or None,
        args.ignored,
        args.nothing,
        args.suffix,
    )


def refuse_table_options(args: argparse.Namespace) -> None:
    """Refuses options of a table where the source is none.

    Raises:
        ValueError: naming the first of them.
    """
    for option, default in _DEFAULTS.items():
        if getattr(args, option) != default:
            raise ValueError(f'--{option} is for a table; a config says it itself')


def _pairs(option: str, words: Sequence[str], form: str, example: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for word in words:
        key, mark, value = word.partition('=')
        if not mark:
            raise ValueError(f'--{option} {word}: write it as {form}, e.g. {example}')
        if key in found:
            raise ValueError(f'--{option} {word}: {key!r} is there twice; give it once')
        found[key] = value
    return found

"""The options of a command that say how a table of labels is to be read."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

DEFAULTS: dict[str, Any] = dict(
    images=None, classes=None, columns=[], separator='|', unlisted=None,
    duplicates='refuse', layout='lists', signs=[], ignored=[], nothing='', image_names='path',
    suffix='',
)  # fmt: skip


def add_table_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options to an argument parser, as a group."""
    add = parser.add_argument_group('for a table').add_argument
    add('--images', type=Path, help="the images' folder; default: that of the table")
    add('--classes', type=Path, help='text file of class names, one a line')
    add('--columns', nargs='+', metavar='KEY=NAME', help='e.g. image=file positive=tags')
    add('--separator', help='between the labels of a cell')
    add(
        '--unlisted',
        help="'unobserved' or 'negative'; default: unobserved, in MMPretrain's JSON negative",
    )
    add('--duplicates', help='or: merge')
    add('--layout', help='or: indicators (a column each class), images (no labels)')
    add(
        '--signs', nargs='+', metavar='MEANING=SIGNS',
        help='of indicators, e.g. positive=1 negative=0 unobserved=blank,-1',
    )  # fmt: skip
    add('--ignored', nargs='+', metavar='COLUMN', help='columns that are no classes')
    add('--nothing', help="the label that says that no class is present, e.g. 'No Finding'")
    add('--image-names', help='or: file, original (the last part of a path, without upload mark)')
    add('--suffix', help='of images named without, e.g. .jpg')
    parser.set_defaults(**DEFAULTS)

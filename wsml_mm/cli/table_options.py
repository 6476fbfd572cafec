"""What the options of a command say about how a table of labels is to be read."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from wsml_mm.datasets.table import ColumnNames, TableFormat
from wsml_mm_cli.table_options import DEFAULTS


def table_format(args: argparse.Namespace) -> TableFormat:
    """Returns how the command line says that a table is to be read.

    Raises:
        ValueError: if an option is unknown.
    """
    signs = pairs('signs', args.signs, 'MEANING=SIGNS', 'unobserved=blank,-1')
    return TableFormat(
        ColumnNames.of(pairs('columns', args.columns, 'KEY=NAME', 'image=file')),
        args.separator,
        args.unlisted,
        args.duplicates,
        args.layout,
        {key: some.split(',') for key, some in signs.items()} or None,
        args.ignored,
        args.nothing,
        args.image_names,
        args.suffix,
    )


def refuse_table_options(args: argparse.Namespace) -> None:
    """Refuses options of a table where the source is none.

    Raises:
        ValueError: naming the first of them.
    """
    for option, default in DEFAULTS.items():
        if getattr(args, option) != default:
            raise ValueError(
                f'--{option.replace("_", "-")} is for a table; a config says it itself'
            )


def pairs(option: str, words: Sequence[str], form: str, example: str) -> dict[str, str]:
    """Returns the pairs that an option names.

    Args:
        option: its name, for messages.
        words: as given, each KEY=VALUE.
        form: of a word, for messages.
        example: likewise.

    Raises:
        ValueError: if a word is no pair, or a key is there twice.
    """
    found: dict[str, str] = {}
    for word in words:
        key, mark, value = word.partition('=')
        if not mark:
            raise ValueError(f'--{option} {word}: write it as {form}, e.g. {example}')
        if key in found:
            raise ValueError(f'--{option} {word}: {key!r} is there twice; give it once')
        found[key] = value
    return found

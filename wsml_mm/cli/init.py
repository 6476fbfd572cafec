"""Looks at a folder of images and tables and writes a config that trains on it."""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from wsml_mm.datasets.own_data import ROLES, OwnData, look_at
from wsml_mm.datasets.table import Option, in_command_words
from wsml_mm.experiments.extractors import find_extractor
from wsml_mm.experiments.new_config import config_text, parts_of
from wsml_mm.labels.files import writing
from wsml_mm.labels.wording import some_of
from wsml_mm_cli.command import run
from wsml_mm_cli.init import parse_args
from wsml_mm_cli.table_options import DEFAULTS

from .table_options import pairs

_FEWEST = 5  # images, of which a fifth is one
_TABLES = {'images', 'classes'}  # options that are none of the reader's


def given_options(args: argparse.Namespace) -> dict[str, Any]:
    """Returns the options of `LabelTable` that the command line says.

    Raises:
        ValueError: if one is not written as pairs.
    """
    found = {
        key: getattr(args, key)
        for key, usual in DEFAULTS.items()
        if key not in _TABLES and getattr(args, key) != usual
    }
    if 'columns' in found:
        found['columns'] = pairs('columns', args.columns, 'KEY=NAME', 'image=file')
    if 'signs' in found:
        signs = pairs('signs', args.signs, 'MEANING=SIGNS', 'unobserved=blank,-1')
        found['signs'] = {key: some.split(',') for key, some in signs.items()}
    if {'signs', 'ignored'} & set(found):  # which are of no other layout
        found.setdefault('layout', 'indicators')
    return found


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command."""
    args = parse_args(argv)
    folder = args.folder
    tables = {role: path for role in ROLES if (path := getattr(args, role)) is not None}
    if folder.is_file():
        tables, folder = {'train': folder, **tables}, folder.parent
    name = re.sub(r'\W+', '_', folder.resolve().name) or 'mine'
    out = args.out or Path(f'{name}.py')
    _check_out(out)
    try:
        data = look_at(folder, tables, args.images, args.classes, given_options(args))
    except ValueError as error:
        said = error.args[0] if len(error.args) == 1 else error
        raise ValueError(in_command_words(said) if isinstance(said, str) else said) from None
    _check_count(data)
    found = find_extractor(args.backbone, args.size, args.weights, args.pool)
    words = sys.argv[1:] if argv is None else argv
    command = shlex.join(['wsml-mm', 'init', *map(str, words)])
    with writing(out, 'give another --out'):
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(config_text(data, found, args.e2e, out.stem, command), encoding='utf-8')
    print('\n'.join([*in_words(data), f'backbone: {found.said}', *_next(out, args.e2e)]))


def _check_out(out: Path) -> None:
    if out.suffix != '.py':
        raise ValueError(f'{out}: the name of a config ends in .py')
    if not re.fullmatch(r'[\w-]+', out.stem):
        raise ValueError(f'{out}: name a config by letters, digits, "_" and "-" alone')
    if out.exists():
        raise ValueError(f'{out}: is there already; delete it, or give another --out')


def _check_count(data: OwnData) -> None:
    train = data.tables['train']
    if 'val' not in data.tables and train.rows < _FEWEST:
        raise ValueError(
            f'{train.path}: {train.rows} images are too few to hold out a fifth; name a table of '
            'others by --val, or label more'
        )


def in_words(data: OwnData) -> Iterator[str]:
    """Yields what a folder was taken for, a line each."""
    source = 'of the table' if data.class_file is None else f'of {data.class_file}'
    yield f'classes: {len(data.classes)} {source}: {some_of(list(data.classes), 8)}'
    parts = parts_of(data)
    for role, found in data.tables.items():
        counts = ', '.join(f'{count:,} {kind}' for kind, count in found.counts.items())
        yield f'{role}: {found.path}, {found.rows:,} images in {data.root / found.images}'
        yield f'  labels: {counts}'
        said = {**found.options}
        if said:
            yield '  read with ' + ' '.join(Option(k, v).in_command() for k, v in said.items())
        yield from (f'  {note}' for note in found.notes)
    if parts['val'].holdout:
        yield 'val: no table of it; a fifth of the images of train is held out (seed 1200)'
    if 'test' not in data.tables:
        yield 'test: no table of it; the images of val, on which the epoch is chosen'
    if 'unobserved' in parts['val'].metric:
        yield (
            'warning: no label of val is known to be absent, so the unknown ones count as absent '
            'there, and the mAP is that of such labels'
        )


def _next(out: Path, e2e: bool) -> Iterator[str]:
    kind = 'end to end' if e2e else 'a linear layer on frozen features'
    shown = shlex.quote(str(out))
    yield f'{out}: trains {kind}; go on with'
    yield f'  wsml-mm check-dataset {shown}'
    yield f'  wsml-mm advise {shown}'
    yield f'  wsml-mm train {shown} --method ll-r'
    yield f'  wsml-mm test {shown} work_dirs/ll-r_{out.stem}/best_*.pth'


if __name__ == '__main__':
    run(main)

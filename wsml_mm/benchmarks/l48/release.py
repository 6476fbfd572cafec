"""The owners' files of L48: records of recordings (assets) and of their windows (clips)."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from wsml_mm.labels.files import load_array
from wsml_mm.labels.json_files import load_json

_GET = 'take the files of ml48s.tar.gz'


def read_records(path: Path, fields: Sequence[str]) -> list[dict[str, Any]]:
    """Reads assets.json or clips.json: a list of objects, or an object of columns.

    Args:
        path: of the file.
        fields: that every record must have.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it holds something else, with the number of the first bad record.
    """
    if not path.is_file():
        raise FileNotFoundError(f'{path}: no such file; {_GET}')
    content = load_json(path)
    if isinstance(content, dict) and all(isinstance(v, dict) for v in content.values()):
        rows = dict.fromkeys(row for column in content.values() for row in column)
        content = [{n: c[row] for n, c in content.items() if row in c} for row in rows]
    if not isinstance(content, list) or not content:
        raise ValueError(f'{path}: is no list of records; {_GET}')
    for number, record in enumerate(content, start=1):
        missing = [f for f in fields if not isinstance(record, Mapping) or f not in record]
        if missing:
            raise ValueError(f'{path}: record {number} has no {missing[0]!r}; {_GET}')
    return content


def read_species(path: Path) -> list[str]:
    """Reads the codes of taxa.csv, in order.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it has no column species_code, or a code is empty or there twice.
    """
    if not path.is_file():
        raise FileNotFoundError(f'{path}: no such file; {_GET}')
    with path.open(encoding='utf-8-sig', newline='') as file:
        codes = [str(row.get('species_code') or '') for row in csv.DictReader(file)]
    for line, code in enumerate(codes, start=2):
        if not code or codes.index(code) != line - 2:
            what = f'repeats the species {code!r}' if code else 'has no species_code'
            raise ValueError(f'{path}: line {line} {what}; {_GET}')
    if not codes:
        raise ValueError(f'{path}: lists no species; {_GET}')
    return codes


def read_held_out(path: Path) -> set[int]:
    """Reads val_split.npy: the ids of the training recordings that are held out.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no list of whole numbers.
    """
    hint = 'take val_split.npy of github.com/cvl-umass/l48-benchmarking and put it there'
    if not path.is_file():
        raise FileNotFoundError(f'{path}: no such file; {hint}')
    return {int(asset) for asset in load_array(path, 'iu', hint).ravel()}


def class_indices(codes: Any, index: Mapping[str, int], where: str) -> list[int]:
    """Returns the classes of a list of species codes.

    Args:
        codes: as a record has them.
        index: code -> class.
        where: file, record and field, for messages.

    Raises:
        ValueError: if it is no list, or a species is unknown.
    """
    if not isinstance(codes, list):
        raise ValueError(f'{where}: {codes!r} is no list of species codes; {_GET}')
    for code in codes:
        if code not in index:
            raise ValueError(f'{where}: species {code!r} is not in taxa.csv; {_GET}')
    return [index[code] for code in codes]

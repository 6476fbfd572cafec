"""The pairs of image and class that a page asks about, out of a table of suspicions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wsml_mm.apis.suspicions import COLUMNS, LISTS
from wsml_mm.labels.files import one_line

_TEXTS = ('list', 'image', 'class')
NUMBERS = tuple(name for name in COLUMNS if name not in _TEXTS)
_FIX = 'give the table that the audit wrote'


@dataclass(frozen=True)
class Pairs:
    """Suspicions in the order of the pages: by rank, of equal ranks the missing labels first.

    Args:
        rows: a tuple a pair: 'list', 'image', 'class', and the numbers in the order of `NUMBERS`,
            None for what is not known.
        total: pairs of the table, of which the rows are the first.
        fingerprint: of the whole audit, under which a browser keeps the verdicts.
    """

    rows: list[tuple[Any, ...]]
    total: int
    fingerprint: str


def read_pairs(
    table: str | Path | Mapping[str, Sequence[Any]], limit: int | None, fingerprint: str = ''
) -> Pairs:
    """Returns the first pairs of a table of suspicions.

    Args:
        table: CSV or Parquet file, or the columns by name: `list`, `image`, `class` and those of
            `NUMBERS`; others are left out.
        limit: pairs, at most; None: all.
        fingerprint: of the audit; '': made from lists, images and classes of the table.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: naming the column or row, if it is not such a table.
    """
    if limit is not None and limit < 1:
        raise ValueError(f'limit {limit}: give 1 or more, or none for all pairs')
    where = str(table) if isinstance(table, (str, Path)) else 'the suspicions'
    columns = _columns(table, where)
    _check(columns, where)
    lists, ranks = columns['list'], columns['rank']
    place = {name: index for index, name in enumerate(LISTS)}
    order = sorted(range(len(lists)), key=lambda row: (ranks[row], place[lists[row]]))
    kept = order[:limit]
    rows = [tuple(columns[name][row] for name in (*_TEXTS, *NUMBERS)) for row in kept]
    return Pairs(rows, len(order), fingerprint or _digest(columns))


def _columns(table: str | Path | Mapping[str, Sequence[Any]], where: str) -> dict[str, list[Any]]:
    import pyarrow as pa

    names = (*_TEXTS, *NUMBERS)
    try:
        found = pa.table(dict(table)) if isinstance(table, Mapping) else _read(Path(table))
        if missing := [name for name in names if name not in found.column_names]:
            raise ValueError(f'has no column {missing[0]!r}')
        texts = {name: found.column(name).cast(pa.string()).to_pylist() for name in _TEXTS}
        numbers = {name: found.column(name).cast(pa.float64()).to_pylist() for name in NUMBERS}
    except (pa.ArrowException, ValueError) as error:
        what = str(error) if str(error).startswith('has no') else f'is no table: {one_line(error)}'
        raise ValueError(f'{where}: {what[:200]}; {_FIX}') from error
    return texts | numbers


def _read(path: Path) -> Any:
    import pyarrow as pa
    from pyarrow import csv, parquet

    if not path.is_file():
        raise FileNotFoundError(f'{path}: no such table of suspicions; {_FIX}')
    if path.suffix == '.parquet':
        return parquet.read_table(path)
    kinds = {name: pa.string() for name in _TEXTS} | {name: pa.float64() for name in NUMBERS}
    return csv.read_csv(
        path,
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(column_types=kinds),
    )


def _check(columns: Mapping[str, Sequence[Any]], where: str) -> None:
    seen: set[tuple[str, str]] = set()
    for row, (kind, image, name, rank) in enumerate(
        zip(*(columns[key] for key in (*_TEXTS, 'rank')), strict=True), start=1
    ):
        if kind not in LISTS:
            raise ValueError(
                f'{where}: row {row} is of list {kind!r}; the lists are {", ".join(LISTS)}'
            )
        if not image or not name or rank is None:
            what = 'image' if not image else 'class' if not name else 'rank'
            raise ValueError(f'{where}: row {row} has no {what}; {_FIX}')
        if (image, name) in seen:
            raise ValueError(
                f'{where}: row {row} has image {image!r} and class {name!r} again; a pair comes '
                f'once; {_FIX}'
            )
        seen.add((image, name))


def _digest(columns: Mapping[str, Sequence[Any]]) -> str:
    digest = hashlib.sha256()
    for row in zip(*(columns[key] for key in _TEXTS), strict=True):
        digest.update('\0'.join(row).encode(errors='surrogatepass') + b'\0\0')
    return digest.hexdigest()[:16]

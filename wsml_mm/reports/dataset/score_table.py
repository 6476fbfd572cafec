"""Scores of a data set's images from a file, as `predict` writes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsml_mm.labels.class_lists import class_difference
from wsml_mm.labels.files import load_array, one_line

_PREFIX = 'score/'
_FIX = (
    'give a CSV, TSV or Parquet file with the column "image" and a column "score/CLASS" for each '
    'class, or a .npy array (images, classes)'
)


def read_scores(path: Path, names: Sequence[str], classes: Sequence[str]) -> NDArray[np.float32]:
    """Returns the (N, C) scores of images; NaN in the rows of those without scores in the file.

    Images are found by name, else by the last part of their names where that is clear.

    Args:
        path: of a table with `image` and `score/CLASS` columns, or of a .npy array in the order of
            the images.
        names: of the N images.
        classes: C names.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: in one line, if it is no such file, of other classes, or lacks an image.
    """
    if not path.is_file():
        raise FileNotFoundError(f'{path}: no such file of scores; {_FIX}')
    if path.suffix == '.npy':
        matrix = load_array(path, 'f', _FIX)
        if matrix.shape != (len(names), len(classes)):
            raise ValueError(
                f'{path}: scores of shape {matrix.shape}, the data set has '
                f'{(len(names), len(classes))} (images, classes); give those of the same data'
            )
        return matrix.astype(np.float32)
    images, found, scores = _read_table(path)
    if different := class_difference(sorted(found), sorted(classes)):
        raise ValueError(
            f'{path}: scores of other classes than the data set ({different}); give those of a '
            'model of the same classes'
        )
    order = [found.index(name) for name in classes]
    return scores[_places(path, images, names)][:, order]


def _read_table(path: Path) -> tuple[list[str], list[str], NDArray[np.float32]]:
    """Returns the images, the classes and the scores of a table."""
    import pyarrow as pa
    from pyarrow import csv, parquet

    refused = (pa.ArrowException, ValueError, OSError)
    try:
        if path.suffix == '.parquet':
            table: Any = parquet.read_table(path)
        else:
            delimiter = '\t' if path.suffix == '.tsv' else ','
            text = csv.ConvertOptions(column_types={'image': 'string'})
            table = csv.read_csv(
                path, parse_options=csv.ParseOptions(delimiter=delimiter), convert_options=text
            )
    except refused as error:
        raise ValueError(f'{path}: is no table ({one_line(error)}); {_FIX}') from error
    headings = [name for name in table.column_names if name.startswith(_PREFIX)]
    if not headings or 'image' not in table.column_names:
        missing = 'image' if headings else 'score/CLASS'
        raise ValueError(f'{path}: has no column {missing!r}; {_FIX}')
    scores = np.full((table.num_rows, len(headings)), np.nan, np.float32)
    for place, name in enumerate(headings):
        try:
            scores[:, place] = table.column(name).cast('float32').to_numpy()
        except refused as error:
            raise ValueError(
                f'{path}: column {name!r} holds what is no number ({one_line(error)}); {_FIX}'
            ) from error
    images = [str(name) for name in table.column('image').to_pylist()]
    return images, [name.removeprefix(_PREFIX) for name in headings], scores


def _places(path: Path, images: Sequence[str], names: Sequence[str]) -> list[int]:
    """Returns the row of each image of the data set."""
    twice = [name for name, count in Counter(images).items() if count > 1]
    if twice:
        raise ValueError(f'{path}: image {twice[0]!r} comes twice; remove one of its rows')
    rows = {name: row for row, name in enumerate(images)}
    if not any(name in rows for name in names):  # other folders
        last = [name.rpartition('/')[2] for name in images]
        own = [name.rpartition('/')[2] for name in names]
        if len(set(last)) == len(last) and len(set(own)) == len(own):
            rows, names = {name: row for row, name in enumerate(last)}, own
    missing = [name for name in names if name not in rows]
    if missing:
        raise ValueError(
            f'{path}: has no scores of {len(missing):,} of {len(names):,} images, of '
            f'{missing[0]!r} first; predict all images of the data set'
        )
    return [rows[name] for name in names]

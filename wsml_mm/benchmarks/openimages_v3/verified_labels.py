"""Human-verified labels of OpenImages, streamed from `annotations-human.csv`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from wsml_mm.labels.files import one_line

from .annotation_lines import COLUMNS, DAMAGE, Signs, csv_lines, first_damage, opened
from .image_ids import DIGITS, parse_ids

_LINES = 100_000  # parsed at a time by the standard library
_BLOCK = 1 << 23  # bytes parsed at a time by pyarrow
Part = tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]


@dataclass(frozen=True)
class VerifiedLabels:
    """One label a line of the file, in its order; lines of one image mostly stand together.

    Args:
        images: (R,) uint64 image ids, one a run of lines of the same image.
        lengths: (R,) lines of each run.
        classes: (K,) class of each line as an index of those asked for; -1 for any other.
        positive: (K,) bool; False: verified as absent.
    """

    images: NDArray[np.uint64]
    lengths: NDArray[np.int64]
    classes: NDArray[np.signedinteger]
    positive: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.classes)


def read_verified_labels(path: Path, index: dict[str, int]) -> VerifiedLabels:
    """Reads a file of human-verified labels; .gz is unpacked on the way.

    Args:
        path: with the columns ImageID, LabelName and Confidence (1 or 0) in any order.
        index: class (as the file calls it) -> class index.

    Raises:
        ValueError: naming the first damaged line.
    """
    read = _by_pyarrow if find_spec('pyarrow') else _by_csv
    try:
        with opened(path) as file:
            parts = list(read(file, index))
    except DAMAGE as error:
        raise ValueError(first_damage(path) or f'{path}: {one_line(error)}') from error
    nothing = (*_runs('', []), _codes([], index), np.zeros(0, bool))
    return VerifiedLabels(*map(np.concatenate, zip(nothing, *parts, strict=True)))


def _by_pyarrow(file: IO[bytes], index: dict[str, int]) -> Iterator[Part]:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    coded = pa.dictionary(pa.int32(), pa.string())
    kinds = dict(zip(COLUMNS, (pa.string(), coded, coded), strict=True))
    reader = arrow_csv.open_csv(
        file,
        arrow_csv.ReadOptions(block_size=_BLOCK),
        convert_options=arrow_csv.ConvertOptions(column_types=kinds, include_columns=list(COLUMNS)),
    )
    signs = Signs()
    for batch in reader:
        image, label, confidence = batch.columns
        ends = np.frombuffer(image.buffers()[1], np.int32)[: len(image) + 1]
        digits = image.buffers()[2].to_pybytes()[: ends[-1]].decode('latin-1')
        positive = np.array([signs[text] for text in confidence.dictionary.to_pylist()], bool)
        yield (
            *_runs(digits, np.unique(np.diff(ends)).tolist()),
            _codes(label.dictionary.to_pylist(), index)[label.indices.to_numpy()],
            positive[confidence.indices.to_numpy()],
        )


def _by_csv(file: IO[bytes], index: dict[str, int]) -> Iterator[Part]:
    lines = csv_lines(file)
    header: list[str] = next(lines, [])
    places = [header.index(name) for name in COLUMNS]
    signs = Signs()
    while part := list(islice(lines, _LINES)):
        rows = [line for line in part if line]
        if any(len(line) != len(header) for line in rows):
            raise ValueError('wrong number of columns')
        images, labels, confidences = ([line[place] for line in rows] for place in places)
        yield (
            *_runs(''.join(images), list(set(map(len, images)))),
            _codes(labels, index),
            np.array([signs[text] for text in confidences], bool),
        )


def _runs(digits: str, lengths: list[int]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Returns the runs of equal ids and their lengths, given the ids' digits and lengths."""
    ids = parse_ids(digits)
    if ids is None or any(length != DIGITS for length in lengths):
        raise ValueError('bad image id')
    starts = np.flatnonzero(np.append(ids[:1] == ids[:1], ids[1:] != ids[:-1]))
    return ids[starts], np.diff(starts, append=len(ids))


def _codes(labels: list[str], index: dict[str, int]) -> NDArray[np.signedinteger]:
    kind = np.min_scalar_type(-max(len(index), 1))
    return np.array([index.get(label, -1) for label in labels], kind)

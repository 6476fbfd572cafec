"""Predictions as a table, written while they come; `LabelTable` reads it back."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv, parquet

from wsml_mm.datasets.table.classes import ALL_OTHERS
from wsml_mm.labels.drafts import draft_prefix, forget_drafts
from wsml_mm.labels.files import TABLE_SUFFIXES, writing

from .predictions import Prediction, as_scores

_ROWS = 512  # written together
_LISTS = pa.list_(pa.string())
_HINT = 'free some space, or name another file'


class PredictionFile:
    """Writes predictions to a file that appears whole, at the end, or not at all.

    A row has `image`, `positive`, `negative` and `error`, and the scores: in CSV and Parquet a
    column `score/<class>` each, in JSON an object `scores`. All that is not positive is negative,
    written as '*'; a broken image has neither, and the reason in `error`. These are the columns of
    `LabelTable`, which passes over the others.

    Args:
        path: with a suffix that says its kind: CSV, TSV, Parquet, JSON or JSON Lines.
        classes: C names.
        separator: between the labels of a cell, for CSV and TSV.

    Raises:
        ValueError: if the suffix is unknown, or a class name holds the separator.
    """

    def __init__(
        self, path: str | os.PathLike[str], classes: Sequence[str], separator: str = '|'
    ) -> None:
        self.path, self.classes, self.separator = Path(path), list(classes), separator
        self.kind = self.path.suffix.lower()
        if self.kind not in TABLE_SUFFIXES:
            raise ValueError(
                f'{path}: predictions are written to one of {", ".join(TABLE_SUFFIXES)}'
            )
        held = [name for name in classes if separator in name]
        if held and self.kind in ('.csv', '.tsv'):
            raise ValueError(
                f'{path}: class name {held[0]!r} holds the separator {separator!r}; give another '
                'separator, or write Parquet or JSON'
            )
        self._held: list[tuple[Prediction, NDArray[np.bool_] | None]] = []
        self._begun = False

    def __enter__(self) -> PredictionFile:
        """Opens a draft beside the file."""
        with writing(self.path, _HINT):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            forget_drafts(self.path)
            self.draft = self.path.with_name(draft_prefix(self.path) + 'rows')
            self._file = self.draft.open('wb')
        self._table: Any = None
        return self

    def add(self, prediction: Prediction, labels: NDArray[np.bool_] | None) -> None:
        """Adds an image.

        Args:
            prediction: of the image.
            labels: (C,) which classes it has; None for a broken one.
        """
        self._held.append((prediction, labels))
        if len(self._held) >= _ROWS:
            self._write()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Puts the draft in the place of the file, or removes it after an error."""
        try:
            if kind is None:
                with writing(self.path, _HINT):
                    self._write()
                    self._finish()
        finally:
            self._file.close()
            if kind is not None:
                self.draft.unlink(missing_ok=True)
        os.replace(self.draft, self.path) if kind is None else None

    def _write(self) -> None:
        rows, self._held = self._held, []
        with writing(self.path, _HINT):
            if self.kind in ('.json', '.jsonl'):
                self._write_json(rows)
            else:
                self._write_columns(rows)

    def _write_json(self, rows: list[tuple[Prediction, NDArray[np.bool_] | None]]) -> None:
        between = b'\n' if self.kind == '.jsonl' else b',\n'
        for each, labels in rows:
            positive = self._positive(labels)
            row: dict[str, Any] = {'image': each.name, 'positive': positive}
            row['negative'] = None if positive is None else [ALL_OTHERS]
            row['scores'] = None if each.scores is None else as_scores(self.classes, each.scores)
            row['error'] = each.error or None
            begin = between if self._begun else (b'' if self.kind == '.jsonl' else b'[')
            self._file.write(begin + json.dumps(row, ensure_ascii=False).encode())
            self._begun = True

    def _positive(self, labels: NDArray[np.bool_] | None) -> list[str] | None:
        return None if labels is None else [self.classes[c] for c in np.flatnonzero(labels)]

    def _write_columns(self, rows: list[tuple[Prediction, NDArray[np.bool_] | None]]) -> None:
        positive = [self._positive(labels) for _, labels in rows]
        negative = [None if found is None else [ALL_OTHERS] for found in positive]
        unknown = np.full(len(self.classes), np.nan, np.float32)
        scores = [unknown if each.scores is None else each.scores for each, _ in rows]
        by_class = np.stack(scores, axis=1) if rows else np.zeros((len(self.classes), 0))
        lists = [pa.array(found, _LISTS) for found in (positive, negative)]
        if self.kind != '.parquet':
            lists = [pc.binary_join(found, self.separator) for found in lists]
        columns = {
            'image': pa.array([each.name for each, _ in rows], pa.string()),
            'positive': lists[0],
            'negative': lists[1],
            'error': pa.array([each.error or None for each, _ in rows], pa.string()),
        }
        for name, column in zip(self.classes, by_class.astype(np.float32), strict=True):
            columns[f'score/{name}'] = pa.array(column, pa.float32(), from_pandas=True)
        table = pa.table(columns)
        if self._table is None:
            self._table = self._open(table.schema)
        self._table.write_table(table)

    def _open(self, schema: pa.Schema) -> Any:
        if self.kind == '.parquet':
            return parquet.ParquetWriter(self._file, schema)
        options = csv.WriteOptions(delimiter=',' if self.kind == '.csv' else '\t')
        return csv.CSVWriter(self._file, schema, write_options=options)

    def _finish(self) -> None:
        if self._table is not None:
            self._table.close()
        elif self.kind == '.json':
            self._file.write(b'\n]\n' if self._begun else b'[]\n')
        elif self.kind == '.jsonl' and self._begun:
            self._file.write(b'\n')

"""Suspicions as files: a table, and what Label Studio and FiftyOne read."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np

from wsml_mm.labels.encoding import POSITIVE
from wsml_mm.labels.files import json_text, one_line, write_durably

from .suspicions import COLUMNS

CSV, PARQUET, RECORD = 'suspicions.csv', 'suspicions.parquet', 'audit.json'
LABEL_STUDIO, LABEL_STUDIO_VIEW = 'label_studio.json', 'label_studio.xml'
FIFTYONE = 'fiftyone.json'
PRESENT, UNSURE = 'present', 'unsure'  # the controls of Label Studio's view
_HINT = 'free some space, or give another folder'


def write_suspicions(
    folder: Path, table: Mapping[str, Sequence[Any]], record: Mapping[str, Any]
) -> None:
    """Writes `suspicions.csv`, `suspicions.parquet` and `audit.json`.

    Args:
        folder: that is made where it is missing.
        table: of `Suspicions.table`.
        record: what the audit was of.

    Raises:
        OSError: if it cannot be written.
    """
    import pyarrow as pa
    from pyarrow import csv, parquet

    kinds = dict(
        zip(
            COLUMNS,
            (pa.string(), pa.int64(), pa.string(), pa.string(), pa.float64(), pa.float32(),
             pa.float32(), pa.int32(), pa.int32(), pa.int8()),
            strict=True,
        )
    )  # fmt: skip
    columns = pa.table({name: pa.array(table[name], kind) for name, kind in kinds.items()})
    for name, write in ((CSV, csv.write_csv), (PARQUET, parquet.write_table)):
        content = io.BytesIO()
        write(columns, content)
        write_durably(folder / name, content.getvalue(), _HINT)
    # Last: a folder with a record is whole.
    write_durably(folder / RECORD, json_text(record, indent=1).encode() + b'\n', _HINT)


def read_suspicions(folder: Path) -> tuple[dict[str, list[Any]], dict[str, Any]]:
    """Returns the table and the record of an audit.

    Args:
        folder: of `write_suspicions`.

    Raises:
        FileNotFoundError: if it holds no audit.
        ValueError: if that is damaged.
    """
    import pyarrow as pa
    from pyarrow import parquet

    record = read_record(folder)
    if not (folder / PARQUET).is_file():
        raise FileNotFoundError(f'{folder / PARQUET}: no such file; make the audit anew')
    try:
        table = parquet.read_table(folder / PARQUET, columns=list(COLUMNS))
        if table.column_names != list(COLUMNS):
            raise ValueError(f'columns {table.column_names}')
    except (pa.ArrowException, ValueError, OSError) as error:
        raise ValueError(
            f'{folder / PARQUET}: is not the table of an audit ({one_line(error)[:120]}); make the '
            'audit anew'
        ) from error
    return table.to_pydict(), record


def read_record(folder: Path) -> dict[str, Any]:
    """Returns `audit.json` of a folder.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if it is damaged.
    """
    path = folder / RECORD
    if not path.is_file():
        raise FileNotFoundError(f'{path}: no such file; name the folder of an audit')
    try:
        found = json.loads(path.read_text(encoding='utf-8'))
        for key in ('images', 'labels', 'classes', 'fingerprint'):
            found[key]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f'{path}: is not the record of an audit ({one_line(error)[:120]}); make the audit anew'
        ) from error
    record: dict[str, Any] = found
    return record


def write_for_tools(
    folder: Path, table: Mapping[str, Sequence[Any]], classes: Sequence[str], prefix: str = ''
) -> None:
    """Writes the suspicions for Label Studio and for FiftyOne.

    For Label Studio: `label_studio.json`, a task an image with its suspected classes as `asked`
    and a prediction, and `label_studio.xml`, the view that asks for them: which are present, and of
    which the annotator is not sure. For FiftyOne: `fiftyone.json` in the layout of its
    FiftyOneImageClassificationDataset, each image with the classes that are probably present.
    Sources: https://labelstud.io/guide/predictions and
    https://docs.voxel51.com/user_guide/dataset_creation/datasets.html.

    Args:
        folder: to write to.
        table: of `Suspicions.table`.
        classes: C names.
        prefix: before the names of images in Label Studio, e.g. '/data/local-files/?d=photos/'.

    Raises:
        OSError: if it cannot be written.
    """
    asked: dict[str, list[int]] = {}
    for place, image in enumerate(table['image']):
        asked.setdefault(image, []).append(place)
    tasks, labels = [], {}
    for image, places in asked.items():
        believed = [p for p in places if table['observed'][p] != POSITIVE]
        present = [table['class'][p] for p in believed]
        strongest = max(abs(table['score'][p] - (table['observed'][p] == POSITIVE)) for p in places)
        result = dict(
            from_name=PRESENT, to_name='image', type='choices', value=dict(choices=present)
        )
        tasks.append(
            dict(
                data=dict(
                    image=prefix + image,
                    name=image,
                    asked=[dict(value=table['class'][p]) for p in places],
                ),
                predictions=[dict(model_version='wsml_mm', score=strongest, result=[result])],
            )
        )
        labels[image] = present
    files = {
        LABEL_STUDIO: json_text(tasks, indent=1),
        LABEL_STUDIO_VIEW: _VIEW,
        FIFTYONE: json_text(dict(classes=list(classes), labels=labels), indent=1),
    }
    for name, text in files.items():
        write_durably(folder / name, text.encode() + b'\n', _HINT)


def _choices(name: str, title: str) -> str:
    return (
        f'  <Header value={quoteattr(title)}/>\n'
        f'  <Choices name="{name}" toName="image" choice="multiple" value="$asked"/>\n'
    )


_VIEW = (
    '<View>\n  <Image name="image" value="$image"/>\n'
    + _choices(PRESENT, 'Which of these are in the picture?')
    + _choices(UNSURE, 'Of which are you not sure?')
    + '</View>'
)


def count_by_list(table: Mapping[str, Sequence[Any]]) -> dict[str, int]:
    """Returns how many suspicions each list holds."""
    names, counts = np.unique(np.array(table['list'], dtype=np.str_), return_counts=True)
    return dict(zip(names.tolist(), counts.tolist(), strict=True))

"""Verdicts from files: tables, Label Studio's JSON and FiftyOne's classifications."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from wsml_mm.labels.files import one_line
from wsml_mm.labels.json_files import load_json

from .suspicion_files import PRESENT as PRESENT_CONTROL
from .suspicion_files import UNSURE as UNSURE_CONTROL
from .verdicts import ACCEPT, REJECT, UNSURE, VERDICTS, Verdict

COLUMNS = ('image', 'class', 'verdict')
_WANTED = 'write the columns image, class, verdict and, if you like, annotator'
_EXPORT = "export as JSON the tasks of label_studio.json, or FiftyOne's labels of fiftyone.json"


def read_verdicts(path: Path, asked: Mapping[str, Sequence[str]] | None = None) -> list[Verdict]:
    """Reads the verdicts of a file; a row without a verdict is not judged yet, and left out.

    Args:
        path: of a table (.csv, .tsv, .parquet) with `COLUMNS` and maybe 'annotator', or a .json
            file: Label Studio's export of the tasks of `write_for_tools`, or FiftyOne's
            classifications, where the labels of an image that were asked for and are not listed
            are absent.
        asked: the suspected classes by image, which FiftyOne's file does not say.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: in one line, if it is broken or holds no verdict.
    """
    kind = path.suffix.lower()
    if kind not in ('.csv', '.tsv', '.parquet', '.json'):
        raise ValueError(f'{path}: verdicts end with .csv, .tsv, .parquet or .json; {_WANTED}')
    if not path.is_file():
        raise FileNotFoundError(f'{path}: no such file of verdicts; check its name')
    if kind == '.json':
        found = list(_of_json(path, load_json(path), asked))
    else:
        rows = _parquet_rows(path) if kind == '.parquet' else _csv_rows(path, kind)
        found = [each for where, row in rows for each in _of_row(where, row)]
    if not found:
        raise ValueError(f'{path}: holds no verdict; judge some suspicions first')
    return found


def _of_row(where: str, row: Mapping[str, Any]) -> Iterator[Verdict]:
    image, label, verdict = (str(row[name] or '') for name in COLUMNS)
    verdict = verdict.strip().lower()
    if not verdict:
        return
    if verdict not in VERDICTS:
        raise ValueError(f'{where}: verdict {verdict!r}; write {", ".join(VERDICTS)}')
    if not image or not label:
        raise ValueError(f'{where}: names no {"class" if image else "image"}; {_WANTED}')
    yield Verdict(image, label, verdict, str(row.get('annotator') or '').strip(), where)


def _csv_rows(path: Path, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        with path.open(newline='', encoding='utf-8-sig') as file:
            reader = csv.DictReader(file, delimiter='\t' if kind == '.tsv' else ',', strict=True)
            _check_columns(path, reader.fieldnames or [])
            for row in reader:
                if None in row or None in row.values():
                    count = 'more' if None in row else 'fewer'
                    raise ValueError(
                        f'{path}:{reader.line_num}: has {count} cells than the header; {_WANTED}'
                    )
                yield f'{path}:{reader.line_num}', row
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValueError(f'{path}: is no table ({one_line(error)}); {_WANTED}') from error


def _parquet_rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.read_table(path)
    except (pa.ArrowException, ValueError, OSError) as error:
        raise ValueError(f'{path}: is no table ({one_line(error)[:200]}); {_WANTED}') from error
    _check_columns(path, table.column_names)
    names = [name for name in (*COLUMNS, 'annotator') if name in table.column_names]
    for number, row in enumerate(table.select(names).to_pylist()):
        yield f'{path}: row {number + 1}', row


def _check_columns(path: Path, names: Sequence[str]) -> None:
    if lacking := [name for name in COLUMNS if name not in names]:
        raise ValueError(f'{path}: has no column {lacking[0]!r}; {_WANTED}')


def _of_json(
    path: Path, content: Any, asked: Mapping[str, Sequence[str]] | None
) -> Iterator[Verdict]:
    if isinstance(content, list):
        for number, task in enumerate(content):
            yield from _of_task(f'{path}: task {number + 1}', task)
        return
    if not isinstance(content, dict) or not isinstance(content.get('labels'), dict):
        raise ValueError(f'{path}: is no export of Label Studio or FiftyOne; {_EXPORT}')
    if asked is None:
        raise ValueError(
            f'{path}: FiftyOne does not say which labels were asked for; give --audit FOLDER'
        )
    names = content.get('classes')
    for image, listed in content['labels'].items():
        if listed is None:  # not labelled
            continue
        where = f'{path}: labels[{image!r}]'
        present = [_named(where, each, names) for each in _as_list(listed)]
        for label in dict.fromkeys([*asked.get(image, ()), *present]):
            yield Verdict(image, label, ACCEPT if label in present else REJECT, '', where)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _named(where: str, value: Any, names: Any) -> str:
    if isinstance(value, dict):  # with a confidence
        value = value.get('label')
    if isinstance(value, str):
        return value
    inside = isinstance(value, int) and isinstance(names, list) and 0 <= value < len(names)
    if not inside or isinstance(value, bool):
        raise ValueError(f'{where}: {str(value)[:40]} names no class; {_EXPORT}')
    return str(names[value])


def _of_task(where: str, task: Any) -> Iterator[Verdict]:
    """Yields the verdicts on the labels that a task of Label Studio asks for."""
    data = task.get('data') if isinstance(task, dict) else None
    if not isinstance(data, dict) or not isinstance(task.get('annotations'), list):
        raise ValueError(f'{where}: is no annotated task of Label Studio; {_EXPORT}')
    asked = data.get('asked')
    if not isinstance(asked, list) or not isinstance(data.get('name'), str):
        raise ValueError(f'{where}: says not which labels of which image it asks for; {_EXPORT}')
    labels = [str(each.get('value')) for each in asked if isinstance(each, dict)]
    for annotation in task['annotations']:
        if not isinstance(annotation, dict) or annotation.get('was_cancelled'):
            continue
        present, unsure = (
            _chosen(where, annotation, control) for control in (PRESENT_CONTROL, UNSURE_CONTROL)
        )
        for label in labels:
            verdict = ACCEPT if label in present else REJECT
            who = _who(annotation.get('completed_by'))
            yield Verdict(data['name'], label, UNSURE if label in unsure else verdict, who, where)


def _who(value: Any) -> str:
    if isinstance(value, dict):
        value = value.get('email') or value.get('id')
    return '' if value is None else str(value)


def _chosen(where: str, annotation: Mapping[str, Any], control: str) -> set[str]:
    found: set[str] = set()
    for each in annotation.get('result') or []:
        if not isinstance(each, dict) or each.get('from_name') != control:
            continue
        value = each.get('value')
        choices = value.get('choices') if isinstance(value, dict) else None
        if not isinstance(choices, list):
            raise ValueError(f'{where}: its {control!r} holds no choices; {_EXPORT}')
        found.update(map(str, choices))
    return found

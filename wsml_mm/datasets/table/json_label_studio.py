"""Label Studio's exports as rows of a table: JSON-MIN, and JSON with whole tasks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .advice import Option, advise
from .column_names import ColumnNames
from .json_items import Row, missing_negative, names_or_error
from .layout import TableFormat
from .problem import RowError, RowErrors

# What JSON-MIN adds to the data and the labels of a task.
_ADDED = {'annotation_id', 'annotator', 'created_at', 'updated_at', 'lead_time'}
_STOCK = 'choice'  # what the templates of Label Studio call the choices


def is_label_studio(item: Any) -> bool:
    """Tells whether an object is an annotation of JSON-MIN, or a task."""
    if not isinstance(item, dict):
        return False
    return set(item) >= _ADDED or (
        isinstance(item.get('data'), dict) and isinstance(item.get('annotations'), list)
    )


def read_label_studio(
    objects: Iterator[tuple[int, Any]], layout: TableFormat, errors: RowErrors
) -> Iterator[Row]:
    """Yields a row for each annotation: what is chosen is positive, of what is not nothing is said.

    `layout.columns` names the control that holds the positive labels, by default `choice`, or the
    only one there is; one for negative labels may stand beside it. The labels of regions, such as
    `rectanglelabels`, are read likewise. Source: the converter of Label Studio,
    https://github.com/HumanSignal/label-studio-converter.

    Args:
        objects: line and object of each annotation or task.
        layout: how to read them.
        errors: takes those of rows.
    """
    records = [
        (line, record) for line, item in objects for record in _records(line, item, layout, errors)
    ]
    key = _control([record for _, record in records], layout.columns)
    if isinstance(key, RowError):
        errors.add(None, key)
        return
    errors.notes.append(f"Label Studio's JSON, positive labels from {key!r}")
    for line, record in records:
        image = record.get(layout.columns.image)
        if layout.columns.image not in record:
            errors.add(line, _no_image(record, layout.columns.image))
            continue
        positive = _choices(record.get(key))
        negative = _choices(record.get(layout.columns.negative))
        wrong = [side for side in (positive, negative) if isinstance(side, RowError)]
        for found in wrong:
            errors.add(line, found, str(image))
        if not wrong:
            yield line, image, positive, negative


def not_labelled(layout: TableFormat, what: str) -> RowError | None:
    """Returns the error of an image without annotation where all that is not listed is absent."""
    if layout.unlisted != 'negative':
        return None
    said = Option('unlisted', layout.unlisted)
    fix = advise('label or remove it: with ', said, ' it would have no class')
    return RowError('not labelled', what, fix)


def _records(
    line: int, item: Any, layout: TableFormat, errors: RowErrors
) -> Iterator[dict[str, Any]]:
    """Yields the data of a task with the labels of each of its annotations."""
    if not is_label_studio(item):
        what = 'is no annotation of Label Studio, as the first object is'
        errors.add(line, RowError('broken row', what, 'export it again'))
    elif set(item) >= _ADDED:
        yield item
    else:
        done = [a for a in item['annotations'] if isinstance(a, dict)]
        done = [a for a in done if not a.get('was_cancelled')]
        if not done and (error := not_labelled(layout, 'the task has no annotation')):
            errors.add(line, error)
        elif not done:
            yield item['data']
        for annotation in done:
            record: dict[str, Any] = {}
            for found in annotation.get('result') or []:
                if isinstance(found, dict) and 'from_name' in found:
                    record.setdefault(str(found['from_name']), []).append(found.get('value'))
            yield item['data'] | record


def _control(records: list[dict[str, Any]], names: ColumnNames) -> str | RowError:
    """Returns the key of the positive labels."""
    keys = list(dict.fromkeys(key for record in records for key in record))
    if error := missing_negative(names, keys):
        return error
    if names.positive in keys:
        return names.positive
    holds = {k for r in records for k, v in r.items() if k != names.negative and _is_labels(v)}
    if names.positive == ColumnNames().positive:
        holds |= {_STOCK} & {*keys}
        if len(holds) == 1:
            return holds.pop()
    other = _ADDED | {names.image, 'id'}
    found = ', '.join(map(repr, sorted(holds) or [key for key in keys if key not in other][:6]))
    what = f'labels of Label Studio may be in {found}' if found else 'no annotation has a label'
    if names.positive != ColumnNames().positive:
        what = f'no annotation has {names.positive!r}, only {found}'
    return RowError('header', what, advise('say which: ', Option('columns', {'positive': ...})))


def _is_labels(value: Any) -> bool:
    if isinstance(value, list):
        return any(isinstance(part, dict) and _is_labels(part) for part in value)
    return isinstance(value, dict) and bool(_label_keys(value))


def _label_keys(value: dict[str, Any]) -> list[str]:
    return [key for key in value if key == 'choices' or key.endswith('labels')]


def _choices(value: Any) -> list[str] | RowError | None:
    """Returns the labels of one control: a text, {"choices": [...]}, or several of them."""
    if value is None or isinstance(value, str):
        return None if value is None else names_or_error([value])
    found: list[str] = []
    for part in value if isinstance(value, list) else [value]:
        keys = _label_keys(part) if isinstance(part, dict) else []
        listed = [name for key in keys for name in part[key] or []]
        if isinstance(part, str):
            listed = [part]
        elif not keys or not all(isinstance(name, str) for name in listed):
            what = f'{str(part)[:40]} holds no choices'
            control = Option('columns', {'positive': ...})
            fix = advise('name the control of the choices: ', control)
            return RowError('broken labels', what, fix)
        found.extend(listed)
    return names_or_error(found)


def _no_image(record: dict[str, Any], key: str) -> RowError:
    what = f'the task has no {key!r}, only {", ".join(map(repr, [*record][:6]))}'
    return RowError('header', what, advise('say ', Option('columns', {'image': ...})))

"""FiftyOne's exports as rows of a table: FiftyOneImageClassificationDataset, FiftyOneDataset."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from wsml_mm.labels.files import IMAGE_SUFFIXES

from .advice import Option, advise
from .column_names import ColumnNames
from .json_items import Row, listed_classes, missing_negative, names_or_error
from .json_label_studio import not_labelled
from .layout import TableFormat
from .problem import RowError, RowErrors

Rows = tuple[Iterator[Row], tuple[str, ...] | None]


def is_classification(content: dict[str, Any]) -> bool:
    """Tells whether an object is `{"classes": ..., "labels": {image: ...}}`."""
    return isinstance(content.get('labels'), dict) and 'classes' in content


def is_samples(content: dict[str, Any]) -> bool:
    """Tells whether an object is `{"samples": [{"filepath": ...}]}`."""
    samples = content.get('samples')
    return isinstance(samples, list) and all(isinstance(s, dict) for s in samples)


def read_classification(
    content: dict[str, Any], layout: TableFormat, errors: RowErrors, classes: Sequence[str] | None
) -> Rows:
    """Reads labels.json: indices or names of the labels, by image without suffix.

    The suffix is that of the file in `data`, beside the labels, or `layout.suffix`. An image
    whose labels are null is not labelled. Source: the exporters of FiftyOne,
    https://docs.voxel51.com/user_guide/export_datasets.html.

    Args:
        content: of the file.
        layout: how to read it.
        errors: takes those of rows.
        classes: to read indices by where the file names none.
    """
    errors.notes.append("FiftyOne's classifications")
    named = None
    if content['classes'] is not None:
        named = listed_classes(content['classes'], 'classes', errors)
        if named is None:
            return iter(()), None
    return _labels(content['labels'], named or classes, layout, errors), named


def _labels(
    labels: dict[str, Any], classes: Sequence[str] | None, layout: TableFormat, errors: RowErrors
) -> Iterator[Row]:
    errors.place = ': labels[{}]'
    files = None if layout.suffix else _files(errors.path.parent / 'data')
    for at, (image, value) in enumerate(labels.items()):
        name = image
        if PurePosixPath(image).suffix.lower() not in IMAGE_SUFFIXES and files is not None:
            found = files.get(image, [])
            if len(found) != 1:
                what = (
                    f'image {image!r} has no suffix, and {len(found)} files of data have its name'
                )
                fix = advise('export the images too, or say ', Option('suffix', '.jpg'))
                errors.add(at, RowError('image outside', what, fix))
                continue
            name = found[0]
        positive = _names(value, classes)
        if value is None and (error := not_labelled(layout, f'image {image!r} has no label')):
            positive = error
        if isinstance(positive, RowError):
            errors.add(at, positive, name)
        else:
            yield at, name, positive, None


def _files(folder: Path) -> dict[str, list[str]]:
    """Returns the image files below a folder by their names without suffix."""
    found: dict[str, list[str]] = {}
    for path in folder.rglob('*') if folder.is_dir() else []:
        if path.suffix.lower() in IMAGE_SUFFIXES:
            name = path.relative_to(folder)
            found.setdefault(name.with_suffix('').as_posix(), []).append(name.as_posix())
    return found


def read_samples(
    content: dict[str, Any], layout: TableFormat, errors: RowErrors, classes: Sequence[str] | None
) -> Rows:
    """Reads samples.json: the labels of one field, e.g. of Classifications, are positive.

    `layout.columns` names the field of positive labels where there are several, and may name one
    of negative ones, as `positive_labels` and `negative_labels` of FiftyOne's Open Images. A sample
    without the field is not labelled.

    Args:
        content: of the file.
        layout: how to read it.
        errors: takes those of rows.
        classes: not needed.
    """
    errors.place = ': samples[{}]'
    samples, names = content['samples'], layout.columns
    key = _field(samples, names)
    if isinstance(key, RowError):
        errors.add(None, key)
        return iter(()), None
    errors.notes.append(f"FiftyOne's samples, positive labels from {key!r}")
    image = 'filepath' if names.image == ColumnNames().image else names.image
    return _samples(samples, image, key, layout, errors), None


def _samples(
    samples: list[dict[str, Any]], image: str, key: str, layout: TableFormat, errors: RowErrors
) -> Iterator[Row]:
    for at, sample in enumerate(samples):
        positive = _names(sample.get(key))
        negative = _names(sample.get(layout.columns.negative))
        if positive is None and (error := not_labelled(layout, f'{key} is null')):
            positive = error
        wrong = [side for side in (positive, negative) if isinstance(side, RowError)]
        for found in wrong:
            errors.add(at, found, str(sample.get(image)))
        if not wrong:
            yield at, sample.get(image), positive, negative


def _field(samples: list[dict[str, Any]], names: ColumnNames) -> str | RowError:
    """Returns the field of the positive labels."""
    if error := missing_negative(names, dict.fromkeys(k for s in samples for k in s)):
        return error
    fields = dict.fromkeys(k for s in samples for k, v in s.items() if _parts(v) is not None)
    if any(names.positive in sample for sample in samples):
        return names.positive
    fields.pop(names.negative, None)
    if len(fields) == 1 and names.positive == ColumnNames().positive:
        return next(iter(fields))
    listed = ', '.join(map(repr, fields)) or 'no field'
    what = f'samples have labels in {listed}'
    if names.positive != ColumnNames().positive:
        what = f'no sample has {names.positive!r}; {what}'.replace('; ', ', ')
    return RowError('header', what, advise('say which: ', Option('columns', {'positive': ...})))


def _parts(value: Any) -> list[Any] | None:
    """Returns the labels in a `Classification`, `Classifications`, `Detections` and the like."""
    if not isinstance(value, dict):
        return None
    if 'label' in value:
        return [value]
    kind = str(value.get('_cls'))
    listed = value.get(kind.lower())
    return listed if isinstance(listed, list) else None


def _names(value: Any, classes: Sequence[str] | None = None) -> list[str] | RowError | None:
    """Returns the names of labels: of one or several, as names, indices or objects."""
    if value is None or (isinstance(value, dict) and value.get('label', value) is None):
        return None  # a `Classification` without label
    parts = _parts(value)
    if parts is None:
        parts = value if isinstance(value, list) else [value]
    found = []
    for part in parts:
        label = part.get('label') if isinstance(part, dict) else part
        if isinstance(label, int) and not isinstance(label, bool) and classes is not None:
            if not 0 <= label < len(classes):
                what = f'label {str(label)[:20]} is outside 0..{len(classes) - 1}'
                return RowError('broken labels', what, 'check the list of classes')
            label = classes[label]
        if not isinstance(label, str):
            what = f'label {str(label)[:40]!r} is neither a name nor the index of a class'
            return RowError('broken labels', what, 'export the classes too, or correct it')
        found.append(label)
    return names_or_error(found)

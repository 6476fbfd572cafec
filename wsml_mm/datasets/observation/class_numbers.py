"""One number a class, given as a number for all, a list, a mapping of names, or a file."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsml_mm.datasets.annotations import SplitNames
from wsml_mm.labels.files import one_line
from wsml_mm.labels.json_files import unique_keys

ClassNumbers = float | Sequence[float] | Mapping[str, float] | str | os.PathLike[str]


def class_numbers(
    given: ClassNumbers, num_classes: int, names: SplitNames | None, what: str
) -> NDArray[np.float64]:
    """Returns one number for each class, (C,).

    Args:
        given: one number for all, C numbers in class order, a mapping from each class name, or
            the path of a file: `.json` of such a list or mapping, or `.csv` of NAME,NUMBER lines,
            with a header or without.
        num_classes: C.
        names: of the split, for mappings.
        what: the argument's name, for messages.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if a class is missing or unknown, or a value is not a number.
    """
    if isinstance(given, (str, os.PathLike)):
        what, given = f'{what}={os.fspath(given)}', _read(Path(given))
    if isinstance(given, Mapping):
        given = _in_order(given, names, what)
    try:
        numbers = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f'{what}: is not one number for each class ({one_line(error)}); give numbers only'
        ) from error
    if numbers.shape not in ((), (num_classes,)):
        raise ValueError(
            f'{what}: holds {numbers.shape} numbers for {num_classes} classes; give one a class'
        )
    if not np.isfinite(numbers).all():
        raise ValueError(f'{what}: holds a number that is not finite; give one a class')
    return np.broadcast_to(numbers, (num_classes,)).copy()


def _in_order(given: Mapping[str, Any], names: SplitNames | None, what: str) -> list[Any]:
    if names is None or not names.classes:
        raise ValueError(
            f'{what}: is given by class names, which are not known here; give C numbers in class '
            'order, or observe through PartialLabelDataset or observe_split'
        )
    unknown = [name for name in given if name not in names.classes]
    missing = [name for name in names.classes if name not in given]
    if unknown or missing:
        problem = f'unknown class {unknown[0]!r}' if unknown else f'no class {missing[0]!r}'
        raise ValueError(
            f'{what}: {problem} ({len(unknown)} unknown, {len(missing)} missing of '
            f'{len(names.classes)}); name every class of the data set once'
        )
    return [given[name] for name in names.classes]


def _read(path: Path) -> Any:
    if not path.is_file():
        raise FileNotFoundError(f'{path}: no such file of numbers a class; check the path')
    try:
        text = path.read_text(encoding='utf-8-sig')
        if path.suffix == '.json':
            content = json.loads(text, object_pairs_hook=unique_keys)
            if not isinstance(content, (list, dict)):
                raise ValueError(f'a {type(content).__name__}')
            return content
        return _parse_csv(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f'{path}: is neither a .json of a list or mapping nor a .csv of NAME,NUMBER lines '
            f'({one_line(error)}); correct the file'
        ) from error


def _parse_csv(text: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for number, row in enumerate(csv.reader(text.splitlines()), start=1):
        if not row:
            continue
        if len(row) != 2:
            raise ValueError(f'line {number} has {len(row)} columns')
        name, value = row
        try:
            parsed = float(value)
        except ValueError:
            if number == 1:  # the header
                continue
            raise
        if name in found:
            raise ValueError(f'line {number} repeats {name!r}')
        found[name] = parsed
    return found

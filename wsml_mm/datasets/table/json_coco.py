"""COCO's instances: images, annotations and categories joined by their ids, as rows of a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from .json_items import Row, listed_classes
from .layout import TableFormat
from .problem import RowError, RowErrors

LISTS = ('images', 'annotations', 'categories')
Content = dict[str, list[dict[str, Any]]]
_FIX = 'correct that entry, or export the file again'


def is_coco(content: dict[str, Any]) -> bool:
    """Tells whether an object is a file of instances."""
    return set(LISTS) <= set(content)


def read_coco(
    content: dict[str, Any], layout: TableFormat, errors: RowErrors, classes: Sequence[str] | None
) -> tuple[Iterator[Row], tuple[str, ...] | None]:
    """Reads instances: a class is positive where any annotation of it lies in the image.

    `neg_category_ids` of an image, as in LVIS, are its known negative classes.

    Args:
        content: of the file.
        layout: not needed.
        errors: takes the first error.
        classes: not needed; the file names them.
    """
    errors.place = ': images[{}]'
    errors.notes.append("COCO's instances")
    try:
        names = texts_by_id(content, 'images', 'file_name')
        categories = texts_by_id(content, 'categories', 'name')
        rows = places(content, 'image_id', 'images', list(names))
        labels = places(content, 'category_id', 'categories', list(categories))
        negative = [_negative(at, e, categories) for at, e in enumerate(content['images'])]
    except ValueError as error:
        what, _, fix = str(error).rpartition('; ')
        errors.add(None, RowError('broken row', what, fix))
        return iter(()), None
    named = listed_classes(list(categories.values()), 'categories', errors)
    if named is None:
        return iter(()), None
    positive: list[dict[str, None]] = [{} for _ in names]
    for row, label in zip(rows.tolist(), labels.tolist(), strict=True):
        positive[row][named[label]] = None
    sides = zip(names.values(), map(list, positive), negative, strict=True)
    return ((at, *side) for at, side in enumerate(sides)), named


def texts_by_id(
    content: dict[str, Any],
    key: str,
    value: str,
    tidy: Callable[[str], str | RowError] = str,
) -> dict[int | str, str]:
    """Returns one text of each entry of a list by the entry's id, in the order of the list.

    Args:
        content: of the file.
        key: of the list.
        value: key of the text.
        tidy: returns the text as it is to be, or its error.

    Raises:
        ValueError: naming the entry, if it has no text or id, or one of another entry.
    """
    found: dict[int | str, str] = {}
    for place, entry in enumerate(_list(content, key)):
        where = f'{key}[{place}]'
        if not isinstance(entry, dict) or not isinstance(entry.get(value), str):
            raise ValueError(f'{where}: has no text {value!r}; {_FIX}')
        if not _is_id(number := entry.get('id')):
            raise ValueError(f'{where}: id {number!r} is not a whole number or text; {_FIX}')
        if number in found:
            raise ValueError(f'{where}: id {number} is given twice; {_FIX}')
        text = tidy(entry[value])
        if isinstance(text, RowError):
            raise ValueError(f'{where}: {text.what}; {text.fix}')
        found[number] = text
    if len(set(found.values())) < len(found):
        twice = Counter(found.values()).most_common(1)[0][0]
        raise ValueError(f'{key}: {value} {twice!r} is given twice; {_FIX}')
    return found


def places(
    content: dict[str, Any], key: str, among: str, ids: Sequence[int | str]
) -> NDArray[np.int64]:
    """Returns where in `ids` each annotation's image or category stands, (annotations,).

    Raises:
        ValueError: naming the annotation whose id is not among them.
    """
    known = {number: place for place, number in enumerate(ids)}
    found = []
    for at, entry in enumerate(_list(content, 'annotations')):
        number = entry.get(key) if isinstance(entry, dict) else None
        if not _is_id(number) or number not in known:
            same = [known_id for known_id in ids if str(known_id) == str(number)]
            fix = f'write {same[0]!r}, as in {among}' if same else _FIX
            what = f'annotations[{at}]: {key} {number!r} is not among {among}'
            raise ValueError(f'{what}; {fix}')
        found.append(known[number])
    return np.array(found, np.int64)


def _list(content: dict[str, Any], key: str) -> list[Any]:
    found = content.get(key) if isinstance(content, dict) else None
    if not isinstance(found, list):
        raise ValueError(
            f'has no list {key!r}; instances of COCO have {", ".join(LISTS)}: export those'
        )
    return found


def _is_id(number: Any) -> TypeGuard[int | str]:
    return isinstance(number, (int, str)) and not isinstance(number, bool)


def _negative(at: int, image: dict[str, Any], categories: dict[int | str, str]) -> list[str] | None:
    listed = image.get('neg_category_ids')
    if listed is None:
        return None
    for number in listed if isinstance(listed, list) else [listed]:
        if not _is_id(number) or number not in categories:
            what = f'images[{at}]: neg_category_ids {number!r} is not among categories'
            raise ValueError(f'{what}; {_FIX}')
    return [categories[number] for number in dict.fromkeys(listed)]

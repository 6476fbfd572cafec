"""How a table of columns is to be read, seen by its cells; what may be either is refused.

Nothing is guessed that would change labels: what a blank cell or a label that is not listed means
is for the table's owner to say.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from .image_places import ImagePlaces
from .peek import Column
from .words import BOXES, FACTS, LABELS, NOTHING, PARTS, SPLITS, letters

_SEPARATORS = ('|', ';', ',')


def guess_options(
    where: str,
    columns: Mapping[str, Column],
    places: ImagePlaces,
    classes: Sequence[str] | None,
    given: Mapping[str, Any],
) -> tuple[dict[str, Any], list[str]]:
    """Returns the options of `LabelTable` that a table wants, those given too, and its image names.

    Args:
        where: the table, for messages.
        columns: of it.
        places: of the images.
        classes: of a class file; None: those of the table.
        given: options that are said already, which are kept.

    Raises:
        ValueError: if it may be read in two ways, with the option that says which.
    """
    found = dict(given)
    named = dict(found.get('columns') or {})
    image = _image_column(where, columns, places, named.get('image'))
    _refuse_splits(where, columns)
    rest = [column for name, column in columns.items() if name != image and name]
    layout = found.get('layout') or _layout(where, rest, named)
    if layout == 'images':
        raise ValueError(
            f'{where}: names images and no labels, so there is nothing to train on; name the '
            f'column of labels: --columns image={shlex.quote(image)} positive=...'
        )
    if layout == 'indicators':
        found['layout'] = layout
        others = [c.name for c in rest if not _may_be_class(c)]
        if classes is None and others and 'ignored' not in found:
            found['ignored'] = others
    else:
        named['positive'] = labels = _label_column(where, rest, named)
        found |= _lists(where, columns[labels], classes, found) if labels in columns else {}
    if image != 'image':
        named['image'] = image
    if named.get('positive') == 'positive':
        del named['positive']
    cells = columns[image].cells
    many = len(set(cells)) < len(cells) and {letters(name) for name in columns} & BOXES
    if many and layout == 'lists':
        found.setdefault('duplicates', 'merge')
    return ({**found, 'columns': named} if named else found), cells


def _image_column(
    where: str, columns: Mapping[str, Column], places: ImagePlaces, given: str | None
) -> str:
    """Returns the column whose cells are images."""
    if given is not None:
        if given not in columns:
            raise ValueError(f'{where}: has no column {given!r}, only {_named(columns)}')
        return given
    found = {}
    for name, column in columns.items():
        if votes := places.votes(column.cells):
            # Of a number that an image is called by, and its whole name, the name counts.
            found[name] = max((count, not match.suffix) for match, count in votes.items())
    most = max(found.values(), default=(0, True))
    best = [name for name, count in found.items() if count == most]
    if not best:
        column = next(iter(columns.values()), Column('', []))
        example = f', e.g. {column.filled[0][:60]!r} in {column.name!r}' if column.filled else ''
        raise ValueError(
            f'{where}: no column names an image below {places.root}{example}; put the images '
            'there, or say where they are by --images'
        )
    if len(best) > 1 and 'image' not in best:
        raise ValueError(
            f'{where}: the columns {" and ".join(map(repr, best))} name images; say which by '
            f'--columns {shlex.quote(f"image={best[0]}")}'
        )
    return 'image' if 'image' in best else best[0]


def _refuse_splits(where: str, columns: Mapping[str, Column]) -> None:
    for name, column in columns.items():
        parts = {cell.casefold() for cell in column.filled}
        if letters(name) in SPLITS and len(parts) > 1 and parts <= PARTS:
            raise ValueError(
                f'{where}: column {name!r} says which part a row is of ({", ".join(sorted(parts))})'
                '; write a table for each part, or remove the column'
            )


def _layout(where: str, rest: Sequence[Column], named: Mapping[str, str]) -> str:
    if 'positive' in named:
        return 'lists'
    labels = [c for c in rest if letters(c.name) in LABELS and not c.is_number]
    signs = [c for c in rest if _may_be_class(c)]
    if labels and len([c for c in signs if '1' in c.cells]) > 2:
        raise ValueError(
            f'{where}: the column {labels[0].name!r} lists labels, and {signs[0].name!r} and others'
            ' are columns of 0 and 1; say --layout lists, or --layout indicators'
        )
    if labels:
        return 'lists'
    if signs:
        return 'indicators'
    return 'lists' if any(not c.is_number or c.lists for c in rest) else 'images'


def _may_be_class(column: Column) -> bool:
    return column.is_indicator and letters(column.name) not in FACTS


def _label_column(where: str, rest: Sequence[Column], named: Mapping[str, str]) -> str:
    """Returns the column that lists labels."""
    if 'positive' in named:
        return str(named['positive'])
    likely = [c.name for c in rest if letters(c.name) in LABELS and not c.is_number]
    others = [c.name for c in rest if (not c.is_number or c.lists) and c.name != 'negative']
    found = likely or others
    found = ['positive'] if 'positive' in found else found
    if len(found) != 1:
        shown = ' or '.join(map(repr, found[:3])) or 'none that is known'
        option = shlex.quote(f'positive={found[0]}') if found else 'positive=...'
        raise ValueError(
            f'{where}: the column of labels may be {shown}; say which by --columns {option}'
        )
    return found[0]


def _lists(
    where: str, column: Column, classes: Sequence[str] | None, given: Mapping[str, Any]
) -> dict[str, Any]:
    """Returns the options for the cells of a column of labels."""
    found: dict[str, Any] = {}
    cells = [cell for cell in column.filled if not (cell[0] in '[({' and cell[-1] in '])}')]
    if 'separator' not in given and not column.lists:
        separator = _separator(where, cells, classes)
        if separator != '|':
            found['separator'] = separator
    separator = given.get('separator') or found.get('separator', '|')
    words = {cell for cell in cells if cell.casefold() in NOTHING}
    inside = {w.strip() for cell in cells if cell not in words for w in cell.split(separator)}
    if 'nothing' not in given and len(words) == 1 and not words & (inside | set(classes or ())):
        found['nothing'] = words.pop()
    return found


def _separator(where: str, cells: Sequence[str], classes: Sequence[str] | None) -> str:
    """Returns what stands between the labels of a cell."""
    if classes is not None:
        for separator in (*_SEPARATORS, ' '):
            if {w.strip() for cell in cells for w in cell.split(separator) if w} <= set(classes):
                return separator
        return '|'  # the reader tells which label is no class
    there = [one for one in _SEPARATORS if any(one in cell for cell in cells)]
    if len(there) > 1:
        shown = ' or '.join(map(repr, there))
        raise ValueError(
            f'{where}: labels may be separated by {shown}; say which by --separator '
            f'{shlex.quote(there[0])}'
        )
    blanks = [cell for cell in cells if ' ' in cell and cell.casefold() not in NOTHING]
    if blanks and not there:
        raise ValueError(
            f"{where}: {blanks[0][:60]!r} may be one label or several; say --separator ' ' if "
            "blanks are between labels, --separator '|' if labels hold them"
        )
    return there[0] if there else '|'


def _named(columns: Mapping[str, Any]) -> str:
    return ', '.join(map(repr, list(columns)[:6])) or 'none'

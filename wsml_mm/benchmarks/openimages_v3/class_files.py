"""The class lists of OpenImages: which classes are trainable, and their names."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from wsml_mm.labels.files import one_line

_HINT = 'extract classes_2017_11.tar.gz anew'


def read_trainable(path: Path) -> list[str]:
    """Returns the ids ('/m/01yrx') of `classes-trainable.txt`.

    Raises:
        ValueError: if there are none, or one is listed twice.
    """
    try:
        ids = path.read_text(encoding='utf-8-sig').split()
    except UnicodeDecodeError as error:
        raise ValueError(f'{path}: is not a text file ({one_line(error)}); {_HINT}') from error
    if not ids:
        raise ValueError(f'{path}: is empty; {_HINT}')
    twice, times = Counter(ids).most_common(1)[0]
    if times > 1:
        raise ValueError(f'{path}: {twice} is listed twice; {_HINT}')
    return ids


def read_class_names(path: Path, ids: Sequence[str]) -> tuple[str, ...]:
    """Returns the names of classes by `class-descriptions.csv`, each different from the others.

    Names that several of the classes have are followed by the id: 'Jaguar (/m/0449p)'. A class that
    is not described is called by its id.

    Args:
        path: lines of an id and a name, quoted where it holds a comma.
        ids: of the C classes.

    Raises:
        ValueError: naming a line that is something else.
    """
    named: dict[str, str] = {}
    try:
        with path.open(newline='', encoding='utf-8-sig') as file:
            lines = csv.reader(file)
            for line in lines:
                if line and len(line) != 2:
                    raise ValueError(
                        f'{path}:{lines.line_num}: {",".join(line)!r} is not an id and a name; '
                        'quote a name that holds commas'
                    )
                if line:
                    named[line[0]] = line[1]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f'{path}: is not a CSV file ({one_line(error)}); {_HINT}') from error
    names = [named.get(label, label) for label in ids]
    times = Counter(names)
    return tuple(
        f'{name} ({label})' if times[name] > 1 else name
        for name, label in zip(names, ids, strict=True)
    )

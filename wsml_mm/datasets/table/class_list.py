"""Lists of class names: given, or in a text file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .cells import ALL_OTHERS
from .fault import Fault, Report, refuse


def read_class_file(path: Path, report: Report = refuse) -> tuple[str, ...]:
    """Reads a text file of class names, one a line; empty lines are passed over.

    Args:
        path: of the file, UTF-8 with or without a byte-order mark.
        report: takes each fault; one that returns goes on without the name.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: of `refuse`, at the first fault.
    """
    if not path.is_file():
        raise FileNotFoundError(f'{path}: no such file; list the class names in it, one a line')
    try:
        lines = path.read_text(encoding='utf-8-sig').split('\n')
    except UnicodeDecodeError as error:
        what = f'is no UTF-8 text ({error.reason} at byte {error.start})'
        report(Fault('not UTF-8', str(path), what, 'save the file as UTF-8'))
        return ()
    named = [(f'{path}:{at}', line.strip()) for at, line in enumerate(lines, 1) if line.strip()]
    if not named:
        report(Fault('broken class list', str(path), 'names no class', 'write one a line'))
    return distinct_classes(named, report)


def distinct_classes(named: Sequence[tuple[str, str]], report: Report = refuse) -> tuple[str, ...]:
    """Returns class names, each once.

    Args:
        named: place and name of each.
        report: takes the fault of a name that is there before, or no name.
    """
    seen: dict[str, str] = {}
    for where, name in named:
        if name == ALL_OTHERS or not name:
            what, mend = f'{name!r} is no class name', 'remove it'
        elif name in seen:
            what, mend = f'class {name!r} is listed twice, first in {seen[name]}', 'remove one'
        else:
            seen[name] = where
            continue
        report(Fault('broken class list', where, what, mend))
    return tuple(seen)

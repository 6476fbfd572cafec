"""Class names as they are given: in a list, or in a text file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from .classes import ALL_OTHERS, UNPRINTABLE, not_utf8, twins
from .problem import Problem, Report, refuse
from .suspect import look, numbered, suspicion


def read_class_file(path: Path, report: Report = refuse) -> tuple[str, ...]:
    """Reads a text file of class names, one a line; empty lines are passed over.

    What looks like a list, like numbered lines or like several names is an error or a warning; a
    class that is truly called so can be given in a list, `classes=[...]`.

    Args:
        path: of the file, UTF-8 with or without a byte-order mark.
        report: takes each error; if it returns, reading goes on without the name.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: of `refuse`, at the first error.
    """
    if not path.is_file():
        raise FileNotFoundError(f'{path}: no such file; list the class names in it, one a line')
    try:
        lines = path.read_text(encoding='utf-8-sig').split('\n')
    except UnicodeDecodeError as error:
        kind, what, fix = not_utf8(error)[:3]
        report(Problem(kind, str(path), what, fix))
        return ()
    named = [(f'{path}:{at}', line.strip()) for at, line in enumerate(lines, 1) if line.strip()]
    if not named:
        report(Problem('broken class list', str(path), 'names no class', 'write one a line'))
    elif numbered([name for _, name in named]):
        what = f'{named[0][1][:40]!r}, {named[1][1][:40]!r}: the lines are numbered'
        report(Problem('broken class list', named[0][0], what, 'write the names alone'))
    sound = [(where, name) for where, name in named if not _suspect_line(where, name, report)]
    if len(named) == 1 and sound and re.search('[,;|]', named[0][1]):
        what, fix = f'class {named[0][1][:40]!r} looks like several', 'write one a line'
        report(Problem('class of several names', named[0][0], what, fix, serious=False))
    return distinct_classes(sound, report)


def _suspect_line(where: str, name: str, report: Report) -> bool:
    """Tells whether a line of a class file cannot be a name, which is reported."""
    if UNPRINTABLE.search(name):
        what = f'class {name[:40]!r} holds a tab or control sign'
        report(Problem('broken class list', where, what, 'write one name a line'))
        return True
    why = suspicion(name)
    if why is None or name == ALL_OTHERS:
        return False
    if not any(sure in why for sure in ('list', 'quotation', 'ends with')):
        fix = 'remove the line, if it is no class'
        report(
            Problem('doubtful class', where, f'class {name!r} {why}', fix, '', name, serious=False)
        )
        return False
    fix = 'write one name a line, without signs around it'
    report(Problem('broken class list', where, f'class {name[:40]!r} {why}', fix))
    return True


def distinct_classes(named: Sequence[tuple[str, str]], report: Report = refuse) -> tuple[str, ...]:
    """Returns class names, each once.

    Args:
        named: place and name of each.
        report: takes the error of a name that is there before, or no name.
    """
    seen: dict[str, str] = {}
    looks: dict[str, str] = {}
    for where, name in named:
        if not isinstance(name, str) or name != name.strip():
            what, fix = f'class {name!r} is not text without outer blanks', 'correct it'
            report(Problem('broken class list', where, what, fix))
            continue
        same = looks.get(look(name), name)
        if name == ALL_OTHERS or not name:
            what, fix = f'{name!r} is not a class name', 'remove it'
        elif name in seen:
            what, fix = f'class {name!r} is listed twice, first in {seen[name]}', 'remove one'
        elif same != name:
            what, fix = f'class {twins(name, same)} in {seen[same]}', 'remove one'
        else:
            seen[name] = where
            looks[look(name)] = name
            continue
        report(Problem('broken class list', where, what, fix))
    return tuple(seen)

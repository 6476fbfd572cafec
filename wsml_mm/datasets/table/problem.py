"""What is wrong with an annotation: the dataset stops at the first, the checker keeps them all."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, Protocol

from mmengine.logging import print_log

from .advice import in_command_words


@dataclass(frozen=True)
class Problem:
    """One error of a data set, or one warning, as one line.

    Args:
        kind: what problems of this sort have in common, e.g. 'unknown label'.
        where: file and line, e.g. 'train.csv:7'.
        what: what is wrong there.
        fix: what to do about it.
        image: the row's image, if that is known.
        subject: what problems of one cause share, e.g. the unknown label.
        serious: False where training is possible all the same.
    """

    kind: str
    where: str
    what: str
    fix: str
    image: str = ''
    subject: str = ''
    serious: bool = True

    def __str__(self) -> str:
        return f'{self.where}: {self.what}; {self.fix}'


Report = Callable[[Problem], None]


def refuse(problem: Problem) -> None:
    """Stops at a problem; one that is not serious is logged as a warning.

    Raises:
        ValueError: if it is serious.
    """
    if problem.serious:
        raise ValueError(str(problem))
    print_log(str(problem), logger='current', level=logging.WARNING)


class ProblemLog:
    """Counts all problems by kind and subject and keeps the first of each kind.

    Args:
        keep: problems kept, and subjects counted, of one kind.
        command: say what to do in the command line's words, not in Python's.
    """

    def __init__(self, keep: int = 1000, command: bool = False) -> None:
        self.keep, self.command = keep, command
        self.counts: Counter[str] = Counter()
        self.kept: dict[str, list[Problem]] = defaultdict(list)
        self.subjects: dict[str, Counter[str]] = defaultdict(Counter)

    def __call__(self, problem: Problem) -> None:
        """Takes a problem down."""
        if self.command:
            problem = replace(problem, fix=in_command_words(problem.fix))
        self.counts[problem.kind] += 1
        if len(self.kept[problem.kind]) < self.keep:
            self.kept[problem.kind].append(problem)
        subjects = self.subjects[problem.kind]
        if problem.subject and (problem.subject in subjects or len(subjects) < self.keep):
            subjects[problem.subject] += 1

    @property
    def serious(self) -> int:
        """Counts the problems that a training would stumble over."""
        return sum(n for kind, n in self.counts.items() if self.kept[kind][0].serious)


class RowError(NamedTuple):
    """What is wrong within a row; see `Problem`."""

    kind: str
    what: str
    fix: str
    subject: str = ''
    serious: bool = True


class Place(Protocol):
    """Says where a row is, as it follows the file's name; a text with a place to fill in does."""

    def format(self, line: int, /) -> str:
        """Returns the place of the row of a number."""


class RowErrors:
    """Holds the errors of a file's rows and reports them in the order of the rows.

    Args:
        path: of the file.
        report: takes them.
    """

    def __init__(self, path: Path, report: Report) -> None:
        self.path = path
        self.place: Place = ':{}'  # how the place of a row follows the file's name
        self.count = 0
        self.notes: list[str] = []  # what the file and its cells were taken for, a line each
        self._report, self._held = report, list[tuple[int, Problem]]()

    def where(self, line: int) -> str:
        """Returns the place of a row, for messages."""
        return f'{self.path}{self.place.format(line)}'

    def add(self, line: int | None, error: RowError, image: str = '') -> None:
        """Takes an error of the row at a line, or of the file as a whole (None)."""
        where = str(self.path) if line is None else self.where(line)
        problem = Problem(
            error.kind, where, error.what, error.fix, image, error.subject, error.serious
        )
        self._held.append((-1 if line is None else line, problem))
        self.count += error.serious

    def flush(self) -> None:
        """Reports what is held."""
        held, self._held = sorted(self._held, key=lambda pair: pair[0]), []
        for _, problem in held:
            self._report(problem)

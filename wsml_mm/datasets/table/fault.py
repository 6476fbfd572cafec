"""Faults of an annotation: the dataset stops at the first, the checker keeps them all."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a data set, told in one line.

    Args:
        kind: what faults of this sort have in common, e.g. 'unknown label'.
        where: file and line, e.g. 'train.csv:7'.
        what: what is wrong there.
        mend: what to do about it.
        image: the row's image, if that is known.
        subject: what faults of one cause share, e.g. the unknown label.
        serious: False where training is possible all the same.
    """

    kind: str
    where: str
    what: str
    mend: str
    image: str = ''
    subject: str = ''
    serious: bool = True

    def __str__(self) -> str:
        return f'{self.where}: {self.what}; {self.mend}'


Report = Callable[[Fault], None]


def refuse(fault: Fault) -> None:
    """Stops at a fault.

    Raises:
        ValueError: always.
    """
    raise ValueError(str(fault))


class FaultLog:
    """Counts all faults by kind and subject and keeps the first of each kind.

    Args:
        keep: faults kept, and subjects counted, of one kind.
    """

    def __init__(self, keep: int = 1000) -> None:
        self.keep = keep
        self.counts: Counter[str] = Counter()
        self.kept: dict[str, list[Fault]] = defaultdict(list)
        self.subjects: dict[str, Counter[str]] = defaultdict(Counter)

    def __call__(self, fault: Fault) -> None:
        """Takes a fault down."""
        self.counts[fault.kind] += 1
        if len(self.kept[fault.kind]) < self.keep:
            self.kept[fault.kind].append(fault)
        subjects = self.subjects[fault.kind]
        if fault.subject and (fault.subject in subjects or len(subjects) < self.keep):
            subjects[fault.subject] += 1

    @property
    def serious(self) -> int:
        """Counts the faults that a training would stumble over."""
        return sum(n for kind, n in self.counts.items() if self.kept[kind][0].serious)

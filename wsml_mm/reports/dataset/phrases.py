"""Phrases of a report, and text of a data set made fit to be shown."""

from __future__ import annotations

from wsml_mm.datasets.table import UNPRINTABLE, ProblemLog

from .checked_dataset import CheckedDataset


def printable(text: str) -> str:
    """Returns text without control signs, which no page or terminal may get."""
    return UNPRINTABLE.sub('\N{REPLACEMENT CHARACTER}', text)


def notes_of(dataset: CheckedDataset) -> list[str]:
    """Returns what a data set was taken for, a line each."""
    return [f'read as: {printable(note)}' for note in dataset.notes]


def verdict(log: ProblemLog) -> str:
    """Returns how many errors and warnings there are, as a phrase."""
    warnings = sum(log.counts.values()) - log.serious
    return f'{counted(log.serious, "error")}, {counted(warnings, "warning")}'


def counted(number: int, what: str) -> str:
    """Returns a number of things as a phrase: no images, 1 image, 2,000 images."""
    if number == 0:
        return f'no {what}s'
    return f'{number:,} {what}{"" if number == 1 else "s"}'


def often(log: ProblemLog, kind: str, most: int = 8) -> str:
    """Returns what most problems of a kind are about, or '' where none is about the same."""
    common = log.subjects[kind].most_common(most)
    repeated = bool(common) and common[0][1] > 1
    return ', '.join(f'{name} ({n:,})' for name, n in common) if repeated else ''

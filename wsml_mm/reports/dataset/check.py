"""All that is wrong or remarkable about a data set, gathered without stopping at the first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wsml_mm.datasets.table import Problem, ProblemLog
from wsml_mm.labels.columns import LabelColumns
from wsml_mm.labels.encoding import NEGATIVE, POSITIVE
from wsml_mm.labels.sparse import SparseLabels

from .images import ImageFiles, check_files
from .label_statistics import (
    MOST_PAIRED,
    ClassCounts,
    class_counts,
    labels_per_image,
    most_frequent,
    pair_counts,
    similar_names,
)


@dataclass(frozen=True)
class Subject:
    """A data set to be checked.

    Args:
        title: what it is, e.g. its file.
        columns: image names and labels, as far as they could be read.
        path: tells the image file of a position.
        where: tells the place of a position in the annotation.
    """

    title: str
    columns: LabelColumns
    path: Callable[[int], str]
    where: Callable[[int], str]


@dataclass(frozen=True)
class DatasetReport:
    """A data set's faults and figures.

    Args:
        subject: the data set.
        log: its faults.
        files: its image files.
        counts: labels of each class.
        per_image: how many images have 0, 1, 2, ... positive labels.
        paired: (K,) the classes of `pairs`, most frequent first.
        pairs: (K, K) images that have both classes.
    """

    subject: Subject
    log: ProblemLog
    files: ImageFiles
    counts: ClassCounts
    per_image: NDArray[np.int64]
    paired: NDArray[np.int64]
    pairs: NDArray[np.int64]

    @property
    def labels(self) -> SparseLabels:
        """The labels, (N, C)."""
        return self.subject.columns.labels

    @property
    def classes(self) -> tuple[str, ...]:
        """The C class names."""
        return tuple(self.subject.columns.metainfo['classes'])


def check_dataset(subject: Subject, log: ProblemLog, decode: bool = False) -> DatasetReport:
    """Looks for faults of images, rows and classes.

    Args:
        subject: the data set.
        log: holds the faults met in reading it, and takes those found here.
        decode: decode every image, and compare the files' contents.
    """
    labels = subject.columns.labels
    files = check_files(subject.path, len(labels), decode)
    counts = class_counts(labels)
    _check_images(subject, files, log)
    _check_rows(subject, log)
    _check_classes(subject, counts, log)
    paired = most_frequent(counts.positive, MOST_PAIRED)
    return DatasetReport(
        subject,
        log,
        files,
        counts,
        labels_per_image(labels),
        paired,
        pair_counts(labels.select(paired)),
    )


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
    """Returns what most faults of a kind are about, or '' where none is about the same."""
    common = log.subjects[kind].most_common(most)
    repeated = bool(common) and common[0][1] > 1
    return ', '.join(f'{name} ({n:,})' for name, n in common) if repeated else ''


def _check_images(subject: Subject, files: ImageFiles, log: ProblemLog) -> None:
    names, where = subject.columns.names, subject.where
    every = len(files.missing) == len(names)
    for index, other in files.missing.items():
        mend = f'is {other!r} meant?' if other else 'add the image, or remove the row'
        if every and not other:
            mend = (
                f'no image is where the rows say; check the image folder of {subject.path(index)}'
            )
        what = f'there is no image {names[index]!r}'
        log(Problem('missing image', where(index), what, mend, names[index]))
    for index, why in files.unreadable.items():
        what = f'image {names[index]!r} cannot be decoded ({why})'
        log(Problem('unreadable image', where(index), what, 'mend or remove it', names[index]))
    for group in files.twins:
        rows = np.array([subject.columns.labels.row(i) for i in group])
        clash = bool(((rows == POSITIVE).any(0) & (rows == NEGATIVE).any(0)).any())
        listed = ', '.join(repr(names[i]) for i in group[:4])
        more = f' and {len(group) - 4} more' if len(group) > 4 else ''
        note = ', and their labels contradict each other' if clash else ''
        what = f'{listed}{more} are the same file{note}'
        mend = 'keep one, with the labels of all'
        log(
            Problem('identical images', where(group[0]), what, mend, names[group[0]], serious=False)
        )


def _check_rows(subject: Subject, log: ProblemLog) -> None:
    labels = subject.columns.labels
    told = {fault.image for faults in log.kept.values() for fault in faults if fault.serious}
    unlabelled = labels.row_counts(POSITIVE) + labels.row_counts(NEGATIVE) == 0
    for index in map(int, np.flatnonzero(unlabelled)):
        if (name := subject.columns.names[index]) in told:
            continue  # its labels are known, but wrong
        what = f'nothing is known of image {name!r}'
        mend = 'label it, or remove the row'
        log(Problem('image without labels', subject.where(index), what, mend, name, '', False))


def _check_classes(subject: Subject, counts: ClassCounts, log: ProblemLog) -> None:
    classes = subject.columns.metainfo['classes']
    known = counts.positive + counts.negative

    def warn(kind: str, index: int, what: str, mend: str) -> None:
        name = classes[index]
        log(Problem(kind, subject.title, f'class {name!r} {what}', mend, '', name, serious=False))

    for index in map(int, np.flatnonzero(counts.positive == 0)):
        if known[index]:
            what, mend = 'is never positive', 'it cannot be learnt; add images of it, or remove it'
            warn('class never positive', index, what, mend)
        else:
            mend = 'add images of it, or remove it from the classes'
            warn('class never mentioned', index, 'is never mentioned', mend)
    # By positive labels: a `*` among the negatives mentions a misspelt class as well.
    for index, other in similar_names(classes, counts.positive):
        images = [f'{counts.positive[i]:,}' for i in (index, other)]
        what = f'({images[0]} positive) looks like {classes[other]!r} ({images[1]} positive)'
        warn('similar class names', index, what, 'if they are one, write it one way')
    for index, name in enumerate(classes):
        for sign in '|;,/':
            if sign in name and {part.strip() for part in name.split(sign)} & set(classes):
                what, mend = 'looks like several labels', f'if it is, say separator={sign!r}'
                warn('class of several names', index, what, mend)

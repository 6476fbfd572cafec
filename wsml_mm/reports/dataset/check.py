"""All that is wrong or remarkable about a data set, gathered without stopping at the first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wsml_mm.datasets.image_folders import why_no_file, wrong_folder
from wsml_mm.datasets.table import Option, Problem, ProblemLog, advise
from wsml_mm.labels.encoding import NEGATIVE, POSITIVE
from wsml_mm.labels.sparse import SparseLabels
from wsml_mm.labels.wording import some_of

from .checked_dataset import CheckedDataset
from .class_counts import (
    MOST_PAIRED,
    ClassCounts,
    class_counts,
    labels_per_image,
    most_frequent,
    pair_counts,
    similar_names,
)
from .class_shares import ClassShares, class_shares
from .image_files import ImageFiles, check_files
from .shared_images import check_shared_images


@dataclass(frozen=True)
class DatasetReport:
    """A data set's problems and figures.

    Args:
        dataset: the data set.
        log: its problems.
        files: its image files.
        counts: labels of each class.
        per_image: how many images have 0, 1, 2, ... positive labels.
        paired: (K,) the classes of `pairs`, most frequent first.
        pairs: (K, K) images that have both classes.
        shares: what is known of the class priors.
    """

    dataset: CheckedDataset
    log: ProblemLog
    files: ImageFiles
    counts: ClassCounts
    per_image: NDArray[np.int64]
    paired: NDArray[np.int64]
    pairs: NDArray[np.int64]
    shares: ClassShares

    @property
    def labels(self) -> SparseLabels:
        """The labels, (N, C)."""
        return self.dataset.columns.labels

    @property
    def classes(self) -> tuple[str, ...]:
        """The C class names."""
        return tuple(self.dataset.columns.metainfo['classes'])


def check_dataset(
    dataset: CheckedDataset,
    log: ProblemLog,
    decode: bool = False,
    scores: NDArray[np.float32] | None = None,
) -> DatasetReport:
    """Looks for problems of images, rows and classes.

    Args:
        dataset: the data set.
        log: holds the problems met in reading it, and takes those found here.
        decode: load every image as its pipeline does, look at what came out, and compare the
            images with one another and with those of the other loaders.
        scores: (N, C) of a model, to estimate the class priors with, see `read_scores`.
    """
    labels = dataset.columns.labels
    files = check_files(dataset.path, len(labels), decode, dataset.load)
    counts = class_counts(labels)
    _check_images(dataset, files, log)
    check_shared_images(dataset, files, log)
    if len(labels) and not (counts.positive.any() or counts.negative.any()):
        what, fix = 'no label of any image is known', 'label the images; for prediction it will do'
        log(Problem('no labels', dataset.title, what, fix, serious=False))
    else:
        _check_rows(dataset, log)
        _check_classes(dataset, counts, log)
    paired = most_frequent(counts.positive, MOST_PAIRED)
    return DatasetReport(
        dataset,
        log,
        files,
        counts,
        labels_per_image(labels),
        paired,
        pair_counts(labels.select(paired)),
        class_shares(labels, scores),
    )


def _check_images(dataset: CheckedDataset, files: ImageFiles, log: ProblemLog) -> None:
    names, where = dataset.columns.names, dataset.where
    if 1 < len(names) == len(files.missing) and not any(files.missing.values()):
        folder = dataset.path(0).removesuffix(names[0])
        log(Problem('image folder', dataset.title, *wrong_folder(folder, list(names))))
    else:
        _check_missing(dataset, files, log)
    for index, why in files.unreadable.items():
        what = f'image {names[index]!r} cannot be read ({why})'
        log(Problem('unreadable image', where(index), what, 'repair or remove it', names[index]))
    for index, remarks in files.remarks.items():
        for kind, odd, fix, serious in remarks:
            what = f'image {names[index]!r} {odd}'
            log(Problem(kind, where(index), what, fix, names[index], serious=serious))
    for group, same_file in zip(files.twins, files.same_files, strict=True):
        rows = np.array([dataset.columns.labels.row(i) for i in group])
        clash = bool(((rows == POSITIVE).any(0) & (rows == NEGATIVE).any(0)).any())
        listed = some_of([repr(names[i]) for i in group], 4)
        alike = 'are the same file' if same_file else 'are files of the same pixels'
        note = ', and their labels contradict each other' if clash else ''
        what = f'{listed} {alike}{note}'
        fix = 'keep one, with the labels of all'
        log(Problem('identical images', where(group[0]), what, fix, names[group[0]], serious=False))


def _check_missing(dataset: CheckedDataset, files: ImageFiles, log: ProblemLog) -> None:
    for index, other in files.missing.items():
        name = dataset.columns.names[index]
        fix = f'is {other!r} meant?' if other else 'add the image, or remove the row'
        instead = why_no_file(dataset.path(index))
        what = f'there is no image {name!r}' + (f': {instead}' if instead else '')
        log(Problem('missing image', dataset.where(index), what, fix, name))


def _check_rows(dataset: CheckedDataset, log: ProblemLog) -> None:
    labels = dataset.columns.labels
    found = [problem for problems in log.kept.values() for problem in problems]
    reported = {problem.image for problem in found if problem.serious}
    unlabelled = labels.row_counts(POSITIVE) + labels.row_counts(NEGATIVE) == 0
    for index in map(int, np.flatnonzero(unlabelled)):
        if (name := dataset.columns.names[index]) in reported:
            continue  # its labels are known, but wrong
        what = f'nothing is known of image {name!r}'
        fix = 'label it, or remove the row'
        log(Problem('image without labels', dataset.where(index), what, fix, name, '', False))


def _check_classes(dataset: CheckedDataset, counts: ClassCounts, log: ProblemLog) -> None:
    classes = dataset.columns.metainfo['classes']
    known = counts.positive + counts.negative

    def warn(kind: str, index: int, what: str, fix: str) -> None:
        name = classes[index]
        log(Problem(kind, dataset.title, f'class {name!r} {what}', fix, '', name, serious=False))

    for index in map(int, np.flatnonzero(counts.positive == 0)):
        if known[index]:
            what, fix = 'is never positive', 'it cannot be learnt; add images of it, or remove it'
            warn('class never positive', index, what, fix)
        else:
            fix = 'add images of it, or remove it from the classes'
            warn('class never mentioned', index, 'is never mentioned', fix)
    # By positive labels: a `*` among the negatives mentions a mistyped class as well.
    for index, other in similar_names(classes, counts.positive):
        if {classes[index], classes[other]} & set(log.subjects['similar class names']):
            continue  # told of in reading
        images = [f'{counts.positive[i]:,}' for i in (index, other)]
        what = f'({images[0]} positive) looks like {classes[other]!r} ({images[1]} positive)'
        warn('similar class names', index, what, 'if they are one, write it one way')
    for index, name in enumerate(classes):
        if name in log.subjects['class of several names']:
            continue  # told of in reading
        for sign in '|;,/':
            if sign in name and {part.strip() for part in name.split(sign)} & set(classes):
                what = 'looks like several labels'
                fix = advise('if it is, say ', Option('separator', sign))
                warn('class of several names', index, what, fix)

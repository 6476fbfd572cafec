"""Photographs in a report: examples of each class, and those of suspicious rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsml_mm.datasets.image_loader import ImageLoader
from wsml_mm.datasets.table import Problem
from wsml_mm.labels.encoding import NEGATIVE, POSITIVE
from wsml_mm.reports.thumbnails import jpeg_uri, small_image

from .check import DatasetReport
from .checked_dataset import CheckedDataset
from .class_counts import most_frequent
from .phrases import printable

_BUDGET = 2_300_000  # letters of all thumbnails: the page stays below 3 MB
_FREQUENT, _RAREST = 16, 8  # classes that are shown
_POSITIVE, _NEGATIVE = 4, 2  # photographs of each
_SUSPICIOUS = 6  # photographs of problems of one kind
_CHIPS = 4  # labels below a photograph

_HEIGHT, _WIDEST = 132, 220  # pixels of a thumbnail


def thumbnail(file: str, load: ImageLoader | None = None) -> str | None:
    """Returns a small JPEG of an image as a data URI; None: it cannot be decoded.

    Args:
        file: of the image.
        load: shows an image of more than 8 bits as the training sees it.
    """
    try:
        return jpeg_uri(small_image(file, (_WIDEST, _HEIGHT), load))
    except Exception:  # Pillow raises many kinds on hostile files; the checker names them
        return None


class Photographs:
    """Makes thumbnails of a data set's images, each once, until the page is full.

    Args:
        dataset: the data set.
    """

    def __init__(self, dataset: CheckedDataset) -> None:
        self.dataset = dataset
        self.used: dict[int, str | None] = {}
        self._letters = 0
        self._places: dict[str, int] | None = None

    def photo(self, index: int) -> dict[str, Any]:
        """Returns an image's thumbnail, name and labels, for the template."""
        if index not in self.used:
            full = self._letters > _BUDGET
            self.used[index] = (
                None if full else thumbnail(self.dataset.path(index), self.dataset.load)
            )
            self._letters += len(self.used[index] or '')
        columns = self.dataset.columns
        classes = columns.metainfo['classes']
        listed = [columns.labels.listed(index, value) for value in (POSITIVE, NEGATIVE)]
        positive, negative = ([printable(classes[i]) for i in ids[:_CHIPS]] for ids in listed)
        negative = negative[: max(0, _CHIPS - len(positive))]
        return {
            'uri': self.used[index],
            'name': printable(columns.names[index]),
            'positive': positive,
            'negative': negative,
            'more': sum(map(len, listed)) - len(positive) - len(negative),
        }

    def place(self, name: str) -> int | None:
        """Returns the position of an image by its name."""
        if self._places is None:
            self._places = {n: i for i, n in enumerate(self.dataset.columns.names)}
        return self._places.get(name)


def problem_photographs(
    problems: Sequence[Problem], photographs: Photographs
) -> list[dict[str, Any]]:
    """Returns photographs of the images that problems are about.

    Args:
        problems: of one kind.
        photographs: of the data set.
    """
    names = dict.fromkeys(problem.image for problem in problems if problem.image)
    places = [photographs.place(name) for name in list(names)[: 4 * _SUSPICIOUS]]
    shown = [photographs.photo(place) for place in places if place is not None]
    return [photo for photo in shown if photo['uri']][:_SUSPICIOUS]


def class_examples(
    report: DatasetReport, photographs: Photographs
) -> tuple[list[dict[str, Any]], str]:
    """Returns photographs of classes, and a sentence on which they are.

    Args:
        report: of the data set.
        photographs: of the data set.
    """
    counts = report.counts
    order = most_frequent(counts.positive, len(report.classes))
    order = order[(counts.positive + counts.negative)[order] > 0].tolist()
    note = 'A random choice. '
    if len(order) > _FREQUENT + _RAREST:
        note = f'The {_FREQUENT} most frequent and the {_RAREST} rarest classes, a random choice. '
        order = order[:_FREQUENT] + order[-_RAREST:]
    note += 'Framed in orange: the class is known to be absent.'
    rng, groups = np.random.default_rng(0), []
    for label in order:
        absent = _choose(report, label, NEGATIVE, _NEGATIVE, photographs, rng)
        most = _POSITIVE + _NEGATIVE - len(absent)
        present = _choose(report, label, POSITIVE, most, photographs, rng)
        count = f'{counts.positive[label]:,} positive, {counts.negative[label]:,} known negative'
        group = {'name': printable(report.classes[label]), 'count': count}
        if any(photo['uri'] for photo in [*present, *absent]):
            groups.append(group | {'positive': present, 'negative': absent})
    return groups, note


def _choose(
    report: DatasetReport,
    label: int,
    value: int,
    most: int,
    photographs: Photographs,
    rng: np.random.Generator,
) -> list[dict[str, Any]]:
    """Returns photographs with a label of the given value, of images not shown yet if possible."""
    files = report.files
    drawn = rng.permutation(images_with(report, label, value))[: 40 * most].tolist()
    fit = [index for index in drawn if index not in files.missing and index not in files.unreadable]
    chosen = sorted(fit, key=lambda index: index in photographs.used)[:most]
    return [photographs.photo(index) for index in chosen]


def images_with(report: DatasetReport, label: int, value: int) -> NDArray[np.int64]:
    """Returns the images whose label of a class has a value."""
    labels = report.labels
    at = labels.classes == label
    rows: NDArray[np.int64] = labels.entry_rows()[at & (labels.values == value)]
    if value == labels.rest:
        listed = np.zeros(len(labels), dtype=bool)
        listed[labels.entry_rows()[at & (labels.values != value)]] = True
        rows = np.flatnonzero(~listed)
    return rows

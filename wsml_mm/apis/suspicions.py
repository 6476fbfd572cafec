"""Labels that are probably wrong or missing, ranked; never all N x C of them are in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wsml_mm.labels.encoding import NEGATIVE, POSITIVE, UNOBSERVED

# What is suspected of a label, by its observed value: that an unobserved one is present, that an
# observed positive is absent, that an observed negative is present.
LISTS = {'missing': UNOBSERVED, 'positive': POSITIVE, 'negative': NEGATIVE}
COLUMNS = (
    'list', 'rank', 'image', 'class', 'score', 'probability', 'mean_probability',
    'first_selected', 'times_selected', 'observed',
)  # fmt: skip
_LEAST = 2.0**-26  # probability: float32 rounds one that is as near to 1 to 1
_HELD = 1 << 20  # pairs above those that stay, before they are sorted out

Pairs = dict[str, NDArray[Any]]


class Scores(NamedTuple):
    """What one or several models say of a batch, (B, C) each.

    Attributes:
        score: by which labels are ranked: the sigmoid of the mean logit over the checkpoints, of
            one checkpoint its probability.
        probability: of the last checkpoint.
        mean: probability over the checkpoints.
    """

    score: NDArray[np.float64]
    probability: NDArray[np.float32]
    mean: NDArray[np.float32]


def combine(probabilities: Sequence[NDArray[np.floating]]) -> Scores:
    """Returns the scores of a batch.

    Args:
        probabilities: (B, C) of each checkpoint, the last of the training last.
    """
    last = np.asarray(probabilities[-1], np.float32)
    if len(probabilities) == 1:
        return Scores(last.astype(np.float64), last, last)
    every = np.stack([np.asarray(p, np.float64) for p in probabilities])
    # Of a probability that float32 rounds to 0 or 1 the logit is not infinite.
    inside = every.clip(_LEAST, 1 - _LEAST)
    logit = (np.log(inside) - np.log1p(-inside)).mean(0)
    return Scores(1 / (1 + np.exp(-logit)), last, every.mean(0).astype(np.float32))


class BestPairs:
    """Keeps the (row, class) pairs that rank highest: so many a class, and so many of all.

    What is kept does not depend on the batches that the pairs come in. Memory is that of the pairs
    kept, and of some million candidates.

    Args:
        num_classes: C.
        per_class: pairs of each class.
        overall: pairs of all classes together; those that are no more among the first of their
            class stay as well.
    """

    def __init__(self, num_classes: int, per_class: int, overall: int) -> None:
        self.per_class, self.overall = per_class, overall
        self._least_of_class = np.full(num_classes, -np.inf)
        self._least = -np.inf
        self._parts: list[Pairs] = []
        self._count = self._kept = 0

    def add(
        self,
        rows: NDArray[np.int64],
        order: NDArray[np.floating],
        eligible: NDArray[np.bool_],
        **columns: NDArray[Any],
    ) -> None:
        """Adds a batch.

        Args:
            rows: (B,) of the images.
            order: (B, C), the highest rank first; of equal ones the first row and class.
            eligible: (B, C), which pairs count.
            columns: (B, C) each, kept beside the pairs.
        """
        high = (order >= self._least_of_class) if self.per_class else np.zeros_like(eligible)
        if self.overall:
            high |= order >= self._least
        place, label = np.nonzero(high & eligible)
        part: Pairs = {'row': rows[place], 'class': label.astype(np.int32)}
        part['order'] = order[place, label].astype(np.float64)
        part |= {name: column[place, label] for name, column in columns.items()}
        self._parts.append(part)
        self._count += len(label)
        if self._count > 2 * self._kept + _HELD:
            self._sort_out()

    def _sort_out(self) -> None:
        pairs = {name: np.concatenate([p[name] for p in self._parts]) for name in self._parts[0]}
        # By class, the highest first.
        by_class = np.lexsort((pairs['row'], -pairs['order'], pairs['class']))
        label = pairs['class'][by_class]
        starts = np.searchsorted(label, np.arange(len(self._least_of_class)))
        keep = np.zeros(len(label), bool)
        keep[by_class] = np.arange(len(label)) - starts[label] < self.per_class
        ends = np.append(starts[1:], len(label))
        if self.per_class:
            full = np.flatnonzero(ends - starts >= self.per_class)
            last = by_class[starts[full] + self.per_class - 1]
            self._least_of_class[full] = pairs['order'][last]
        first = np.lexsort((pairs['class'], pairs['row'], -pairs['order']))[: self.overall]
        keep[first] = True
        if self.overall and len(first) == self.overall:
            self._least = pairs['order'][first[-1]]
        self._parts = [{name: column[keep] for name, column in pairs.items()}]
        self._count = self._kept = int(keep.sum())

    def result(self) -> Pairs:
        """Returns what is kept, in order: 'row', 'class', 'order' and the columns."""
        if not self._parts:
            return {name: np.zeros(0, np.int64) for name in ('row', 'class', 'order')}
        self._sort_out()
        (pairs,) = self._parts
        at = np.lexsort((pairs['class'], pairs['row'], -pairs['order']))
        return {name: column[at] for name, column in pairs.items()}


class Suspicions:
    """The three lists of suspicions, filled batch by batch.

    Args:
        num_classes: C.
        per_class: of each list, the first of each class.
        overall: of each list, the first of all.
    """

    def __init__(self, num_classes: int, per_class: int, overall: int) -> None:
        self._lists = {name: BestPairs(num_classes, per_class, overall) for name in LISTS}

    def add(self, rows: NDArray[np.int64], labels: NDArray[np.int8], scores: Scores) -> None:
        """Adds a batch of images.

        Args:
            rows: (B,) of the images in their split.
            labels: (B, C) observed, of {1, 0, -1}.
            scores: of the images.
        """
        columns: Pairs = dict(score=scores.score, probability=scores.probability)
        columns['mean'] = scores.mean
        for name, value in LISTS.items():
            eligible = labels == value
            if eligible.any():
                order = -scores.score if value == POSITIVE else scores.score
                self._lists[name].add(rows, order, eligible, **columns)

    def table(
        self,
        names: Any,
        classes: Sequence[str],
        checkpoints: int = 1,
        selected: Mapping[str, NDArray[np.int64]] | None = None,
    ) -> dict[str, Any]:
        """Returns the columns `COLUMNS`; evidence that is not there is None.

        Args:
            names: of the N images, by position.
            classes: C names.
            checkpoints: that were combined; the mean of one is no evidence.
            selected: 'key' (row * C + class, ascending), 'epoch' from 1 and 'times', see
                `selected_labels`; None: the method keeps none.
        """
        table: dict[str, list[Any]] = {name: [] for name in COLUMNS}
        for name, best in self._lists.items():
            pairs = best.result()
            count = len(pairs['row'])
            if not count:
                continue
            table['list'] += [name] * count
            table['rank'] += range(1, count + 1)
            table['image'] += [names[int(row)] for row in pairs['row']]
            table['class'] += [classes[label] for label in pairs['class']]
            table['score'] += pairs['score'].tolist()
            table['probability'] += pairs['probability'].tolist()
            table['mean_probability'] += (
                pairs['mean'].tolist() if checkpoints > 1 else [None] * count
            )
            keys = pairs['row'] * len(classes) + pairs['class']
            first, times = _evidence(keys, selected)
            table['first_selected'] += first
            table['times_selected'] += times
            table['observed'] += [LISTS[name]] * count
        return table


def _evidence(
    keys: NDArray[np.int64], selected: Mapping[str, NDArray[np.int64]] | None
) -> tuple[list[int | None], list[int | None]]:
    """Returns epoch first selected and how often, of pairs; None: unknown, or never."""
    if selected is None:
        return [None] * len(keys), [None] * len(keys)
    known = selected['key']
    if not len(known):
        return [None] * len(keys), [0] * len(keys)
    at = np.searchsorted(known, keys).clip(max=len(known) - 1)
    found = known[at] == keys
    first = [int(e) if f else None for e, f in zip(selected['epoch'][at], found, strict=True)]
    return first, np.where(found, selected['times'][at], 0).tolist()

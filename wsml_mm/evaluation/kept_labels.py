"""What metrics keep of evaluated batches: annotated labels alone, one result a sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsml_mm.labels.encoding import POSITIVE, UNOBSERVED
from wsml_mm.labels.pairs import indptr_of

from .score_matrix import ScoreMatrix
from .scored_labels import ScoredLabels


@dataclass
class KeptBatch:
    """The K annotated labels of B images.

    Args:
        starts: (B + 1,), image i's labels stand at starts[i]:starts[i + 1].
        classes: (K,); None: all classes of all images are annotated.
        scores: (K,).
        positive: (K,) bool.
        width: C.
    """

    starts: NDArray[np.int64]
    classes: NDArray[np.int32] | None
    scores: NDArray[np.floating]
    positive: NDArray[np.bool_]
    width: int

    @classmethod
    def of(cls, scores: NDArray[np.floating], labels: NDArray[np.int8]) -> KeptBatch:
        """Copies what is annotated.

        Args:
            scores: (B, C).
            labels: (B, C) of {1, 0, -1}.
        """
        known = labels != UNOBSERVED
        classes = None if known.all() else np.nonzero(known)[1].astype(np.int32)
        starts = indptr_of(np.count_nonzero(known, axis=1))
        return cls(starts, classes, scores[known], labels[known] == POSITIVE, labels.shape[1])

    def rows(self, first: int, stop: int) -> KeptBatch:
        """Returns some of the images, without a copy."""
        span = slice(self.starts[first], self.starts[stop])
        starts = self.starts[first : stop + 1] - self.starts[first]
        classes = None if self.classes is None else self.classes[span]
        return KeptBatch(starts, classes, self.scores[span], self.positive[span], self.width)

    def samples(self) -> list[KeptSample]:
        """Returns the images one by one."""
        return [KeptSample(self, place) for place in range(len(self.starts) - 1)]

    def listed(self) -> NDArray[np.int32]:
        """Returns the class of each label, (K,)."""
        if self.classes is not None:
            return self.classes
        return np.tile(np.arange(self.width, dtype=np.int32), len(self.starts) - 1)

    def matrices(self) -> tuple[NDArray[np.floating], NDArray[Any]]:
        """Returns (B, C) scores and labels, where all are annotated."""
        return self.scores.reshape(-1, self.width), self.positive.reshape(-1, self.width)


@dataclass(slots=True)
class KeptSample:
    """One image of a batch; sent to another rank, it takes along its own labels only."""

    batch: KeptBatch
    place: int

    def __reduce__(self) -> tuple[Any, ...]:
        return KeptSample, (self.batch.rows(self.place, self.place + 1), 0)


Kept = Sequence[KeptSample | KeptBatch]


def scored_labels(samples: Kept) -> ScoredLabels:
    """Returns the labels of at least one sample or batch; memory is linear in their number.

    Where all are annotated nothing is copied but a few classes at a time.
    """
    batches = _together(samples)
    if all(batch.classes is None for batch in batches):
        matrix = ScoreMatrix([batch.matrices() for batch in batches])
        return ScoredLabels(matrix.kinds(), matrix)
    return ScoredLabels.from_triples(
        np.concatenate([batch.listed() for batch in batches]),
        np.concatenate([batch.scores for batch in batches]),
        np.concatenate([batch.positive for batch in batches]),
        batches[0].width,
    )


def _together(samples: Kept) -> list[KeptBatch]:
    """Returns batches again, of the samples that follow each other as they did in one."""
    runs: list[list[Any]] = []  # batch, first place, place after the last
    for sample in samples:
        if isinstance(sample, KeptBatch):
            runs.append([sample, 0, len(sample.starts) - 1])
        elif runs and runs[-1][0] is sample.batch and runs[-1][2] == sample.place:
            runs[-1][2] += 1
        else:
            runs.append([sample.batch, sample.place, sample.place + 1])
    return [batch.rows(first, stop) for batch, first, stop in runs]

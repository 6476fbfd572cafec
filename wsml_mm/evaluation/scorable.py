"""Which classes an annotation allows to score: those with a known positive and a known negative."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

REMEDY = (
    'list the negatives of images that are annotated fully (`*` in a table, or '
    "unlisted='negative'), or evaluate on other images"
)

_NO_POSITIVE = 'the evaluation set needs positive labels: check its annotation file and classes'


@dataclass(frozen=True)
class ClassKinds:
    """How many labels are known of each class, (C,) each.

    Without a known negative every ranking is right, without a known positive none is: only the
    figures of classes with both depend on the scores.

    Args:
        positives: known positive labels.
        negatives: known negative labels.
    """

    positives: NDArray[np.int64]
    negatives: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.positives)

    @property
    def scorable(self) -> NDArray[np.bool_]:
        """Whether a class has a known positive and a known negative."""
        return np.asarray((self.positives > 0) & (self.negatives > 0), dtype=bool)

    @property
    def never_negative(self) -> NDArray[np.bool_]:
        """Whether a class has known positives only."""
        return np.asarray((self.positives > 0) & (self.negatives == 0), dtype=bool)

    @property
    def never_positive(self) -> NDArray[np.bool_]:
        """Whether a class has known negatives only."""
        return np.asarray((self.positives == 0) & (self.negatives > 0), dtype=bool)

    @property
    def unannotated(self) -> NDArray[np.bool_]:
        """Whether nothing is known of a class."""
        return np.asarray((self.positives == 0) & (self.negatives == 0), dtype=bool)

    def in_words(self) -> str:
        """Returns how many classes cannot be scored, by reason."""
        reasons = {
            'never negative': self.never_negative,
            'never positive': self.never_positive,
            'never annotated': self.unannotated,
        }
        return ', '.join(f'{why}: {int(which.sum())}' for why, which in reasons.items())

    def require_scorable(self, name: str) -> None:
        """Refuses an annotation in which no figure of any class would depend on the scores.

        Args:
            name: of the metric.

        Raises:
            ValueError: if no class has a known positive and a known negative.
        """
        if not self.scorable.any():
            raise ValueError(
                f'{name}: none of the {len(self)} classes has a known positive and a known '
                f'negative label ({self.in_words()}), so any scores would give the same figure; '
                + (REMEDY if self.never_negative.any() else _NO_POSITIVE)
            )

"""Which classes count in a mean average precision, and what the log says of the others."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .scorable import REMEDY, ClassKinds


@dataclass(frozen=True)
class ClassRule:
    """What becomes of classes whose average precision does not depend on the scores.

    Args:
        empty_class: a class with known negatives only counts 'zero', or is left out by 'skip'.
        min_positives: classes with fewer known positives are left out.
        no_negatives: a class with known positives only is left out by 'skip', or counts 'one'.

    Raises:
        ValueError: if a value is unknown.
    """

    empty_class: str = 'zero'
    min_positives: int = 0
    no_negatives: str = 'skip'

    def __post_init__(self) -> None:
        if self.empty_class not in ('zero', 'skip'):
            raise ValueError(f'empty_class={self.empty_class!r}: use "zero" or "skip"')
        if self.min_positives < 0:
            raise ValueError(f'min_positives={self.min_positives}: use 0 or more')
        if self.no_negatives not in ('skip', 'one'):
            raise ValueError(f'no_negatives={self.no_negatives!r}: use "skip" or "one"')

    def counted(self, kinds: ClassKinds) -> NDArray[np.bool_]:
        """Returns whether each class counts, (C,).

        Raises:
            ValueError: if no figure of a class that counts would depend on the scores.
        """
        kinds.require_scorable('mAP')
        enough = kinds.positives >= self.min_positives
        if not (kinds.scorable & enough).any():
            raise ValueError(
                f'mAP: no class with a known negative label has min_positives={self.min_positives} '
                'positives; lower it'
            )
        counted = kinds.scorable
        if self.empty_class == 'zero':
            counted = counted | kinds.never_positive
        if self.no_negatives == 'one':
            counted = counted | kinds.never_negative
        return counted & enough

    def remarks(self, kinds: ClassKinds) -> list[tuple[str, int]]:
        """Returns what the log says of classes that do not count, or count a constant, by level."""
        counted = self.counted(kinds)
        total, remarks = len(kinds), []
        if skipped := int((~counted).sum()):
            few = f' or fewer than {self.min_positives} positives' if self.min_positives else ''
            text = f'{skipped} of {total} classes have nothing to score on{few} and are left out'
            if trivial := int((kinds.never_negative & ~counted).sum()):
                text += (
                    f'; never negative: {trivial}, whose average precision would be 100 whatever '
                    f'the scores; {REMEDY}'
                )
            remarks.append((text, logging.WARNING if trivial else logging.INFO))
        for name, value, which in (
            ('never positive', "0 (empty_class='zero')", kinds.never_positive),
            ('never negative', "100 (no_negatives='one')", kinds.never_negative),
        ):
            if number := int((which & counted).sum()):
                text = f'{number} of {total} classes {name}: they count {value}'
                remarks.append((f'{text} whatever the scores', logging.INFO))
        return remarks

"""Ranks of methods over data sets and seeds, with their uncertainty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsml_mm.experiments.results import RunResult

Array = NDArray[np.float64]

_DRAWS, _SEED = 10_000, 0  # of the bootstrap, always the same


@dataclass(frozen=True)
class ScoreTable:
    """Test mAP of methods that have run in every block, a block being a protocol and a seed.

    Args:
        methods: M titles.
        blocks: N pairs of protocol and seed.
        scores: (N, M), in percent.
    """

    methods: tuple[str, ...]
    blocks: tuple[tuple[str, int], ...]
    scores: Array

    @classmethod
    def of(cls, results: Sequence[RunResult], checkpoint: str) -> ScoreTable:
        """Takes the scores at a checkpoint; methods that lack a block are left out.

        Args:
            results: of any protocols, methods and seeds.
            checkpoint: of `ALL_CHECKPOINTS`.
        """
        found = {
            (r.protocol, r.seed, r.method): r.score(checkpoint)
            for r in results
            if checkpoint in r.checkpoints
        }
        blocks = tuple(dict.fromkeys((protocol, seed) for protocol, seed, _ in found))
        methods = tuple(
            method
            for method in dict.fromkeys(m for _, _, m in found)
            if all((*block, method) in found for block in blocks)
        )
        scores = [[found[(*block, method)] for method in methods] for block in blocks]
        return cls(
            methods, blocks, np.array(scores, dtype=np.float64).reshape(len(blocks), len(methods))
        )

    def ranks(self) -> Array:
        """Returns the mean rank of each method, (M,), 1 for the best; ties share theirs."""
        from scipy.stats import rankdata

        each: Array = rankdata(-self.scores, axis=1)
        mean: Array = each.mean(axis=0)
        return mean

    def friedman(self) -> float:
        """Returns the p value of Friedman's test that all methods rank alike.

        NaN with fewer than three methods or two blocks.
        """
        from scipy.stats import friedmanchisquare

        if len(self.methods) < 3 or len(self.blocks) < 2:
            return float('nan')
        return float(friedmanchisquare(*self.scores.T).pvalue)

    def critical_difference(self, level: float = 0.95) -> float:
        """Returns the difference of mean ranks that is significant by Nemenyi's test.

        Source: Demšar, JMLR 7 (2006), section 3.2.2, https://jmlr.org/papers/v7/demsar06a.html. He
        takes one block a data set. Ours are data set and seed: the statement is about other masks
        and trainings on these data sets, and not about other data sets.

        Args:
            level: of confidence, over all pairs together.
        """
        from scipy.stats import studentized_range

        count, blocks = len(self.methods), len(self.blocks)
        if count < 2 or not blocks:
            return float('nan')
        quantile = studentized_range.ppf(level, count, np.inf) / 2**0.5
        return float(quantile * (count * (count + 1) / (6 * blocks)) ** 0.5)

    def means(self) -> Array:
        """Returns the mean score of each method, (M,): of the means of the protocols."""
        weights = self._weights()
        mean: Array = weights @ self.scores
        return mean

    def difference(
        self, method: str, other: str, level: float = 0.95
    ) -> tuple[float, float, float]:
        """Returns the mean difference of two methods and its paired bootstrap interval.

        Differences are taken within a block and averaged over the seeds of a protocol, then over
        protocols. Seeds are drawn with replacement within each protocol (10,000 times, percentile
        interval). NaN bounds where a protocol has one seed only.

        Args:
            method: of `methods`.
            other: to subtract.
            level: of confidence.
        """
        places = self.methods.index(method), self.methods.index(other)
        gaps = self.scores[:, places[0]] - self.scores[:, places[1]]
        rng = np.random.default_rng(_SEED)
        drawn, mean, protocols = np.zeros(_DRAWS), 0.0, self._protocols()
        for own in protocols:
            if len(own) < 2:
                drawn += float('nan')
            picks = rng.integers(0, len(own), (_DRAWS, len(own)))
            drawn += gaps[own][picks].mean(axis=1) / len(protocols)
            mean += float(gaps[own].mean()) / len(protocols)
        low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
        return mean, float(low), float(high)

    def _protocols(self) -> list[NDArray[np.intp]]:
        names = np.array([protocol for protocol, _ in self.blocks])
        return [np.flatnonzero(names == name) for name in dict.fromkeys(names.tolist())]

    def _weights(self) -> Array:
        weights = np.zeros(len(self.blocks))
        protocols = self._protocols()
        for own in protocols:
            weights[own] = 1 / (len(own) * len(protocols))
        return weights


def rank_rows(table: ScoreTable, baseline: str) -> list[dict[str, Any]]:
    """Returns one row a method, best mean rank first.

    Each has `method`, `rank`, `mean`; `minus_baseline`, `baseline_low`, `baseline_high`; and
    against the best of the others by mean, `best_other`, `minus_best`, `best_low`, `best_high`: for
    the best method that is the second best.

    Args:
        table: of the scores.
        baseline: a method; where it is not in the table nothing is said of it.
    """
    means = dict(zip(table.methods, table.means(), strict=True))
    ranks = dict(zip(table.methods, table.ranks(), strict=True))
    rows = []
    for method in sorted(table.methods, key=lambda m: (ranks[m], -means[m])):
        row: dict[str, Any] = {'method': method, 'rank': ranks[method], 'mean': means[method]}
        others = [m for m in table.methods if m != method]
        if method != baseline and baseline in means:
            row |= _against(table, method, baseline, 'baseline')
        if others:
            best = max(others, key=lambda m: means[m])
            row |= {'best_other': best, **_against(table, method, best, 'best')}
        rows.append(row)
    return rows


def _against(table: ScoreTable, method: str, other: str, name: str) -> Mapping[str, float]:
    mean, low, high = table.difference(method, other)
    return {f'minus_{name}': mean, f'{name}_low': low, f'{name}_high': high}

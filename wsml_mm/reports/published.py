"""Measured mAP beside every published number, and whether it lies in the acceptance band."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from wsml_mm.benchmarks.published import Band, band_of, gap_band, published_of
from wsml_mm.experiments.results import METRIC, RunResult

from .tables import markdown_table, plus_minus, spread_over_seeds

_CHECKPOINT = 'best'  # by validation with all labels, as the papers choose
_NOTE = (
    'Measured at the best epoch by validation with all labels, as the papers choose it. Bands are '
    'drawn from the spread of the sources. All this holds for the settings of the config alone.'
)


def published_rows(results: Sequence[RunResult]) -> list[dict[str, Any]]:
    """Returns one row a measured mAP and published number of it; none where nothing is published.

    Each has protocol, method, group ('' for all classes), measured, std, seeds, published, spread,
    source, and where there is a band band_low, band_high and inside (1 or 0). The difference of
    LL-R and AN, which has a band too, is a row of its own.

    Args:
        results: of any protocols, methods and seeds.
    """
    places = dict.fromkeys((r.protocol, r.data, r.key) for r in results if r.checkpoints)
    rows: list[dict[str, Any]] = []
    for protocol, data, key in places:
        runs = [r for r in results if (r.protocol, r.data, r.key) == (protocol, data, key)]
        for number in published_of(key, data, protocol):
            metric = f'{METRIC}/{number.group}' if number.group else METRIC
            if any(metric not in r.scores[_CHECKPOINT] for r in runs):
                continue
            values = np.array([r.score(_CHECKPOINT, metric) for r in runs])
            band = None if number.group else band_of(key, data, protocol)
            rows.append({
                'protocol': protocol, 'method': runs[0].method, 'group': number.group,
                **_measured(values), 'published': number.mean, 'spread': number.spread,
                'source': number.source, **_of_band(band, float(values.mean())),
            })  # fmt: skip
    return rows + list(_gaps(results))


def _gaps(results: Sequence[RunResult]) -> Iterator[dict[str, Any]]:
    """Yields LL-R minus AN of each protocol that has a band for it, paired by seed."""
    scores = {(r.protocol, r.data, r.key, r.seed): r for r in results if r.checkpoints}
    for protocol, data in dict.fromkeys((p, d) for p, d, _, _ in scores):
        band = gap_band(data, protocol)
        seeds = [s for p, d, k, s in scores if (p, d, k) == (protocol, data, 'an')]
        pairs = [
            scores[protocol, data, 'll-r', s].score(_CHECKPOINT)
            - scores[protocol, data, 'an', s].score(_CHECKPOINT)
            for s in seeds
            if (protocol, data, 'll-r', s) in scores
        ]
        if band is not None and pairs:
            values = np.array(pairs)
            yield {
                'protocol': protocol, 'method': 'LL-R minus AN', 'group': '', **_measured(values),
                'published': None, 'spread': None, 'source': 'the safer check',
                **_of_band(band, float(values.mean())),
            }  # fmt: skip


def _measured(values: np.ndarray[Any, Any]) -> dict[str, Any]:
    return {
        'measured': float(values.mean()),
        'std': spread_over_seeds(values),
        'seeds': len(values),
    }


def _of_band(band: Band | None, value: float) -> dict[str, Any]:
    if band is None:
        return {}
    return {'band_low': band.low, 'band_high': band.high, 'inside': int(band.holds(value))}


def published_markdown(results: Sequence[RunResult]) -> str:
    """Returns the rows as a Markdown table; '' where nothing is published of any."""
    rows = published_rows(results)
    if not rows:
        return ''
    head = ['method', 'measured mAP', 'published', 'band', 'inside', 'source']
    lines = []
    for row in rows:
        spread = '' if row['spread'] is None else f' ± {row["spread"]:g}'
        band = f'{row["band_low"]:g} to {row["band_high"]:g}' if 'inside' in row else ''
        lines.append([
            row['method'] + (f', {row["group"]}' if row['group'] else ''),
            plus_minus(row['measured'], row['std']),
            '' if row['published'] is None else f'{row["published"]:g}{spread}',
            band,
            ('yes' if row['inside'] else '**no**') if 'inside' in row else '',
            row['source'],
        ])  # fmt: skip
    return '\n'.join(['Beside published numbers:', '', *markdown_table(head, lines), '', _NOTE, ''])

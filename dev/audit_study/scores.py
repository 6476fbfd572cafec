"""Which score ranks hidden positive labels highest?"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from wsml_mm.apis.training_scores import training_set_of
from wsml_mm.datasets.partial_label import PartialLabelDataset
from wsml_mm.experiments.comparison import run_comparison, run_folder
from wsml_mm.experiments.entries import Entry, read_entries, whole_config, with_seed
from wsml_mm.experiments.execution import Execution
from wsml_mm.experiments.results import RESULT_FILE, read_result

from . import rivals
from .measures import MEASURES, Array, chance, measures, ordered
from .protocols import Group
from .trained import Epochs, epochs_of, folds_of

LAST, MEAN, EARLY, KEPT = 'last epoch', 'mean over epochs', 'best epoch', 'first selected'
FOLDS = 5
HELD_OUT = f'{FOLDS} folds, last epoch'


def seed_rows(group: Group, args: argparse.Namespace) -> list[dict[str, Any]]:
    """Trains what is due of a group and returns one row a score and seed."""
    root = args.work_dir / f'{group.data}_{group.observed}'
    options = group.options(args.epochs)
    entries = read_entries([group.protocol], args.methods)
    run_comparison(entries, args.seeds, root, options, Execution(args.jobs))
    rows = []
    for seed in args.seeds:
        configs = {entry.name: _config(entry, seed, options) for entry in entries}
        leaf = training_set_of(next(iter(configs.values())))
        labels, truth = leaf.labels.rows(leaf.indices), leaf.full_labels.rows(leaf.indices)
        named = {'data': group.data, 'observed': group.observed, 'seed': seed}
        named |= chance(labels, truth)
        for (name, kind), score in _scores(entries, configs, leaf, root, seed, args):
            rows.append({'score': name, 'of': kind, **named, **measures(score, labels, truth)})
    return rows


def _config(entry: Entry, seed: int, options: dict[str, Any]) -> Any:
    return with_seed(whole_config(entry, options), entry, seed)


def _scores(
    entries: Sequence[Entry],
    configs: dict[str, Any],
    leaf: PartialLabelDataset,
    root: Path,
    seed: int,
    args: argparse.Namespace,
) -> Iterator[tuple[tuple[str, str], Array]]:
    """Yields each score's name and what of the training it is, and the score."""
    labels = leaf.labels.rows(leaf.indices)
    for entry in entries:
        folder = run_folder(root, entry.name, seed)
        found = epochs_of(configs[entry.name], folder, leaf)
        yield from of_training(entry.name, found, read_result(folder / RESULT_FILE))
    for entry in entries[: args.held_out]:
        where = root / f'folds_{entry.method.key}_{seed}'
        found = folds_of(configs[entry.name], leaf, FOLDS, where, seed, args.jobs)
        yield (f'{entry.name}, {FOLDS} folds', LAST), found.last()
        yield (f'{entry.name}, {FOLDS} folds', MEAN), found.mean()
        if entry is entries[0]:
            yield from of_others(found.last(), labels, args.cleanlab)


def of_others(
    score: Array, labels: Array, cleanlab: str | None
) -> Iterator[tuple[tuple[str, str], Array]]:
    """Yields the scores of other tools of held-out probabilities, by name and what they are of."""
    yield ('Confident learning', HELD_OUT), rivals.minus_thresholds(score, labels)
    yield ('FiftyOne mistakenness, by label', HELD_OUT), rivals.mistakenness(score, labels)
    yield ('FiftyOne mistakenness, by image', HELD_OUT), rivals.image_mistakenness(score, labels)
    if cleanlab:
        for name, each in rivals.of_cleanlab(cleanlab, score, labels).items():
            yield (name, HELD_OUT), each


def of_training(name: str, found: Epochs, result: Any) -> Iterator[tuple[tuple[str, str], Array]]:
    """Yields the scores that one training gives, by name and what of it they are."""
    yield (name, LAST), found.last()
    yield (name, MEAN), found.mean()
    if result.best_observed_epoch:  # by validation labels as poor as the training's
        yield (name, EARLY), found.epoch(result.best_observed_epoch)
    if found.first is not None:
        early = np.where(found.first > 0, -found.first, -np.iinfo(np.int64).max)
        yield (name, KEPT), ordered(early, found.last())


def summary_rows(rows: Sequence[dict[str, Any]], base: tuple[str, str]) -> list[dict[str, Any]]:
    """Returns one row a group and score: means over seeds, and paired differences to a score.

    Args:
        rows: of `seed_rows`, of all groups.
        base: name and kind of the score that is subtracted.

    Returns:
        For each of `MEASURES` its mean, standard deviation, and difference to `base` with the
        bounds of its 95 % bootstrap interval over seeds; and rows of `data` 'all', of all groups.
    """
    from wsml_mm.reports.ranks import ScoreTable
    from wsml_mm.reports.tables import spread_over_seeds

    groups = list(dict.fromkeys((row['data'], row['observed']) for row in rows))
    found = []
    for group in [*groups, ('all', 'all')]:
        own = [r for r in rows if group[0] == 'all' or (r['data'], r['observed']) == group]
        blocks = list(dict.fromkeys((f'{r["data"]} {r["observed"]}', r['seed']) for r in own))
        keys = list(dict.fromkeys((r['score'], r['of']) for r in own))
        cells = {(f'{r["data"]} {r["observed"]}', r['seed'], r['score'], r['of']): r for r in own}
        keys = [key for key in keys if all((*block, *key) in cells for block in blocks)]
        made = {key: {'data': group[0], 'observed': group[1], 'score': key[0], 'of': key[1]}
                for key in keys}  # fmt: skip
        for name in MEASURES:
            values = np.array([[cells[(*b, *k)][name] for k in keys] for b in blocks])
            table = ScoreTable(tuple(map(' / '.join, keys)), tuple(blocks), values)
            for place, key in enumerate(keys):
                made[key][name] = float(table.means()[place])
                made[key][f'{name} sd'] = spread_over_seeds(values[:, place])
                if key == base or base not in keys:
                    continue
                gap = table.difference(' / '.join(key), ' / '.join(base))
                made[key] |= dict(
                    zip((f'{name} minus base', f'{name} low', f'{name} high'), gap, strict=True)
                )
        found += made.values()
    return found

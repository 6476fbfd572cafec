"""Does an audit pay? Rounds of auditing, judging and training again, beside other choices."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from numpy.typing import NDArray

from wsml_mm.apis.audit import audit
from wsml_mm.apis.corrected_data import check_written, corrected_config, write_corrected
from wsml_mm.apis.suspicions import combine
from wsml_mm.apis.training_scores import TrainingScores, models_of, training_set_of
from wsml_mm.apis.verdicts import ACCEPT, REJECT, Verdict, corrected, decide
from wsml_mm.datasets.annotations import SplitNames
from wsml_mm.datasets.partial_label import PartialLabelDataset
from wsml_mm.engine.hooks import epoch_checkpoints
from wsml_mm.experiments.comparison import run_comparison, run_folder
from wsml_mm.experiments.entries import Entry, read_entries, whole_config, with_seed
from wsml_mm.experiments.execution import Execution
from wsml_mm.experiments.results import RESULT_FILE, RunResult, read_result
from wsml_mm.experiments.written import write_config
from wsml_mm.labels.encoding import POSITIVE, UNOBSERVED

from .protocols import Group

AUDIT, UNCERTAIN, RANDOM = 'audit', 'uncertainty', 'random'
PICKS = (AUDIT, UNCERTAIN, RANDOM)
FULL = 'all labels'

Pairs = list[tuple[str, str]]


def chain_rows(group: Group, args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yields one row a method, seed, choice and round; what is trained already is kept."""
    root = args.work_dir / f'{group.data}_{group.observed}'
    options, execution = group.options(args.epochs), Execution(args.jobs)
    *entries, full = read_entries([group.protocol], args.methods, upper_bound=True)
    named = {'data': group.data, 'observed': group.observed}
    for result in run_comparison([full], args.seeds, root / 'full', options, execution).results:
        yield {**named, 'method': full.name, 'seed': result.seed, 'choice': FULL, **_scores(result)}
    for entry in entries:
        run_comparison([entry], args.seeds, root / 'start', options, execution)
        for seed in args.seeds:
            start = with_seed(whole_config(entry, options), entry, seed)
            begun = run_folder(root / 'start', entry.name, seed)
            for pick in PICKS:
                folder = root / f'{entry.method.key}_{pick}_{seed}'
                own = {**named, 'method': entry.name, 'seed': seed, 'choice': pick}
                for row in chain(start, begun, folder, pick, seed, args):
                    yield {**own, **row}


def chain(
    cfg: Config, run: Path, folder: Path, pick: str, seed: int, args: argparse.Namespace
) -> Iterator[dict[str, Any]]:
    """Yields what each round of judging one choice of pairs comes to, from 0.

    Args:
        cfg: of the first training.
        run: its folder.
        folder: for labels, configs and trainings of the rounds.
        pick: of `PICKS`.
        seed: of trainings and of a random choice.
        args: of the command line: `rounds`, `pairs`.
    """
    result, found = read_result(run / RESULT_FILE), 0
    yield {'round': 0, 'found': found, **_scores(result)}
    for number in range(1, args.rounds + 1):
        rng = np.random.default_rng([seed, number])
        file, right = judge_and_write(
            cfg, epoch_checkpoints(run), folder, number, pick, args.pairs, rng
        )
        cfg, found = Config.fromfile(file), found + right
        entry = Entry(f'round {number}', str(file), partial_validation=False)
        (result,) = run_comparison([entry], [seed], folder).results
        run = run_folder(folder, entry.name, seed)
        yield {'round': number, 'found': found, **_scores(result)}


def judge_and_write(
    cfg: Config,
    checkpoints: Sequence[Path],
    folder: Path,
    number: int,
    pick: str,
    count: int,
    rng: np.random.Generator,
) -> tuple[Path, int]:
    """Writes the labels with the verdicts on chosen pairs, and the config that trains on them.

    Args:
        cfg: of the training so far.
        checkpoints: of it.
        folder: for `round_NUMBER.npz` and `.py`.
        number: of the round.
        pick: of `PICKS`.
        count: pairs that are judged, by the truth.
        rng: of a random choice.

    Returns:
        The new config's file, and how many of the pairs were hidden positives.
    """
    leaf = training_set_of(cfg)
    scores = TrainingScores(leaf, models_of(cfg, checkpoints, leaf, 'cpu'))
    names = SplitNames.of(leaf.dataset)
    verdicts = judged(leaf, chosen(pick, leaf, scores, count, rng))
    decided = decide(verdicts, leaf.labels, list(names.images()), names.classes)
    labels = corrected(leaf.labels, decided)
    folder.mkdir(parents=True, exist_ok=True)
    out = folder / f'round_{number}.npz'
    new = corrected_config(cfg, leaf, out)
    write_corrected(out, leaf, labels, {})
    check_written(new, labels, out)
    write_config(new, out.with_suffix('.py'))
    return out.with_suffix('.py'), int((decided.values == POSITIVE).sum())


def chosen(
    pick: str,
    leaf: PartialLabelDataset,
    scores: TrainingScores,
    count: int,
    rng: np.random.Generator,
) -> Pairs:
    """Returns the pairs that somebody is asked about, names of image and class."""
    if pick == AUDIT:
        table = audit(leaf, [scores]).table
        rows = zip(table['list'], table['image'], table['class'], strict=True)
        return [(image, label) for kind, image, label in rows if kind == 'missing'][:count]
    labels = leaf.labels.rows(leaf.indices)
    if pick == RANDOM:
        order = rng.random(labels.shape)
    else:
        parts = [combine(probabilities).score for _, probabilities in scores]
        order = np.abs(np.concatenate(parts) - 0.5)
    rows, classes = least(order, labels == UNOBSERVED, count)
    names = SplitNames.of(leaf.dataset)
    images = names.images()
    return [
        (str(images[int(leaf.indices[row])]), names.classes[label])
        for row, label in zip(rows, classes, strict=True)
    ]


def least(
    order: NDArray[np.floating], eligible: NDArray[np.bool_], count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Returns row and column of the smallest eligible values."""
    first = np.argsort(np.where(eligible, order, np.inf), axis=None, kind='stable')
    rows, columns = np.unravel_index(first[: min(count, int(eligible.sum()))], order.shape)
    return rows, columns


def judged(leaf: PartialLabelDataset, pairs: Pairs) -> Iterator[Verdict]:
    """Yields the verdicts of somebody who knows the truth."""
    names = SplitNames.of(leaf.dataset)
    rows = {str(name): row for row, name in enumerate(names.images())}
    columns = {name: place for place, name in enumerate(names.classes)}
    for image, label in pairs:
        true = leaf.full_labels.row(rows[image])[columns[label]] == POSITIVE
        yield Verdict(image, label, ACCEPT if true else REJECT)


def _scores(result: RunResult) -> dict[str, float]:
    return {'best': result.score('best'), 'last': result.score('last')}

"""Models of held-out folds, so that none judges labels that it was trained on."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmengine.config import Config, ConfigDict
from numpy.typing import NDArray

from wsml_mm.datasets import SplitNames, save_observation
from wsml_mm.datasets.holdout import SplitPart
from wsml_mm.datasets.partial_label import PartialLabelDataset
from wsml_mm.engine.hooks import epoch_checkpoints
from wsml_mm.experiments.comparison import run_comparison, run_folder
from wsml_mm.experiments.configs import partial_datasets
from wsml_mm.experiments.entries import Entry
from wsml_mm.experiments.execution import Execution
from wsml_mm.experiments.retest import checkpoints
from wsml_mm.experiments.training import KEEP_EPOCHS

_LABELS = 'labels.npz'


def fold_parts(leaf: PartialLabelDataset, folds: int, seed: int) -> list[dict[str, int]]:
    """Returns the `subsample` of each fold's training set.

    Args:
        leaf: the whole training set.
        folds: K.
        seed: of the folds, where the training set is not a random share with a seed of its own.

    Raises:
        ValueError: if the training set is given by `indices`, or has fewer images than folds.
    """
    own = {'seed': seed, **(leaf.subsample or {})}
    if leaf._part.indices is not None or 'folds' in own:
        raise ValueError(
            '--folds: the training set is itself chosen by indices or folds; audit one that is not'
        )
    found = [{**own, 'folds': folds, 'without': fold} for fold in range(folds)]
    for part in found:
        left_out(leaf, part)
    return found


def left_out(leaf: PartialLabelDataset, part: dict[str, int]) -> NDArray[np.int64]:
    """Returns the positions of the images that a fold's model is not trained on."""
    kept = SplitPart(leaf.holdout, part).positions(leaf.num_samples)
    found: NDArray[np.int64] = np.setdiff1d(leaf.indices, kept)
    return found


def train_folds(
    cfg: Config, leaf: PartialLabelDataset, parts: Sequence[dict[str, int]], root: Path, seed: int,
    jobs: int = 1, keep_epochs: bool = False,
) -> list[list[Path]]:  # fmt: skip
    """Trains a model without each fold; finished ones are kept, as those of a comparison.

    Args:
        cfg: of the training on all folds; not changed.
        leaf: its training set, whose observed labels all see.
        parts: of `fold_parts`.
        root: folder for configs and runs.
        seed: of the trainings.
        jobs: trainings at a time.
        keep_epochs: keep the checkpoints of all epochs.

    Returns:
        Of each the checkpoint of the last epoch, or those of all.

    Raises:
        RunError: if a training failed.
    """
    root.mkdir(parents=True, exist_ok=True)
    # As they are: a comparison draws observed labels anew for each seed.
    names = SplitNames.of(leaf.dataset)
    save_observation(root / _LABELS, leaf.labels, leaf.full_labels, names)
    entries = []
    for number, part in enumerate(parts, start=1):
        new = Config(copy.deepcopy(cfg.to_dict()))
        (dataset,) = partial_datasets(new.train_dataloader.dataset)
        dataset.observe = ConfigDict(type='ObservationFile', path=str(root / _LABELS))
        dataset.subsample = ConfigDict(part)
        if keep_epochs:
            new.merge_from_dict(KEEP_EPOCHS)
        path = root / f'fold_{number}.py'
        new.dump(path)
        entries.append(Entry(f'fold {number}', str(path), partial_validation=False))
    run_comparison(entries, [seed], root, execution=Execution(jobs))
    folders = [run_folder(root, entry.name, seed) for entry in entries]
    if keep_epochs:
        return [epoch_checkpoints(folder) for folder in folders]
    return [[checkpoints(folder)['last']] for folder in folders]

"""What trainings say of the labels they were trained on, epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from mmengine.config import Config
from numpy.typing import NDArray

from wsml_mm.apis.folds import fold_parts, left_out, train_folds
from wsml_mm.apis.selected_labels import selected_labels
from wsml_mm.apis.suspicions import combine
from wsml_mm.apis.training_scores import TrainingScores, models_of
from wsml_mm.datasets.partial_label import PartialLabelDataset
from wsml_mm.engine.hooks import epoch_checkpoints
from wsml_mm.engine.hooks.training_facts import fingerprint_of

_KEPT = 'training_scores.npz'  # in a run's folder: models need not be loaded twice


class Epochs(NamedTuple):
    """Probabilities of the training images, and what the method took for present.

    Attributes:
        probabilities: (E, N, C) of each epoch, N images in the order of `leaf.indices`.
        first: (N, C) epoch in which a label was first taken for present, 0: never; None: the method
            keeps none.
    """

    probabilities: NDArray[np.float32]
    first: NDArray[np.int64] | None = None

    def last(self) -> NDArray[np.float32]:
        """Returns what an audit with the last checkpoint ranks by."""
        return combine([self.probabilities[-1]]).score

    def mean(self) -> NDArray[np.float64]:
        """Returns what an audit with the checkpoints of all epochs ranks by."""
        return combine(list(self.probabilities)).score

    def epoch(self, number: int) -> NDArray[np.float64]:
        """Returns what an audit with the checkpoint of an epoch, from 1, ranks by."""
        return combine([self.probabilities[number - 1]]).score


def epochs_of(cfg: Config, folder: Path, leaf: PartialLabelDataset) -> Epochs:
    """Returns what a training says, from its checkpoints or from the file that keeps it."""
    if not (folder / _KEPT).is_file():
        models = models_of(cfg, epoch_checkpoints(folder), leaf, 'cpu')
        found = {'probabilities': _scores(leaf, models, leaf.indices)}
        shape = (leaf.num_samples, len(leaf.metainfo['classes']))
        kept = selected_labels([m.saved for m in models], shape, fingerprint_of([leaf]))
        if kept is not None:
            every = np.zeros(shape, np.int64)
            every.reshape(-1)[kept['key']] = kept['epoch']
            found['first'] = every[leaf.indices]
        np.savez(folder / 'draft.npz', **found)
        (folder / 'draft.npz').rename(folder / _KEPT)
    with np.load(folder / _KEPT) as saved:
        return Epochs(saved['probabilities'], saved.get('first', None))


def folds_of(
    cfg: Config, leaf: PartialLabelDataset, folds: int, root: Path, seed: int, jobs: int
) -> Epochs:
    """Returns what models say that each were trained without the images that they score.

    Args:
        cfg: of the training on all images.
        leaf: its training set.
        folds: K.
        root: folder for the K trainings.
        seed: of folds and trainings.
        jobs: trainings at a time.
    """
    if not (root / _KEPT).is_file():
        parts, every = fold_parts(leaf, folds, seed), np.zeros(0)
        trained = train_folds(cfg, leaf, parts, root, seed, jobs, keep_epochs=True)
        for part, files in zip(parts, trained, strict=True):
            rows = left_out(leaf, part)
            own = _scores(leaf, models_of(cfg, files, leaf, 'cpu'), rows)
            if not every.size:
                every = np.full((len(own), len(leaf.indices), own.shape[2]), np.nan, np.float32)
            every[:, np.searchsorted(leaf.indices, rows)] = own
        np.savez(root / 'draft.npz', probabilities=every)
        (root / 'draft.npz').rename(root / _KEPT)
    with np.load(root / _KEPT) as saved:
        return Epochs(saved['probabilities'])


def _scores(
    leaf: PartialLabelDataset, models: Sequence[object], rows: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Returns (E, B, C) probabilities of images, ascending by position."""
    parts = [np.stack(each) for _, each in TrainingScores(leaf, models, rows)]
    return np.concatenate(parts, axis=1)

"""What one or several trained models say of the images of a training set, batch by batch."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpretrain.structures import DataSample
from numpy.typing import NDArray

from wsml_mm.datasets.annotations import SplitNames
from wsml_mm.datasets.features import FeatureDataset
from wsml_mm.datasets.nesting import is_a
from wsml_mm.datasets.partial_label import PartialLabelDataset
from wsml_mm.engine.hooks import epoch_checkpoints
from wsml_mm.experiments.configs import build_partial_datasets
from wsml_mm.labels.class_lists import class_difference
from wsml_mm.quiet import quiet

from .assemble import assemble
from .predictions import predict_with
from .trained_classifier import TrainedClassifier

_SCORES = 1 << 20  # of a batch of stored features


@dataclass
class TrainingScores:
    """Scores of a training set, to be iterated once; an image that cannot be read is left out.

    Args:
        leaf: the training set.
        models: of `models_of`.
        positions: of the images in their split; None: all that are trained on.
        batch_size: photographs at a time; stored features go through in larger batches.
        num_workers: processes that load photographs.
    """

    leaf: PartialLabelDataset
    models: Sequence[TrainedClassifier]
    positions: NDArray[np.int64] | None = None
    batch_size: int = 16
    num_workers: int = 0
    broken: list[tuple[str, str]] = field(default_factory=list)  # name and reason, as they come

    def __len__(self) -> int:
        return len(self._places())

    def _places(self) -> NDArray[np.int64]:
        places = self.leaf.indices if self.positions is None else self.positions
        return np.unique(np.asarray(places, np.int64))

    def __iter__(self) -> Iterator[tuple[NDArray[np.int64], list[NDArray[np.float32]]]]:
        """Yields (B,) positions, ascending, and the (B, C) probabilities of each model."""
        if is_a(self.leaf.dataset, FeatureDataset):
            yield from self._of_features()
        else:
            yield from self._of_images()

    def _of_features(self) -> Iterator[Any]:
        places = self._places()
        size = max(1, _SCORES // len(self.models[0].classes))
        for begin in range(0, len(places), size):
            rows = places[begin : begin + size]
            inputs = torch.from_numpy(self.leaf.dataset.feature_rows(rows))
            yield rows, [_of_batch(model, inputs) for model in self.models]

    def _of_images(self) -> Iterator[Any]:
        places, names = self._places(), SplitNames.of(self.leaf.dataset).images()
        paths = [str(self.leaf.dataset.get_data_info(int(p))['img_path']) for p in places]
        found = predict_with(self.models, paths, self.batch_size, self.num_workers)
        rows: list[int] = []
        held: list[Any] = []
        for place, scores in zip(places.tolist(), found, strict=True):
            if isinstance(scores, str):
                self.broken.append((names[place], scores))
                continue
            rows.append(place)
            held.append(scores)
            if len(rows) >= self.batch_size:
                yield np.array(rows), [np.stack(each) for each in zip(*held, strict=True)]
                rows, held = [], []
        if rows:
            yield np.array(rows), [np.stack(each) for each in zip(*held, strict=True)]


@torch.no_grad()
def _of_batch(model: TrainedClassifier, inputs: torch.Tensor) -> NDArray[np.float32]:
    samples = [DataSample() for _ in inputs]
    found = model.model.test_step({'inputs': inputs, 'data_samples': samples})
    scores: NDArray[np.float32] = torch.stack([s.pred_score for s in found]).float().cpu().numpy()
    return scores


def training_set_of(cfg: Config) -> PartialLabelDataset:
    """Builds the training set of a config, which must be one `PartialLabelDataset`.

    Raises:
        ValueError: if it is none, or several.
    """
    with quiet(), DefaultScope.overwrite_default_scope(cfg.get('default_scope') or 'mmpretrain'):
        leaves = build_partial_datasets(cfg)
    if len(leaves) != 1:
        raise ValueError(
            f'{cfg.filename}: the training set holds {len(leaves)} PartialLabelDatasets; an audit '
            'is of one, give a config with it'
        )
    return leaves[0]


def checkpoint_files(given: Sequence[str | os.PathLike[str]]) -> list[str]:
    """Returns files of checkpoints, in place of a training's folder those of all its epochs.

    Args:
        given: files and folders.

    Raises:
        FileNotFoundError: if a folder holds no epoch_N.pth.
    """
    found: list[str] = []
    for each in given:
        own = epoch_checkpoints(each) if os.path.isdir(each) else [each]
        if not own:
            raise FileNotFoundError(
                f'{each}: holds no epoch_N.pth; give the folder of a training, or checkpoints'
            )
        found += map(str, own)
    return found


def models_of(
    cfg: Config,
    checkpoints: Sequence[str | os.PathLike[str]],
    leaf: PartialLabelDataset,
    device: str | None = None,
) -> list[TrainedClassifier]:
    """Returns the models of checkpoints, which take what the training set holds.

    They come in the order of the training where the checkpoints tell it: a shell puts epoch_10.pth
    before epoch_9.pth.

    Args:
        cfg: of the training.
        checkpoints: of it, in any order.
        leaf: the training set.
        device: to compute on; None: a GPU where there is one.

    Returns:
        A model for each, by epoch.

    Raises:
        FileNotFoundError: if there is no such checkpoint.
        ValueError: if one is damaged, of another model or of other classes than the training set.
    """
    classes = [str(name) for name in leaf.metainfo['classes']]
    join = not is_a(leaf.dataset, FeatureDataset)
    found = []
    for checkpoint in checkpoints:
        model = assemble(cfg, checkpoint, device, join=join)
        if different := class_difference(model.classes, classes):
            raise ValueError(
                f'{checkpoint}: was trained on other classes than the training set has '
                f'({different}); give the config it was trained with'
            )
        found.append(model)
    steps = [_saved_after(model, 'iter') for model in found]
    if None not in steps:
        found.sort(key=lambda model: _saved_after(model, 'iter') or 0)
    return found


def trained_epochs(models: Sequence[TrainedClassifier]) -> int | None:
    """Returns how many epochs the last of some checkpoints was trained for; None: it is unsaid."""
    return max((_saved_after(model, 'epoch') or 0 for model in models), default=0) or None


def _saved_after(model: TrainedClassifier, unit: str) -> int | None:
    """Returns after how many steps or epochs a checkpoint was saved; None: it does not say."""
    meta = model.saved.get('meta')
    found = meta.get(unit) if isinstance(meta, Mapping) else None
    return found if isinstance(found, int) else None

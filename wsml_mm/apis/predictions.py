"""Scores of many images, one batch in memory at a time; a broken image is noted, not fatal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from mmpretrain.registry import DATASETS
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset

from wsml_mm.datasets.features import FeatureDataset
from wsml_mm.datasets.image_loader import why_unreadable
from wsml_mm.datasets.nesting import unwrap
from wsml_mm.labels.encoding import NEGATIVE, POSITIVE
from wsml_mm.quiet import quiet

from .trained_classifier import PrepareImage, TrainedClassifier


class Prediction(NamedTuple):
    """What a model says of an image: (C,) `scores`, or None and the `error` of a broken one."""

    name: str
    scores: NDArray[np.float32] | None
    error: str = ''


class _Prepared(Dataset[Any]):
    """The packed samples of image files; of one that cannot be read the reason."""

    def __init__(self, paths: Sequence[str], prepare: PrepareImage) -> None:
        self.paths, self.prepare = paths, prepare

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Any:
        path = self.paths[index]
        try:
            return self.prepare(path)
        except Exception as error:  # decoders raise many kinds on hostile files
            return why_unreadable(path, error.__cause__ or error)


def predict_images(
    trained: TrainedClassifier,
    paths: Sequence[str],
    batch_size: int = 16,
    num_workers: int = 0,
    names: Sequence[str] | None = None,
) -> Iterator[Prediction]:
    """Yields the predictions of image files, in their order.

    Args:
        trained: of `assemble`.
        paths: of the images.
        batch_size: images that go through the model together, at most.
        num_workers: processes that load images.
        names: of the images in the predictions; None: their paths.
    """
    at = iter(paths if names is None else names)
    for found in predict_with([trained], paths, batch_size, num_workers):
        yield (
            Prediction(next(at), None, found)
            if isinstance(found, str)
            else Prediction(next(at), found[0])
        )


def predict_with(
    models: Sequence[TrainedClassifier],
    paths: Sequence[str],
    batch_size: int = 16,
    num_workers: int = 0,
) -> Iterator[list[NDArray[np.float32]] | str]:
    """Yields what several models say of image files, each loaded once, in their order.

    Args:
        models: of `assemble`, which prepare images alike.
        paths: of the images.
        batch_size: images that go through a model together, at most.
        num_workers: processes that load images.

    Yields:
        The (C,) scores of each model; of an image that cannot be read the reason.
    """
    loader = DataLoader(
        _Prepared(paths, models[0].preparing()),
        batch_size,
        num_workers=num_workers,
        collate_fn=list,
    )
    for batch in loader:
        good = [each for each in batch if not isinstance(each, str)]
        # A model writes into the samples: what one has said is taken before the next.
        found = [[scores_of(sample) for sample in model.predict(good)] for model in models]
        of_image = iter(zip(*found, strict=True))
        for each in batch:
            yield each if isinstance(each, str) else list(next(of_image))


def scores_of(sample: Any) -> NDArray[np.float32]:
    """Returns the scores of a data sample, (C,)."""
    scores: NDArray[np.float32] = sample.pred_score.float().cpu().numpy()
    return scores


def validation_scores(
    trained: TrainedClassifier, batch_size: int = 16, num_workers: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
    """Returns scores and labels of the config's validation images, (N, C) each.

    The images themselves go through the model, also where it was trained on stored features.

    Args:
        trained: of `assemble`; its config's val_dataloader says which images.
        batch_size: images at a time.
        num_workers: processes that load images.

    Returns:
        Scores of 0 to 1, and labels of {1, 0, -1}.

    Raises:
        ValueError: if the config has no validation images, or one cannot be read.
        FileNotFoundError: if the data are not there.
    """
    loader_config = trained.config.get('val_dataloader')
    if loader_config is None:
        raise ValueError(
            f'{trained.config.filename}: has no val_dataloader to choose thresholds on; give them '
            'by hand'
        )
    config = unwrap(loader_config['dataset'], FeatureDataset)
    with quiet():
        dataset = DATASETS.build(config)
    loader = DataLoader(dataset, batch_size, num_workers=num_workers, collate_fn=list)
    scores, target = [], []
    for batch in loader:
        labels = [_labels(each['data_samples'], len(trained.classes)) for each in batch]
        target += labels  # before predict(), which writes into the samples
        scores += [scores_of(sample) for sample in trained.predict(batch)]
    return np.stack(scores), np.stack(target)


def _labels(sample: Any, count: int) -> NDArray[np.int8]:
    if 'gt_score' in sample:
        given: NDArray[np.int8] = sample.gt_score.cpu().numpy().astype(np.int8)
        return given
    found = np.full(count, NEGATIVE, np.int8)
    found[sample.gt_label.cpu().numpy()] = POSITIVE
    return found


def as_scores(classes: Sequence[str], scores: NDArray[np.floating]) -> Mapping[str, float]:
    """Returns one image's scores by class name, rounded as float32 prints."""
    return {name: float(str(score)) for name, score in zip(classes, scores, strict=True)}

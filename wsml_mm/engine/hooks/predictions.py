"""A pass over the training set in evaluation mode, for methods that label between epochs."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from mmengine.dist import get_rank, get_world_size
from mmengine.hooks import EMAHook
from mmengine.model import is_model_wrapper
from torch import nn
from torch.utils.data import DataLoader, Dataset

from wsml_mm.datasets.nesting import wrapped_datasets
from wsml_mm.datasets.partial_label import PartialLabelDataset
from wsml_mm.models.losses import PartialLabelLoss, Predictions


def training_predictions(runner: Any, loss: PartialLabelLoss) -> Predictions:
    """Yields (sample indices, (B, C) scores) of this rank's share of the training samples.

    Every sample is on one rank, once, whatever repeats it in the training. The loader is one of
    its own (persistent workers of the training's cannot be iterated twice) without the random
    state, the mode of any module or the state of the training's loader being changed.

    Args:
        runner: that trains.
        loss: states the pipeline ('train' or 'test') and the weights ('raw' or 'ema').

    Raises:
        ValueError: if there is no such pipeline or there are no averaged weights.
    """
    model = _weights(runner, loss.predict_weights)
    pipeline = _pipeline(runner, loss.predict_pipeline)
    leaves = wrapped_datasets(runner.train_dataloader.dataset)
    samples = _TrainingSamples(leaves, pipeline)
    stock = runner.train_dataloader
    # A loader with a batch sampler of the user's has no size of its own.
    size = stock.batch_size or getattr(stock.batch_sampler, 'batch_size', 1)
    loader = DataLoader(samples, size, num_workers=stock.num_workers, collate_fn=stock.collate_fn)
    with _undisturbed(model), torch.no_grad():
        for batch in loader:
            found = model.val_step(batch)
            index = torch.tensor([int(s.metainfo['sample_idx']) for s in batch['data_samples']])
            yield index, torch.stack([sample.pred_score for sample in found])


class _TrainingSamples(Dataset[Any]):
    """This rank's share of the distinct samples of the leaf datasets, in order."""

    def __init__(self, leaves: list[PartialLabelDataset], pipeline: Any) -> None:
        self.leaves = []
        for leaf in leaves:
            view = copy.copy(leaf)
            if pipeline is not None:
                view.dataset = copy.copy(leaf.dataset)
                view.dataset.pipeline = pipeline
            self.leaves.append(view)
        places = [
            (number, int(place))
            for number, leaf in enumerate(leaves)
            for place in np.unique(leaf.indices, return_index=True)[1]
        ]
        self.places = places[get_rank() :: get_world_size()]

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, index: int) -> Any:
        number, place = self.places[index]
        return self.leaves[number][place]


def _pipeline(runner: Any, kind: str) -> Any:
    """Returns the validation or test set's pipeline; None: each training set's own."""
    if kind == 'train':
        return None
    for name in ('val_dataloader', 'test_dataloader'):
        if getattr(runner, f'_{name}', None) is None:
            continue
        found = wrapped_datasets(getattr(runner, name).dataset)
        if found:
            return found[0].dataset.pipeline
    raise ValueError(
        "predict_pipeline='test': there is no PartialLabelDataset in the validation or test loader "
        "whose pipeline could be taken; add one, or set predict_pipeline = 'train' in the loss"
    )


def _weights(runner: Any, kind: str) -> Any:
    model = runner.model.module if is_model_wrapper(runner.model) else runner.model
    if kind == 'raw':
        return model
    for hook in runner.hooks:
        if isinstance(hook, EMAHook):
            return hook.ema_model.module
    raise ValueError(
        "predict_weights='ema': there is no EMAHook; add custom_hooks = [dict(type='EMAHook')]"
    )


@contextmanager
def _undisturbed(model: nn.Module) -> Iterator[None]:
    """Within, the model is in evaluation mode; afterwards modes and random state are as before."""
    modes = {module: module.training for module in model.modules()}
    states = random.getstate(), np.random.get_state()
    with torch.random.fork_rng():
        model.eval()
        try:
            yield
        finally:
            for module, mode in modes.items():
                module.training = mode
            random.setstate(states[0])
            np.random.set_state(states[1])

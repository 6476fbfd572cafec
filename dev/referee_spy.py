"""A hook that writes down, step by step, what a loss of either version did to the labels."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.hooks import Hook
from mmpretrain.registry import HOOKS


def selected(trace: Any) -> torch.Tensor:
    """Returns the (B, C) mask of the entries that the loss has acted on in its last step."""
    return trace.selected if hasattr(trace, 'selected') else trace.acted_on()


@HOOKS.register_module()
class RefereeSpy(Hook):
    """Leaves `referee.npz` in the work folder: loss, selection and images of every step."""

    priority = 'VERY_HIGH'  # before any hook that could take the trace away

    def before_train(self, runner: Any) -> None:
        """Begins anew."""
        self.losses: list[float] = []
        self.masks: list[np.ndarray] = []
        self.images: list[str] = []

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Keeps one step."""
        self.losses.append(float(outputs['loss']))
        samples = data_batch['data_samples']
        shown = ''.join(f'{Path(s.img_path).name}{s.gt_score.tolist()}' for s in samples)
        self.images.append(hashlib.sha256(shown.encode()).hexdigest())
        self.masks.append(np.packbits(selected(runner.model.head.loss_module.trace).numpy()))

    def after_train(self, runner: Any) -> None:
        """Writes the file."""
        masks = np.concatenate(self.masks)
        np.savez(
            Path(runner.work_dir) / 'referee.npz',
            loss=np.array(self.losses),
            mask=masks,
            images=np.array(self.images),
        )

"""The step of a head on stored features, and whether a model's step is nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from mmengine.optim import OptimWrapper
from mmengine.runner import Runner
from mmpretrain.models import ImageClassifier
from mmpretrain.models.heads import MultiLabelClsHead
from torch import Tensor, nn

from wsml_mm.datasets.feature_batch import FeatureRows
from wsml_mm.models.backbones import FeatureInput, FeaturePreprocessor
from wsml_mm.models.heads import SampleIndexMixin

_MODEL = 'train_step val_step test_step forward loss predict extract_feat parse_losses _run_forward'
_HEAD = {
    'loss': (MultiLabelClsHead,),
    '_get_loss': (MultiLabelClsHead, SampleIndexMixin),
    'predict': (MultiLabelClsHead,),
    '_get_predictions': (MultiLabelClsHead,),
}
_CALLED = ('_forward_hooks', '_forward_pre_hooks', '_backward_hooks', '_backward_pre_hooks')


def is_head_alone(runner: Any) -> bool:
    """Tells whether a model's step is that of its head on the features, with nothing around it."""
    model = runner.model
    if type(model) is not ImageClassifier or type(runner).call_hook is not Runner.call_hook:
        return False
    parts, head = (model, model.backbone, model.data_preprocessor), getattr(model, 'head', None)
    return (
        type(model.backbone) is FeatureInput
        and type(model.data_preprocessor) is FeaturePreprocessor
        and model.data_preprocessor.is_plain
        and not model.with_neck
        and not any(getattr(part, name) for part in parts for name in _CALLED)
        and not any(name in vars(model) for name in _MODEL.split())
        and isinstance(head, MultiLabelClsHead)
        and all(_is_stock(head, name, kinds) for name, kinds in _HEAD.items())
        and (runner._train_loop is None or not isinstance(runner.optim_wrapper, dict))
    )


def _is_stock(head: nn.Module, name: str, kinds: tuple[type, ...]) -> bool:
    """Tells whether nobody but some classes defines a method of a head."""
    definers = [kind for kind in type(head).__mro__ if name in vars(kind)]
    return name not in vars(head) and set(definers) - {object} <= {*kinds, *_bases_of(kinds)}


def _bases_of(kinds: tuple[type, ...]) -> set[type]:
    return {base for kind in kinds for base in kind.__mro__}


class HeadStep:
    """The step of `ImageClassifier.train_step`, of a model of which `is_head_alone` tells.

    Args:
        runner: that trains.
    """

    def __init__(self, runner: Any) -> None:
        self.model, self.optim_wrapper = runner.model, runner.optim_wrapper
        self.head, self.device = self.model.head, device_of(self.model)
        self.loss = self.head.loss_module
        indexed = isinstance(self.head, SampleIndexMixin)
        self.pass_samples = indexed and getattr(self.loss, 'needs_sample_idx', False)
        counts = getattr(self.optim_wrapper, '_accumulative_counts', None)
        self.is_plain = type(self.optim_wrapper) is OptimWrapper and counts == 1
        if self.is_plain:
            self.clear = _clearing(self.optim_wrapper)

    def __call__(self, rows: FeatureRows) -> dict[str, Tensor]:
        """Takes a step; returns what it logs.

        Args:
            rows: the batch.
        """
        if self.is_plain:
            loss, log = self._losses(rows)
            # What `update_params` does, without a division by 1 and its gradient.
            self.optim_wrapper.backward(loss)
            self.optim_wrapper.step()
            self.clear()
            return log
        with self.optim_wrapper.optim_context(self.model):
            loss, log = self._losses(rows)
        self.optim_wrapper.update_params(loss)
        return log

    def _losses(self, rows: FeatureRows) -> tuple[Tensor, dict[str, Tensor]]:
        features, observed = rows.features, rows.observed
        if self.device.type != 'cpu':
            features, observed = features.to(self.device), observed.to(self.device)
        logits = self.head((features,))
        arguments = {'sample_idx': rows.sample_idx} if self.pass_samples else {}
        loss = self.loss(logits, observed, avg_factor=len(features), **arguments)
        if isinstance(loss, Tensor) and not loss.ndim:
            return loss, {'loss': loss}
        found: tuple[Tensor, dict[str, Tensor]] = self.model.parse_losses({'loss': loss})
        return found


def _clearing(optim_wrapper: OptimWrapper) -> Callable[[], None]:
    """Returns what clears the gradients as `zero_grad` does.

    PyTorch's own makes an entry for a profiler, which takes longer than all else it does.
    """
    optimizer = optim_wrapper.optimizer
    stock = type(optimizer).zero_grad is torch.optim.Optimizer.zero_grad
    if not stock or 'zero_grad' in vars(optimizer):
        zero_grad: Callable[[], None] = optim_wrapper.zero_grad
        return zero_grad

    def clear() -> None:
        for group in optimizer.param_groups:
            for parameter in group['params']:
                parameter.grad = None

    return clear


def device_of(model: Any) -> torch.device:
    """Returns the device of a model, which its preprocessor knows without looking."""
    device: torch.device = model.data_preprocessor.device
    return device

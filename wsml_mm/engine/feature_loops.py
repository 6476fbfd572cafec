"""The loops over stored features: a head's step and nothing else, where nothing else is wanted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from mmengine.evaluator import Evaluator
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapper
from mmengine.runner import EpochBasedTrainLoop, Runner, TestLoop, ValLoop
from mmpretrain.models import ImageClassifier
from mmpretrain.models.heads import MultiLabelClsHead
from torch import Tensor, nn

from wsml_mm.datasets.feature_batch import FeatureRows
from wsml_mm.datasets.feature_loader import FeatureBatch, FeatureLoader
from wsml_mm.datasets.late import LateSequence
from wsml_mm.evaluation.metrics import ObservedMetric
from wsml_mm.models.backbones import FeatureInput, FeaturePreprocessor
from wsml_mm.models.heads import SampleIndexMixin

from .growing_history import let_grow

_MODEL = 'train_step val_step test_step forward loss predict extract_feat parse_losses _run_forward'
_HEAD = {
    'loss': (MultiLabelClsHead,),
    '_get_loss': (MultiLabelClsHead, SampleIndexMixin),
    'predict': (MultiLabelClsHead,),
    '_get_predictions': (MultiLabelClsHead,),
}
_CALLED = ('_forward_hooks', '_forward_pre_hooks', '_backward_hooks', '_backward_pre_hooks')


def use_feature_loops(runner: Any) -> None:
    """Lets a runner's loops read stored features as tensors; others stay as they are.

    Steps, hooks, results, checkpoints and random state are those of MMEngine's own loops, whose
    work is done wherever a model, a hook or a metric wants samples.
    """
    for name, stock, kind in (
        ('_train_loop', EpochBasedTrainLoop, FeatureTrainLoop),
        ('_val_loop', ValLoop, FeatureValLoop),
        ('_test_loop', TestLoop, FeatureTestLoop),
    ):
        loop: Any = getattr(runner, name, None)
        if type(loop) is stock and (loader := FeatureLoader.of(loop.dataloader)):
            own = kind.__new__(kind)
            own.__dict__.update(loop.__dict__, dataloader=loader)
            setattr(runner, name, own)


class FeatureTrainLoop(EpochBasedTrainLoop):  # type: ignore[misc]
    """MMEngine's loop over epochs, for a head on stored features."""

    def run_epoch(self) -> None:
        """Trains an epoch."""
        self.dataloader.as_tensors = is_head_alone(self.runner)
        super().run_epoch()

    def run_iter(self, idx: int, data_batch: Any) -> None:
        """Trains a step.

        Args:
            idx: of the step in its epoch.
            data_batch: of the loader.
        """
        if not self.dataloader.as_tensors:
            super().run_iter(idx, data_batch)
            return
        runner = self.runner
        if idx < 2:  # what is logged in the first step of all is there from the second on
            let_grow(runner.message_hub)
            self._step = HeadStep(runner)
            self._before = listening(runner, 'before_train_iter', '_before_iter')
            self._after = listening(runner, 'after_train_iter', '_after_iter')
        call(self._before, runner, batch_idx=idx, data_batch=data_batch)
        rows = FeatureBatch.closed(data_batch)
        if rows is None:  # a hook may have changed what it has looked at
            outputs = runner.model.train_step(data_batch, optim_wrapper=runner.optim_wrapper)
        else:
            outputs = self._step(rows)
        call(self._after, runner, batch_idx=idx, data_batch=data_batch, outputs=outputs)
        self._iter += 1


class _Evaluation:
    """What validation and test share."""

    runner: Any
    dataloader: Any
    evaluator: Any
    fp16: bool
    _part: str

    def run(self) -> Any:
        """Evaluates the whole set; returns the metrics."""
        plain = not self.fp16 and is_head_alone(self.runner) and _takes_scores(self.evaluator)
        self.dataloader.as_tensors = plain
        return super().run()  # type: ignore[misc]

    @torch.no_grad()
    def run_iter(self, idx: int, data_batch: Any) -> None:
        """Evaluates a batch.

        Args:
            idx: of the batch.
            data_batch: of the loader.
        """
        rows = FeatureBatch.closed(data_batch)
        if rows is None:
            super().run_iter(idx, data_batch)  # type: ignore[misc]
            return
        runner, part = self.runner, self._part
        runner.call_hook(f'before_{part}_iter', batch_idx=idx, data_batch=data_batch)
        head = runner.model.head
        logits = head((rows.features.to(_device(runner.model)),))
        outputs = LateSequence(lambda: head._get_predictions(logits, data_batch['data_samples']))
        scores = torch.sigmoid(logits)
        if FeatureBatch.closed(data_batch) is None or not scores.isfinite().all():
            self.evaluator.process(data_samples=outputs, data_batch=data_batch)
        else:
            for metric in self.evaluator.metrics:
                metric.process_rows(scores, rows.observed, rows.full)
        arguments = dict(batch_idx=idx, data_batch=data_batch, outputs=outputs)
        runner.call_hook(f'after_{part}_iter', **arguments)


class FeatureValLoop(_Evaluation, ValLoop):  # type: ignore[misc]
    """MMEngine's validation, for a head on stored features."""

    _part = 'val'


class FeatureTestLoop(_Evaluation, TestLoop):  # type: ignore[misc]
    """MMEngine's test, for a head on stored features."""

    _part = 'test'


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
        self.head, self.device = self.model.head, _device(self.model)
        self.loss = self.head.loss_module
        indexed = isinstance(self.head, SampleIndexMixin)
        self.pass_samples = indexed and getattr(self.loss, 'needs_sample_idx', False)
        counts = getattr(self.optim_wrapper, '_accumulative_counts', None)
        self.is_plain = type(self.optim_wrapper) is OptimWrapper and counts == 1

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
            self.optim_wrapper.zero_grad()
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


def _device(model: Any) -> torch.device:
    device: torch.device = model.data_preprocessor.device
    return device


def _takes_scores(evaluator: Any) -> bool:
    return type(evaluator) is Evaluator and all(
        isinstance(metric, ObservedMetric) and metric.takes_rows for metric in evaluator.metrics
    )


Calls = list[tuple[Any, Callable[..., Any]]]


def listening(runner: Any, moment: str, general: str) -> Calls:
    """Returns the hooks that do something at a moment of each step, with their methods.

    Args:
        runner: whose hooks they are.
        moment: the method, e.g. 'before_train_iter'.
        general: the one that MMEngine's calls in its place, e.g. '_before_iter'.
    """
    idle = {getattr(Hook, moment), getattr(Hook, general)}
    return [
        (hook, getattr(hook, moment))
        for hook in runner.hooks
        if hasattr(hook, moment)
        and {getattr(getattr(hook, name, None), '__func__', None) for name in (moment, general)}
        != idle
    ]


def call(methods: Calls, runner: Any, **arguments: Any) -> None:
    """Calls methods of hooks as `Runner.call_hook` does."""
    for hook, method in methods:
        try:
            method(runner, **arguments)
        except TypeError as error:
            raise TypeError(f'{error} in {hook}') from None

"""The loops over stored features: a head's step and nothing else, where nothing else is wanted."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.evaluator import Evaluator
from mmengine.runner import EpochBasedTrainLoop, TestLoop, ValLoop

from wsml_mm.datasets.feature_loader import FeatureBatch, FeatureLoader
from wsml_mm.datasets.late import LateSequence
from wsml_mm.evaluation.metrics import ObservedMetric

from .growing_history import let_grow
from .head_step import HeadStep, device_of, is_head_alone
from .hook_calls import call, listening


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
        logits = head((rows.features.to(device_of(runner.model)),))
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


def _takes_scores(evaluator: Any) -> bool:
    return type(evaluator) is Evaluator and all(
        isinstance(metric, ObservedMetric) and metric.takes_rows for metric in evaluator.metrics
    )

"""Weight decay in units of what the observed positives of a class can pull with."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapperDict
from mmengine.runner import BaseLoop
from mmpretrain.registry import HOOKS

from wsml_mm.datasets.nesting import wrapped_datasets
from wsml_mm.labels.encoding import POSITIVE


@HOOKS.register_module()
class RelativeWeightDecayHook(Hook):  # type: ignore[misc]
    """Multiplies the optimiser's weight decay by the share of observed positives over C.

    In a loss that is a mean over B * C the positives of one class weigh, on average over classes,
    P / (N * C) / C, where P positives of N images are observed. A decay of that unit is as strong
    beside them whatever the number of classes and of observed labels. It is the decay of Adam and
    SGD, which is part of the gradient; parameters with `decay_mult=0` keep none.

    Config:
        optim_wrapper = dict(optimizer=dict(type='Adam', lr=1e-3, weight_decay=0.1))
        default_hooks = dict(relative_weight_decay=dict(type='RelativeWeightDecayHook'))
    """

    def __init__(self) -> None:
        self._changed: list[torch.optim.Optimizer] = []

    def before_run(self, runner: Any) -> None:
        """Scales the decay, before a resumed run loads its own, which is scaled as well.

        Raises:
            ValueError: if nothing is observed, or the decay is not part of the gradient.
        """
        if not isinstance(runner._train_loop, BaseLoop):  # a test builds no training loop
            return
        wrapper, factor = runner.optim_wrapper, unit_of(runner.train_dataloader.dataset)
        wrappers = wrapper.values() if isinstance(wrapper, OptimWrapperDict) else [wrapper]
        for optimizer in (part.optimizer for part in wrappers):
            if any(optimizer is done for done in self._changed):
                continue
            self._changed.append(optimizer)
            for group in optimizer.param_groups:
                if isinstance(optimizer, torch.optim.AdamW) or group.get('decoupled_weight_decay'):
                    raise ValueError(
                        f'RelativeWeightDecayHook: {type(optimizer).__name__} decays weights apart '
                        'from the gradient, where the unit means nothing: use Adam or SGD, or '
                        'remove the hook'
                    )
                group['weight_decay'] = factor * group.get('weight_decay', 0)


def unit_of(dataset: Any) -> float:
    """Returns the mean over classes of what its observed positives weigh in a mean over B * C.

    Args:
        dataset: built, with a `PartialLabelDataset` in it.

    Raises:
        ValueError: if there is none, or it has no observed positive.
    """
    leaves = wrapped_datasets(dataset)
    used = [leaf.labels.subset(leaf.indices) for leaf in leaves]
    found = sum(int(labels.class_counts(POSITIVE).sum()) for labels in used)
    if not found:
        raise ValueError(
            'RelativeWeightDecayHook: no observed positive in train_dataloader.dataset: wrap it in '
            'PartialLabelDataset with observed labels, or remove the hook'
        )
    return found / (sum(map(len, used)) * int(used[0].num_classes) ** 2)

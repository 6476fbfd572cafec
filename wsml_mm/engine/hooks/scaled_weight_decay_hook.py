"""Weight decay of the head, in proportion to how much the observed positives pull at it."""

from __future__ import annotations

from typing import Any

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmpretrain.registry import HOOKS

from wsml_mm.labels.encoding import POSITIVE
from wsml_mm.labels.numbers import check_number

from .set_up import find_losses
from .training_facts import training_facts


@HOOKS.register_module()
class ScaledWeightDecayHook(Hook):  # type: ignore[misc]
    """Sets the weight decay of the head from the observed labels of the training set.

    decay = scale * P / (n * C) / C, with P observed positives among n images of C classes: under
    the mean over B * C entries, the gradient that a class's own positives give its weights is of
    that size, whatever the data set. Biases do not decay. The rule is ours and was chosen on
    validation labels; the optimiser must be one that adds the decay to the gradient (Adam, SGD).

    Args:
        scale: of the decay.

    Raises:
        ValueError: if the scale is negative.

    Config:
        default_hooks = dict(weight_decay=dict(type='ScaledWeightDecayHook', scale=0.1))
        optim_wrapper = dict(paramwise_cfg=dict(bypass_duplicate=True))
    """

    priority = 'BELOW_NORMAL'  # after PartialLabelHook, which looks at the training set first

    def __init__(self, scale: float = 0.1) -> None:
        check_number('scale', scale, 'a factor, >= 0', 0)
        self.scale = scale

    def before_train(self, runner: Any) -> None:
        """Sets the decay, also after a resume.

        Raises:
            ValueError: if the optimiser has no group for the head's weights alone.
        """
        facts = training_facts(runner, find_losses(runner), None)
        entries = len(facts.training_samples()) * facts.num_classes
        found = int(facts.class_counts(POSITIVE).sum()) / entries / facts.num_classes
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        weights = {id(p) for p in model.head.parameters() if p.dim() > 1}
        chosen = 0
        for group in runner.optim_wrapper.optimizer.param_groups:
            mine = [id(parameter) in weights for parameter in group['params']]
            if any(mine) and not all(mine):
                raise ValueError(
                    'ScaledWeightDecayHook: the optimiser has one group for the weights of the '
                    'head and others; give each its own with optim_wrapper = '
                    'dict(paramwise_cfg=dict(bypass_duplicate=True))'
                )
            if all(mine):
                group['weight_decay'] = self.scale * found
                chosen += 1
        runner.logger.info(f'weight decay of {chosen} weights of the head: {self.scale * found:g}')

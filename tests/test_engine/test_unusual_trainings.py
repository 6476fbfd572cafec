"""Models, optimisers, loops and datasets that are not what most trainings have."""

from __future__ import annotations

import my_methods  # noqa: F401  (registers)
from helpers import (
    scalars,
    tiny_config,
    train,
)
from mmpretrain.models.classifiers import ImageClassifier
from mmpretrain.registry import MODELS


@MODELS.register_module()
class SomeRows(ImageClassifier):
    """Passes some rows to its head: every second, the last, or none in every second step."""

    def __init__(self, keep, **kwargs):
        super().__init__(**kwargs)
        self.keep, self.steps = keep, 0

    def loss(self, inputs, data_samples):
        self.steps += 1
        feats = self.extract_feat(inputs)
        if self.keep == 'skip' and self.steps % 2 == 0:
            return {'loss': feats[0].sum() * 0}
        rows = {'half': slice(1, None, 2), 'last': slice(-1, None), 'skip': slice(None)}[self.keep]
        return self.head.loss(tuple(feat[rows] for feat in feats), data_samples[rows])


def some_rows(devkit, folder, loss, keep, **kwargs):
    cfg = tiny_config(devkit, folder / 'run', loss, **kwargs)
    cfg.model.update(type='SomeRows', keep=keep)
    return cfg


def test_a_step_without_the_loss_is_not_recorded(devkit, tmp_path):
    """The trace of the step before would count again, against other images."""
    runner = train(some_rows(devkit, tmp_path, 'LL-R', 'skip', epochs=2))
    # 2 of 6 x 5 labels in each of the two steps of four that have the loss.
    assert scalars(runner, 'label/ignored/count') == [0, 4]

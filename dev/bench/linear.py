"""Parts of a step on stored features: what is done a batch at a time, over one by one."""

from __future__ import annotations

from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmpretrain.models import ClsDataPreprocessor
from mmpretrain.registry import DATASETS

from wsml_mm.engine.printed_config import PrintedConfig
from wsml_mm.models import FeaturePreprocessor

from .rows import row
from .timing import Measured, alternate
from .training import folder, linear

AN = dict(type='AssumeNegativeLoss')


@row('linear/batch of 16', 'its samples one by one, and the preprocessor of images', '>= 5')
def batch(quick: bool) -> Measured:
    """Reads, collates and stacks a batch, its labels for a diagnosis included."""
    init_default_scope('mmpretrain')
    config = linear(AN, 32, 1, folder()).train_dataloader.dataset
    dataset = DATASETS.build({**config, 'diagnosis': True})
    indices, stack, of_images = list(range(16)), FeaturePreprocessor(), ClsDataPreprocessor()
    return alternate(
        lambda: stack(pseudo_collate(dataset.__getitems__(indices)), True),
        lambda: of_images(pseudo_collate([dataset[index] for index in indices]), True),
    )


@row('linear/text of a config', 'laid out anew, as for each checkpoint', '>= 50')
def text(quick: bool) -> Measured:
    """The text of a training of a linear layer."""
    cfg = linear(AN, 32, 1, folder())
    own, plain = PrintedConfig.of(cfg), Config(cfg.to_dict())
    return alternate(lambda: own.pretty_text, lambda: plain.pretty_text, 1 if quick else 3)

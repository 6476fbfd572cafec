"""Validation labels as poor as the training's: a second choice of the epoch, in the same run."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from inspect import signature
from typing import Any

from mmengine.config import Config, ConfigDict
from mmpretrain.registry import TASK_UTILS

from wsml_mm.evaluation import MeanAveragePrecision
from wsml_mm.evaluation.metrics.observed_metric import ObservedMetric

from .config_parts import class_of
from .configs import partial_datasets
from .results import METRIC

OBSERVED_METRIC = 'observed/mAP'
SEED_SHIFT = 2**31  # modulo 2**32: no seed that a comparison is likely to train with


def add_partial_validation(cfg: Config) -> bool:
    """Lets a config also choose an epoch by validation labels as poor as the training's.

    Whoever has partly observed training labels seldom has a fully labelled validation set. The
    training's observation process, with another seed, hides labels of the validation part, and
    `observed/mAP` is the mAP on what is left with unobserved labels counted as negative ("assume
    negative"): with one positive an image and no observed negative, leaving them out would leave
    every class without a negative, and so without an average precision. That is our reading; Cole
    et al. have a switch for such a validation set and no published row by it. The mAP on all labels
    and the checkpoint that is best by it stay as they are: both are taken from one training. The
    first stage of LinearInit goes on choosing its epoch by all labels.

    Args:
        cfg: of a run, its seed set; changed where the validation can be had: the training observes
            labels by a process that has a seed, the validation set is a `PartialLabelDataset` that
            shows all its labels, its metrics know `labels='full'`, and the best checkpoint is kept
            by the mAP alone.

    Returns:
        Whether it was added.
    """
    train = partial_datasets(cfg.train_dataloader.dataset)
    processes = [d.observe for d in train if is_seeded(d.get('observe'))]
    evaluators, hook = _evaluators(cfg), (cfg.get('default_hooks') or {}).get('checkpoint') or {}
    own = [e for e in evaluators if class_of(e) is MeanAveragePrecision]
    loader = cfg.get('val_dataloader')
    shown = [] if loader is None else list(partial_datasets(loader.dataset))
    if not processes or not shown or any(d.get('observe') for d in shown) or len(own) != 1:
        return False
    if not all(issubclass(class_of(e) or object, ObservedMetric) for e in evaluators):
        return False
    if hook.get('save_best') not in (METRIC, [METRIC]) or hook.get('rule') == 'less':
        return False
    for dataset in shown:
        observe = deepcopy(processes[0])
        observe.seed = (observe.seed + SEED_SHIFT) % 2**32
        dataset.observe, dataset.diagnosis = observe, True
    poor = dict(type='MeanAveragePrecision', unobserved='negative', prefix='observed')
    full = [{**evaluator, 'labels': 'full'} for evaluator in evaluators]
    cfg.val_evaluator = [ConfigDict(evaluator) for evaluator in (*full, poor)]
    hook['save_best'] = [METRIC, OBSERVED_METRIC]
    return True


def is_seeded(observe: Any) -> bool:
    """Tells whether the config of an observation process names one that draws by a seed."""
    if not observe:
        return False
    return 'seed' in signature(TASK_UTILS.get(observe['type'])).parameters


def _evaluators(cfg: Config) -> list[Mapping[str, Any]]:
    own = cfg.get('val_evaluator') or []
    return list(own) if isinstance(own, (list, tuple)) else [own]

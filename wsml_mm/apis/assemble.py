"""A config and a checkpoint make a whole classifier, which sees photographs.

A model of frozen features is trained as a head alone; here the extractor that made the features
and the head become one. CAMs, inferencer and export stand on it.
"""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.registry import DefaultScope
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from wsml_mm.datasets.feature_cache import cached_weights
from wsml_mm.datasets.feature_extraction import build_extractor
from wsml_mm.datasets.features import FeatureDataset, extractor_text
from wsml_mm.datasets.nesting import find
from wsml_mm.engine.hooks.checkpoint_identity import unloaded
from wsml_mm.experiments.configs import LOADERS
from wsml_mm.labels.class_lists import class_difference
from wsml_mm.labels.files import one_line
from wsml_mm.labels.wording import some_of
from wsml_mm.models.backbones import FeatureInput
from wsml_mm.models.checkpoint_file import classes_of, read_checkpoint
from wsml_mm.quiet import quiet

from .trained_classifier import TrainedClassifier, configured_classes, pipeline_steps

_WEIGHTS = ('state_dict', 'optimizer', 'ema_state_dict', 'param_schedulers', 'message_hub')
_FIX = 'give the config it was trained with'


def assemble(
    config: Config | str | os.PathLike[str],
    checkpoint: str | os.PathLike[str],
    device: str | torch.device | None = None,
    classes: Sequence[str] | None = None,
    name: str = '',
    join: bool = True,
) -> TrainedClassifier:
    """Joins a config and a checkpoint to a classifier of photographs.

    The training's data need not be there: class names are in checkpoints of MMEngine.

    Args:
        config: of the training, or the name of its file; a shipped protocol's needs its method
            where that changes more than the loss (`wsml_mm.experiments.compose.compose`).
        checkpoint: file of `train` or `compare`; of a model on frozen features, the head's.
        device: to compute on; None: a GPU where there is one.
        classes: names, for a checkpoint and config that do not say them.
        name: what the model is called in messages; '': the config's file.
        join: put the extractor before a model of stored features; False: the model goes on taking
            those in place of images.

    Raises:
        FileNotFoundError: if there is no such config or checkpoint.
        ValueError: if the checkpoint is damaged, of another model or of other classes, or if the
            features that the head was trained on are not those that the extractor makes now.
    """
    cfg = config_of(config)
    name = name or os.fspath(cfg.filename or 'the config')
    saved = read_checkpoint(checkpoint)
    with quiet(), DefaultScope.overwrite_default_scope(cfg.get('default_scope') or 'mmpretrain'):
        model = _build(cfg)
        _load(model, saved, f'{checkpoint}: is no checkpoint of {name}')
        if join:
            _join(model, cfg, name)
        names = _class_names(cfg, saved, classes, f'{checkpoint}', name)
        _place(model, device or get_device())
    model.eval()  # of BaseBackbone returns None: do not chain
    steps = pipeline_steps(cfg)
    model._config = Config({**copy.deepcopy(cfg.to_dict()), 'test_dataloader': _as_stock(steps)})
    model._dataset_meta, model._metainfo = {'classes': names}, None
    kept = {key: value for key, value in saved.items() if key not in _WEIGHTS}
    return TrainedClassifier(model, steps, names, cfg, os.fspath(checkpoint), kept)


def config_of(config: Config | str | os.PathLike[str]) -> Config:
    """Returns a config as it is, or reads the one of a name."""
    if isinstance(config, Config):
        return config
    from wsml_mm.experiments.compose import read_config  # with more than registering needs

    with quiet():
        return read_config(os.fspath(config))


def _as_stock(steps: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Returns the loader in which inferencers of MMPretrain look for the pipeline."""
    return dict(dataset=dict(type='MultiLabelDataset', pipeline=copy.deepcopy(list(steps))))


def _build(cfg: Config) -> Any:
    """Builds the model without the weights it started its training with, which may not be here."""
    if cfg.get('model') is None:
        raise ValueError(f'{cfg.filename}: has no model; give the config of a training')
    whole = copy.deepcopy(cfg.model)
    whole.setdefault('data_preprocessor', copy.deepcopy(cfg.get('data_preprocessor')))
    return MODELS.build(whole)  # weights of `init_cfg` are loaded by init_weights() only


def _load(model: Any, saved: Mapping[str, Any], what: str) -> None:
    """Loads all weights, no more and no fewer."""
    given = saved.get('state_dict', saved) if isinstance(saved, Mapping) else {}
    lacking, _ = unloaded(model, saved)
    own = model.state_dict()
    more = [key for key in given if re.sub(r'^module\.', '', key) not in own]
    more = [key for key in more if 'loss_module' not in key]  # what a loss keeps is not the model
    if lacking:
        names = [f'{key} {why or "missing"}' for key, why in lacking.items()]
        raise ValueError(f'{what} ({some_of(names, of="weights")}); {_FIX}')
    if more:
        raise ValueError(f'{what}, which has no {some_of(more, of="weights")}; {_FIX}')


def _join(model: Any, cfg: Config, name: str) -> None:
    """Puts the extractor of stored features in the place of their input."""
    if not isinstance(model.backbone, FeatureInput):
        return
    loaders = (cfg[loader].dataset for loader in LOADERS[::-1] if cfg.get(loader) is not None)
    features = next((found for each in loaders for found in find(each, FeatureDataset)), None)
    if not isinstance(features, Mapping):
        raise ValueError(
            f'{name}: the model takes stored features, and no FeatureDataset of its loaders says '
            'which extractor made them; give the config with that data set'
        )
    spec = extractor_text(features['extractor'])
    built, digest = build_extractor(spec)
    _check_extractor(features, digest, name)
    extractor: Any = copy.deepcopy(built).cpu()  # that one stays whole, it is shared
    model.backbone, model.data_preprocessor = extractor.backbone, extractor.data_preprocessor
    # Maps are stored before the extractor's neck.
    first = [] if features.get('keep') == 'map' or not extractor.with_neck else [extractor.neck]
    necks = [*first, *([model.neck] if model.with_neck else [])]
    if necks:
        model.neck = necks[0] if len(necks) == 1 else Necks(*necks)


def _place(model: Any, device: str | torch.device) -> None:
    try:
        model.to(device)
    except (RuntimeError, AssertionError) as error:  # of torch, for a name or a number it has not
        raise ValueError(
            f'device={str(device)!r}: cannot be used ({one_line(error)[:120]}); name another, '
            'e.g. cpu'
        ) from error


class Necks(nn.Module):
    """Two necks one after the other: what makes stored features, and what takes them.

    Args:
        first: of the extractor, whose last stage is what was stored.
        second: of the model.
    """

    def __init__(self, first: nn.Module, second: nn.Module) -> None:
        super().__init__()
        self.first, self.second = first, second

    def forward(self, stages: Any) -> Any:
        """Returns what the second makes of the last stage of the first."""
        found = self.first(stages)
        last: Tensor = found[-1] if isinstance(found, (tuple, list)) else found
        return self.second((last,))


def _check_extractor(features: Mapping[str, Any], digest: str, name: str) -> None:
    """Refuses an extractor whose weights are not those that made the features."""
    folder = Path(features['cache'])
    kept = cached_weights(folder)
    if kept and digest not in kept:
        raise ValueError(
            f'{folder}: these features were made by other weights than the extractor of {name} '
            'has now, so the head would see what it was not trained on; give the extractor its '
            "weights of then (init_cfg=dict(type='Pretrained', checkpoint=FILE))"
        )
    if not kept and not _names_weights(features['extractor']):
        raise ValueError(
            f'{name}: its extractor names no weights and would have random ones; give it those '
            "that made the features (init_cfg=dict(type='Pretrained', checkpoint=FILE))"
        )


def _names_weights(part: Any) -> bool:
    """Tells whether a config names weights anywhere: `checkpoint` or `pretrained`."""
    if isinstance(part, Mapping):
        named = any(part.get(key) for key in ('checkpoint', 'checkpoint_path', 'pretrained'))
        return named or any(map(_names_weights, part.values()))
    return isinstance(part, (list, tuple)) and any(map(_names_weights, part))


def _class_names(
    cfg: Config, saved: Any, given: Sequence[str] | None, checkpoint: str, name: str
) -> tuple[str, ...]:
    there, here = classes_of(saved), given or configured_classes(cfg)
    if there and here and (other := class_difference(there, here)):
        raise ValueError(
            f'{checkpoint}: was trained on other classes than {"given" if given else name + " has"}'
            f' ({other}); {_FIX}'
        )
    found = there or here
    if not found:
        raise ValueError(
            f'{checkpoint}: neither the checkpoint nor {name} names the classes; give '
            'classes=[...] (--classes FILE)'
        )
    return tuple(map(str, found))

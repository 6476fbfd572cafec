from __future__ import annotations

import pytest
import torch
from test_maps import build

from wsml_mm.models.cam import CAM_METHODS, activation_maps, last_map
from wsml_mm.models.cam.gradient import GRADIENT_METHODS, gradient_activation_map


@pytest.fixture(scope='module')
def model():
    return build()


@pytest.fixture(scope='module')
def features(model):
    return last_map(model.backbone(torch.randn(2, 3, 64, 48))).detach()


def test_cam_and_the_librarys_grad_cam_agree(model, features):
    """Behind average pooling GradCAM's weights are the head's, over h * w; then ReLU and scale."""
    pytest.importorskip('pytorch_grad_cam')
    ours = activation_maps(model, features).clamp(min=0)
    theirs = activation_maps(model, features, 'gradcam')
    assert theirs.shape == ours.shape
    low, high = ours.amin(dim=(2, 3), keepdim=True), ours.amax(dim=(2, 3), keepdim=True)
    assert (high > low).all()
    torch.testing.assert_close(theirs, (ours - low) / (high - low), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize('method', GRADIENT_METHODS)
def test_every_method_gives_a_map_a_class_and_leaves_the_model_alone(model, features, method):
    pytest.importorskip('pytorch_grad_cam')
    assert method in CAM_METHODS
    kept = torch.ones_like(model.head.fc.weight)
    model.head.fc.weight.grad, model.head.fc.bias.grad = kept, None
    with torch.no_grad():  # as in a test
        maps = gradient_activation_map(model, features[:1], method)
    assert maps.shape == (4, 8, 6)
    assert maps.min() >= 0
    assert maps.amax(dim=(1, 2)).tolist() == pytest.approx([1] * 4, abs=1e-4)
    assert model.head.fc.weight.grad is kept
    assert model.head.fc.bias.grad is None


def test_heads_without_cam_have_gradients(features):
    pytest.importorskip('pytorch_grad_cam')
    model = build(neck='GeneralizedMeanPooling')
    with pytest.raises(ValueError, match='no CAM'):
        activation_maps(model, features)
    assert activation_maps(model, features, 'gradcam++').shape == (2, 4, 8, 6)


def test_missing_library_names_the_extra(model, features, monkeypatch):
    monkeypatch.setitem(__import__('sys').modules, 'pytorch_grad_cam', None)
    with pytest.raises(ModuleNotFoundError, match=r'pip install "wsml_mm\[cam\]"'):
        activation_maps(model, features, 'gradcam')

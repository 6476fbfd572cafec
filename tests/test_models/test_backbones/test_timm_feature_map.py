from __future__ import annotations

import pytest
import torch
from mmpretrain.registry import MODELS

from wsml_mm import TIMMFeatureMap

pytest.importorskip('timm')
VIT = dict(type='TIMMFeatureMap', model_name='vit_tiny_patch16_224', img_size=(32, 48))


def built(**config):
    model = MODELS.build(config)
    model.eval()
    return model


def test_tokens_become_a_map_in_their_places():
    torch.manual_seed(0)
    model, images = built(**VIT), torch.randn(2, 3, 32, 48)
    tokens = model.timm_model.forward_features(images)
    (found,) = model(images)
    assert found.shape == (2, 192, 2, 3)
    for row, column in ((0, 0), (0, 2), (1, 1)):
        assert torch.equal(found[:, :, row, column], tokens[:, 1 + 3 * row + column])
    model.out_type = 'cls_token'
    assert torch.equal(model(images)[0], tokens[:, 0])


def test_channels_that_are_last_come_first():
    model = built(type='TIMMFeatureMap', model_name='swin_tiny_patch4_window7_224', img_size=64,
                  window_size=2)  # fmt: skip
    images = torch.randn(1, 3, 64, 64)
    last = model.timm_model.forward_features(images)
    assert torch.equal(model(images)[0], last.permute(0, 3, 1, 2))
    assert model(images)[0].shape == (1, 768, 2, 2)


def test_maps_stay_as_they_are():
    model = built(type='TIMMFeatureMap', model_name='mobilenetv3_small_050')
    assert model(torch.randn(1, 3, 64, 64))[0].shape[2:] == (2, 2)


def test_bad_arguments():
    with pytest.raises(ValueError, match='out_type=\'raw\': use "featmap" or "cls_token"'):
        TIMMFeatureMap('vit_tiny_patch16_224', 'raw')
    with pytest.raises(ValueError, match='mobilenetv3_small_050 has none; use "featmap"'):
        TIMMFeatureMap('mobilenetv3_small_050', 'cls_token')

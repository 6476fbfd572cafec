from __future__ import annotations

import numpy as np
import pytest
import torch
from mmpretrain.registry import MODELS

from wsml_mm.models.cam import activation_maps, cam_weight, class_activation_map, last_map

BACKBONE = dict(
    type='ResNet', depth=18, num_stages=2, strides=(1, 2), dilations=(1, 1), out_indices=(0, 1),
    stem_channels=8, base_channels=8,
)  # fmt: skip
LOSS = dict(type='AssumeNegativeLoss')


def build(head='MultiLabelLinearClsHead', neck='GlobalAveragePooling', **kwargs):
    torch.manual_seed(0)
    head = dict(type=head, num_classes=4, in_channels=16, loss=LOSS, **kwargs)
    neck = dict(type=neck) if neck else None
    model = MODELS.build(dict(type='ImageClassifier', backbone=BACKBONE, neck=neck, head=head))
    torch.nn.init.normal_(getattr(model.head, 'fc', torch.nn.Linear(1, 1)).bias)
    return model.eval()


def test_formula():
    rng = np.random.default_rng(0)
    features, weight = rng.normal(size=(2, 5, 3, 4)), rng.normal(size=(6, 5))
    maps = class_activation_map(torch.tensor(features), torch.tensor(weight))
    assert maps.dtype == torch.float32
    for b, c, y, x in np.ndindex(2, 6, 3, 4):
        expected = sum(weight[c, d] * features[b, d, y, x] for d in range(5))
        assert maps[b, c, y, x].item() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize('head', ['IndexedMultiLabelLinearClsHead', 'MultiLabelLinearClsHead'])
def test_mean_of_a_map_is_the_logit_less_the_bias(head):
    model, images = build(head), torch.randn(2, 3, 64, 48)
    features = last_map(model.backbone(images))
    maps = activation_maps(model, features)
    assert maps.shape == (2, 4, 8, 6)
    logits = model(images, mode='tensor')
    torch.testing.assert_close(maps.mean(dim=(2, 3)) + model.head.fc.bias, logits)


def test_float32_under_autocast():
    """In bfloat16 the two cells would be equal, and the maximum the wrong one."""
    features = torch.ones(1, 4, 1, 2)
    features[..., 1] += 2**-10
    with torch.autocast('cpu', dtype=torch.bfloat16):
        maps = class_activation_map(features, torch.ones(3, 4))
        assert (torch.einsum('bdhw,cd->bchw', features, torch.ones(3, 4)) == 4).all()
    assert (maps.argmax(dim=3) == 1).all()


def test_residual_attention_head_scores_places_by_its_own_map():
    model, images = build('CSRAClsHead', neck=None, num_heads=2, lam=0.3), torch.randn(2, 3, 32, 32)
    features = last_map(model.backbone(images))
    maps = activation_maps(model, features)
    parts = []
    for branch in model.head.csra_heads:
        norm = branch.head.weight.norm(dim=1, keepdim=True).transpose(0, 1)
        parts.append(branch.head(features) / norm)
    torch.testing.assert_close(maps, sum(parts))
    assert not cam_weight(model).requires_grad


@pytest.mark.parametrize(
    ('head', 'neck', 'names'),
    [
        (dict(type='MultiLabelClsHead', loss=LOSS), 'GlobalAveragePooling', 'MultiLabelClsHead'),
        (dict(type='MultiLabelLinearClsHead', num_classes=4, in_channels=16, loss=LOSS),
         'GeneralizedMeanPooling', 'GeneralizedMeanPooling'),
        (dict(type='MultiLabelLinearClsHead', num_classes=4, in_channels=16, loss=LOSS), None,
         'NoneType'),
        (None, 'GlobalAveragePooling', 'NoneType'),
    ],
)  # fmt: skip
def test_heads_that_are_not_linear_are_refused(head, neck, names):
    neck = dict(type=neck) if neck else None
    model = MODELS.build(dict(type='ImageClassifier', backbone=BACKBONE, neck=neck, head=head))
    with pytest.raises(ValueError, match=f'no CAM for .*{names}.*"gradcam"') as error:
        cam_weight(model)
    assert '\n' not in str(error.value)


def test_what_is_no_map_is_refused():
    assert last_map([torch.ones(1), torch.zeros(1, 2, 3, 3)]).shape == (1, 2, 3, 3)
    with pytest.raises(ValueError, match=r'returns \(2, 16\) and no map'):
        last_map((torch.ones(2, 16),))
    with pytest.raises(ValueError, match='returns list and no map'):
        last_map(([torch.ones(2, 16)],))
    with pytest.raises(ValueError, match="method 'eigen': use one of cam, gradcam"):
        activation_maps(build(), torch.ones(1, 16, 2, 2), 'eigen')


@pytest.mark.parametrize(
    ('shape', 'says'),
    [
        ((2, 5, 5, 8), r'returns \(2, 5, 5, 8\), and the head takes 16 channels: .*TIMMFeatureMap'),
        ((2, 26, 8), r'returns \(2, 26, 8\) and no map .*TIMMFeatureMap'),
    ],
)
def test_tokens_and_channels_that_are_last_are_refused(shape, says):
    with pytest.raises(ValueError, match=says) as refused:
        activation_maps(build(), last_map((torch.zeros(shape),)))
    assert '\n' not in str(refused.value)

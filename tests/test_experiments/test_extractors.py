"""Backbones by name: what they are, how wide, and one line where they or weights are missing."""

from __future__ import annotations

import pytest
import torch
from mmpretrain.registry import MODELS

from wsml_mm.datasets import feature_extraction
from wsml_mm.experiments import extractors
from wsml_mm.experiments.backbone_sources import mmpretrain_names
from wsml_mm.experiments.extractors import find_extractor

pytest.importorskip('timm')
VIT, SWIN = 'vit-small-p14_dinov2-pre_3rdparty', 'swin-tiny_16xb64_in1k'
of_mmpretrain = pytest.mark.skipif(VIT not in mmpretrain_names(), reason='no metafiles here')


@pytest.fixture
def any_weights(monkeypatch):
    monkeypatch.setattr(extractors, 'build_extractor', lambda spec: None)


@pytest.mark.parametrize(
    ('name', 'kind', 'width'),
    [
        ('resnet50', 'ResNet', 2048),
        ('timm:resnet18', 'TIMMBackbone', 512),
        ('vit_tiny_patch16_224', 'TIMMFeatureMap', 192),
        ('timm:vit_tiny_patch16_224.augreg_in21k', 'TIMMFeatureMap', 192),
        pytest.param(VIT, 'VisionTransformer', 384, marks=of_mmpretrain),
        pytest.param(SWIN, 'SwinTransformer', 768, marks=of_mmpretrain),
    ],
)
def test_a_name_is_a_pooled_backbone(name, kind, width, any_weights):
    found = find_extractor(name)
    assert found.width == width
    assert found.size == 224
    assert found.config['backbone']['type'] == kind
    assert found.config['neck'] == dict(type='GlobalAveragePooling')
    assert found.config['data_preprocessor']['std'] != [1, 1, 1]


@pytest.mark.parametrize('name', ['vit_tiny_patch16_224', pytest.param(VIT, marks=of_mmpretrain)])
def test_the_class_token_needs_no_neck(name, any_weights):
    found = find_extractor(name, pool='cls')
    assert found.config['backbone']['out_type'] == 'cls_token'
    assert 'neck' not in found.config


def test_larger_weights_are_used_at_224(any_weights):
    found = find_extractor('timm:vit_small_patch14_dinov2')
    assert (found.size, found.config['backbone']['img_size']) == (224, 224)
    assert find_extractor('lite2').size == 260


@pytest.mark.parametrize(
    ('name', 'options', 'says'),
    [
        ('resnet5', {}, 'no such backbone .* is resnet50 meant'),
        ('timm:zzz', {}, 'say e.g. lite0, resnet50 or timm:'),
        ('timm:resnet18', {'pool': 'cls'}, 'has no class token; leave out --pool cls'),
        ('mixer_s32_224', {'size': 64}, 'gives no features of an image .* name another backbone'),
    ],
)
def test_what_is_none_is_refused(name, options, says, any_weights):
    with pytest.raises(ValueError, match=says) as refused:
        find_extractor(name, **options)
    assert '\n' not in str(refused.value)


def test_weights_that_cannot_be_had_are_one_line(monkeypatch, tmp_path):
    def offline(spec):
        raise OSError('no\nnetwork')

    monkeypatch.setattr(extractors, 'build_extractor', offline)
    line = r'timm:resnet18: weights cannot be had \(OSError: no network\); .* --weights FILE'
    with pytest.raises(ValueError, match=line):
        find_extractor('timm:resnet18')
    with pytest.raises(FileNotFoundError, match='no such file of weights'):
        find_extractor('resnet50', weights=str(tmp_path / 'x.pth'))


def test_a_file_of_weights_is_loaded_or_refused(tmp_path):
    file = tmp_path / 'w.pth'
    weights = MODELS.build(dict(type='ResNet', depth=50)).state_dict()
    torch.save(weights, file)
    found = find_extractor('resnet50', size=32, weights=str(file))
    model, _ = feature_extraction.build_extractor(extractors.extractor_text(found.config))
    assert torch.equal(model.backbone.conv1.weight, weights['conv1.weight'])
    del weights['conv1.weight']
    torch.save(weights, file)
    with pytest.raises(ValueError, match=r'is no file of weights of this .*lacks conv1.weight\)'):
        find_extractor('resnet50', size=32, weights=str(file))

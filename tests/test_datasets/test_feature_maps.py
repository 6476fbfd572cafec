"""The backbone's last maps in the feature cache, for heads that look at places."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpretrain.registry import DATASETS, MODELS
from test_features import config, fixed_weights, kit  # noqa: F401

from wsml_mm import BoostLUHead, FeaturePreprocessor
from wsml_mm.datasets import feature_cache, feature_extraction


def build(settings, **kwargs):
    return DATASETS.build({**settings, **kwargs})


def test_maps_are_those_of_the_backbone_and_their_mean_the_pooled_feature(config):  # noqa: F811
    maps, means = build(config, keep='map', dtype='float32'), build(config)
    model, _ = feature_extraction.build_extractor(maps.spec)
    assert (maps.features.shape, maps.features.dtype) == ((10, 64, 1, 1), np.float32)
    np.testing.assert_allclose(maps.features.mean((2, 3)), means.features, rtol=1e-5, atol=1e-6)
    sample = maps.dataset[3]
    batch = model.data_preprocessor({'inputs': [sample['inputs']]}, training=False)
    with torch.no_grad():
        expected = model.backbone(batch['inputs'])[-1][0]
    torch.testing.assert_close(maps[3]['inputs'], expected, rtol=1e-4, atol=1e-5)


def test_float16_is_their_default_and_keeps_three_digits(config, tmp_path):  # noqa: F811
    stored = build(config, keep='map')
    exact = build(config, keep='map', dtype='float32', cache=str(tmp_path / 'exact'))
    assert stored.features.dtype == np.float16
    np.testing.assert_allclose(stored.features, exact.features, rtol=2**-11, atol=1e-7)
    assert stored[0]['inputs'].dtype == torch.float32
    record = json.loads(next((tmp_path / 'cache').glob('*_map.json')).read_text())
    assert (record['keep'], record['dtype']) == ('map', 'float16')
    with pytest.raises(ValueError, match='stale, made with other dtype'):
        build(config, keep='map', dtype='float32')


def test_both_kinds_share_a_folder_and_old_records_hold(config, tmp_path):  # noqa: F811
    build(config)
    before = next((tmp_path / 'cache').glob('*.json')).read_text()
    assert 'keep' not in json.loads(before)
    build(config, keep='map')
    assert len(list((tmp_path / 'cache').glob('*.npy'))) == 2
    build(config), build(config, keep='map')


def test_a_batch_reads_maps_as_single_samples_do(config):  # noqa: F811
    wrapped = DATASETS.build(
        dict(type='PartialLabelDataset', dataset=dict(config, keep='map', dtype='float32'))
    )
    batch = wrapped.__getitems__([4, 1])
    for found, index in zip(batch, [4, 1], strict=True):
        assert torch.equal(found['inputs'], wrapped[index]['inputs'])
    stacked = FeaturePreprocessor()({'inputs': [b['inputs'] for b in batch]})['inputs']
    assert stacked.shape == (2, 64, 1, 1)
    head = BoostLUHead(num_classes=2, in_channels=64)
    model = dict(type='ImageClassifier', backbone=dict(type='FeatureInput'), head=head)
    assert MODELS.build(model)(stacked).shape == (2, 2)


def test_bad_input_in_one_line(config, tmp_path, monkeypatch):  # noqa: F811
    cases = [
        (dict(keep='maps'), 'keep=\'maps\': keep features "pooled" or the whole "map"'),
        (dict(max_gigabytes=-1), 'max_gigabytes=-1: a size'),
        (dict(keep='map', max_gigabytes=1e-7), r'10 maps of 64 x 1 x 1 float16 take 1.28e-06 GB'),
    ]
    for arguments, said in cases:
        with pytest.raises(ValueError, match=said) as error:
            build(config, **arguments)
        assert '\n' not in str(error.value)
    assert not list((tmp_path / 'cache').glob('*.npy'))
    with pytest.warns(UserWarning, match='take 1.28e-06 GB of disk'):
        build(config, keep='map', max_gigabytes=4e-6)
    large = [np.array([[[[np.inf]]]], np.float16)]
    with pytest.raises(ValueError, match=r'does not fit into float16: set dtype="float32"'):
        list(feature_cache.within_limit(large, 1, 1.0, 'maps.npy'))
    flat = Config(dict(config)).to_dict()
    flat['extractor']['backbone'] = dict(type='VisionTransformer', arch='deit-t', img_size=32)
    with pytest.raises(ValueError, match=r'returns \(4, 192\) for a batch and no map'):
        build(flat, keep='map', cache=str(tmp_path / 'vit'))

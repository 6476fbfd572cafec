from __future__ import annotations

import itertools
import json
import os
import pickle
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from bit_flips import flipped
from mmengine.dataset import default_collate
from mmengine.registry import init_default_scope
from mmpretrain.registry import DATASETS, MODELS
from PIL import Image

from wsml_mm.datasets import FeatureDataset, feature_cache, feature_extraction, features
from wsml_mm.labels import contents

MEAN, STD = [120.0, 110.0, 100.0], [60.0, 50.0, 40.0]
BACKBONE = dict(type='ResNet', depth=18, stem_channels=8, base_channels=8, init_cfg=None,
                zero_init_residual=False)  # fmt: skip
EXTRACTOR = dict(
    backbone=BACKBONE,
    neck=dict(type='GlobalAveragePooling'),
    data_preprocessor=dict(type='ClsDataPreprocessor', mean=MEAN, std=STD, to_rgb=True),
)
DIM = 64
PIPELINE = [dict(type='LoadImageFromFile'), dict(type='Resize', scale=(32, 32)),
            dict(type='PackInputs')]  # fmt: skip


def seed_weights(seed):
    """The weights are random: the next extractor is built anew, from this seed."""
    feature_extraction.build_extractor.cache_clear()
    torch.manual_seed(seed)


@pytest.fixture(autouse=True)
def fixed_weights():
    init_default_scope('mmpretrain')
    seed_weights(0)
    yield
    feature_extraction.build_extractor.cache_clear()


@pytest.fixture
def kit(make_devkit, tmp_path):
    table = {'train': {f'2008_{i}': {'cat': 1, 'dog': 1 - 2 * (i % 2)} for i in range(10)}}
    return make_devkit(tmp_path / 'kit', table, ('cat', 'dog'))


@pytest.fixture
def config(kit, tmp_path) -> dict:
    return dict(
        type='FeatureDataset',
        dataset=dict(
            type='VOC2012', data_root=str(kit.root), classes=('cat', 'dog'), pipeline=PIPELINE
        ),
        extractor=EXTRACTOR,
        cache=str(tmp_path / 'cache'),
        batch_size=4,
        num_workers=0,
    )


def read(dataset) -> torch.Tensor:
    return torch.stack([dataset[index]['inputs'] for index in range(len(dataset))])


def forward_one_by_one(kit, files) -> torch.Tensor:
    """The features by hand: OpenCV, the backbone alone, the mean over the map."""
    torch.manual_seed(0)
    backbone = MODELS.build(BACKBONE)
    backbone.init_weights()
    backbone.eval()
    rows = []
    for file in files:
        image = cv2.imread(str(kit.root / 'JPEGImages' / file))
        image = cv2.resize(image, (32, 32))[:, :, ::-1].astype(np.float32)
        image = torch.from_numpy((image - np.float32(MEAN)) / np.float32(STD))
        with torch.no_grad():
            rows.append(backbone(image.permute(2, 0, 1)[None])[-1].mean(dim=(2, 3))[0])
    return torch.stack(rows)


def test_features_are_those_of_a_direct_forward(config, kit):
    dataset = DATASETS.build(config)
    files = kit.files('train')
    assert len(dataset) == len(files) == 10
    assert dataset.metainfo['classes'] == ('cat', 'dog')
    expected = forward_one_by_one(kit, files)
    assert (expected.std(dim=0) / expected.mean(dim=0)).nanmean() > 0.02  # the images differ
    found = read(dataset)
    assert found.shape == (10, DIM)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-5)
    for index, file in enumerate(files):
        sample = dataset[index]['data_samples']
        assert sample.img_path.endswith(file)
        label = np.flatnonzero(kit.matrix('train', ('cat', 'dog'))[index]).tolist()
        assert sample.gt_label.tolist() == dataset.get_cat_ids(index) == label


@pytest.mark.parametrize('changes', [dict(num_workers=1), dict(batch_size=None)])
def test_loader_settings_do_not_matter(config, tmp_path, changes):
    expected = read(DATASETS.build(config))
    dataset = DATASETS.build(dict(config, cache=str(tmp_path / 'other'), **changes))
    torch.testing.assert_close(read(dataset), expected, rtol=1e-3, atol=1e-5)


def test_half_precision(config, kit, tmp_path):
    single = read(DATASETS.build(config))
    dataset = DATASETS.build(dict(config, dtype='float16', cache=str(tmp_path / 'half')))
    assert dataset.features.dtype == np.float16
    found = read(dataset)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, single.half().float())
    with pytest.raises(ValueError, match="dtype='int8': features are stored as"):
        DATASETS.build(dict(config, dtype='int8'))


def test_features_of_another_precision_are_others(config, tmp_path):
    single = read(DATASETS.build(config))
    rough = dict(config, precision='bfloat16')
    with pytest.raises(ValueError, match='stale, made with other dtype;'):
        DATASETS.build(rough)
    rough['cache'] = str(tmp_path / 'rough')
    found = read(DATASETS.build(rough))
    assert not torch.equal(found, single)
    torch.testing.assert_close(found, single, rtol=0.05, atol=0.05 * single.abs().max().item())
    with pytest.raises(ValueError, match='stale, made with other dtype;'):
        DATASETS.build(dict(config, cache=rough['cache']))
    with pytest.raises(ValueError, match="precision='int8': extract in"):
        DATASETS.build(dict(config, precision='int8'))


def test_features_may_be_changed_without_harm(config):
    dataset = DATASETS.build(config)
    before = read(dataset)
    dataset[0]['inputs'].zero_()
    torch.testing.assert_close(read(dataset), before)


def test_second_run_reads_the_cache(config, monkeypatch):
    expected = read(DATASETS.build(config))
    monkeypatch.setattr(FeatureDataset, '_extract', pytest.fail)
    torch.testing.assert_close(read(DATASETS.build(config)), expected)
    seed_weights(0)  # another process with the same weights
    torch.testing.assert_close(read(DATASETS.build(config)), expected)


def test_another_list_of_images_has_a_file_of_its_own(config):
    whole = DATASETS.build(config)
    some = DATASETS.build(dict(config, dataset=dict(config['dataset'], indices=3)))
    assert len(some) == 3
    torch.testing.assert_close(read(some), read(whole)[:3], rtol=1e-3, atol=1e-5)
    assert len([name for name in os.listdir(config['cache']) if name.endswith('.npy')]) == 2


def test_lazy_init_extracts_on_first_use(config, tmp_path):
    dataset = DATASETS.build(dict(config, lazy_init=True))
    assert dataset.metainfo['classes'] == ('cat', 'dog')
    assert not (tmp_path / 'cache').exists()
    assert dataset[0]['inputs'].shape == (DIM,)


def repaint(config, kit):
    path = kit.root / 'JPEGImages' / '2008_3.jpg'
    Image.new('RGB', (20, 16), 'red').save(path)
    return config


def resize(config, kit):
    pipeline = [PIPELINE[0], dict(type='Resize', scale=(24, 24)), PIPELINE[2]]
    return dict(config, dataset=dict(config['dataset'], pipeline=pipeline))


def half(config, kit):
    return dict(config, dtype='float16')


def retrain(config, kit):
    seed_weights(1)
    return config


def renormalise(config, kit):
    other = dict(EXTRACTOR['data_preprocessor'], to_rgb=False)
    return dict(config, extractor=dict(EXTRACTOR, data_preprocessor=other))


def test_features_of_images_decoded_exactly_are_not_those_decoded_fast(config):
    pytest.importorskip('simplejpeg')
    exact, fast = (
        dict(config, dataset=dict(config['dataset'], pipeline=[load, PIPELINE[2]]))
        for load in (
            dict(type='LoadResizedImage', scale=32),
            dict(type='LoadResizedImage', scale=32, decode='fast'),
        )
    )
    DATASETS.build(exact)
    with pytest.raises(ValueError, match='stale, made with other pipeline;'):
        DATASETS.build(fast)


@pytest.mark.parametrize(
    ('change', 'named'),
    [
        (repaint, 'images'),
        (resize, 'pipeline'),
        (half, 'dtype'),
        (retrain, 'weights'),
        (renormalise, 'extractor'),
    ],
)
def test_stale_cache_is_refused(config, kit, change, named):
    DATASETS.build(config)
    stored = {name: (os.stat(os.path.join(config['cache'], name)).st_mtime_ns)
              for name in os.listdir(config['cache']) if name.endswith('.npy')}  # fmt: skip
    changed = change(config, kit)
    if change is renormalise:
        seed_weights(0)  # the same weights for another spec
    with pytest.raises(ValueError, match='this feature cache is stale') as error:
        DATASETS.build(changed)
    message = str(error.value)
    assert re.search(r'made with other ([^;]*);', message)[1] == named
    (name,) = stored
    assert name in message
    assert os.stat(os.path.join(config['cache'], name)).st_mtime_ns == stored[name]


def test_a_mere_touch_extracts_nothing(config, kit, monkeypatch):
    expected = read(DATASETS.build(config))
    images = [kit.root / 'JPEGImages' / name for name in kit.files('train')]
    monkeypatch.setattr(FeatureDataset, '_extract', pytest.fail)
    reads = []
    content = contents._content
    monkeypatch.setattr(contents, '_content', lambda path: reads.append(path) or content(path))
    for number, image in enumerate(images):
        os.utime(image, ns=(number, number))
    torch.testing.assert_close(read(DATASETS.build(config)), expected)
    assert sorted(reads) == sorted(map(str, images))
    reads.clear()
    torch.testing.assert_close(read(DATASETS.build(config)), expected)
    assert reads == []


def test_an_image_that_kept_its_size_and_time_is_found_by_reading_it(config, kit):
    dataset = DATASETS.build(config)
    assert dataset.changed_since(contents.Contents()) is None
    path = kit.root / 'JPEGImages' / '2008_3.jpg'
    status = path.stat()
    path.write_bytes(bytes([*path.read_bytes()[:-1], 7]))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    DATASETS.build(config)  # size and time say nothing
    assert 'stale, made with other images; delete it' in dataset.changed_since(contents.Contents())
    os.remove(dataset.stamps.with_suffix('.npy'))
    assert dataset.changed_since(contents.Contents()) is None  # nothing is kept
    assert DATASETS.build(config).changed_since(contents.Contents()) is None


def test_an_image_that_changes_while_features_are_extracted_is_noticed(config, kit, monkeypatch):
    extract = features.extract_features

    def slow(*args):
        yield from extract(*args)
        repaint(config, kit)

    monkeypatch.setattr(features, 'extract_features', slow)
    with pytest.raises(ValueError, match='stale, made with other images; delete it'):
        DATASETS.build(config)


def test_a_cache_without_a_checksum_is_refused(config):
    DATASETS.build(config)
    (path,) = Path(config['cache']).glob('*.json')
    record = json.loads(path.read_text())
    path.write_text(json.dumps({k: v for k, v in record.items() if k != 'checksum'}))
    with pytest.raises(ValueError, match=r'made by an earlier version .*; delete it'):
        DATASETS.build(config)


def test_one_changed_bit_is_never_silent(config):
    expected = DATASETS.build(config).features.tobytes()
    files = [p for p in Path(config['cache']).iterdir() if p.suffix in ('.npy', '.json', '.stamps')]
    assert len(files) == 3
    for path in flipped(files):
        with pytest.raises(ValueError, match=re.escape(path.stem)) as error:
            DATASETS.build(config)
        assert re.search('delete (it|the)', str(error.value))
        assert '\n' not in str(error.value)
    assert DATASETS.build(config).features.tobytes() == expected


def test_deleting_the_named_file_helps(config, kit):
    DATASETS.build(config)
    repaint(config, kit)
    with pytest.raises(ValueError, match='stale') as error:
        DATASETS.build(config)
    os.remove(str(error.value).split(': this feature')[0])
    expected = forward_one_by_one(kit, kit.files('train'))
    seed_weights(0)
    torch.testing.assert_close(read(DATASETS.build(config)), expected, rtol=1e-3, atol=1e-5)


def arrays(config) -> list[str]:
    return [name for name in os.listdir(config['cache']) if name.endswith('.npy')]


def killed(*_, **__):
    raise KeyboardInterrupt


def write_half(path, batches, count):
    path.write_bytes(b'\x93NUMPY half a file')
    raise KeyboardInterrupt


BATCHES = itertools.count()


def collate_the_first(batch):
    if next(BATCHES):
        raise KeyboardInterrupt
    return default_collate(batch)


@pytest.mark.parametrize(
    ('module', 'name', 'stand_in'),
    [(feature_cache, 'write_rows', write_half), (feature_cache.os, 'replace', killed),
     (feature_extraction, 'default_collate', collate_the_first)],
    ids=['while writing', 'before renaming', 'while extracting'],
)  # fmt: skip
def test_killed_extraction_leaves_no_file(config, monkeypatch, module, name, stand_in):
    with monkeypatch.context() as patch:
        patch.setattr(module, name, stand_in)
        with pytest.raises(KeyboardInterrupt):
            DATASETS.build(config)
    assert arrays(config) == []
    dataset = DATASETS.build(config)
    assert read(dataset).shape == (10, DIM)
    (name,) = arrays(config)
    assert np.load(os.path.join(config['cache'], name)).shape == (10, DIM)


def test_extractor_without_pooling_is_refused(config):
    unpooled = {key: value for key, value in EXTRACTOR.items() if key != 'neck'}
    with pytest.raises(ValueError, match=r'returns \(4, 64, 1, 1\).*GlobalAveragePooling'):
        DATASETS.build(dict(config, extractor=unpooled))
    assert arrays(config) == []


def test_record_says_what_the_cache_was_made_from(config):
    DATASETS.build(config)
    (path,) = Path(config['cache']).glob('*.json')
    record = json.loads(path.read_text())
    assert set(record) == {'weights', 'extractor', 'pipeline', 'dtype', 'images', 'checksum'}
    assert record['pipeline'][-len(PIPELINE) + 1]['scale'] == [32, 32]  # as configured
    assert record['extractor'] == EXTRACTOR


def test_partial_labels_of_features(config, kit, reference):
    partial = DATASETS.build(
        dict(
            type='PartialLabelDataset',
            dataset=config,
            observe=dict(type='SinglePositive'),
            holdout=dict(part='train', fraction=0.2, seed=1200),
        )
    )
    full = kit.matrix('train', ('cat', 'dog'))
    observed = reference.observe(full)
    train = reference.split(len(full))[0]
    every = forward_one_by_one(kit, kit.files('train'))
    assert len(partial) == len(train) == 8
    for index, position in enumerate(train):
        packed = partial[index]
        sample = packed['data_samples']
        assert sample.sample_idx == position
        assert set(sample.keys()) == {'gt_label', 'gt_score'}
        assert sample.gt_label.tolist() == np.flatnonzero(observed[position]).tolist()
        assert sample.gt_score.tolist() == np.where(observed[position] == 1, 1, -1).tolist()
        torch.testing.assert_close(packed['inputs'], every[position], rtol=1e-3, atol=1e-5)
    images = dict(type='PartialLabelDataset', dataset=config['dataset'], observe=partial.observe)
    assert DATASETS.build(images).fingerprint() == partial.fingerprint()


def test_random_state_does_not_depend_on_the_cache(config):
    torch.manual_seed(5)
    expected = torch.rand(3)
    for _ in ('filled now', 'found', 'extractor built anew'):
        torch.manual_seed(5)
        DATASETS.build(config)
        assert torch.equal(torch.rand(3), expected)
        feature_extraction.build_extractor.cache_clear()


def test_labels_that_stock_images_do_not_list_may_be_unobserved(config, kit, tmp_path):
    files = kit.files('train')
    items = [dict(img_path=file, gt_label=[n % 2]) for n, file in enumerate(files)]
    content = dict(metainfo=dict(classes=('cat', 'dog')), data_list=items)
    (tmp_path / 'own.json').write_text(json.dumps(content))
    config['dataset'] = dict(
        type='MultiLabelDataset', ann_file=str(tmp_path / 'own.json'), pipeline=PIPELINE,
        data_prefix=str(kit.root / 'JPEGImages'),
    )  # fmt: skip
    wrapper = dict(type='PartialLabelDataset', dataset=config, unlisted='unobserved')
    dataset = DATASETS.build(wrapper)
    for each in (dataset, pickle.loads(pickle.dumps(dataset))):  # as a spawned worker gets it
        found = [each[index]['data_samples'].gt_score.tolist() for index in range(len(each))]
        assert found == [[1, -1], [-1, 1]] * 5


@pytest.fixture
def pretrained(config, tmp_path):
    """An extractor with the weights of a file."""
    model = MODELS.build(BACKBONE)
    model.init_weights()
    file = tmp_path / 'weights.pth'
    torch.save(model.state_dict(), file)
    backbone = dict(BACKBONE, init_cfg=dict(type='Pretrained', checkpoint=str(file)))
    return dict(config, extractor=dict(EXTRACTOR, backbone=backbone)), file


@pytest.fixture
def builds(monkeypatch):
    found = []
    build = feature_extraction.build_extractor
    with monkeypatch.context() as patch:
        patch.setattr(
            feature_extraction, 'build_extractor', lambda spec: found.append(spec) or build(spec)
        )
        yield found


def test_known_weights_are_not_loaded_to_open_a_cache(pretrained, builds):
    config, file = pretrained
    expected = read(DATASETS.build(config))
    builds.clear()
    assert torch.equal(read(DATASETS.build(config)), expected)
    assert builds == []
    os.utime(file)  # perhaps others by now
    assert torch.equal(read(DATASETS.build(config)), expected)
    assert len(builds) == 1


def test_other_weights_in_the_same_file_are_refused(pretrained):
    config, file = pretrained
    DATASETS.build(config)
    state = torch.load(file)
    state['conv1.weight'] += 1
    torch.save(state, file)
    feature_extraction.build_extractor.cache_clear()
    with pytest.raises(ValueError, match='stale, made with other weights'):
        DATASETS.build(config)


def test_other_packages_may_load_other_weights(pretrained, builds, monkeypatch):
    config, _ = pretrained
    DATASETS.build(config)
    builds.clear()
    monkeypatch.setattr(feature_extraction, '_version', lambda package: 'newer')
    DATASETS.build(config)
    assert len(builds) == 1


def test_random_weights_are_made_each_time(config, builds):
    DATASETS.build(config)
    builds.clear()
    DATASETS.build(config)
    assert len(builds) == 1

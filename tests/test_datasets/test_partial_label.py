from __future__ import annotations

import copy
import json
import re
import shutil
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import torch
from image_kinds import deep_grey, ramp, save_deep
from mmengine.dataset import default_collate, pseudo_collate
from mmengine.registry import init_default_scope
from mmpretrain.registry import DATASETS, TRANSFORMS
from torch.utils.data import DataLoader

from wsml_mm.datasets import PartialLabelDataset
from wsml_mm.datasets.partial_label import FULL_LABELS
from wsml_mm.labels import SparseLabels

PIPELINE = [dict(type='LoadImageFromFile'), dict(type='PackInputs')]
SINGLE = dict(type='SinglePositive', seed=1200)
SHOWN_INFO = {'img_path', 'gt_label', 'sample_idx'}
SHOWN_META = {'sample_idx', 'num_classes', 'img_path', 'ori_shape', 'img_shape'}


@pytest.fixture
def voc(devkit) -> dict:
    root = str(devkit.root)
    return dict(type='VOC2012', data_root=root, classes=devkit.classes, pipeline=PIPELINE)


@pytest.fixture
def write_json(devkit, tmp_path):
    """Writes an annotation file of mmpretrain's own data set; returns that data set's config."""

    def write(samples, name='train.json', pipeline=PIPELINE) -> dict:
        files = devkit.files('train')
        content = dict(
            metainfo=dict(classes=devkit.classes),
            data_list=[dict(img_path=f, **s) for f, s in zip(files, samples, strict=False)],
        )
        (tmp_path / name).write_text(json.dumps(content))
        return dict(
            type='MultiLabelDataset',
            ann_file=str(tmp_path / name),
            data_prefix=str(devkit.root / 'JPEGImages'),
            pipeline=pipeline,
        )

    return write


def wrap(dataset, **kwargs) -> PartialLabelDataset:
    return DATASETS.build(dict(type='PartialLabelDataset', dataset=dataset, **kwargs))


def scores(dataset) -> np.ndarray:
    samples = (dataset[index]['data_samples'] for index in range(len(dataset)))
    return np.array([sample.gt_score.numpy() for sample in samples])


def indices(dataset) -> list[int]:
    return [dataset[index]['data_samples'].sample_idx for index in range(len(dataset))]


def observed_by(reference, full, **kwargs) -> np.ndarray:
    observed = reference.observe(full, **kwargs)
    return np.select([observed == 1, observed == -1], [1, 0], -1)


def assert_shows_observed_only(dataset, observed):
    """Every field, of the annotation and of the packed sample, agrees with the observed row."""
    for index in range(len(dataset)):
        info, packed = dataset.get_data_info(index), dataset[index]
        positives = np.flatnonzero(observed[info['sample_idx']] == 1).tolist()
        assert set(info) <= SHOWN_INFO | {'feature'}
        assert info['gt_label'] == dataset.get_cat_ids(index) == positives
        assert set(packed) == {'inputs', 'data_samples'}
        sample = packed['data_samples']
        assert set(sample.keys()) == {'gt_label', 'gt_score'}
        assert set(sample.metainfo_keys()) <= SHOWN_META
        assert sample.gt_label.tolist() == positives
        assert sample.gt_score.dtype == torch.int8
        assert sample.gt_score.tolist() == observed[info['sample_idx']].tolist()


# --- what a model may see --------------------------------------------------------------------


def test_nothing_but_the_observed_labels_is_shown(voc, devkit, reference):
    full = devkit.matrix('train')
    observed = observed_by(reference, full)
    assert ((full == 1) & (observed == -1)).sum() > 20
    assert_shows_observed_only(wrap(voc, observe=SINGLE), observed)


@pytest.mark.parametrize('packing', [dict(), dict(algorithm_keys=('gt_label_difficult',))])
def test_truth_in_other_fields_of_the_source_is_hidden(write_json, devkit, reference, packing):
    full = devkit.matrix('train')
    samples = [
        dict(
            gt_label=np.flatnonzero(row).tolist(),
            gt_score=row.tolist(),
            gt_label_difficult=np.flatnonzero(row).tolist(),
        )
        for row in full
    ]
    meta_keys = ('img_path', 'gt_label_difficult')
    if packing:
        meta_keys = ('img_path',)
    pack = dict(type='PackInputs', meta_keys=meta_keys, **packing)
    source = write_json(samples, pipeline=[PIPELINE[0], pack])
    assert 'gt_label_difficult' in DATASETS.build(source)[0]['data_samples']
    dataset = wrap(source, observe=SINGLE)
    assert_shows_observed_only(dataset, observed_by(reference, full))


def test_samples_do_not_depend_on_hidden_labels(write_json, devkit, tmp_path):
    """Two truths with the same observed labels cannot be told apart."""
    full = devkit.matrix('train')
    shared = np.where(np.arange(full.shape[1]) % 2 == np.arange(len(full))[:, None] % 2, full, 0)
    observed = np.where(shared == 1, 1, -1)
    np.save(tmp_path / 'obs.npy', observed)
    observe = dict(type='ObservationFile', path=str(tmp_path / 'obs.npy'))
    one, other = (
        wrap(
            write_json([dict(gt_label=np.flatnonzero(row).tolist()) for row in truth], name),
            observe=observe,
        )
        for name, truth in (('one.json', full), ('other.json', shared))
    )
    assert (full != shared).sum() > 20
    assert one.full_labels.fingerprint() != other.full_labels.fingerprint()
    assert one.fingerprint() == other.fingerprint()
    assert one.num_unobserved() == other.num_unobserved()
    for index in range(len(one)):
        assert one.get_data_info(index) == other.get_data_info(index)
        assert one.get_cat_ids(index) == other.get_cat_ids(index)
        first, second = one[index], other[index]
        torch.testing.assert_close(first['inputs'], second['inputs'])
        first, second = first['data_samples'].to_dict(), second['data_samples'].to_dict()
        assert {k: np.asarray(v).tolist() for k, v in first.items()} == {
            k: np.asarray(v).tolist() for k, v in second.items()
        }


def test_diagnosis_carries_the_truth_under_the_private_name_only(voc, devkit, reference):
    full = devkit.matrix('train')
    dataset = wrap(voc, observe=SINGLE, diagnosis=True)
    for index in range(len(dataset)):
        sample = dataset[index]['data_samples']
        assert set(sample.keys()) == {'gt_label', 'gt_score', FULL_LABELS}
        assert sample.get(FULL_LABELS).tolist() == full[index].tolist()
        sample.pop(FULL_LABELS)
        dataset.diagnosis = False
        assert sample.to_dict().keys() == dataset[index]['data_samples'].to_dict().keys()
        dataset.diagnosis = True
    np.testing.assert_array_equal(scores(dataset), observed_by(reference, full))
    assert set(dataset.get_data_info(0)) == SHOWN_INFO
    assert FULL_LABELS.startswith('wsml')


def test_observed_negatives_are_shown_as_zero(voc, devkit, reference):
    observe = dict(type='ObserveCounts', num_pos=1, num_neg=2, seed=4)
    dataset = wrap(voc, observe=observe)
    expected = observed_by(reference, devkit.matrix('train'), num_pos=1, num_neg=2, seed=4)
    assert set(np.unique(expected)) == {1, 0, -1}
    assert_shows_observed_only(dataset, expected)


def test_image_without_positive_has_an_empty_label(voc):
    dataset = wrap(dict(voc, keep_empty=True), observe=SINGLE)
    empty = [i for i in range(len(dataset)) if not dataset.get_cat_ids(i)]
    assert empty
    sample = dataset[empty[0]]['data_samples']
    assert sample.gt_label.tolist() == []
    assert (sample.gt_score == -1).all()


def test_samples_may_be_changed_without_harm(voc):
    dataset = wrap(voc, observe=SINGLE)
    before = scores(dataset)
    for index in range(len(dataset)):
        dataset[index]['data_samples'].gt_score.fill_(0)
        dataset.get_data_info(index)['gt_label'].append(0)
        dataset.get_cat_ids(index).append(0)
    np.testing.assert_array_equal(scores(dataset), before)


# --- which images, under which index ---------------------------------------------------------


@pytest.mark.parametrize('part', ['train', 'val'])
def test_observes_before_it_takes_the_part(voc, devkit, reference, part):
    full = devkit.matrix('train')
    expected = observed_by(reference, full)
    positions = dict(zip(('train', 'val'), reference.split(len(full)), strict=True))[part]
    dataset = wrap(voc, observe=SINGLE, holdout=dict(part=part, fraction=0.2, seed=1200))
    assert len(dataset) == len(positions)
    assert indices(dataset) == positions.tolist()
    np.testing.assert_array_equal(scores(dataset), expected[positions])
    files = [dataset.get_data_info(i)['img_path'].rsplit('/', 1)[1] for i in range(len(dataset))]
    assert files == [devkit.files('train')[position] for position in positions]
    assert dataset.num_samples == len(full)
    # Observing afterwards would have been something else.
    assert (observed_by(reference, full[positions]) != expected[positions]).any()


def test_holdout_defaults_are_the_published_split(voc, devkit, reference):
    train, val = reference.split(len(devkit.files('train')))
    assert indices(wrap(voc, holdout=dict(part='train'))) == train.tolist()
    assert indices(wrap(voc, holdout=dict(part='val'))) == val.tolist()
    assert indices(wrap(voc)) == list(range(len(train) + len(val)))


def test_validation_part_sees_the_full_labels(voc, devkit, reference):
    dataset = wrap(voc, holdout=dict(part='val', fraction=0.3, seed=5))
    full = devkit.matrix('train')
    positions = reference.split(len(full), 0.3, 5)[1]
    np.testing.assert_array_equal(scores(dataset), full[positions])
    for index, position in enumerate(positions):
        label = dataset[index]['data_samples'].gt_label
        assert label.tolist() == np.flatnonzero(full[position]).tolist()
    assert dataset.num_unobserved() == 0


@pytest.mark.parametrize(
    'packing', [dict(), dict(meta_keys=()), dict(algorithm_keys=('sample_idx',), meta_keys=())]
)
def test_index_is_the_position_in_the_whole_split(voc, devkit, reference, packing):
    pipeline = [PIPELINE[0], dict(type='PackInputs', **packing)]
    dataset = wrap(dict(voc, pipeline=pipeline), observe=SINGLE, holdout=dict(part='val'))
    positions = reference.split(len(devkit.files('train')))[1]
    assert indices(dataset) == positions.tolist()
    assert 'sample_idx' in dataset[0]['data_samples'].metainfo_keys()
    assert [dataset.get_data_info(i)['sample_idx'] for i in range(len(dataset))] == (
        positions.tolist()
    )


def test_index_offset_shifts_the_index_only(voc):
    dataset = wrap(voc, observe=SINGLE, holdout=dict(part='train'))
    before, index = scores(dataset), np.array(indices(dataset))
    dataset.index_offset = 1000
    np.testing.assert_array_equal(indices(dataset), index + 1000)
    np.testing.assert_array_equal(scores(dataset), before)


def test_indices_keep_the_positions(voc, devkit, reference):
    train = reference.split(len(devkit.files('train')))[0]
    observed = observed_by(reference, devkit.matrix('train'))
    for chosen, expected in ((3, train[:3]), ([4, 0, 2], train[[4, 0, 2]])):
        dataset = wrap(voc, observe=SINGLE, holdout=dict(part='train'), indices=chosen)
        assert indices(dataset) == expected.tolist()
        np.testing.assert_array_equal(scores(dataset), observed[expected])
        assert dataset.num_unobserved() == (observed[expected] == -1).sum()


def test_lazy_init_loads_on_first_use(voc, monkeypatch):
    lazy = wrap(dict(voc, lazy_init=True), observe=SINGLE, lazy_init=True)
    assert not hasattr(lazy, 'labels')
    assert lazy.metainfo['classes'] == voc['classes']
    eager = wrap(voc, observe=SINGLE)
    assert lazy.get_data_info(2) == eager.get_data_info(2)
    for use in (len, lambda d: d.fingerprint(), lambda d: d.num_unobserved(), lambda d: d[0]):
        use(wrap(dict(voc, lazy_init=True), observe=SINGLE, lazy_init=True))


def test_iteration_ends(voc):
    dataset = wrap(voc, indices=3)
    assert len([dataset[index] for index in range(3)]) == 3
    with pytest.raises(IndexError):
        dataset[3]


# --- sources ---------------------------------------------------------------------------------


def test_stock_json_dataset(write_json, devkit, reference):
    full = devkit.matrix('train')
    source = write_json([dict(gt_label=np.flatnonzero(row).tolist()) for row in full])
    dataset = wrap(source, observe=SINGLE)
    assert_shows_observed_only(dataset, observed_by(reference, full))


def test_source_with_scores_of_its_own(write_json, devkit):
    partial = np.random.RandomState(1).choice([1, 0, -1], devkit.matrix('train').shape)
    source = write_json([dict(gt_score=row.tolist()) for row in partial])
    dataset = wrap(source)
    assert_shows_observed_only(dataset, partial)
    assert dataset.num_unobserved() == (partial == -1).sum()
    kept = scores(wrap(source, observe=dict(type='ObserveCounts', num_pos=1, num_neg=1)))
    assert ((kept == partial) | (kept == -1)).all()
    np.testing.assert_array_equal((kept == 1).sum(1), (partial == 1).any(1))
    np.testing.assert_array_equal((kept == 0).sum(1), (partial == 0).any(1))


def test_labels_that_a_stock_dataset_does_not_list_can_be_unobserved(write_json):
    rows = [dict(gt_label=[1, 3]), dict(gt_score=[1, 0, -1, -1, 0]), dict(gt_label=[])]
    due = [[-1, 1, -1, 1, -1], [1, 0, -1, -1, 0], [-1] * 5]
    source = write_json(rows)
    dataset = wrap(source, unlisted='unobserved', diagnosis=True)
    np.testing.assert_array_equal(scores(dataset), due)
    assert dataset.num_unobserved() == 10
    np.testing.assert_array_equal(dataset[0]['data_samples'].get(FULL_LABELS), due[0])
    single = scores(wrap(source, unlisted='unobserved', observe=SINGLE))
    np.testing.assert_array_equal((single == 1).sum(1), [1, 1, 0])
    for unlisted in (None, 'negative'):
        assert wrap(source, unlisted=unlisted).num_unobserved() == 2


def test_source_that_mixes_scores_and_full_labels(write_json):
    source = write_json([dict(gt_label=[1, 3]), dict(gt_score=[1, 0, -1, -1, 0])])
    np.testing.assert_array_equal(scores(wrap(source)), [[0, 1, 0, 1, 0], [1, 0, -1, -1, 0]])


@pytest.mark.parametrize(
    'score', [[1, 0, -1], [1, 0, 2, 0, 0], [1, 0.5, 0, 0, 0], [1, float('nan'), 0, 0, 0]]
)
def test_bad_scores_name_the_sample(write_json, score):
    source = write_json([dict(gt_score=[1, 0, 0, 0, 0]), dict(gt_score=score)])
    with pytest.raises(ValueError, match=r'\.jpg: gt_score must be 5 values.*decode_labels'):
        wrap(source)


def test_class_outside_the_list(write_json):
    with pytest.raises(ValueError, match=r'\.jpg: gt_label \[5\] .*outside 0\.\.4'):
        wrap(write_json([dict(gt_label=[0]), dict(gt_label=[5])]))


@pytest.mark.parametrize(
    ('annotation', 'message'),
    [
        (dict(gt_label=[2, 2]), r'\.jpg: gt_label \[2, 2\] lists a class twice'),
        (dict(gt_label=[-1]), r'\.jpg: gt_label \[-1\] .*outside'),
        (dict(other=[1]), r'\.jpg: has neither gt_label nor gt_score'),
    ],
)
def test_bad_annotation_names_the_image(write_json, annotation, message):
    with pytest.raises(ValueError, match=message):
        wrap(write_json([dict(gt_label=[0]), annotation]))


def test_a_single_label_set_has_one_positive(write_json):
    source = write_json([dict(gt_label=3), dict(gt_label=0)])
    np.testing.assert_array_equal(scores(wrap(source)), [[0, 0, 0, 1, 0], [1, 0, 0, 0, 0]])


@pytest.mark.parametrize(
    'load',
    [
        dict(type='LoadImageFromFile', imdecode_backend='pillow'),
        dict(type='LoadResizedImage', scale=8),
        dict(type='LoadResizedImage', scale=8, decode='fast'),
    ],
)
def test_bad_images_stop_or_are_left_out_by_name(devkit, voc, tmp_path, load):
    if load.get('decode') == 'fast':
        pytest.importorskip('simplejpeg')
    shutil.copytree(devkit.root, tmp_path / 'kit')
    strict = [load, dict(type='PackInputs')]
    config = {**voc, 'data_root': str(tmp_path / 'kit'), 'pipeline': strict}
    source = wrap(config)
    paths = [Path(source.get_data_info(i)['img_path']) for i in range(len(source))]
    whole = paths[1].read_bytes()
    paths[1].write_bytes(whole[: len(whole) // 2])
    paths[2].write_bytes(b'')
    for bad in (1, 2):
        with pytest.raises(ValueError, match=f'{paths[bad].name}: cannot be read.*bad_images'):
            source[bad]
    left = wrap(config, bad_images='skip')
    kept = [left[i]['data_samples'].sample_idx for i in range(len(left))]
    assert kept == [0, *range(3, len(source))]  # positions do not move
    with pytest.raises(ValueError, match='bad_images'):
        wrap(config, bad_images='ignore')


def test_a_wrong_image_folder_is_blamed_at_first_use(devkit, voc, tmp_path):
    shutil.copytree(devkit.root, tmp_path / 'kit')
    (tmp_path / 'kit' / 'JPEGImages').rename(tmp_path / 'kit' / 'Images')
    config = {**voc, 'data_root': str(tmp_path / 'kit')}
    source = wrap(config)  # labels alone are of use
    said = (
        f"none of the {len(source)} images is below '{tmp_path}/kit/JPEGImages', which is no "
        f"folder; is the folder called '{tmp_path}/kit/Images'?"
    )
    for act in (lambda: source[1], lambda: wrap(config, bad_images='skip')):
        with pytest.raises(ValueError, match=re.escape(said)) as error:
            act()
        assert str(error.value) == said
    (tmp_path / 'kit' / 'JPEGImages').mkdir()
    path = Path(source.get_data_info(0)['img_path'])
    shutil.copy(tmp_path / 'kit' / 'Images' / path.name, path)
    with pytest.raises(ValueError, match=r'\.jpg: cannot be read \(there is no such file'):
        source[1]


def table_of_x_rays(folder, kind='u16.png', **loader):
    """A table of 9 images of 16 bits and the config of its dataset."""
    names = [f'{number}.{kind[-3:]}' for number in range(9)]
    for number, name in enumerate(names):
        save_deep(folder / name, np.roll(deep_grey(12)[kind], number, axis=1))
    rows = ''.join(f'{name},cat\n' for name in names)
    (folder / 't.csv').write_text(f'image,positive\n{rows}')
    loader = loader or dict(type='LoadImageFromFile', imdecode_backend='pillow')
    pipeline = [loader, dict(type='PackInputs')]
    return dict(type='LabelTable', data_root=str(folder), ann_file='t.csv', pipeline=pipeline)


@pytest.mark.parametrize(('options', 'looked_at'), [({}, 6), (dict(bad_images='skip'), 9)])
def test_x_rays_that_turn_white_are_warned_of_before_the_training(tmp_path, options, looked_at):
    logged: list[str] = []
    with mock.patch('wsml_mm.datasets.images.print_log', lambda text, **_: logged.append(text)):
        source = wrap(table_of_x_rays(tmp_path), **options)
        assert (source[0]['inputs'] == 255).float().mean() > 0.9
    (text,) = logged
    assert f'{tmp_path}/0.png is of 16 bits (0 to 4,095) and loaded as 9' in text
    assert f'({looked_at} of {looked_at} images that were looked at are like that)' in text
    assert "dict(type='LoadHighBitDepthImage', bits=12)" in text


@pytest.mark.parametrize('options', [{}, dict(bad_images='skip')])
def test_x_rays_with_a_range_are_right(tmp_path, options):
    logged: list[str] = []
    config = table_of_x_rays(tmp_path, type='LoadHighBitDepthImage', bits=12)
    with mock.patch('wsml_mm.datasets.images.print_log', lambda text, **_: logged.append(text)):
        inputs = wrap(config, **options)[0]['inputs']
    assert logged == []
    np.testing.assert_array_equal(inputs[0], np.rint(np.rint(ramp() * 4095) * 255 / 4095))


def test_bad_images_are_those_of_the_pipelines_loader(tmp_path):
    # Pillow alone decodes them all; this loader refuses more than 10 bits.
    config = table_of_x_rays(tmp_path, type='LoadHighBitDepthImage', bits=10)
    save_deep(tmp_path / '4.png', deep_grey(10)['u16.png'])
    source = wrap(config, bad_images='skip')
    assert [source[index]['data_samples'].sample_idx for index in range(len(source))] == [4]


def test_source_without_classes(write_json):
    source = DATASETS.build(write_json([dict(gt_label=[0])]))
    source._metainfo.pop('classes')
    with pytest.raises(ValueError, match='MultiLabelDataset names no classes: give classes='):
        PartialLabelDataset(source)


def test_source_may_hand_over_sparse_labels(voc, devkit):
    source = DATASETS.build(voc)
    other = 1 - devkit.matrix('train')
    source.sparse_labels = lambda: SparseLabels.from_dense(other, rest=0)
    np.testing.assert_array_equal(scores(PartialLabelDataset(source)), other)


# --- wrappers and loaders of the frameworks --------------------------------------------------


def around(kind, partial) -> dict:
    return {
        'RepeatDataset': dict(type=kind, dataset=partial, times=2),
        'ConcatDataset': dict(type=kind, datasets=[partial, copy.deepcopy(partial)]),
        'ClassBalancedDataset': dict(type=kind, dataset=partial, oversample_thr=0.5),
    }[kind]


@pytest.mark.parametrize(
    ('kind', 'least'), [('RepeatDataset', 2), ('ConcatDataset', 2), ('ClassBalancedDataset', 1)]
)
def test_wrappers_around_it_return_observed_labels(voc, devkit, reference, kind, least):
    init_default_scope('mmpretrain')
    observed = observed_by(reference, devkit.matrix('train'))
    partial = dict(
        type='PartialLabelDataset', dataset=voc, observe=SINGLE, holdout=dict(part='train')
    )
    dataset = DATASETS.build(around(kind, partial))
    train = reference.split(len(observed))[0].tolist()
    assert len(dataset) >= least * len(train)
    seen = set()
    for index in range(len(dataset)):
        sample = dataset[index]['data_samples']
        seen.add(sample.sample_idx)
        row = observed[sample.sample_idx]
        assert sample.gt_score.tolist() == row.tolist()
        assert sample.gt_label.tolist() == np.flatnonzero(row == 1).tolist()
        if hasattr(dataset, 'get_cat_ids'):
            assert dataset.get_cat_ids(index) == np.flatnonzero(row == 1).tolist()
        assert dataset.get_data_info(index)['gt_label'] == np.flatnonzero(row == 1).tolist()
    assert seen == set(train)


def test_class_balance_counts_observed_labels(voc, devkit, reference):
    init_default_scope('mmpretrain')
    partial = dict(type='PartialLabelDataset', dataset=voc, observe=SINGLE)
    dataset = DATASETS.build(around('ClassBalancedDataset', partial))
    observed = observed_by(reference, devkit.matrix('train')) == 1
    share = observed.mean(axis=0)
    with np.errstate(divide='ignore'):
        factor = np.ceil(np.maximum(1, np.sqrt(0.5 / share)))
    times = [int(factor[row].max(initial=1)) for row in observed]
    np.testing.assert_array_equal(np.bincount(dataset.repeat_indices), times)


@pytest.mark.parametrize(
    ('workers', 'start', 'collate'),
    [
        (0, None, default_collate),
        (0, None, pseudo_collate),
        (2, 'fork', default_collate),
        (2, 'fork', pseudo_collate),
        (1, 'spawn', default_collate),  # seconds to start
    ],
)
def test_loader(voc, devkit, reference, workers, start, collate):
    full = devkit.matrix('train')
    observed = observed_by(reference, full)
    dataset = wrap(voc, observe=SINGLE, holdout=dict(part='train'), diagnosis=True)
    loader = DataLoader(
        dataset, 4, num_workers=workers, multiprocessing_context=start, collate_fn=collate
    )
    seen = []
    for batch in loader:
        assert len(batch['inputs']) == len(batch['data_samples'])
        for inputs, sample in zip(batch['inputs'], batch['data_samples'], strict=True):
            position = sample.sample_idx
            assert sample.gt_score.dtype == torch.int8
            assert sample.gt_score.tolist() == observed[position].tolist()
            assert sample.get(FULL_LABELS).tolist() == full[position].tolist()
            torch.testing.assert_close(inputs, dataset[len(seen)]['inputs'])
            seen.append(position)
    assert seen == reference.split(len(full))[0].tolist()


# --- refusals --------------------------------------------------------------------------------


@TRANSFORMS.register_module()
class DropImage:
    def __call__(self, results):
        return None


@pytest.mark.parametrize('pipeline', [[dict(type='DropImage')], PIPELINE[:1], []])
def test_pipeline_without_a_packed_sample(voc, devkit, pipeline):
    dataset = wrap(dict(voc, pipeline=pipeline), observe=SINGLE)
    name = devkit.files('train')[1]
    with pytest.raises(ValueError, match=rf'{name}: the pipeline returned no packed .*PackInputs'):
        dataset[1]


def test_subsets_are_refused(voc):
    dataset = wrap(voc, observe=SINGLE)
    for refused in (dataset.get_subset, dataset.get_subset_):
        with pytest.raises(NotImplementedError, match='use indices='):
            refused([0, 1])
    init_default_scope('mmpretrain')
    partial = dict(type='PartialLabelDataset', dataset=voc, observe=SINGLE)
    with pytest.raises(NotImplementedError, match='use indices='):
        DATASETS.build(dict(type='KFoldDataset', dataset=partial, num_splits=2))


@pytest.mark.parametrize(
    'choice',
    [
        dict(holdout=dict(part='val', fraction=0)),
        dict(holdout=dict(part='train', fraction=1)),
        dict(indices=0),
        dict(indices=[]),
    ],
)
def test_empty_part_is_refused(voc, devkit, choice):
    with pytest.raises(ValueError, match=r'VOC2012: no image is left of .*check data_root'):
        wrap(voc, **choice)


def test_unknown_part_is_refused(voc):
    with pytest.raises(ValueError, match=r"part='test': use"):
        wrap(voc, holdout=dict(part='test'))


# --- facts for checkpoints -------------------------------------------------------------------


def test_num_unobserved(voc, devkit, reference):
    full = devkit.matrix('train')
    train = reference.split(len(full))[0]
    for observe in (SINGLE, dict(type='ObserveCounts', num_pos=-1, num_neg=2)):
        dataset = wrap(voc, observe=observe, holdout=dict(part='train'))
        assert dataset.num_unobserved() == (scores(dataset) == -1).sum() > 0
        assert dataset.num_unobserved() < wrap(voc, observe=observe).num_unobserved()
    assert wrap(voc, observe=SINGLE, holdout=dict(part='train')).num_unobserved() == (
        len(train) * 5 - full[train].any(axis=1).sum()
    )


def test_fingerprint_sees_labels_and_seed(voc, write_json, devkit):
    base = wrap(voc, observe=SINGLE).fingerprint()
    assert base == wrap(voc, observe=SINGLE).fingerprint()
    full = devkit.matrix('train')
    samples = [dict(gt_label=np.flatnonzero(row).tolist()) for row in full]
    samples[3] = dict(gt_label=np.flatnonzero(1 - full[3]).tolist())
    others = [
        wrap(voc).fingerprint(),
        wrap(voc, observe=dict(SINGLE, seed=1)).fingerprint(),
        wrap(write_json(samples)).fingerprint(),
    ]
    assert len({base, *others}) == 4


def test_fingerprint_sees_the_image_order(write_json, devkit):
    same = [dict(gt_label=[0])] * 3  # of equal labels, so that only the names differ
    source = write_json(same)
    before = wrap(source).fingerprint()
    content = json.loads(Path(source['ann_file']).read_text())
    content['data_list'][:2] = content['data_list'][1::-1]
    Path(source['ann_file']).write_text(json.dumps(content))
    assert wrap(source).fingerprint() != before


def test_fingerprint_ignores_the_folder(voc, devkit, tmp_path):
    moved = tmp_path / 'elsewhere' / 'VOC2012'
    shutil.copytree(devkit.root, moved)
    here, there = (wrap(dict(voc, data_root=str(r)), observe=SINGLE) for r in (devkit.root, moved))
    assert here.get_data_info(0)['img_path'] != there.get_data_info(0)['img_path']
    assert here.fingerprint() == there.fingerprint()


def test_fingerprint_is_of_the_whole_split(voc):
    # State per sample is indexed over the whole split, whatever part is trained on.
    whole = wrap(voc, observe=SINGLE).fingerprint()
    assert wrap(voc, observe=SINGLE, holdout=dict(part='train')).fingerprint() == whole


@pytest.mark.parametrize(('fraction', 'seed'), [(0.5, 999), (0.1, 999), (1.0, 3), (0.34, 7)])
def test_subsample_is_the_references_after_the_holdout(devkit, fraction, seed, reference):
    config = dict(type='VOC2012', data_root=str(devkit.root), classes=devkit.classes)
    part = dict(holdout=dict(part='train', fraction=0.2, seed=1200))
    train, _ = reference.split(len(devkit.files('train')))
    order = np.random.RandomState(seed).permutation(len(train))
    kept = train[np.sort(order[: int(np.round(fraction * len(train)))])]
    dataset = PartialLabelDataset(config, subsample=dict(fraction=fraction, seed=seed), **part)
    np.testing.assert_array_equal(dataset.indices, kept)
    assert dataset.num_samples == len(devkit.files('train'))
    # The observed labels stay those of the whole split.
    assert dataset.fingerprint() == PartialLabelDataset(config, **part).fingerprint()


@pytest.mark.parametrize(
    ('subsample', 'message'),
    [(dict(fraction=1.5), r'subsample fraction=1\.5: the share kept lies in 0\.\.1'),
     (dict(share=0.5), r"unknown 'share'; use fraction and seed"),
     (dict(fraction=0.0), r'no image is left')],
)  # fmt: skip
def test_bad_subsample(devkit, subsample, message):
    config = dict(type='VOC2012', data_root=str(devkit.root), classes=devkit.classes)
    with pytest.raises(ValueError, match=message):
        PartialLabelDataset(config, subsample=subsample)

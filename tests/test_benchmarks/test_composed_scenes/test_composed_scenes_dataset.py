from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest
from mmpretrain.registry import DATASETS

from wsml_mm.benchmarks import ComposedScenes
from wsml_mm.benchmarks.composed_scenes import writer as scene_writer

SMALL = dict(type='ComposedScenes', num_train=6, num_val=4, size=32, seed=2)


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    path = tmp_path_factory.mktemp('scenes') / 'set'
    ComposedScenes(path, num_train=6, num_val=4, size=32, seed=2)
    return path


def test_labels_are_those_of_the_annotations(root):
    for split, count in {'train': 6, 'val': 4}.items():
        dataset = DATASETS.build(dict(SMALL, data_root=str(root), split=split))
        classes = dataset.metainfo['classes']
        assert len(dataset) == count
        assert len(classes) == len(set(classes)) == 20
        for index in range(count):
            info = dataset.get_data_info(index)
            stem = info['img_path'].rsplit('/', 1)[1].removesuffix('.jpg')
            top = ElementTree.parse(root / 'Annotations' / f'{stem}.xml').getroot()
            drawn = sorted(classes.index(item.findtext('name')) for item in top.findall('object'))
            assert info['gt_label'] == drawn
            assert 1 <= len(drawn) <= 3


def test_second_construction_writes_nothing(root, monkeypatch):
    def stamps():
        return {path: path.stat().st_mtime_ns for path in root.rglob('*')}

    before = stamps()
    monkeypatch.setattr(scene_writer, 'draw_scene', pytest.fail)
    dataset = DATASETS.build(dict(SMALL, data_root=str(root)))
    assert len(dataset) == 6
    assert stamps() == before


def test_other_parameters_do_not_touch_the_set(root):
    with pytest.raises(ValueError, match='holds scenes made with'):
        DATASETS.build(dict(SMALL, data_root=str(root), num_train=7))


def test_partial_labels_of_scenes(root, reference):
    pipeline = [dict(type='LoadImageFromFile'), dict(type='PackInputs')]
    source = dict(SMALL, data_root=str(root), pipeline=pipeline)
    partial = DATASETS.build(
        dict(type='PartialLabelDataset', dataset=source, observe=dict(type='SinglePositive'))
    )
    full = np.array([partial.full_labels.row(index) for index in range(6)])
    assert partial[0]['inputs'].shape == (3, 32, 32)
    scores = np.array([partial[index]['data_samples'].gt_score.numpy() for index in range(6)])
    np.testing.assert_array_equal(scores == 1, reference.observe(full) == 1)

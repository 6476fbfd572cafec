from __future__ import annotations

import json

import benchmark_trees as trees
import numpy as np
import pytest

from wsml_mm.benchmarks import COCO2014


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    return trees.write_coco(tmp_path_factory.mktemp('coco') / 'coco')


def test_classes_are_those_of_coco():
    from torchvision.models._meta import _COCO_CATEGORIES

    official = [name for name in _COCO_CATEGORIES if name not in ('__background__', 'N/A')]
    assert list(COCO2014.METAINFO['classes']) == official
    assert len(official) == 80


def test_images_without_annotation_are_left_out_or_kept(root):
    names = list(COCO2014(root).image_names())
    kept = COCO2014(root, keep_empty=True)
    ids = sorted(map(str, trees.COCO_IDS['train']))
    assert list(kept.image_names()) == [f'COCO_train2014_{int(i):012d}.jpg' for i in ids]
    empty = [i for i in range(len(kept)) if not kept.get_data_info(i)['gt_label']]
    assert len(empty) == 2
    assert [n for i, n in enumerate(kept.image_names()) if i not in empty] == names


def test_images_without_a_chosen_class_are_left_out(root):
    everything = COCO2014(root)
    dataset = COCO2014(root, classes=('train', 'car'))
    has = [i for i in range(len(everything)) if {0, 4} & set(everything.get_cat_ids(i))]
    assert 0 < len(has) < len(everything)
    names = list(everything.image_names())
    assert list(dataset.image_names()) == [names[i] for i in has]
    for index, place in enumerate(has):
        row = everything.sparse_labels().row(place)
        np.testing.assert_array_equal(dataset.sparse_labels().row(index), row[[4, 0]])


def test_nothing_left(tmp_path):
    content = trees.coco_instances()
    content['annotations'] = []
    (tmp_path / 'annotations').mkdir()
    (tmp_path / 'annotations/instances_train2014.json').write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r"split 'train': no image has a positive label; .*keep_"):
        COCO2014(tmp_path)
    assert len(COCO2014(tmp_path, keep_empty=True)) == len(trees.COCO_IDS['train'])


def test_kept_columns_serve_both_ways_and_a_changed_file_is_read_again(tmp_path):
    root = trees.write_coco(tmp_path / 'coco')
    first = COCO2014(root)
    assert COCO2014(root, keep_empty=True).prepared_folder == first.prepared_folder
    path = root / 'annotations/instances_train2014.json'
    content = json.loads(path.read_text())
    content['annotations'] = content['annotations'][:1]
    path.write_text(json.dumps(content))
    assert len(COCO2014(root)) == 1
    path.unlink()
    assert len(COCO2014(root)) == 1


def test_images_elsewhere(root):
    dataset = COCO2014(root, data_prefix={'img_path': '/mnt/images'})
    assert dataset.get_data_info(0)['img_path'].startswith('/mnt/images/COCO_train2014_')

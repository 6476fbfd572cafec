from __future__ import annotations

import json
from copy import deepcopy

import numpy as np
import pytest
from mmpretrain.registry import TASK_UTILS

from wsml_mm.datasets.boxes import read_coco_boxes

CONTENT = {
    'images': [
        {'id': 9, 'file_name': 'COCO_val2014_000000000009.jpg', 'width': 50, 'height': 40},
        {'id': 3, 'file_name': 'val2014/COCO_val2014_000000000003.jpg'},
        {'id': 5, 'file_name': 'COCO_val2014_000000000005.jpg'},
    ],
    'categories': [
        {'id': 1, 'name': 'person'},
        {'id': 13, 'name': 'cat'},
        {'id': 90, 'name': 'cup'},
    ],
    'annotations': [
        {'id': 1, 'image_id': 3, 'category_id': 90, 'bbox': [1.5, 2, 10, 20.25], 'iscrowd': 0},
        {'id': 2, 'image_id': 9, 'category_id': 1, 'bbox': [0, 0, 50, 40], 'iscrowd': 1},
        {'id': 3, 'image_id': 9, 'category_id': 13, 'bbox': [3, 4, 0, 0]},
        {'id': 4, 'image_id': 3, 'category_id': 1, 'bbox': [0, 1, 2, 3], 'iscrowd': 0},
    ],
}


@pytest.fixture
def write(tmp_path):
    def written(content):
        path = tmp_path / 'instances.json'
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return written


def test_gaps_in_ids_width_and_height_and_crowds(write):
    path = write(CONTENT)
    table = read_coco_boxes(path, ('cup', 'person'))  # another order, and cat left out
    classes, xyxy = table.of('COCO_val2014_000000000003.jpg', (1, 1))
    assert classes.tolist() == [0, 1]
    np.testing.assert_array_equal(xyxy, [[1.5, 2, 11.5, 22.25], [0, 1, 2, 4]])
    assert len(table.of('COCO_val2014_000000000009.jpg', (1, 1))[0]) == 0
    assert len(table.of('COCO_val2014_000000000005.jpg', (1, 1))[0]) == 0
    crowds = TASK_UTILS.build(dict(type='COCOBoxes', ann_file=str(path), crowds=True))
    assert crowds(['person']).of('COCO_val2014_000000000009', (1, 1))[1].tolist() == [
        [0, 0, 50, 40]
    ]


def test_damaged_files(write, tmp_path):
    broken = {
        'bbox of three': ({'bbox': [1, 2, 3]}, 'annotation 4 is damaged .*; correct or remove it'),
        'negative width': ({'bbox': [1, 2, -3, 4]}, 'annotation 4 is damaged'),
        'NaN': ({'bbox': [1, 2, float('nan'), 4]}, 'annotation 4 is damaged'),
        'infinite': ({'bbox': [1, 2, float('inf'), 4]}, 'annotation 4 is damaged'),
        'beyond float32': ({'bbox': [1, 2, 1e39, 4]}, 'annotation 4 is damaged'),
        '400 digits': ({'bbox': [1, 2, 10**400, 4]}, 'annotation 4 is damaged .OverflowError'),
        'iscrowd as text': ({'iscrowd': '0'}, "annotation 4 is damaged .*iscrowd '0' is neither"),
        'unknown image': ({'image_id': 77}, 'annotation 4 is damaged .KeyError: 77'),
        'unknown category': ({'category_id': 2}, 'annotation 4 is damaged'),
        'no box': ({'bbox': None}, 'annotation 4 is damaged'),
    }
    for change, message in broken.values():
        content = deepcopy(CONTENT)
        content['annotations'][3] |= change
        with pytest.raises(ValueError, match=message):
            read_coco_boxes(write(content), ['person'])
    with pytest.raises(ValueError, match=r"a COCO instances file .KeyError: 'images'.*it needs"):
        read_coco_boxes(write({'categories': []}), ['person'])
    with pytest.raises(ValueError, match='is not a COCO instances file'):
        read_coco_boxes(write([]), ['person'])
    with pytest.raises(ValueError, match=r'json:1: is not JSON .*; if the file is cut off'):
        read_coco_boxes(write('{'), ['person'])
    with pytest.raises(ValueError, match='holds no box of the classes'):
        read_coco_boxes(write(CONTENT), ['dog'])
    with pytest.raises(FileNotFoundError, match=r'x.json: no such file'):
        read_coco_boxes(tmp_path / 'x.json', ['person'])


@pytest.mark.parametrize('encoding', ['utf-8-sig', 'utf-16'])
def test_files_as_other_tools_write_them(tmp_path, encoding):
    path = tmp_path / 'instances.json'
    path.write_bytes(json.dumps(CONTENT).encode(encoding))
    assert len(read_coco_boxes(path, ['person']).classes) == 1


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        (
            '{"images":' + '[' * 100_000,
            r'json: is not JSON \(nested too deeply\); .* export it again',
        ),
        (
            json.dumps(CONTENT)[:-1] + ', "images": []}',
            r"an object has 'images' twice\); keep the one that is right",
        ),
    ],
)
def test_files_that_are_no_json_of_annotations(write, text, message):
    with pytest.raises(ValueError, match=message):
        read_coco_boxes(write(text), ['person'])


def test_two_images_of_one_name(write):
    content = deepcopy(CONTENT)
    content['images'].append({'id': 6, 'file_name': 'b/COCO_val2014_000000000005.png'})
    with pytest.raises(ValueError, match="two images are named 'COCO_val2014_000000000005'"):
        read_coco_boxes(write(content), ['person'])

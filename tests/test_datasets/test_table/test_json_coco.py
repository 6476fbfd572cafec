from __future__ import annotations

import json
from copy import deepcopy

import pytest

from wsml_mm import LabelTable

CONTENT = {
    'info': {'year': 2024},
    'licenses': [],
    'images': [
        {'id': 7, 'width': 8, 'height': 8, 'file_name': 'sub/c.jpg'},
        {'id': 3, 'width': 8, 'height': 8, 'file_name': 'd.jpg'},
        {'id': 4, 'width': 8, 'height': 8, 'file_name': 'empty.png'},
    ],
    'categories': [{'id': 9, 'name': 'elk'}, {'id': 2, 'name': 'cat', 'supercategory': 'animal'}],
    'annotations': [
        {'id': 1, 'image_id': 3, 'category_id': 2, 'bbox': [0, 0, 1, 1], 'segmentation': [[1, 2]]},
        {'id': 2, 'image_id': 3, 'category_id': 2, 'bbox': [0, 0, 1, 1], 'iscrowd': 0},
        {'id': 3, 'image_id': 7, 'category_id': 9, 'bbox': [0, 0, 1, 1], 'iscrowd': 1},
    ],
}


@pytest.fixture
def read(tmp_path):
    def labels(content, encoding='utf-8', **kwargs):
        (tmp_path / 'instances.json').write_bytes(json.dumps(content).encode(encoding))
        table = LabelTable(tmp_path, 'instances.json', **kwargs)
        rows = [table.sparse_labels().row(n).tolist() for n in range(len(table))]
        return dict(zip(table.image_names(), rows, strict=True)), table.metainfo['classes']

    return labels


@pytest.mark.parametrize('encoding', ['utf-8', 'utf-8-sig', 'utf-16'])
def test_anybodys_instances(read, encoding):
    found, classes = read(CONTENT, encoding)
    assert classes == ('elk', 'cat')  # as the file lists them
    assert found == {'sub/c.jpg': [1, -1], 'd.jpg': [-1, 1], 'empty.png': [-1, -1]}


def test_the_user_says_what_is_not_listed(read):
    found, _ = read(CONTENT, unlisted='negative', classes=['cat', 'elk'])
    assert found == {'sub/c.jpg': [0, 1], 'd.jpg': [1, 0], 'empty.png': [0, 0]}


def test_known_negatives_as_in_lvis(read):
    content = deepcopy(CONTENT)
    content['images'][1]['neg_category_ids'] = [9]
    content['images'][2]['neg_category_ids'] = [2, 9, 9]
    found, _ = read(content)
    assert found == {'sub/c.jpg': [1, -1], 'd.jpg': [0, 1], 'empty.png': [0, 0]}


@pytest.mark.parametrize(
    ('key', 'entry', 'message'),
    [
        ('annotations', {'image_id': '3', 'category_id': 2}, "image_id '3' is not .*; write 3, as"),
        ('annotations', {'image_id': 3, 'category_id': 1}, r'annotations\[3\]: category_id 1 is'),
        ('annotations', {'image_id': 3.5, 'category_id': 2}, 'image_id 3.5 is not among images'),
        ('annotations', {'image_id': True, 'category_id': 2}, 'image_id True is not among images'),
        ('images', {'id': 5, 'file_name': '../x.jpg'}, r"images\[3\]: image name '\.\./x\.jpg' is"),
        ('images', {'id': 5, 'file_name': r'a\x.jpg'}, 'name a file below it, .* separated by "/"'),
        ('images', {'id': 3, 'file_name': 'x.jpg'}, 'id 3 is given twice'),
        ('images', {'id': 5, 'file_name': 'd.jpg'}, "file_name 'd.jpg' is given twice"),
        ('images', {'id': 5, 'file_name': 'x', 'neg_category_ids': [1]}, 'neg_category_ids 1 is'),
        ('categories', {'id': 5, 'name': '*'}, r"categories: '\*' is not a class name; rename it"),
        ('categories', {'id': 5, 'name': 'cat'}, "name 'cat' is given twice"),
    ],
)
def test_damaged_entries(read, key, entry, message):
    content = deepcopy(CONTENT)
    content[key].append(entry)
    with pytest.raises(ValueError, match=message) as error:
        read(content)
    assert 'instances.json' in str(error.value)


def test_file_names_of_another_computer(read):
    content = deepcopy(CONTENT)
    content['images'][0]['file_name'] = 'C:\\data\\c.jpg'
    found, _ = read(content, image_names='file')
    assert list(found) == ['c.jpg', 'd.jpg', 'empty.png']

from __future__ import annotations

import json

import benchmark_trees as trees
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsml_mm.benchmarks.coco2014.instances import read_instances


@pytest.fixture
def path(tmp_path):
    return tmp_path / 'instances_train2014.json'


def read(path, content):
    path.write_text(json.dumps(content))
    return read_instances(path)


def small(**changes):
    content = {
        'images': [{'id': 10, 'file_name': 'b.jpg'}, {'id': 9, 'file_name': 'a.jpg'}],
        'annotations': [{'image_id': 9, 'category_id': 5}, {'image_id': 9, 'category_id': 2}],
        'categories': [{'id': 5, 'name': 'cat'}, {'id': 2, 'name': 'ant'}],
    }
    return content | changes


def test_images_are_sorted_by_their_ids_as_strings(path):
    columns = read(path, small())
    assert list(columns.names) == ['b.jpg', 'a.jpg']  # '10' < '9'
    assert columns.metainfo['classes'] == ('cat', 'ant')  # in the order of the list
    np.testing.assert_array_equal(columns.labels.row(0), [0, 0])
    np.testing.assert_array_equal(columns.labels.row(1), [1, 1])


def test_crowds_and_repeated_classes_count_once(path):
    content = trees.coco_instances()
    columns = read(path, content)
    rows = {name: columns.labels.row(n) for n, name in enumerate(columns.names)}
    category = [c['id'] for c in content['categories']]
    crowd = f'COCO_train2014_{trees.COCO_IDS["train"][0]:012d}.jpg'
    assert rows[crowd][category.index(90)] == 1
    for image in content['images']:
        found = {a['category_id'] for a in content['annotations'] if a['image_id'] == image['id']}
        np.testing.assert_array_equal(rows[image['file_name']], [int(c in found) for c in category])


@given(
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 4)), max_size=30),
    st.permutations([0, 4, 7, 12, 100, 55, 5, 1000000]),
    st.permutations([90, 1, 13, 2, 40]),
)
@settings(max_examples=60)
def test_any_annotation_is_a_positive(tmp_path_factory, pairs, ids, categories):
    content = {
        'images': [{'id': i, 'file_name': f'{i}.jpg'} for i in ids],
        'annotations': [{'image_id': ids[i], 'category_id': categories[c]} for i, c in pairs],
        'categories': [{'id': c, 'name': str(c)} for c in categories],
    }
    columns = read(tmp_path_factory.mktemp('i') / 'x.json', content)
    assert list(columns.names) == [f'{i}.jpg' for i in sorted(map(str, ids))]
    found = {
        (name, columns.metainfo['classes'][c])
        for n, name in enumerate(columns.names)
        for c in columns.labels.listed(n, 1)
    }
    assert found == {(f'{ids[i]}.jpg', str(categories[c])) for i, c in pairs}


@pytest.mark.parametrize('encoding', ['utf-8', 'utf-8-sig', 'utf-16'])
def test_files_as_other_tools_write_them(path, encoding):
    content = small(images=[{'id': 'x', 'file_name': 'sub/c.jpg'}, {'id': 9, 'file_name': './a b'}])
    path.write_bytes(json.dumps(content).encode(encoding))
    columns = read_instances(path)
    assert list(columns.names) == ['a b', 'sub/c.jpg']
    assert columns.labels.row(0).tolist() == [1, 1]
    assert columns.labels.row(1).tolist() == [0, 0]


def test_a_file_without_annotations(path):
    columns = read(path, small(annotations=[]))
    assert len(columns) == 2
    assert columns.labels.counts()['positive'] == 0


def test_order_of_the_keys_and_unknown_ones_do_not_matter(path):
    content = dict(reversed(small().items())) | {'info': {'id': [1]}, 'licenses': [{'id': 1}]}
    assert list(read(path, content).names) == ['b.jpg', 'a.jpg']


BAD = [
    (dict(annotations=[{'image_id': 7, 'category_id': 5}]), r'annotations\[0\]: image_id 7 is not'),
    (dict(annotations=[{'image_id': 9, 'category_id': 3}]), r'annotations\[0\]: category_id 3 is'),
    (
        dict(annotations=[{'image_id': '9', 'category_id': 5}]),
        r"image_id '9' is not among images; write 9",
    ),
    (dict(annotations=[{'category_id': 5}]), r'image_id None is not among images'),
    (dict(annotations=[4]), r'annotations\[0\]: image_id None'),
    (dict(annotations={}), r"has no list 'annotations'"),
    (dict(images=None), r"has no list 'images'"),
    (dict(images=[{'id': 9}]), r"images\[0\]: has no text 'file_name'"),
    (dict(images=[{'file_name': 'a'}]), r'images\[0\]: id None is not a whole number'),
    (dict(images=[{'id': 9, 'file_name': 'a'}] * 2), r'images\[1\]: id 9 is given twice'),
    (
        dict(images=[{'id': 9, 'file_name': 'a'}, {'id': 10, 'file_name': 'a'}]),
        r"images: file_name 'a' is given twice",
    ),
    (
        dict(images=[{'id': 9, 'file_name': '../a'}]),
        r"images\[0\]: image name '\.\./a' is outside the image folder; name a file below",
    ),
    (
        dict(images=[{'id': 9, 'file_name': '/a'}]),
        r"images\[0\]: image name '/a' is outside the image",
    ),
    (dict(categories=[{'id': 5, 'name': 5}]), r"categories\[0\]: has no text 'name'"),
    (
        dict(categories=[{'id': 5, 'name': 'a'}, {'id': 2, 'name': 'a'}]),
        r"categories: name 'a' is given twice",
    ),
]


@pytest.mark.parametrize(('changes', 'message'), BAD)
def test_bad_entries_are_named(path, changes, message):
    with pytest.raises(ValueError, match=rf'instances_train2014\.json: .*{message}') as error:
        read(path, small(**changes))
    assert '\n' not in str(error.value)
    assert ';' in str(error.value)


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (
            b'{"images": [',
            r':1: is not JSON \(Expecting value\); if the file is cut off',
        ),
        (b'\xff\xfe', r'is not JSON \(the file is empty\); export or copy it again'),
        (b'', r'is not JSON \(the file is empty\); export or copy it again'),
        (b'[' * 100000, r'is not JSON \(nested too deeply\); .* export it again'),
        (b'{"images": "\xe4"}', r'is not UTF-8 text .* at byte 12\); save the file as UTF-8'),
        (b'{"images": [], "images": []}', r"an object has 'images' twice\); keep the one that"),
    ],
)
def test_no_json(path, content, message):
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r'train2014\.json.*' + message) as error:
        read_instances(path)
    assert '\n' not in str(error.value)


@pytest.mark.parametrize('content', ['[]', '3', '{}', 'null'])
def test_other_json(path, content):
    path.write_text(content)
    with pytest.raises(ValueError, match=r"has no list 'images'; instances of COCO have"):
        read_instances(path)


def test_missing_file(path):
    with pytest.raises(FileNotFoundError, match=r'no such annotation file; data_root must hold'):
        read_instances(path)

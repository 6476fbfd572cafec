"""A folder of one's own data: its tables, its images, and what may be either is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from wsml_mm.datasets.own_data import look_at

BOTH = 'image,positive,negative\na.jpg,cat|dog,\nb.jpg,dog,*\n'


def write(root: Path, tables: dict[str, str], *images: str) -> Path:
    for name in images or ('images/a.jpg', 'images/b.jpg'):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new('RGB', (8, 8)).save(root / name)
    for name, text in tables.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_a_table_and_a_folder_of_images(tmp_path):
    data = look_at(write(tmp_path, {'mine.csv': BOTH}))
    assert data.classes == ('cat', 'dog')
    assert list(data.tables) == ['train']
    train = data.tables['train']
    assert (train.images, train.rows, train.options) == ('images', 2, {})
    assert train.counts == {'positive': 3, 'negative': 1, 'unobserved': 0}


@pytest.mark.parametrize('name', ['negative', 'absent'])
def test_an_empty_column_of_negatives_leaves_the_rest_open(name, tmp_path):
    text = f'image,positive,{name}\na.jpg,cat,\nb.jpg,dog,\n'
    given = {} if name == 'negative' else {'columns': {'negative': name}}
    train = look_at(write(tmp_path, {'train.csv': text}), given=given).tables['train']
    assert train.counts == {'positive': 2, 'negative': 0, 'unobserved': 2}


def test_class_file_and_three_tables(tmp_path):
    tables = {f'{role}.csv': BOTH for role in ('train', 'valid', 'my_test')}
    data = look_at(write(tmp_path, {**tables, 'classes.txt': 'dog\ncat\ncow\n', 'x.csv': 'a\n1\n'}))
    assert data.classes == ('dog', 'cat', 'cow')
    assert {role: t.path.name for role, t in data.tables.items()} == {
        'train': 'train.csv', 'val': 'valid.csv', 'test': 'my_test.csv',
    }  # fmt: skip
    given = look_at(tmp_path, {'train': tmp_path / 'train.csv'})
    assert list(given.tables) == ['train']


def test_each_part_in_a_folder_as_roboflow_exports_it(tmp_path):
    text = 'filename, cat, dog\na.jpg, 1, 0\nb.jpg, 0, 1\n'
    images = [f'{part}/{name}.jpg' for part in ('train', 'valid') for name in 'ab']
    write(tmp_path, {f'{part}/_classes.csv': text for part in ('train', 'valid')}, *images)
    with pytest.raises(ValueError, match=r"those of 'train' or 'valid', .*; say which by --images"):
        look_at(tmp_path)
    for name in 'ab':
        (tmp_path / f'valid/{name}.jpg').rename(tmp_path / f'valid/{name}2.jpg')
    (tmp_path / 'valid/_classes.csv').write_text(text.replace('.jpg', '2.jpg'))
    data = look_at(tmp_path)
    assert [table.images for table in data.tables.values()] == ['train', 'valid']
    assert data.tables['val'].options == {
        'layout': 'indicators', 'columns': {'image': 'filename'},
    }  # fmt: skip


def test_parquet_and_names_without_suffix(tmp_path):
    write(tmp_path, {}, 'a.png', 'b.png')
    table = {'id': ['a', 'b'], 'tags': [['cat'], ['dog', 'cat']]}
    pq.write_table(pa.table(table), tmp_path / 'labels.parquet')
    data = look_at(tmp_path, given={'unlisted': 'negative'})
    assert data.tables['train'].options == {
        'unlisted': 'negative', 'columns': {'image': 'id', 'positive': 'tags'}, 'suffix': '.png',
    }  # fmt: skip


def test_coco_voc_and_label_studio(tmp_path):
    coco = {
        'images': [{'id': 1, 'file_name': 'a.jpg'}, {'id': 2, 'file_name': 'b.jpg'}],
        'annotations': [{'image_id': 1, 'category_id': 5}],
        'categories': [{'id': 5, 'name': 'cat'}],
    }
    root = write(tmp_path / 'coco', {'annotations/instances_train2017.json': json.dumps(coco)})
    train = look_at(root, given={'unlisted': 'unobserved'}).tables['train']
    assert (train.images, train.counts['positive']) == ('images', 1)
    xml = '<annotation><filename>a.jpg</filename><object><name>cat</name></object></annotation>'
    root = write(tmp_path / 'voc', {'Annotations/a.xml': xml, 'Annotations/b.xml': xml.replace(
        'a.jpg', 'b.jpg')})  # fmt: skip
    train = look_at(root, given={'unlisted': 'negative'}).tables['train']
    assert (train.path.name, train.rows, train.classes) == ('Annotations', 2, ('cat',))
    chosen = {'type': 'choices', 'from_name': 'choice', 'value': {'choices': ['cat']}}
    data = {'image': '/data/upload/1/0a1b2c3d-a.jpg'}
    rows = [{'data': data, 'annotations': [{'result': [chosen]}]}]
    root = write(tmp_path / 'ls', {'export.json': json.dumps(rows)})
    train = look_at(root, given={'unlisted': 'negative'}).tables['train']
    assert train.options['image_names'] == 'original'


@pytest.mark.parametrize(
    ('tables', 'says'),
    [
        ({}, 'holds no table of labels .*name one by --train'),
        ({'a.csv': BOTH, 'b.csv': BOTH}, 'which table is that of train.* say --train .*a.csv'),
        ({'train.csv': BOTH, 'train2/train.csv': BOTH}, 'which table is that of train'),
        ({'t.csv': BOTH.replace('a.jpg', 'c.jpg')}, "1 of 2 images are not below .*'c.jpg'; add"),
        ({'t.csv': 'image,positive\nx.jpg,cat\n'}, 'no column names an image below .* --images'),
        ({'t.csv': 'image,positive\na.jpg,cat\n'}, 'say --unlisted negative if .*unobserved'),
        ({'t.csv': BOTH.replace('dog,*', 'dog,dog')}, "t.csv:3: .*'dog'"),
        ({'t.json': '[{"image": "x.jpg", "positive": ["a"]}]'}, 'none of its images is below'),
        ({'t.csv': BOTH, 'classes.txt': 'cat\n'}, "'dog'"),
    ],
)
def test_what_may_be_either_or_is_wrong_is_refused_in_a_line(tables, says, tmp_path):
    with pytest.raises((ValueError, OSError), match=says) as refused:
        look_at(write(tmp_path, tables))
    assert '\n' not in str(refused.value)


def test_no_folder_and_no_image(tmp_path):
    with pytest.raises(FileNotFoundError, match='no such folder'):
        look_at(tmp_path / 'x')
    (tmp_path / 't.csv').write_text(BOTH)
    with pytest.raises(ValueError, match='holds no image'):
        look_at(tmp_path)

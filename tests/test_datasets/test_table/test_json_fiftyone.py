"""Files as FiftyOne exports them."""

from __future__ import annotations

import json

import pytest

from wsml_mm import LabelTable


@pytest.fixture
def read(tmp_path):
    def labels(content, **kwargs):
        (tmp_path / 'labels.json').write_text(json.dumps(content))
        table = LabelTable(tmp_path, 'labels.json', **kwargs)
        rows = [table.sparse_labels().row(n).tolist() for n in range(len(table))]
        return dict(zip(table.image_names(), rows, strict=True))

    return labels


@pytest.fixture
def data(tmp_path):
    for name in ('a.jpg', 'b.PNG', 'sub/c.jpeg', 'd.v2.jpg', 'e.jpg', 'e.txt'):
        path = tmp_path / 'data' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


CLASSES = ['cat', 'dog', 'elk']
LABELS = {'a': [0, 2], 'b': 1, 'sub/c': {'label': 0, 'confidence': 0.9}, 'd.v2': []}


def test_classifications_with_the_images_beside(read, data):
    expected = {'a.jpg': [1, -1, 1], 'b.PNG': [-1, 1, -1], 'sub/c.jpeg': [1, -1, -1]}
    assert read({'classes': CLASSES, 'labels': LABELS}) == expected | {'d.v2.jpg': [-1, -1, -1]}
    absent = read({'classes': CLASSES, 'labels': LABELS}, unlisted='negative')
    assert absent['a.jpg'] == [1, 0, 1]
    assert absent['d.v2.jpg'] == [0, 0, 0]


def test_classifications_alone(read):
    content = {'classes': None, 'labels': {'a': ['dog', 'cat'], 'b.png': 'dog'}}
    with pytest.raises(
        ValueError, match=r"labels\[0\]: image 'a' has no suffix, and 0 files .*say"
    ):
        read(content)
    assert read(content, suffix='.jpg') == {'a.jpg': [1, 1], 'b.png': [-1, 1]}


def test_boxes_count_once(read, data):
    boxes = [{'label': 1, 'bounding_box': [0, 0, 1, 1]}, {'label': 1, 'bounding_box': [0, 0, 1, 1]}]
    assert read({'classes': CLASSES, 'labels': {'a': boxes}}) == {'a.jpg': [-1, 1, -1]}


def test_images_without_labels(read, data):
    content = {'classes': CLASSES, 'labels': {'a': None, 'b': 0}}
    assert read(content) == {'a.jpg': [-1, -1, -1], 'b.PNG': [1, -1, -1]}
    with pytest.raises(
        ValueError, match="image 'a' has no label; label or remove it: with unlisted"
    ):
        read(content, unlisted='negative')


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ({'classes': CLASSES, 'labels': {'a': 3}}, r'label 3 is outside 0\.\.2; check the list'),
        ({'classes': CLASSES, 'labels': {'a': -1}}, r'label -1 is outside 0\.\.2'),
        ({'classes': CLASSES, 'labels': {'a': True}}, "label 'True' is neither a name nor the ind"),
        ({'classes': CLASSES, 'labels': {'a': [None]}}, "label 'None' is neither a name nor"),
        ({'classes': None, 'labels': {'a': 3}}, "label '3' is neither a name nor .* export the cl"),
        ({'classes': ['a', 'a'], 'labels': {'a': 0}}, "classes: class 'a' is listed twice"),
        ({'classes': ['*', 'a'], 'labels': {'a': 0}}, r"classes: '\*' is not a class name"),
        ({'classes': 'x', 'labels': {'a': 0}}, 'classes names no classes, but "x"; list their'),
    ],
)
def test_what_is_refused(read, data, content, message):
    with pytest.raises(ValueError, match=message):
        read(content)


def one(label):
    return {'_id': {'$oid': '6'}, '_cls': 'Classification', 'tags': [], 'label': label}


def several(*labels):
    return {'_cls': 'Classifications', 'classifications': [one(x) for x in labels], 'logits': None}


def sample(image, **fields):
    return {
        'filepath': image, 'tags': ['train'], 'metadata': {'_cls': 'ImageMetadata', 'width': 8},
        '_media_type': 'image', '_rand': 0.5, **fields,
    }  # fmt: skip


def test_samples(read):
    samples = [
        sample('data/a.jpg', kinds=several('cat', 'dog')),
        sample('data/b.jpg', kinds=several()),
        sample('data/c.jpg', kinds=None),
    ]
    expected = {'data/a.jpg': [1, 1], 'data/b.jpg': [-1, -1], 'data/c.jpg': [-1, -1]}
    assert read({'samples': samples}) == expected
    with pytest.raises(ValueError, match=r'samples\[2\]: kinds is null; label or remove it'):
        read({'samples': samples}, unlisted='negative')
    assert read({'samples': samples[:2]}, unlisted='negative')['data/b.jpg'] == [0, 0]


def test_verified_labels_of_both_signs(read):
    fields = dict(positive_labels=several('cat'), negative_labels=several('dog'))
    samples = [sample('a.jpg', **fields, predictions=one('elk'))]
    with pytest.raises(ValueError, match="labels in 'positive_labels', 'negative_labels', 'predic"):
        read({'samples': samples})
    columns = dict(positive='positive_labels', negative='negative_labels')
    assert read({'samples': samples}, columns=columns) == {'a.jpg': [1, 0]}
    assert read({'samples': samples}, columns=dict(positive='tags')) == {'a.jpg': [1]}
    with pytest.raises(ValueError, match="nothing has 'negatives', only 'filepath', 'tags'"):
        read({'samples': samples}, columns=columns | dict(negative='negatives'))
    with pytest.raises(ValueError, match="no sample has 'x', samples have labels in 'positive_l"):
        read({'samples': samples}, columns=dict(positive='x'))


def test_detections_and_files_of_another_computer(read):
    boxes = {'_cls': 'Detections', 'detections': [{'_cls': 'Detection', 'label': 'cat'}]}
    samples = [sample('/photos/x/a.jpg', truth=boxes)]
    with pytest.raises(
        ValueError, match=r"samples\[0\]: image name '/photos/x/a\.jpg' is .*'file'"
    ):
        read({'samples': samples})
    assert read({'samples': samples}, image_names='file') == {'a.jpg': [1]}


def test_a_class_called_as_the_sign_for_all_others(read):
    samples = [sample('a.jpg', yes=several('cat', 'dog'), negative=several('*'))]
    with pytest.raises(ValueError, match=r"a label is called '\*', which stands for all other"):
        read({'samples': samples}, columns=dict(positive='yes'))

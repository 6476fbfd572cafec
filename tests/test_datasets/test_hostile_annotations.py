"""Annotations, parts of a data set and images that are refused, and those that are not."""

from __future__ import annotations

import json
from typing import Any
from unittest import mock

import pytest
from helpers import dataset_config
from hostile import Case, Prepare, kit_of, of_kit, refusals, small_set_up, spoil, voc
from mmpretrain.datasets import MultiLabelDataset
from unusual_names import LOAD, first_image, odd_devkit, odd_json

from wsml_mm import PartialLabelDataset
from wsml_mm.datasets import holdout_indices


def annotated(
    *rows: dict[str, Any], classes: Any = ('cat', 'dog', 'elk'), **kwargs: Any
) -> Prepare:
    """Wraps a MMPretrain JSON of these rows; images lie in mydata/images."""

    def make(folder):
        content = {'metainfo': {'classes': classes} if classes else {}, 'data_list': list(rows)}
        (folder / 'mydata').mkdir()
        (folder / 'mydata' / 'train.json').write_text(json.dumps(content), encoding='utf-8')
        source = MultiLabelDataset(
            ann_file='train.json', data_root=str(folder / 'mydata'), data_prefix='images'
        )
        return lambda: PartialLabelDataset(source, **kwargs)

    return make


def annotation_file(content: bytes | None, **kwargs: Any) -> Prepare:
    def make(folder):
        if content is not None:
            (folder / 'own.json').write_bytes(content)
        source = dict(type='MultiLabelDataset', ann_file='own.json', data_root=str(folder))
        return lambda: PartialLabelDataset({**source, **kwargs})

    return make


def wrapped(**kwargs: Any) -> Prepare:
    return of_kit(lambda kit: PartialLabelDataset(voc(kit), **kwargs))


def image_path(path: str) -> Prepare:
    return annotated(dict(img_path=path, gt_label=[0]))


def bad_image(how: str, backend: str = 'pillow') -> Prepare:
    def make(folder):
        kit = kit_of(folder)
        spoil(kit / 'JPEGImages' / 'train_002.jpg', how)
        config = dataset_config(kit, 'val')['dataset']
        config['split'] = 'train'
        config['pipeline'][0]['imdecode_backend'] = backend
        dataset = PartialLabelDataset(config)
        return lambda: [dataset[index] for index in range(len(dataset))]

    return make


OUTSIDE = 'img_path ... {} ... outside the data folder ... mydata/ ... name a file below it'
# fmt: off
ANNOTATIONS = [
    Case('unlisted unknown', wrapped(unlisted='absent'), ValueError,
         'unlisted=\'absent\': use "unobserved" or "negative"'),
    Case('unlisted of a dataset that knows it', wrapped(unlisted='unobserved'), ValueError,
         "unlisted='unobserved': VOC2012 knows itself ... leave it out"),
    Case('class twice in a row', annotated(dict(img_path='a.jpg', gt_label=[1, 1])), ValueError,
         'a.jpg: gt_label [1, 1] ... twice ... once'),
    Case('gt_label too large',
         annotated(dict(img_path='a.jpg', gt_label=[0]), dict(img_path='b.jpg', gt_label=[3])),
         ValueError, 'b.jpg: gt_label [3] ... 0..2 ... check the class list'),
    Case('gt_label negative', annotated(dict(img_path='a.jpg', gt_label=[-1])), ValueError,
         'a.jpg: gt_label [-1] ... 0..2 ... check the class list'),
    *(
        Case(f'gt_score {kind}', annotated(dict(img_path='a.jpg', gt_score=score)), ValueError,
             'a.jpg: gt_score ... 3 values of {1, 0, -1} ... convert')
        for kind, score in {
            'too short': [1, 0], 'of 2': [1, 0, 2], 'of text': ['1', '0', '0'],
        }.items()
    ),
    Case('no labels', annotated(dict(img_path='a.jpg')), ValueError,
         'a.jpg: ... neither gt_label nor gt_score ... add one'),
    Case('no classes', annotated(dict(img_path='a.jpg', gt_label=[0]), classes=None), ValueError,
         'MultiLabelDataset ... no classes ... give classes='),
    Case('JSON missing', annotation_file(None), FileNotFoundError,
         'own.json: no such file ... check ann_file and data_root'),
    Case('JSON truncated', annotation_file(b'{"metainfo": {'), ValueError,
         'own.json: ... JSON ... (Expecting property ... cut off, export or copy it again'),
    Case('JSON truncated, read on first use', annotation_file(b'{"', lazy_init=True), ValueError,
         'own.json: ... JSON ... (Unterminated ... cut off, export or copy it again'),
    Case('JSON in Latin-1', annotation_file('{"Bäume": 1}'.encode('latin-1')), ValueError,
         'own.json: ... UTF-8 ... byte 3 ... save the file as UTF-8'),
    Case('JSON nested deeply', annotation_file(b'[' * 50000), ValueError,
         'own.json: ... JSON ... nested too deeply ... export it again'),
    Case('JSON with a mark', annotation_file(b'\xef\xbb\xbf{}'), ValueError,
         'own.json: ... BOM ... save the file as UTF-8 without a byte-order mark'),
    Case('JSON of a huge number', annotation_file(b'[' + b'1' * 5000 + b']'), ValueError,
         'own.json: ... JSON ... (4300 digits) ... write numbers of usual size'),
    Case('vectors or indices', annotated(
             dict(img_path='a.jpg', gt_label=[1, 0]), dict(img_path='b.jpg', gt_label=[0, 1]),
             classes=('cat', 'dog')), ValueError,
         'gt_label may be indices or a 0/1 vector of the 2 classes ... write gt_score instead'),
    Case('vectors of two classes', annotated(
             dict(img_path='a.jpg', gt_label=[1, 0]), dict(img_path='b.jpg', gt_label=[0, 0]),
             classes=('cat', 'dog')), ValueError,
         'gt_label is a 0/1 vector of the 2 classes ... list those of the positive classes'),
    Case('vectors of three classes', annotated(dict(img_path='a.jpg', gt_label=[1, 0, 0])),
         ValueError, 'gt_label is a 0/1 vector of the 3 classes ... read the file with LabelTable'),
    Case('one vector among indices', annotated(
             dict(img_path='a.jpg', gt_label=[2]), dict(img_path='b.jpg', gt_label=[1, 0, 0])),
         ValueError, 'b.jpg: gt_label [1, 0, 0] is a 0/1 vector ... list each index once'),
    Case('gt_label unlike gt_score',
         annotated(dict(img_path='a.jpg', gt_label=[0], gt_score=[0, 1, -1])), ValueError,
         'a.jpg: gt_label [0] is not what gt_score says, [1] ... remove the one that is wrong'),
    *(
        Case(f'gt_label of {kind}', annotated(dict(img_path='a.jpg', gt_label=value)), ValueError,
             says)
        for kind, value, says in (
            ('names', ['cat'], "a.jpg: gt_label ['cat'] has 'cat', no index of 0..2 ... whole"),
            ('digits', ['1'], "a.jpg: gt_label ['1'] has '1' ... without quotation marks"),
            ('fractions', [1.7], "a.jpg: gt_label [1.7] has '1.7' ... list whole numbers"),
            ('truth', [True], "a.jpg: gt_label [True] has 'True' ... list whole numbers"),
            ('null', None, 'a.jpg: gt_label is null ... write [] if no class is there'),
            ('scores', [1, -1, 0], 'a.jpg: gt_label [1, -1, 0] has -1 ... write gt_score instead'),
            ('huge numbers', [10**30], 'a.jpg: gt_label [1000 ... outside 0..2 ... class list'),
        )
    ),
    Case('img_path climbs out', image_path('../../secret.jpg'), ValueError,
         OUTSIDE.format("/../../secret.jpg'")),
    Case('img_path absolute', image_path('/etc/passwd'), ValueError,
         OUTSIDE.format("'/etc/passwd'")),
    Case('img_path with NUL', image_path('a\0.jpg'), ValueError, OUTSIDE.format(r"a\x00.jpg'")),
]
PARTS = [
    Case('holdout of everything', wrapped(holdout=dict(part='train', fraction=1)), ValueError,
         "no image ... 6 ... holdout={'part': 'train' ... check data_root, split and holdout"),
    Case('holdout key unknown', wrapped(holdout=dict(prat='train')), ValueError,
         "holdout={'prat': 'train'} ... unknown 'prat' ... use part, fraction, seed"),
    Case('holdout part unknown', wrapped(holdout=dict(part='test')), ValueError,
         'holdout part=\'test\' ... use "train" or "val"'),
    Case('holdout fraction', lambda folder: lambda: holdout_indices(9, 'train', 20, 0), ValueError,
         'holdout fraction=20 ... 0..1'),
    Case('indices out of range', wrapped(indices=[0, 6]), IndexError,
         'indices: 6 ... 0..5 ... remove it'),
    Case('indices far below', wrapped(indices=[-7]), IndexError,
         'indices: -7 ... 0..5 ... remove it'),
    Case('bad_images unknown', wrapped(bad_images='ignore'), ValueError,
         'bad_images=\'ignore\' ... use "stop" or "skip"'),
    Case('subset', of_kit(lambda kit: PartialLabelDataset(voc(kit)).get_subset([0])),
         NotImplementedError, 'PartialLabelDataset ... use indices='),
]
IMAGES = [
    Case(f'image {how}, {backend}', bad_image(how, backend), ValueError,
         "train_002.jpg: cannot be read ( ... repair or remove ... bad_images='skip'")
    for how, backend in [
        ('missing', 'pillow'), ('empty', 'pillow'), ('empty', 'cv2'), ('truncated', 'pillow'),
        ('noise', 'pillow'), ('noise', 'cv2'),
    ]
]
# fmt: on
test_refusal = refusals(*ANNOTATIONS, *PARTS, *IMAGES)


@pytest.mark.parametrize(
    ('make', 'name'),
    [
        (lambda f: odd_devkit(f, 'Bäume_木', ('cat', 'dog'), '\n'), 'Bäume_木.jpg'),
        (lambda f: odd_devkit(f, 'a..b', ('Bäume', '木 und 水'), '\n'), 'a..b.jpg'),
        (lambda f: odd_devkit(f, 'a', ('cat', 'dog'), '\r\n'), 'a.jpg'),
        (lambda f: odd_devkit(f, 'a', ('cat', 'dog'), '\r\n', '\ufeff'), 'a.jpg'),
        (lambda f: odd_json(f, 'Bäume 木.jpg'), 'Bäume 木.jpg'),
    ],
    ids=['file names', 'class names', 'Windows line ends', 'byte-order mark', 'JSON with spaces'],
)
def test_unusual_but_right(make, name, tmp_path):
    with small_set_up():
        dataset = make(tmp_path)
        assert len(dataset) == 1
        assert first_image(dataset) == (name, [0])


def test_bad_images_are_left_out_with_a_count_and_a_list(tmp_path):
    kit = kit_of(tmp_path)
    hows = {'train_001': 'truncated', 'train_002': 'empty', 'train_003': 'noise'}
    for name, how in hows.items():
        spoil(kit / 'JPEGImages' / f'{name}.jpg', how)
    logged: list[str] = []
    with mock.patch('wsml_mm.datasets.images.print_log', lambda text, **_: logged.append(text)):
        dataset = PartialLabelDataset(voc(kit, pipeline=LOAD), bad_images='skip')
        seen = [dataset[index]['data_samples'].sample_idx for index in range(len(dataset))]
    assert seen == [0, 4, 5]  # positions do not move
    (text,) = logged
    head, *listed = text.splitlines()
    assert '3 of 6 images' in head
    assert [next(name for name in hows if name in line) for line in listed] == list(hows)

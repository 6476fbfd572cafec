"""Files as Label Studio exports them for a project with a <Choices> control."""

from __future__ import annotations

import json

import pytest

from wsml_mm import LabelTable

ADDED = dict(annotator=1, created_at='2024-05-01T10:00:00.1Z', updated_at='', lead_time=3.5)


def annotation(image, number=1, **labels):
    return {'image': image, 'id': number, **labels, 'annotation_id': number, **ADDED}


CAT, PAIR = '/data/upload/1/0a1b2c3d-cat.jpg', '/data/upload/1/99aabbcc-pair.jpg'
NONE = '/data/local-files/?d=photos/none.jpg'
MIN = [
    annotation(CAT, 1, choice='cat'),
    annotation(PAIR, 2, choice={'choices': ['cat', 'my|dog']}),
    annotation(NONE, 3),
]


def result(*choices, name='choice', kind='choices'):
    return {
        'value': {kind: list(choices)}, 'id': 'x', 'from_name': name, 'to_name': 'image',
        'type': kind, 'origin': 'manual',
    }  # fmt: skip


def task(number, image, *annotations):
    done = [
        {'id': number, 'completed_by': 1, 'result': list(results), 'was_cancelled': cancelled}
        for cancelled, *results in annotations
    ]
    return {
        'id': number, 'annotations': done, 'file_upload': 'x', 'drafts': [], 'predictions': [],
        'data': {'image': image}, 'meta': {}, 'project': 1,
    }  # fmt: skip


@pytest.fixture
def read(tmp_path):
    def labels(content, **kwargs):
        (tmp_path / 'p.json').write_text(json.dumps(content))
        table = LabelTable(tmp_path, 'p.json', **kwargs)
        rows = [table.sparse_labels().row(n).tolist() for n in range(len(table))]
        return dict(zip(table.image_names(), rows, strict=True))

    return labels


def test_json_min(read):
    expected = {'cat.jpg': [1, -1], 'pair.jpg': [1, 1], 'none.jpg': [-1, -1]}
    assert read(MIN, image_names='original') == expected
    assert next(iter(read(MIN, image_names='file'))) == '0a1b2c3d-cat.jpg'
    absent = read(MIN, image_names='original', unlisted='negative')
    assert absent == {'cat.jpg': [1, 0], 'pair.jpg': [1, 1], 'none.jpg': [0, 0]}


def test_addresses_are_not_guessed_to_be_files(read):
    message = r"p\.json:1: image name '/data/.*-cat\.jpg' is outside .*; say image_names='f"
    with pytest.raises(ValueError, match=message):
        read(MIN)


def test_which_control_holds_the_labels(read):
    rows = [annotation('a.jpg', 1, animal={'choices': ['cat', 'dog']}, note='x')]
    assert read(rows) == {'a.jpg': [1, 1]}
    rows[0]['missing'] = {'choices': ['elk']}
    with pytest.raises(
        ValueError, match=r"labels .* may be in 'animal', 'missing'; say which: col"
    ):
        read(rows)
    columns = dict(positive='animal', negative='missing')
    assert read(rows, columns=columns) == {'a.jpg': [1, 1, 0]}
    with pytest.raises(ValueError, match="nothing has 'absnt', only 'image', 'id', 'animal'"):
        read(rows, columns=dict(positive='animal', negative='absnt'))
    with pytest.raises(ValueError, match="no annotation has 'kind', only 'animal', 'missing'"):
        read(rows, columns=dict(positive='kind'))
    only_text = [annotation('a.jpg', 1, animal='cat', note='x')]
    with pytest.raises(ValueError, match="may be in 'animal', 'note'; say which"):
        read(only_text)
    assert read(
        [annotation('a.jpg', choice='x'), annotation('b.jpg', 2, choice={'choices': []})]
    ) == {'a.jpg': [1], 'b.jpg': [-1]}
    assert read(only_text, columns=dict(positive='animal')) == {'a.jpg': [1]}


def test_whole_tasks(read):
    tasks = [
        task(1, CAT, (False, result('cat'))),
        task(2, PAIR, (True, result('elk')), (False, result('cat', 'dog'))),
        task(3, NONE),
    ]
    found = read(tasks, image_names='original')
    assert found == {'cat.jpg': [1, -1], 'pair.jpg': [1, 1], 'none.jpg': [-1, -1]}
    with pytest.raises(ValueError, match=r'p\.json:1: the task has no annotation; label or remove'):
        read(tasks, image_names='original', unlisted='negative')


def test_two_annotators(read):
    tasks = [task(1, 'a.jpg', (False, result('cat')), (False, result('dog')))]
    with pytest.raises(ValueError, match=r"image 'a\.jpg' is listed twice"):
        read(tasks)
    assert read(tasks, duplicates='merge') == {'a.jpg': [1, 1]}


def test_labels_of_regions(read):
    boxes = [{'x': 1, 'rectanglelabels': ['cat']}, {'x': 2, 'rectanglelabels': ['cat']}]
    assert read([annotation('a.jpg', 1, label=boxes)]) == {'a.jpg': [1]}
    assert read([task(1, 'a.jpg', (False, result('cat', kind='polygonlabels')))]) == {'a.jpg': [1]}


@pytest.mark.parametrize(
    ('rows', 'message'),
    [
        ([annotation('a.jpg', 1, choice={'taxonomy': [['a', 'b']]})], 'holds no choices; name the'),
        ([annotation('a.jpg', 1, choice=3)], '3 holds no choices'),
        ([annotation('a.jpg', 1, choice='*')], r"a label is called '\*', .*; rename it"),
        ([annotation('a.jpg', 1, choice='a'), {'image': 'b'}], 'is no annotation of Label Studio'),
        ([annotation('a.jpg')], 'no annotation has a label; say which'),
        ([{**annotation('a.jpg', choice='a'), 'image': 3}], "image '3' is not text"),
        ([task(1, 'a.jpg', (False, result('a'))) | {'data': {'img': 'a'}}], "has no 'image', only"),
    ],
)
def test_what_is_refused(read, rows, message):
    with pytest.raises(ValueError, match=message):
        read(rows)


def test_a_table_of_ones_own_with_some_of_the_keys(read):
    row = {'image': 'a.jpg', 'positive': 'cat|dog', 'annotator': 1, 'lead_time': 2}
    assert read([row]) == {'a.jpg': [1, 1]}


def test_its_csv(tmp_path):
    (tmp_path / 'p.csv').write_text(
        'image,id,choice,annotator,annotation_id,created_at,updated_at,lead_time\n'
        f'{CAT},1,cat,1,1,,,3.5\n'
        f'{PAIR},2,"{{""choices"":[""cat"",""my|dog""]}}",1,2,,,3.5\n'
    )
    table = LabelTable(tmp_path, 'p.csv', columns=dict(positive='choice'), image_names='original')
    assert list(table.image_names()) == ['cat.jpg', 'pair.jpg']
    assert [table.sparse_labels().row(n).tolist() for n in (0, 1)] == [[1, -1], [1, 1]]

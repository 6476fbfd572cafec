from __future__ import annotations

import json

import pytest

from wsml_mm import LabelTable


@pytest.fixture
def read(tmp_path):
    def labels(*rows, classes=('cat', 'dog', 'elk'), **kwargs):
        items = [{'img_path': f'{n}.jpg', **row} for n, row in enumerate(rows)]
        content = {'metainfo': {'classes': list(classes)}, 'data_list': items}
        (tmp_path / 'm.json').write_text(json.dumps(content))
        table = LabelTable(tmp_path, 'm.json', **kwargs)
        return [table.sparse_labels().row(n).tolist() for n in range(len(table))]

    return labels


def test_vectors_of_zero_and_one(read):
    assert read({'gt_label': [1, 0, 0]}, {'gt_label': [0, 1, 1]}) == [[1, 0, 0], [0, 1, 1]]
    assert read({'gt_label': [1, 1]}, {'gt_label': [1, 0]}, classes='ab') == [[1, 1], [1, 0]]
    assert read({'gt_label': [0, 1]}, {'gt_label': [1]}, classes='ab') == [[1, 1], [0, 1]]
    with pytest.raises(
        ValueError, match=r'm\.json: gt_label may be indices or a 0/1 vector of the'
    ):
        read({'gt_label': [1, 0]}, {'gt_label': [0, 1]}, classes='ab')
    with pytest.raises(ValueError, match=r'data_list\[1\]: gt_label \[1, 0, 1\] is a 0/1 vector'):
        read({'gt_label': [2]}, {'gt_label': [1, 0, 1]})


def test_names_instead_of_indices(read):
    assert read({'gt_label': ['elk', 'cat']}, {'gt_label': 'dog'}) == [[1, 0, 1], [0, 1, 0]]


def test_unobserved_labels_beside_a_class_called_as_the_sign_for_all_others(read):
    with pytest.raises(ValueError, match=r"m\.json: metainfo: '\*' is not a class name; rename it"):
        read({'gt_score': [1, 0, -1]}, classes=('cat', '*', 'elk'))


@pytest.mark.parametrize(
    ('classes', 'message'),
    [
        (('cat', 'cat', 'elk'), "metainfo: class 'cat' is listed twice"),
        (('cat', '', 'elk'), "metainfo: '' is not a class name"),
        ((1, 2, 3), r'metainfo names no classes, but \[1, 2, 3\]; list their names in order'),
    ],
)
def test_class_lists_that_would_move_indices(read, classes, message):
    with pytest.raises(ValueError, match=message):
        read({'gt_label': [0]}, classes=classes)


def test_what_contradicts_and_what_is_null(read):
    with pytest.raises(
        ValueError, match=r'gt_label \[0\] is not what gt_score says, \[1\]; remove'
    ):
        read({'gt_label': [0], 'gt_score': [0, 1, -1]})
    with pytest.raises(ValueError, match='write -1 for what is unknown, not null'):
        read({'gt_score': [0, 1, None]})
    with pytest.raises(
        ValueError, match=r'data_list\[0\]: gt_label is null; write \[\] if no class'
    ):
        read({'gt_label': None})
    assert read({'gt_label': [1], 'gt_score': [0, 1, -1]}) == [[0, 1, -1]]


def test_data_list_is_no_list(tmp_path):
    (tmp_path / 'm.json').write_text('{"metainfo": {"classes": ["a"]}, "data_list": {}}')
    with pytest.raises(ValueError, match='data_list is not a list; write a list of objects'):
        LabelTable(tmp_path, 'm.json')

from __future__ import annotations

import pytest

from wsml_mm.datasets.boxes import beside_dataset, from_path


def test_path_tells_the_format(tmp_path):
    assert from_path(tmp_path) == dict(type='VOCBoxes', folder=str(tmp_path))
    assert from_path('a.json') == dict(type='COCOBoxes', ann_file='a.json')
    assert from_path('a.csv') == dict(type='OpenImagesBoxes', csv_file='a.csv')
    with pytest.raises(ValueError, match='no boxes there; give a folder'):
        from_path(tmp_path / 'missing')


def test_boxes_beside_a_wrapped_data_set(tmp_path):
    config = dict(type='PartialLabelDataset', dataset=dict(dataset=dict(data_root=str(tmp_path))))
    assert beside_dataset(config) is None
    (tmp_path / 'Annotations').mkdir()
    expected = dict(type='VOCBoxes', folder=str(tmp_path / 'Annotations'))
    assert beside_dataset(config) == expected
    assert beside_dataset(dict(type='X')) is None

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from label_samples import names_of
from mmengine.config import ConfigDict

from wsml_mm.datasets.observation.class_numbers import class_numbers

NAMES = names_of(1, 3)
RATES = {'class_2': 0.3, 'class_0': 0.1, 'class_1': 0}  # in no order


@pytest.mark.parametrize(
    'given',
    [[0.1, 0, 0.3], (0.1, 0.0, 0.3), np.array([0.1, 0, 0.3]), RATES, ConfigDict(RATES)],
    ids=['list', 'tuple', 'array', 'mapping', 'config'],
)
def test_forms(given):
    found = class_numbers(given, 3, NAMES, 'rates')
    assert found.dtype == np.float64
    assert found.tolist() == [0.1, 0, 0.3]


def test_one_for_all_needs_no_names():
    assert class_numbers(2, 3, None, 'rates').tolist() == [2, 2, 2]
    assert class_numbers([1, 2, 3], 3, None, 'rates').tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ('name', 'text'),
    [
        ('r.json', json.dumps(RATES)),
        ('r.json', '[0.1, 0, 0.3]'),
        ('r.csv', 'class_1,0\nclass_0,0.1\n\nclass_2,0.3\n'),
        # The layout of PartialLabelingCSL's class priors.
        ('r.csv', 'Classes,avg_pred\nclass_0,0.1\nclass_1,0\nclass_2,0.3\n'),
        ('r.csv', '\ufeffclass_1,0\r\nclass_0,0.1\r\nclass_2,0.3\r\n'),
    ],
)
@pytest.mark.parametrize('kind', [str, Path])
def test_files(tmp_path, name, text, kind):
    (tmp_path / name).write_text(text, encoding='utf-8')
    assert class_numbers(kind(tmp_path / name), 3, NAMES, 'rates').tolist() == [0.1, 0, 0.3]


def test_class_names_with_commas(tmp_path):
    (tmp_path / 'r.csv').write_text('"Band, rock",1\nOther,2\n')
    names = type(NAMES)(('Other', 'Band, rock'), NAMES.images)
    assert class_numbers(os.fspath(tmp_path / 'r.csv'), 2, names, 'rates').tolist() == [2, 1]


@pytest.mark.parametrize(
    ('name', 'text'),
    [
        ('r.json', '{"class_0": 0.1, "class_1": 0, "class_2": 0.3, "class_1": 0.9}'),
        ('r.csv', 'class_0,0.1\nclass_1,0\nclass_2,0.3\nclass_1,0.9\n'),
        ('r.json', '[' * 100_000),
    ],
)
def test_files_with_a_class_twice_or_nested_too_deeply(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=rf'{name}: is neither .* correct the file') as error:
        class_numbers(tmp_path / name, 3, NAMES, 'rates')
    assert 'class_1' in str(error.value) or 'recursion' in str(error.value)

"""Results as files and as tidy rows."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest
from bit_flips import flipped
from hypothesis import given
from hypothesis import strategies as st

from wsml_mm.experiments.results import (
    METRIC,
    RunResult,
    load_results,
    read_result,
    tidy_rows,
    write_result,
)

RESULT = RunResult(
    method='LL-R',
    key='ll-r',
    data='VOC2012',
    protocol='linear',
    seed=3,
    best_epoch=2,
    seconds=1.5,
    scores={'best': {METRIC: 60.5, 'multi-label/AP/cat': 61}, 'last': {METRIC: 60}},
    validation=[50, 60],
    selection={'ll/precision': [0.1, 0.2]},
    identity={'train labels': 'abc'},
    version='1',
)

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
SCORES = st.dictionaries(st.text(max_size=5), NUMBERS, max_size=3)


@given(st.builds(
    RunResult, method=st.text(max_size=5), key=st.text(max_size=5), data=st.text(max_size=5),
    protocol=st.text(max_size=5), seed=st.integers(0), best_epoch=st.integers(1),
    seconds=NUMBERS, scores=st.fixed_dictionaries({'best': SCORES, 'last': SCORES}),
    validation=st.lists(NUMBERS, max_size=3),
    selection=st.dictionaries(st.text(max_size=5), st.lists(NUMBERS, max_size=2), max_size=2),
    identity=st.dictionaries(st.text(max_size=5), st.none() | st.text(max_size=5), max_size=2),
    version=st.text(max_size=5),
))  # fmt: skip
def test_a_file_gives_the_result_again(tmp_path_factory, result):
    path = tmp_path_factory.getbasetemp() / 'result.json'
    write_result(path, result)
    assert read_result(path) == result


def test_a_class_without_score_stays_nan(tmp_path):
    scores = {'best': {'multi-label/AP/cat': math.nan}, 'last': {}}
    write_result(tmp_path / 'result.json', dataclasses.replace(RESULT, scores=scores))
    assert math.isnan(read_result(tmp_path / 'result.json').class_scores('best')['cat'])


def test_scores_and_rows():
    assert RESULT.score('best') == 60.5
    assert RESULT.class_scores('best') == {'cat': 61}
    assert RESULT.class_scores('last') == {}
    same = dict(method='LL-R', data='VOC2012', protocol='linear', seed=3)
    assert tidy_rows([RESULT]) == [
        dict(same, checkpoint='best', metric=METRIC, value=60.5),
        dict(same, checkpoint='best', metric='multi-label/AP/cat', value=61),
        dict(same, checkpoint='last', metric=METRIC, value=60),
    ]


def test_all_below_a_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match='holds no finished run'):
        load_results(tmp_path)
    for name in ('b_1', 'a_1', 'deep/c_1'):
        (tmp_path / name).mkdir(parents=True)
        result = dataclasses.replace(RESULT, method=name)
        write_result(tmp_path / name / 'result.json', result)
    assert [r.method for r in load_results(tmp_path)] == ['a_1', 'b_1', 'deep/c_1']


def test_a_score_that_is_not_defined_is_null_in_the_file_and_nan_again(tmp_path):
    """`NaN` is no JSON: strict readers (jq, JavaScript, pandas) refuse the whole file."""

    def refuse(word):
        raise AssertionError(word)

    scores = {'best': {'multi-label/mAP': 50.0, 'multi-label/AP/ant': float('nan')},
              'last': {'multi-label/mAP': float('nan')}}  # fmt: skip
    result = dataclasses.replace(
        RESULT,
        scores=scores,
        validation=[1.0, float('nan')],
        selection={'label/x/precision': [float('nan'), float('inf'), 2.0]},
        identity={'clip': 'inf'},
    )
    write_result(tmp_path / 'result.json', result)
    stored = json.loads((tmp_path / 'result.json').read_text(), parse_constant=refuse)
    assert stored['scores']['best'] == {'multi-label/mAP': 50.0, 'multi-label/AP/ant': None}
    found = read_result(tmp_path / 'result.json')
    assert np.isnan(found.class_scores('best')['ant'])
    assert np.isnan(found.score('last'))
    np.testing.assert_array_equal(found.validation, [1.0, np.nan])
    np.testing.assert_array_equal(found.selection['label/x/precision'], [np.nan, np.nan, 2.0])
    assert found.identity == {'clip': 'inf'}


GOOD = {'format': 2, **dataclasses.asdict(RESULT)}


@pytest.mark.parametrize(
    ('content', 'words'),
    [
        (json.dumps(GOOD)[:100], r'is damaged \(JSONDecodeError'),
        ('[1]', 'is damaged'),
        (json.dumps({k: v for k, v in GOOD.items() if k != 'scores'}), r'is damaged .*scores'),
        (json.dumps({**GOOD, 'scores': {'best': {}}}), r"is damaged \(KeyError: 'last'"),
        (json.dumps({**GOOD, 'scores': 5}), r'is damaged'),
        (json.dumps({**GOOD, 'seed': 'x'}), r'is damaged \(TypeError: seed is no int'),
        (json.dumps({**GOOD, 'more': 5}), r'is damaged .*more'),
        (json.dumps({'method': 'AN', 'seed': 1, 'config': 'abc'}), 'an earlier version of wsml_mm'),
        (json.dumps({**GOOD, 'format': 3}), 'a later version of wsml_mm'),
    ],
)
def test_damaged_files(tmp_path, content, words):
    path = tmp_path / 'result.json'
    path.write_text(content)
    with pytest.raises(ValueError, match=rf'result\.json: .*{words}.*; delete ') as error:
        read_result(path)
    assert '\n' not in str(error.value)


def test_one_changed_bit_is_never_another_score(tmp_path):
    path = tmp_path / 'result.json'
    write_result(path, RESULT)
    for _ in flipped([path]):
        with pytest.raises(ValueError, match=r'result\.json: .*; delete ') as error:
            read_result(path)
        assert '\n' not in str(error.value)
    assert read_result(path) == RESULT

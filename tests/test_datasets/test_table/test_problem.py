from __future__ import annotations

import pytest

from wsml_mm.datasets.table import Problem, ProblemLog, refuse


def test_the_log_counts_all_and_keeps_the_first():
    log = ProblemLog(keep=2)
    for number in range(5):
        log(Problem('unknown label', f't.csv:{number}', 'x', 'y', subject=f'label {number % 3}'))
    log(Problem('twins', 't.csv', 'x', 'y', serious=False))
    assert log.counts == {'unknown label': 5, 'twins': 1}
    assert [f.where for f in log.kept['unknown label']] == ['t.csv:0', 't.csv:1']
    assert log.subjects['unknown label'] == {'label 0': 2, 'label 1': 2}
    assert log.serious == 5


def test_refusal_is_one_line():
    with pytest.raises(ValueError, match=r'^t\.csv:3: what; fix$'):
        refuse(Problem('kind', 't.csv:3', 'what', 'fix'))

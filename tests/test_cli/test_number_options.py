"""Every number that a command takes: each bad one is a usage error of one line."""

from __future__ import annotations

import argparse

import pytest

from wsml_mm.cli import (
    compare,
    draw_cams,
    groups,
    label_growth,
    pointing_game,
    sweep,
    train,
    write_config,
)
from wsml_mm.cli import test as test_cli
from wsml_mm_cli.number_options import integer, number

RUNS = ['c.py', '--work-dir', 'w']
GROWTH = [*RUNS, '--out', 'o']
# Parser, the rest of its command line, option, values that are refused.
OPTIONS = [
    (compare.parse_args, RUNS, '--jobs', ['0', '-1', '1.5', 'x', '']),
    (compare.parse_args, RUNS, '--seeds', ['-1', '4294967296', '1e3', 'x']),
    (draw_cams.parse_args, RUNS, '--indices', ['-1', 'x']),
    (draw_cams.parse_args, RUNS, '--rows', ['0', '-1', 'x']),
    (draw_cams.parse_args, RUNS, '--candidates', ['0', '-1', 'x']),
    (draw_cams.parse_args, RUNS, '--pick-seed', ['-1', 'x']),
    (draw_cams.parse_args, RUNS, '--input-size', ['0', '-5', '1.5', 'x']),
    (groups.parse_args, RUNS, '--groups', ['0', '-1', 'x']),
    (label_growth.parse_args, GROWTH, '--count', ['0', '-1', 'x']),
    (label_growth.parse_args, GROWTH, '--choice-seed', ['-1', 'x']),
    (label_growth.parse_args, GROWTH, '--seed', ['-1', 'x']),
    (pointing_game.parse_args, RUNS, '--tolerance', ['-1', 'nan', 'inf', 'x']),
    (sweep.parse_args, RUNS, '--delta-rel', ['-1', '101', 'nan', 'inf', 'x']),
    (sweep.parse_args, RUNS, '--train-fraction', ['0', '-1', '1.5', 'nan', 'x']),
    (test_cli.parse_args, ['c.py', 'x.pth'], '--interval', ['0', '-1', 'x']),
    (test_cli.parse_args, ['c.py', 'x.pth'], '--wait-time', ['-1', 'nan', 'inf', 'x']),
    (test_cli.parse_args, ['c.py', 'x.pth'], '--local-rank', ['-1', 'x']),
    (train.parse_args, ['c.py'], '--local_rank', ['-1', 'x']),
    (write_config.parse_args, ['c.py', '--out', 'o.py'], '--seed', ['-1', '4294967296', 'x']),
]  # fmt: skip
CASES = [(*case[:3], value) for case in OPTIONS for value in case[3]]


@pytest.mark.parametrize(
    ('parse', 'rest', 'option', 'value'), CASES, ids=[f'{c[2]}={c[3]}' for c in CASES]
)
def test_refused(parse, rest, option, value, capsys):
    with pytest.raises(SystemExit) as end:
        parse([*rest, option, value])
    assert end.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert 'error: argument ' in last
    assert option.replace('_', '-') in last.replace('_', '-')
    assert f'{value}: ' in last


def test_three_sizes(capsys):
    with pytest.raises(SystemExit):
        pointing_game.parse_args([*RUNS, '--input-size', '448', '300', '200'])
    assert '3 numbers; give a width and a height' in capsys.readouterr().err


def test_bounds_are_allowed():
    assert [integer(0, 2, '')(text) for text in ('0', '2')] == [0, 2]
    assert [number(0, 2, '')(text) for text in ('0', '2', '1e-3')] == [0, 2, 0.001]


@pytest.mark.parametrize('module', [compare, draw_cams, groups, pointing_game, sweep, label_growth,
                                    write_config, train, test_cli])  # fmt: skip
def test_no_option_takes_just_any_number(module, monkeypatch):
    """So that a new option is listed above."""
    kinds = []
    add = argparse.ArgumentParser.add_argument

    def seen(self, *names, **settings):
        kinds.append((names, settings.get('type')))
        return add(self, *names, **settings)

    monkeypatch.setattr(argparse._ActionsContainer, 'add_argument', seen)
    with pytest.raises(SystemExit):
        module.parse_args(['--no-such-option'])
    assert [names for names, kind in kinds if kind in (int, float)] == []

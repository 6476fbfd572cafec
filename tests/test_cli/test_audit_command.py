"""`wsml-mm audit` on trained models."""

from __future__ import annotations

import csv
import json

import pytest

from wsml_mm.cli import audit
from wsml_mm_cli.audit import parse_args


def rows_of(path):
    with open(path, newline='') as file:
        return list(csv.DictReader(file))


def test_an_audit(linear_run, tmp_path, capsys):
    checkpoints = [str(linear_run.checkpoint.with_name(f'epoch_{n}.pth')) for n in (1, 2)]
    out = tmp_path / 'audit'
    audit.main([str(linear_run.config), *checkpoints, '--out', str(out), '--for-tools',
                '--per-class', '3', '--top', '4', '--device', 'cpu'])  # fmt: skip
    rows = rows_of(out / 'suspicions.csv')
    missing = [row for row in rows if row['list'] == 'missing']
    assert 15 <= len(missing) <= 19
    assert [row['rank'] for row in missing] == [str(n + 1) for n in range(len(missing))]
    record = json.loads((out / 'audit.json').read_text())
    assert record['checkpoints'] == checkpoints
    printed = capsys.readouterr().out
    assert '24 images x 5 classes; listed: ' in printed
    assert 'labels that are missing, by estimate: ' in printed
    assert sorted(path.name for path in out.iterdir()) == [
        'audit.json', 'fiftyone.json', 'label_studio.json', 'label_studio.xml', 'suspicions.csv',
        'suspicions.parquet',
    ]  # fmt: skip


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        ([], 'give one or more checkpoints, or --folds K'),
        (['a.pth', '--folds', '3'], 'give one or more checkpoints, or --folds K'),
        (['a.pth', '--per-class', '0', '--top', '0'], 'keeps nothing; raise one'),
        (['a.pth', '--image-prefix', '/x/'], '--image-prefix is for Label Studio'),
        (['a.pth', '--folds', '1'], '1: a number of folds, 2 to 100'),
    ],
)
def test_usage_errors(words, message, capsys):
    with pytest.raises(SystemExit):
        parse_args(['c.py', '--out', 'x', *words])
    assert message in capsys.readouterr().err

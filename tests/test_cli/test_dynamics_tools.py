"""The commands that train, and draw what happened in the training."""

from __future__ import annotations

import csv
import shutil

import numpy as np
import pytest
from helpers import tiny_config, write_devkit
from PIL import Image

from wsml_mm.cli import memorisation, selection_quality
from wsml_mm.reports.selection_quality import shown_classes

GROUPS = ('true_negative', 'false_negative', 'observed_positive')


@pytest.fixture(scope='module')
def configs(tmp_path_factory):
    root = tmp_path_factory.mktemp('configs')
    devkit = write_devkit(root / 'devkit')
    for name, loss in (('an', 'AN'), ('ll-cp', 'LL-Cp')):
        cfg = tiny_config(devkit, root / 'unused', loss, epochs=3)
        cfg.pop('work_dir')
        cfg.dump(root / f'{name}_tiny.py')
    return [str(root / f'{name}_tiny.py') for name in ('an', 'll-cp')]


@pytest.fixture(scope='module')
def trained(configs, tmp_path_factory):
    """A work folder in which `memorisation` has trained two methods with two seeds."""
    out = tmp_path_factory.mktemp('out')
    memorisation.main([*configs, '--seeds', '1', '2', '--work-dir', str(out)])
    return out


def _rows(path):
    with path.open(newline='', encoding='utf-8') as file:
        return list(csv.DictReader(file))


def _files(folder, name):
    """The numbers of each run and epoch, read without the package."""
    for method, stem in (('AN', 'an'), ('LL-Cp', 'll-cp')):
        for seed in ('1', '2'):
            for epoch in (1, 2, 3):
                with np.load(folder / f'{stem}_{seed}/dynamics/epoch_{epoch:03d}.npz') as file:
                    yield (method, seed, str(epoch)), dict(file)


def test_memorisation(trained):
    rows = _rows(trained / 'memorisation.csv')
    for row, (place, file) in zip(rows, _files(trained, 'x'), strict=True):
        assert (row['method'], row['seed'], row['epoch']) == place
        for group in GROUPS:
            loss, count = (file[f'{group}_{what}'].sum() for what in ('loss', 'count'))
            assert float(row[group]) == pytest.approx(loss / count)
        assert row['observed_negative'] == ''
    width, height = Image.open(trained / 'memorisation.png').size
    assert width > 900 > height
    assert '<svg' in (trained / 'memorisation.svg').read_text()
    command = (trained / 'memorisation.command.txt').read_text()
    assert command.startswith('python tools/memorisation.py ')
    assert f'--seeds 1 2 --work-dir {trained}' in command


def test_selection_quality(configs, trained, capsys, monkeypatch):
    monkeypatch.setattr('wsml_mm.experiments.runs.train', None)  # training again would fail
    monkeypatch.setattr(shown_classes, '__defaults__', (4,))
    selection_quality.main([*configs, '--seeds', '1', '2', '--work-dir', str(trained)])
    printed = capsys.readouterr().out
    assert 'Left out, for they select nothing: AN\n' in printed
    assert 'the 4 of 5 classes with most hidden positives' in printed
    expected = [(p, f) for p, f in _files(trained, 'x') if p[0] == 'LL-Cp']
    rows = _rows(trained / 'selection_quality.csv')
    assert sum(int(row['right']) for row in rows) > 0
    places = [(*place, action) for place, _ in expected for action in ('positive', 'kept_positive')]
    files = dict(expected)
    for row, place in zip(rows, places, strict=True):
        assert (row['method'], row['seed'], row['epoch'], row['action']) == place
        file, action, epoch = files[place[:3]], place[3], int(place[2])
        total = {key: value.sum() for key, value in file.items() if value.dtype.kind != 'U'}
        assert int(row['count']) == total.get(f'{action}_count', 0)
        begin = 2 if action == 'positive' else 3
        assert int(row['count']) == (8 if epoch >= begin else 0)
        if epoch == 1:
            assert row['precision'] == ''
            continue
        hidden = total['false_negative_count']
        kept = total.get('kept_positive_count', 0)
        assert kept == (8 if epoch == 3 else 0)
        if action == 'positive':
            assert float(row['precision']) == pytest.approx(total['positive_right'] / 8)
            assert float(row['recall']) == pytest.approx(total['positive_right'] / hidden)
        right = total['positive_right'] + total.get('kept_positive_right', 0)
        assert float(row['precision_in_force']) == pytest.approx(right / (8 + kept))
        assert float(row['chance']) == pytest.approx(hidden / 96)
    rows = _rows(trained / 'selection_quality_by_class.csv')
    assert len(rows) == 2 * 3 * 5 * 2  # all classes, both actions
    right = [int(row['right']) for row in rows if row['action'] == 'positive']
    assert right == [n for _, f in expected for n in f.get('positive_right', [0] * 5)]
    for name in ('selection_quality', 'selection_quality_by_class'):
        assert (trained / f'{name}.png').stat().st_size > 10_000
        assert (trained / f'{name}.command.txt').is_file()


def test_a_run_of_an_earlier_version_is_named_before_any_training(configs, trained, tmp_path):
    old = tmp_path / 'll-cp_1'
    shutil.copytree(trained / 'll-cp_1', old)
    shutil.rmtree(old / 'dynamics')
    for tool in (memorisation, selection_quality):
        with pytest.raises(FileNotFoundError, match=rf'delete {old} and run again'):
            tool.main([*configs, '--seeds', '1', '--work-dir', str(tmp_path)])
    assert {p.name for p in tmp_path.iterdir()} == {'ll-cp_1'}


def test_nothing_to_judge(configs, trained):
    with pytest.raises(SystemExit, match='no method selects anything'):
        selection_quality.main([configs[0], '--seeds', '1', '2', '--work-dir', str(trained)])

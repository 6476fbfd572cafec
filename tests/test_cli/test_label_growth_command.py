"""The command on a tiny devkit: planted checkpoints, refusals, and a training of its own."""

from __future__ import annotations

import csv

import pytest
import torch
from helpers import CLASSES, load, read_devkit, tiny_config, write_devkit

from wsml_mm.cli import label_growth
from wsml_mm.experiments.entries import Entry, seeded_config
from wsml_mm.experiments.results import read_result
from wsml_mm.models.label_state import EntryStore


@pytest.fixture
def config(tmp_path):
    devkit = write_devkit(tmp_path / 'devkit')
    cfg = tiny_config(devkit, tmp_path / 'unused', 'LL-Cp')
    cfg.pop('work_dir')
    cfg.train_dataloader.dataset.holdout = dict(part='train', fraction=0.25, seed=2)
    cfg.dump(tmp_path / 'll-cp_tiny.py')
    return str(tmp_path / 'll-cp_tiny.py')


def plant(config, path, seed=1200, **changes):
    """Writes a checkpoint of 4 epochs with one correction of image 0 and two of image 5."""
    from mmpretrain.registry import DATASETS

    cfg = seeded_config(Entry('LL-Cp', config), seed)
    store = EntryStore(24, 5)
    for epoch, row, label in ((1, 5, 2), (2, 5, 0), (2, 0, 4)):
        store.add_pairs(torch.tensor([row]), torch.tensor([label]))
        store.merge(epoch)
    fingerprint = DATASETS.build(cfg.train_dataloader.dataset).fingerprint()
    columns = {'corrections': store.state_dict()}
    state = {'format': 2, 'losses': [{'columns': columns}], 'fingerprint': fingerprint}
    torch.save({'meta': {'epoch': 4}, 'state_dict': {}, 'wsml_mm': state, **changes}, path)
    return str(path)


def rows_of(path):
    with path.open(newline='') as file:
        return list(csv.DictReader(file))


def test_planted_checkpoint(config, tmp_path, capsys):
    checkpoint = plant(config, tmp_path / 'a.pth')
    out = tmp_path / 'made' / 'growth'
    command = [config, '--checkpoint', checkpoint, '--out', str(out)]
    label_growth.main([*command, '--count', '1', '--export', str(tmp_path / 'all.csv')])
    full = list(read_devkit(tmp_path / 'devkit').values())
    planted = [(1, 5, 2), (2, 0, 4), (2, 5, 0)]
    expected = [
        {
            'image': f'train_{row:03d}.jpg',
            'sample_idx': str(row),
            'class': CLASSES[label],
            'epoch': str(epoch + 1),
            'verdict': 'right' if full[row][label] else 'wrong',
        }
        for epoch, row, label in planted
    ]
    assert rows_of(tmp_path / 'all.csv') == expected
    shown = rows_of(out.with_name('growth.csv'))
    assert len({row['image'] for row in shown}) == 1
    assert shown == [row for row in expected if row['image'] == shown[0]['image']]
    epochs = rows_of(out.with_name('growth_epochs.csv'))
    assert [row['corrected'] for row in epochs] == ['0', '1', '2', '0']
    assert [row['corrected_so_far'] for row in epochs] == ['0', '1', '3', '3']
    right = sum(row['verdict'] == 'right' for row in expected)
    assert epochs[-1]['right_so_far'] == str(right)
    assert f'3 corrections in 4 epochs, {right / 3:.0%} of them right' in capsys.readouterr().out
    for suffix in ('.png', '.svg', '.command.txt'):
        assert out.with_name(f'growth{suffix}').stat().st_size

    label_growth.main([*command, '--images', 'train_005', 'train_000.jpg'])
    images = [row['image'] for row in rows_of(out.with_name('growth.csv'))]
    assert images == ['train_005.jpg', 'train_005.jpg', 'train_000.jpg']


def test_the_checkpoint_must_be_of_the_training_set(config, tmp_path):
    checkpoint = plant(config, tmp_path / 'a.pth', seed=7)
    command = [config, '--checkpoint', checkpoint, '--out', str(tmp_path / 'growth')]
    with pytest.raises(ValueError, match='another training set'):
        label_growth.main(command)
    label_growth.main([*command, '--seed', '7'])
    assert rows_of(tmp_path / 'growth.csv')


def test_only_corrections_for_good_grow(config, tmp_path):
    other = tmp_path / 'll-r.py'
    loss = "dict(_delete_=True, type='LargeLossReject')"
    other.write_text(f'_base_ = {config!r}\nmodel = dict(head=dict(loss={loss}))\n')
    checkpoint = plant(config, tmp_path / 'a.pth')
    for source in (['--checkpoint', checkpoint], ['--work-dir', str(tmp_path / 'work')]):
        with pytest.raises(SystemExit, match=r'has 0 LargeLossCorrectPerm.*made anew each step'):
            label_growth.main([str(other), *source, '--out', str(tmp_path / 'growth')])
    assert not (tmp_path / 'work').exists()


@pytest.mark.parametrize(
    ('changes', 'error', 'words'),
    [
        (None, FileNotFoundError, 'no such checkpoint; give one of'),
        ({'wsml_mm': None}, ValueError, 'holds no label corrections'),
        ({'wsml_mm': 'empty'}, SystemExit, r'no label is corrected yet \(LL-Cp begins in epoch 2'),
    ],
)
def test_checkpoints_without_corrections(config, tmp_path, changes, error, words):
    path = tmp_path / 'a.pth'
    if changes is not None:
        plant(config, path)
        saved = load(path)
        if changes['wsml_mm'] is None:
            del saved['wsml_mm']
        else:
            saved['wsml_mm']['losses'][0]['columns']['corrections'] = EntryStore(24, 5).state_dict()
        torch.save(saved, path)
    with pytest.raises(error, match=words):
        label_growth.main([config, '--checkpoint', str(path), '--out', str(tmp_path / 'growth')])


def test_trains_where_there_is_no_checkpoint(config, tmp_path, monkeypatch):
    work = tmp_path / 'work'
    command = [config, '--work-dir', str(work), '--out', str(tmp_path / 'growth'), '--seed', '4']
    label_growth.main(command)
    result = read_result(work / 'll-cp_4/result.json')
    epochs = rows_of(tmp_path / 'growth_epochs.csv')
    logged = result.selection
    assert len(epochs) == 3
    assert [float(row['corrected_so_far']) for row in epochs] == logged['state/corrections/count']
    for row, precision in zip(epochs[1:], logged['label/positive/precision'], strict=True):
        assert float(row['precision']) == pytest.approx(precision)
    monkeypatch.setattr('wsml_mm.experiments.runs.train', None)
    label_growth.main(command)


@pytest.mark.parametrize('options', [[], ['--work-dir', 'w', '--checkpoint', 'c'],
                                     ['--work-dir', 'w', '--count', '0']])  # fmt: skip
def test_usage(config, options):
    with pytest.raises(SystemExit, match='2'):
        label_growth.main([config, '--out', 'x', *options])

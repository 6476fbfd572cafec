from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import user_datasets  # noqa: F401 (registers)
from helpers import dataset_config, spy_of, tiny_config, train, without_validation, write_devkit
from mmpretrain.registry import DATASETS

from wsml_mm.cli import write_mask as cli
from wsml_mm.datasets import PartialLabelDataset
from wsml_mm.labels import SparseLabels


@pytest.fixture(scope='module')
def devkit(tmp_path_factory):
    return write_devkit(tmp_path_factory.mktemp('data') / 'kit')


@pytest.fixture(autouse=True)
def _place(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


def write_config(devkit, dataset, name='tiny.py', **changes) -> str:
    cfg = tiny_config(devkit, 'run', dataset=dataset, **changes)
    cfg.dump(name)
    return name


def record_of(path) -> dict:
    with np.load(path, allow_pickle=False) as file:
        return json.loads(str(file['record']))


@pytest.mark.parametrize(
    'observe',
    [
        None,
        dict(type='SinglePositive', seed=1200),
        dict(type='KeepRatio', ratio=0.4),
        dict(type='KnownPerClass', num_pos=5, num_neg=7),
        dict(type='BiasedSinglePositive', rates=dict(ant=1, bee=2, cat=0, dog=4, elk=3)),
    ],
)
def test_training_on_the_file_sees_the_labels_of_the_process(devkit, observe, capsys):
    holdout = dict(part='train', fraction=0.25)
    config = write_config(devkit, dataset_config(devkit, observe=observe, holdout=holdout))
    cli.main([config, 'mask.npz'])
    hint = "train on it: observe=dict(type='ObservationFile', path='mask.npz')"
    assert hint in capsys.readouterr().out.splitlines()
    file = dict(type='ObservationFile', path='mask.npz')
    first, again = (
        DATASETS.build(dataset_config(devkit, observe=o, holdout=holdout)) for o in (observe, file)
    )
    assert len(first) == 18
    assert again.fingerprint() == first.fingerprint()
    record = record_of('mask.npz')
    assert record['images'] == 24  # the whole split
    assert record['labels'] == first.labels.fingerprint()
    assert record['made']['observe'] == (observe or dict(type='ObserveAll'))
    assert record['made']['config'] == 'tiny.py'


def test_printed_counts(devkit, capsys):
    observe = dict(type='KnownPerClass', num_pos=2, num_neg=3)
    cli.main([write_config(devkit, dataset_config(devkit, observe=observe)), 'mask.npz'])
    printed = capsys.readouterr().out
    record = record_of('mask.npz')
    positives = record['annotation_counts']['positive']
    assert 'mask.npz: 24 images x 5 classes' in printed
    lines = {line.split()[0]: line for line in printed.splitlines() if ' observed' in line}
    assert f'10 of {positives:12d} known labels observed' in lines['positive']
    assert f'15 of {120 - positives:12d} known labels observed' in lines['negative']
    assert '25 of          120 known labels observed,  20.833%' in lines['all']
    assert f'fingerprint {record["fingerprint"]}, labels {record["labels"]}' in printed


def test_cfg_options(devkit):
    config = write_config(devkit, dataset_config(devkit, observe=dict(type='SinglePositive')))
    labels = []
    for seed in (1200, 1201):
        options = ['--cfg-options', f'train_dataloader.dataset.observe.seed={seed}']
        cli.main([config, f'{seed}.npz', *options])
        labels.append(record_of(f'{seed}.npz')['labels'])
    assert labels[0] != labels[1]


def test_two_trainings_are_one(devkit):
    """A run on the file is the run on the process, down to the last weight."""
    observe = dict(type='SinglePositive', seed=1200)
    cli.main([write_config(devkit, dataset_config(devkit, observe=observe)), 'mask.npz'])
    weights, losses = [], []
    for choice in (observe, dict(type='ObservationFile', path='mask.npz')):
        cfg = without_validation(
            tiny_config(
                devkit,
                Path(f'run_{choice["type"]}'),
                epochs=2,
                dataset=dataset_config(devkit, observe=choice),
                randomness=dict(seed=3),
            )
        )
        cfg.default_hooks.spy = dict(type='SpyHook')
        runner = train(cfg)
        weights.append(runner.model.state_dict())
        losses.append([step['loss'] for step in spy_of(runner).steps])
    assert losses[0] == losses[1]
    assert all(torch.equal(weights[0][key], weights[1][key]) for key in weights[0])


@pytest.mark.parametrize('kind', ['FeatureDataset', 'KeptFeatures'])
def test_features_are_not_extracted(devkit, kind):
    inner = dataset_config(devkit, observe=dict(type='SinglePositive'))
    plain = write_config(devkit, inner, 'plain.py')
    source = inner['dataset']
    features = dict(type=kind, dataset=source, extractor=dict(), cache='features')
    config = write_config(devkit, dict(inner, dataset=features), 'features.py')
    for name in (plain, config):
        cli.main([name, f'{name}.npz'])
    assert not Path('features').exists()
    first, second = record_of('plain.py.npz'), record_of('features.py.npz')
    assert first['fingerprint'] == second['fingerprint']
    assert first['labels'] == second['labels']


def test_a_users_dataset_observes_as_it_does_in_training(devkit):
    @DATASETS.register_module(force=True)
    class LastHidden(PartialLabelDataset):
        def full_init(self):
            first = not self._fully_initialized
            super().full_init()
            if first:
                dense = np.array([self.labels.row(i) for i in range(len(self.labels))])
                dense[:, -1] = -1
                self.labels = SparseLabels.from_dense(dense)

    config = dict(
        dataset_config(devkit, holdout=dict(part='val')), type='LastHidden', lazy_init=True
    )
    cli.main(
        [write_config(devkit, dict(type='RepeatDataset', times=2, dataset=config)), 'mask.npz']
    )
    record = record_of('mask.npz')
    assert record['images'] == 24  # the whole split
    assert sum(record['counts'][kind] for kind in ('positive', 'negative')) == 24 * 4


def test_several_sets_are_refused(devkit):
    inner = dataset_config(devkit, observe=dict(type='SinglePositive'))
    config = write_config(devkit, dict(type='ConcatDataset', datasets=[inner, inner]))
    with pytest.raises(ValueError, match=r'tiny\.py: the training set holds 2 PartialLabelDataset'):
        cli.main([config, 'mask.npz'])
    config = write_config(devkit, inner['dataset'])
    with pytest.raises(ValueError, match=r'tiny\.py: the training set holds 0 PartialLabelDataset'):
        cli.main([config, 'mask.npz'])
    assert not Path('mask.npz').exists()

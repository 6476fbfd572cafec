"""Stacks of dataset wrappers around ours: a correction belongs to one image and one class."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import (
    correction_rows,
    dataset_config,
    load,
    loss_of,
    read_devkit,
    scalars,
    set_hook,
    spy_of,
    tiny_config,
    train,
    train_interrupted,
    without_validation,
    write_devkit,
)

from wsml_mm.datasets.nesting import wrapped_datasets


@pytest.fixture(scope='module')
def kits(tmp_path_factory):
    root = tmp_path_factory.mktemp('data')
    return [
        write_devkit(root / 'one', train=14, seed=1, prefix='one_'),
        write_devkit(root / 'two', train=10, seed=2, prefix='two_'),
    ]


def _wrapped(kit, **kwargs):
    return dataset_config(kit, observe=dict(type='SinglePositive'), diagnosis=True, **kwargs)


def _stacks(kits):
    one, two = _wrapped(kits[0]), _wrapped(kits[1])
    concat = dict(type='ConcatDataset', datasets=[one, two])
    return {
        'repeat': (dict(type='RepeatDataset', times=2, dataset=one), kits[:1]),
        'concat': (concat, kits),
        'balanced': (dict(type='ClassBalancedDataset', oversample_thr=0.5, dataset=one), kits[:1]),
        'repeated concat': (dict(type='RepeatDataset', times=2, dataset=concat), kits),
        'concat of parts': (
            dict(
                type='ConcatDataset',
                datasets=[
                    _wrapped(kits[0], holdout=dict(part='train', fraction=0.3)),
                    dict(type='RepeatDataset', times=2, dataset=_wrapped(kits[1], indices=6)),
                ],
            ),
            kits,
        ),
    }


STACKS = ('repeat', 'concat', 'balanced', 'repeated concat', 'concat of parts')


def _config(kits, work_dir, stack, loss='LL-Cp', epochs=3):
    dataset, used = _stacks(kits)[stack]
    cfg = without_validation(tiny_config(kits[0], work_dir, loss, dataset=dataset, epochs=epochs))
    set_hook(cfg, 'spy', type='SpyHook')
    truth = {name: row for kit in used for name, row in read_devkit(kit).items()}
    return cfg, truth


@pytest.mark.parametrize('stack', STACKS)
def test_corrections_land_on_the_right_image_and_class(kits, tmp_path, stack):
    cfg, truth = _config(kits, tmp_path / 'run', stack)
    runner = train(cfg)
    spy, names = spy_of(runner), list(truth)
    first = {}
    for epoch in range(3):
        for pair in spy.selected(epoch):
            first.setdefault(pair, epoch)
    rows = correction_rows(loss_of(runner))
    found = {(names[sample], label): epoch for sample, label, epoch in rows}
    assert found == first
    assert len(found) > 8
    if stack != 'concat of parts':  # where a part is small enough to miss some images
        assert len({sample for sample, _ in found}) > 3
    for step in spy.steps:  # the index of each sample is that of its image
        for path, index in zip(step['paths'], step['sample_idx'], strict=True):
            assert path.endswith(names[index])


@pytest.mark.parametrize('stack', STACKS)
def test_a_corrected_label_is_not_offered_again(kits, tmp_path, stack):
    cfg, _ = _config(kits, tmp_path / 'run', stack)
    spy = spy_of(train(cfg))
    held, seen = {pair for e in (0, 1) for pair in spy.selected(e)}, 0
    for step in spy.steps:
        if step['epoch'] == 2:
            for path, row in zip(step['paths'], step['unobserved'], strict=True):
                name = path.rsplit('/', 1)[-1]
                free = {(name, label) for label in np.flatnonzero(row).tolist()}
                assert not free & held
                seen += len(free)
    assert held
    assert seen


@pytest.mark.parametrize('stack', STACKS)
def test_precision_is_that_of_the_images(kits, tmp_path, stack):
    cfg, truth = _config(kits, tmp_path / 'run', stack, 'LL-R', epochs=2)
    runner = train(cfg)
    right = [truth[name][label] for name, label in spy_of(runner).selected(1)]
    assert scalars(runner, 'label/ignored/precision') == [pytest.approx(np.mean(right))]


@pytest.mark.parametrize('stack', ['concat', 'balanced'])
def test_resume(kits, tmp_path, stack):
    runs = []
    for name in ('whole', 'cut'):
        cfg, _ = _config(kits, tmp_path / name, stack, epochs=4)
        if name == 'cut':
            train_interrupted(cfg, epoch=2)
            cfg.resume = True
        train(cfg)
        saved = load(tmp_path / name / 'epoch_4.pth')['wsml_mm']
        runs.append(
            (saved['fingerprint'], saved['losses'][0]['columns']['corrections']['keys'].tolist())
        )
    assert runs[0] == runs[1]
    assert len(runs[0][1]) > 10


def test_concatenated_in_another_order_is_refused(kits, tmp_path):
    cfg, _ = _config(kits, tmp_path / 'run', 'concat', epochs=2)
    train(cfg)
    cfg.train_dataloader.dataset.datasets.reverse()
    cfg.resume, cfg.train_cfg.max_epochs = True, 3
    with pytest.raises(ValueError, match='another training set'):
        train(cfg)


def test_sizes_and_offsets_of_a_concatenation(kits, tmp_path):
    cfg, truth = _config(kits, tmp_path / 'run', 'repeated concat', epochs=1)
    runner = train(cfg)
    leaves = wrapped_datasets(runner.train_dataloader.dataset)
    assert [leaf.index_offset for leaf in leaves] == [0, 14]
    assert loss_of(runner).corrections.num_samples == len(truth) == 24
    assert loss_of(runner).corrections.num_unobserved == 24 * 4


def test_workers_know_the_offset(kits, tmp_path):
    cfg, truth = _config(kits, tmp_path / 'run', 'concat', epochs=1)
    cfg.train_dataloader.num_workers = 2
    cfg.train_dataloader.persistent_workers = True
    names = list(truth)
    seen = {
        index: path.rsplit('/', 1)[-1]
        for step in spy_of(train(cfg)).steps
        for path, index in zip(step['paths'], step['sample_idx'], strict=True)
    }
    assert seen == dict(enumerate(names))

"""Class priors that a training estimates, and pseudo-labels of a file, in real trainings."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import (
    CLASSES,
    assert_same,
    dataset_config,
    loss_of,
    read_devkit,
    scalars,
    tiny_config,
    train,
    train_interrupted,
)

from wsml_mm.engine.hooks.predictions import training_predictions
from wsml_mm.labels.class_priors import crisp_priors, mean_priors

SINGLE = dict(type='SinglePositive', seed=1200)
BOTH = dict(type='KnownPerClass', num_pos=4, num_neg=4, seed=1200)
LOSSES = {
    'CRISP': (dict(type='CRISPRiskLoss'), SINGLE),
    'P-ASL': (
        dict(
            type='PartialAsymmetricLoss', mode='selective', class_prior='auto', eta=0.5, top_k=1,
            prior_epochs=3,
        ),
        BOTH,
    ),
    'GPR': (dict(type='GPRLoss', pseudo_labels='pseudo.npy'), SINGLE),
}  # fmt: skip


@pytest.fixture(scope='module')
def truth(devkit):
    return np.array(list(read_devkit(devkit).values()))


def config(devkit, folder, name, truth):
    loss, observe = LOSSES[name]
    if name == 'GPR':
        folder.mkdir(exist_ok=True)
        np.save(folder / 'pseudo.npy', truth[:24])
        loss = dict(loss, pseudo_labels=str(folder / 'pseudo.npy'), pseudo_classes=CLASSES)
    dataset = dataset_config(devkit, observe=observe, diagnosis=True)
    return tiny_config(devkit, folder, loss, dataset=dataset)


@pytest.mark.parametrize('name', LOSSES)
def test_trains_and_resumes_bit_for_bit(devkit, tmp_path, name, truth):
    whole = train(config(devkit, tmp_path / 'whole', name, truth))
    cfg = config(devkit, tmp_path / 'broken', name, truth)
    train_interrupted(cfg, epoch=2)
    cfg.resume = True
    resumed = train(cfg)
    assert_same(dict(resumed.model.state_dict()), dict(whole.model.state_dict()))
    states = [loss_of(runner).state.state_dict() for runner in (resumed, whole)]
    assert_same(*states)
    assert np.isfinite(scalars(whole, 'train/loss')).all()
    check_state(name, whole, truth)


def check_state(name, runner, truth):
    """The state of the last epoch is that of the last weights."""
    loss = loss_of(runner)
    if name == 'GPR':
        assert len(loss.state.entries('pseudo_labels')) == truth[:24].sum()
        # Of each epoch the same: the positives that are hidden.
        (share,) = set(scalars(runner, 'label/kept_positive/precision'))
        assert share == 1
        return
    parts = list(training_predictions(runner, loss))
    samples, scores = (torch.cat(c).cpu().numpy() for c in zip(*parts, strict=True))
    observed = loss.state.facts.observed(samples)
    expected = crisp_priors(scores, observed == 1) if name == 'CRISP' else mean_priors(scores)
    found = loss.state.classes('class_prior').data.cpu().numpy()
    np.testing.assert_allclose(found, np.nan_to_num(expected.prior), atol=1e-6)
    assert (found > 0).any()


def test_pseudo_labels_of_other_classes_stop_before_the_first_step(devkit, tmp_path, truth):
    cfg = config(devkit, tmp_path / 'run', 'GPR', truth)
    cfg.model.head.loss.pseudo_classes = list(reversed(CLASSES))
    with pytest.raises(ValueError, match='pseudo-labels of other classes than the training set'):
        train(cfg)
    np.save(tmp_path / 'run' / 'pseudo.npy', truth[:23])
    cfg.model.head.loss.pseudo_classes = None
    with pytest.raises(ValueError, match=r'shape \(23, 5\), the training set has \(24, 5\)'):
        train(cfg)


def test_a_prior_of_other_classes_stops_before_the_first_step(devkit, tmp_path):
    (tmp_path / 'prior.csv').write_text('cat,0.5\n')
    loss = dict(type='CRISPRiskLoss', class_prior=str(tmp_path / 'prior.csv'))
    with pytest.raises(ValueError, match=r'prior\.csv.*other classes than the training set'):
        train(tiny_config(devkit, tmp_path / 'run', loss))

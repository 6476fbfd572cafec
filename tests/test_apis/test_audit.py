"""An audit of small trainings: lists of all labels in order, and a record of what they are of."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import CLASSES, tiny_config, write_devkit
from trained_runs import of_size, train_run

from wsml_mm.apis.audit import ONE, SEVERAL, audit, default_per_class
from wsml_mm.apis.training_scores import TrainingScores, models_of, training_set_of
from wsml_mm.experiments.compose import read_config


def audit_of(run, checkpoints, **options):
    cfg = read_config(str(run.config))
    leaf = training_set_of(cfg)
    scores = TrainingScores(leaf, models_of(cfg, checkpoints, leaf, 'cpu'))
    return leaf, audit(leaf, [scores], **options)


def test_all_unobserved_labels_in_order(whole_run):
    first = whole_run.checkpoint.with_name('epoch_1.pth')
    leaf, found = audit_of(whole_run, [first, whole_run.checkpoint], made={'config': 'c'})
    table, names = found.table, list(leaf.dataset.image_names())
    labels = leaf.labels.rows(np.arange(24))
    listed = [(names.index(image), CLASSES.index(c), which) for image, c, which in
              zip(table['image'], table['class'], table['list'], strict=True)]  # fmt: skip
    assert {pair[:2] for pair in listed if pair[2] == 'missing'} == {
        *zip(*map(np.ndarray.tolist, np.nonzero(labels == -1)), strict=True)
    }
    assert len([1 for pair in listed if pair[2] == 'positive']) == 24
    missing = np.array(table['score'])[np.array(table['list']) == 'missing']
    assert (np.diff(missing) <= 0).all()
    doubted = np.array(table['score'])[np.array(table['list']) == 'positive']
    assert (np.diff(doubted) >= 0).all()
    record = found.record
    assert record['score'] == SEVERAL
    assert record['trained_on_these_labels'] is True
    assert record['held_out'] is False
    assert record['config'] == 'c'
    assert record['classes'] == list(CLASSES)
    assert (record['images'], record['scored_images']) == (24, 24)
    assert [each['observed_positive'] for each in record['by_class']] == (labels == 1).sum(
        0
    ).tolist()
    assert table['first_selected'] == [None] * len(listed)
    assert None not in table['mean_probability']


def test_what_ll_cp_selected_stands_beside(tmp_path):
    kit = write_devkit(tmp_path / 'kit', train=18)
    run = train_run(of_size(tiny_config(kit, tmp_path / 'cp', 'LL-Cp')), tmp_path / 'cp')
    _, found = audit_of(run, [run.checkpoint], overall=40, per_class=0)
    assert found.record['score'] == ONE
    assert found.table['mean_probability'] == [None] * len(found.table['list'])
    first = {e for e, which in zip(found.table['first_selected'], found.table['list'], strict=True)
             if which == 'missing'}  # fmt: skip
    assert first <= {None, 2, 3}
    assert first > {None}
    assert found.table['list'].count('missing') == 40


def test_so_many_of_each_class():
    assert [default_per_class(count) for count in (5, 2500, 20_000, 10**6)] == [200, 200, 25, 10]


def test_nothing_can_be_read(whole_run):
    cfg = read_config(str(whole_run.config))
    leaf = training_set_of(cfg)
    kept = leaf.dataset.get_data_info
    leaf.dataset.get_data_info = lambda i: {**kept(i), 'img_path': 'gone.jpg'}
    scores = TrainingScores(leaf, models_of(cfg, [whole_run.checkpoint], leaf, 'cpu'))
    with pytest.raises(ValueError, match=r'none of the 24 images could be read \(first: train_000'):
        audit(leaf, [scores])

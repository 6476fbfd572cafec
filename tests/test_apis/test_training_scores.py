"""Scores of the training images, by stored features or by the photographs themselves."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import torch
from helpers import CLASSES
from mmengine.config import Config
from PIL import Image

from wsml_mm.apis import assemble, predict_images, training_scores
from wsml_mm.apis.training_scores import (
    TrainingScores,
    checkpoint_files,
    models_of,
    trained_epochs,
    training_set_of,
)
from wsml_mm.experiments.compose import read_config


@pytest.mark.parametrize('kind', ['whole_run', 'linear_run'])
def test_they_are_those_of_the_photographs(kind, request, monkeypatch):
    run = request.getfixturevalue(kind)
    cfg = read_config(str(run.config))
    leaf = training_set_of(cfg)
    first = run.checkpoint.with_name('epoch_1.pth')
    models = models_of(cfg, [first, run.checkpoint], leaf, 'cpu')
    monkeypatch.setattr(training_scores, '_SCORES', 35)  # seven images at a time
    scores = TrainingScores(leaf, models, batch_size=7)
    assert len(scores) == 24
    rows, found = zip(*scores, strict=True)
    assert [len(each) for each in rows] == [7, 7, 7, 3]
    np.testing.assert_array_equal(np.concatenate(rows), np.arange(24))
    paths = [leaf.dataset.get_data_info(place)['img_path'] for place in range(24)]
    for number, checkpoint in enumerate([first, run.checkpoint]):
        seen = assemble(cfg, checkpoint, 'cpu')
        expected = [each.scores for each in predict_images(seen, paths)]
        own = np.concatenate([each[number] for each in found])
        np.testing.assert_allclose(own, np.stack(expected), rtol=1e-4)
    some = TrainingScores(leaf, models[:1], np.array([5, 2, 5]))
    assert np.concatenate([rows for rows, _ in some]).tolist() == [2, 5]


def test_epochs_come_in_the_order_of_the_training(linear_run, tmp_path):
    cfg = read_config(str(linear_run.config))
    leaf = training_set_of(cfg)
    first = linear_run.checkpoint.with_name('epoch_1.pth')
    late = shutil.copy(linear_run.checkpoint, tmp_path / 'epoch_10.pth')
    early = shutil.copy(first, tmp_path / 'epoch_9.pth')
    models = models_of(cfg, [late, early], leaf, 'cpu')  # as a shell sorts them
    assert [model.checkpoint for model in models] == [str(early), str(late)]
    assert trained_epochs(models) == 2
    assert checkpoint_files([tmp_path, first]) == [str(early), str(late), str(first)]
    (tmp_path / 'none').mkdir()
    with pytest.raises(FileNotFoundError, match=r'none: holds no epoch_N.pth; give the folder'):
        checkpoint_files([tmp_path / 'none'])
    saved = torch.load(late, weights_only=True)
    torch.save({'state_dict': saved['state_dict']}, late)  # weights alone: as they are given
    models = models_of(cfg, [late, early], leaf, 'cpu')
    assert [model.checkpoint for model in models] == [str(late), str(early)]
    assert trained_epochs(models[:1]) is None


def test_a_broken_image_is_left_out(whole_run, tmp_path):
    cfg = read_config(str(whole_run.config))
    leaf = training_set_of(cfg)
    inner = leaf.dataset
    kept = inner.get_data_info

    def lost(index):
        info = kept(index)
        return {**info, 'img_path': str(tmp_path / 'gone.jpg')} if index == 3 else info

    inner.get_data_info = lost
    Image.new('RGB', (4, 4)).save(tmp_path / 'other.jpg')
    scores = TrainingScores(leaf, models_of(cfg, [whole_run.checkpoint], leaf, 'cpu'))
    rows = np.concatenate([rows for rows, _ in scores])
    assert 3 not in rows
    assert len(rows) == 23
    assert scores.broken == [('train_003.jpg', 'there is no such file')]


def test_refusals(whole_run):
    cfg = Config.fromfile(whole_run.config)
    leaf = training_set_of(cfg)
    one = cfg.train_dataloader.dataset
    cfg.train_dataloader.dataset = dict(type='ConcatDataset', datasets=[one, one])
    with pytest.raises(ValueError, match='holds 2 PartialLabelDatasets; an audit is of one'):
        training_set_of(cfg)
    cfg = Config.fromfile(whole_run.config)
    cfg.train_dataloader.dataset = one.dataset
    with pytest.raises(ValueError, match='must be wrapped in PartialLabelDataset'):
        training_set_of(cfg)
    leaf.dataset._metainfo['classes'] = (*CLASSES[1:], 'fox')
    with pytest.raises(ValueError, match=r'epoch_2.pth: was trained on other classes than the tr'):
        models_of(cfg, [whole_run.checkpoint], leaf, 'cpu')

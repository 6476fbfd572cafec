"""Scores of many images: broken ones, what is held in memory, and validation scores."""

from __future__ import annotations

import gc

import numpy as np
import pytest
import torch
from helpers import CLASSES, read_devkit
from mmengine.config import Config
from mmpretrain.structures import DataSample
from PIL import Image

from wsml_mm.apis import assemble, predict_images, validation_scores
from wsml_mm.apis.prediction_files import PredictionFile


@pytest.mark.parametrize('workers', [0, 2])
def test_batches_and_workers_give_what_single_images_do(whole_run, workers):
    trained = assemble(str(whole_run.config), whole_run.checkpoint, 'cpu')
    files = whole_run.files[:7]
    found = list(predict_images(trained, files, batch_size=3, num_workers=workers))
    assert [each.name for each in found] == files
    for each in found:
        (sample,) = trained.predict([trained.preparing()(each.name)])
        np.testing.assert_allclose(each.scores, sample.pred_score, rtol=1e-5)
        assert each.scores.dtype == np.float32
        assert each.error == ''


@pytest.mark.parametrize('workers', [0, 1])
def test_a_broken_image_is_noted_and_the_others_go_on(whole_run, tmp_path, workers):
    trained = assemble(str(whole_run.config), whole_run.checkpoint, 'cpu')
    cut = tmp_path / 'cut.jpg'
    Image.new('RGB', (64, 64), 'red').save(tmp_path / 'red.jpg')
    cut.write_bytes((tmp_path / 'red.jpg').read_bytes()[:400])
    (tmp_path / 'empty.jpg').touch()
    paths = [str(tmp_path / 'empty.jpg'), whole_run.files[0], str(cut), str(tmp_path / 'none.jpg')]
    found = list(predict_images(trained, paths, 4, workers, names=['a', 'b', 'c', 'd']))
    assert [each.name for each in found] == ['a', 'b', 'c', 'd']
    assert [each.scores is None for each in found] == [True, False, True, True]
    assert found[0].error == 'the file is empty'
    assert 'runcated' in found[2].error
    assert found[3].error == 'there is no such file'


class OneSample:
    """Stands for a trained model: one score an image, at no cost."""

    classes = ('a',)

    def preparing(self):
        return lambda path: {'inputs': torch.zeros(3, 8, 8), 'data_samples': DataSample()}

    def predict(self, packed):
        return [p['data_samples'].set_pred_score(torch.tensor([0.5])) for p in packed]


def test_ten_thousand_images_are_not_held(tmp_path):
    """Neither images nor predictions: a batch, and the rows that are written together."""
    paths = [f'{number}.jpg' for number in range(10_000)]
    most, before = 0, held()
    with PredictionFile(tmp_path / 'out.csv', ['a']) as file:
        for number, each in enumerate(predict_images(OneSample(), paths, batch_size=64)):
            file.add(each, np.array([True]))
            assert len(file._held) < 513
            if number % 1999 == 0:
                most = max(most, held() - before)
    assert most <= 3 * 64
    assert (tmp_path / 'out.csv').read_text().count('\n') == 10_001


def held() -> int:
    """How many data samples are alive."""
    return sum(isinstance(each, DataSample) for each in gc.get_objects())


@pytest.mark.parametrize('kind', ['whole_run', 'linear_run'])
def test_validation_scores_are_of_the_validation_images(kind, request):
    run = request.getfixturevalue(kind)
    trained = assemble(str(run.config), run.checkpoint, 'cpu')
    scores, target = validation_scores(trained)
    labels = read_devkit(run.images.parent, 'val')
    np.testing.assert_array_equal(target, np.stack([*labels.values()]))
    files = [str(run.images / name) for name in labels]
    expected = [each.scores for each in predict_images(trained, files)]
    np.testing.assert_allclose(scores, np.stack(expected), rtol=1e-5)


def test_a_config_without_validation(whole_run):
    cfg = Config.fromfile(whole_run.config)
    cfg.val_dataloader = None
    with pytest.raises(ValueError, match='has no val_dataloader to choose thresholds on'):
        validation_scores(assemble(cfg, whole_run.checkpoint, classes=CLASSES))

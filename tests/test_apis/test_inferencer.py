"""The inferencer, as users of MMPretrain know it."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import CLASSES
from mmcv.image import imread
from mmengine.config import Config
from mmengine.registry import INFERENCERS
from mmpretrain import get_model
from PIL import Image

from wsml_mm import MultiLabelInferencer
from wsml_mm.apis import assemble


@pytest.fixture(params=['whole_run', 'linear_run'])
def run(request):
    return request.getfixturevalue(request.param)


def test_paths_arrays_lists_and_batches(run):
    inferencer = MultiLabelInferencer(str(run.config), run.checkpoint, device='cpu', threshold=0.3)
    files = run.files[:5]
    single = [inferencer(path)[0] for path in files]
    array = imread(files[0], backend='pillow')
    for results in (inferencer([array, *files[1:]], batch_size=2), inferencer(files, batch_size=8)):
        for found, expected in zip(results, single, strict=True):
            np.testing.assert_allclose(found['pred_scores'], expected['pred_scores'], rtol=1e-5)
            assert found['pred_label'] == expected['pred_label']
    for found in single:
        scores = found['pred_scores']
        assert sorted(found['pred_label']) == np.flatnonzero(scores >= np.float32(0.3)).tolist()
        assert found['pred_score'] == sorted(found['pred_score'], reverse=True)
        assert found['pred_class'] == [CLASSES[label] for label in found['pred_label']]
    assert len(inferencer(str(run.images))) == len(run.files)
    (sample,) = inferencer(files[0], return_datasamples=True)
    assert sorted(sample.pred_label.tolist()) == sorted(single[0]['pred_label'])


def test_thresholds_and_top_k(whole_run):
    trained = assemble(str(whole_run.config), whole_run.checkpoint)
    two = MultiLabelInferencer(trained, top_k=2)(whole_run.files[0])[0]
    assert len(two['pred_class']) == 2
    only = MultiLabelInferencer(trained, threshold=[0, 1, 1, 1, 1])(whole_run.files[0])[0]
    assert only['pred_class'] == ['ant']
    with pytest.raises(ValueError, match=r"threshold: 'cow' is no class of the dataset"):
        MultiLabelInferencer(trained, threshold=dict.fromkeys([*CLASSES, 'cow'], 0.5))


def test_it_takes_what_mmpretrain_has_and_is_registered(whole_run):
    cfg = Config.fromfile(whole_run.config)
    model = get_model(cfg, str(whole_run.checkpoint))
    other = MultiLabelInferencer(str(whole_run.config), str(whole_run.checkpoint))
    found, expected = (i(whole_run.files[0])[0] for i in (MultiLabelInferencer(model), other))
    np.testing.assert_allclose(found['pred_scores'], expected['pred_scores'], rtol=1e-5)
    cfg.load_from = str(whole_run.checkpoint)
    built = INFERENCERS.build(dict(type='MultiLabelInferencer', model=cfg))
    assert built.classes == CLASSES


def test_pictures(whole_run, tmp_path):
    inferencer = MultiLabelInferencer(str(whole_run.config), whole_run.checkpoint, top_k=1)
    path = whole_run.files[0]
    (tmp_path / 'twin').mkdir()
    twin = tmp_path / 'twin' / path.rpartition('/')[2]
    Image.open(path).save(twin)
    inferencer([path, str(twin), imread(path)], show_dir=tmp_path / 'new' / 'out', resize=200)
    pictures = sorted((tmp_path / 'new' / 'out').iterdir())
    assert len(pictures) == 3  # two of one name do not overwrite each other
    assert {Image.open(picture).size for picture in pictures} == {(200, 200)}


def test_refusals(whole_run, tmp_path):
    with pytest.raises(ValueError, match=r'whole.py: no checkpoint is given, so the model would'):
        MultiLabelInferencer(str(whole_run.config))
    inferencer = MultiLabelInferencer(str(whole_run.config), whole_run.checkpoint)
    (tmp_path / 'x.jpg').write_text('no image')
    with pytest.raises(ValueError, match=r'x.jpg: cannot be read \(it is a text file\)'):
        inferencer(str(tmp_path / 'x.jpg'))
    with pytest.raises(ValueError, match='unknown argument'):
        inferencer(whole_run.files[0], colour='red')

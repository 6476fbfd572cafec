"""A config and a checkpoint make a classifier that sees photographs as the test did."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import torch
from helpers import CLASSES, write_devkit
from mmengine import load
from mmengine.config import Config
from mmengine.evaluator import DumpResults
from mmengine.registry import init_default_scope
from mmpretrain import ImageClassificationInferencer
from mmpretrain.registry import DATASETS, MODELS
from trained_runs import linear_config, write_extractor

from wsml_mm.apis import assemble
from wsml_mm.apis.assemble import Necks
from wsml_mm.experiments.launch import build_runner
from wsml_mm.models.cam import view_images


def scores_of_test(run, folder):
    """The scores of a test by MMEngine's runner, by image file."""
    cfg = Config.fromfile(run.config)
    cfg.load_from, cfg.work_dir = str(run.checkpoint), str(folder)
    cfg.experiment_name = f'test_{run.config.stem}'
    runner = build_runner(cfg)
    runner.test_evaluator.metrics.append(DumpResults(out_file_path=str(folder / 'out.pkl')))
    runner.test()
    return {each['img_path']: each['pred_score'] for each in load(folder / 'out.pkl')}


@pytest.mark.parametrize('kind', ['whole_run', 'linear_run'])
def test_a_photograph_gets_the_scores_of_the_test(kind, tmp_path, request):
    run = request.getfixturevalue(kind)
    expected = scores_of_test(run, tmp_path)
    found = assemble(str(run.config), run.checkpoint, 'cpu')
    assert found.classes == CLASSES
    assert len(expected) == 8
    prepare = found.preparing()
    samples = found.predict([prepare(path) for path in expected])
    for sample, score in zip(samples, expected.values(), strict=True):
        torch.testing.assert_close(sample.pred_score, score)
        assert sample.pred_label.tolist() == (score >= 0.5).nonzero().ravel().tolist()
    assert found.saved['wsml_mm_training']['losses'] == ['AssumeNegativeLoss']


def test_arrays_are_what_their_files_are(whole_run):
    found = assemble(str(whole_run.config), whole_run.checkpoint)
    prepare = found.preparing()
    from mmcv.image import imread

    path = whole_run.files[0]
    by_path, by_array = prepare(path), prepare(imread(path, backend='pillow'))
    assert torch.equal(by_path['inputs'], by_array['inputs'])
    with pytest.raises(ValueError, match=r'an array of \(4, 4\) is no image'):
        prepare(np.zeros((4, 4), np.uint8))
    with pytest.raises(ValueError, match=r'nope.jpg: cannot be read \(there is no such file\)'):
        prepare('nope.jpg')


def test_the_data_of_the_training_need_not_be_there(linear_run, tmp_path):
    """Neither images nor features: what travels is config, checkpoint and the extractor's file."""
    cfg = Config.fromfile(linear_run.config)
    text = cfg.pretty_text.replace(str(linear_run.images.parent), '/nowhere')
    text = text.replace(str(linear_run.config.parent / 'features'), str(tmp_path / 'none'))
    (tmp_path / 'moved.py').write_text(text)
    found = assemble(str(tmp_path / 'moved.py'), linear_run.checkpoint)
    (sample,) = found.predict([found.preparing()(linear_run.files[0])])
    assert sample.pred_score.shape == (5,)
    assert not (tmp_path / 'none').exists()


def test_images_of_several_sizes_are_not_padded(whole_run):
    found = assemble(str(whole_run.config), whole_run.checkpoint)
    packed = [found.preparing()(path) for path in whole_run.files[:3]]
    packed[1]['inputs'] = packed[1]['inputs'][:, :20]
    together = found.predict(packed)
    alone = [found.predict([each])[0] for each in packed]
    for one, other in zip(together, alone, strict=True):
        torch.testing.assert_close(one.pred_score, other.pred_score)


def test_inferencers_and_cams_of_a_joined_model(linear_run):
    found = assemble(str(linear_run.config), linear_run.checkpoint, 'cpu')
    (view,) = view_images(found.model, found.preparing().of_file, [linear_run.files[0]])
    (sample,) = found.predict([found.preparing()(linear_run.files[0])])
    np.testing.assert_allclose(view.scores, sample.pred_score, rtol=1e-5)
    assert view.maps.shape[0] == 5
    logit = view.maps.mean(dim=(1, 2)) + found.model.head.fc.bias.detach()
    np.testing.assert_allclose(logit.sigmoid(), view.scores, rtol=1e-4)
    assert ImageClassificationInferencer(found.model).classes == CLASSES


def test_two_joined_models_share_no_weights(linear_run):
    one, other = (assemble(str(linear_run.config), linear_run.checkpoint) for _ in range(2))
    assert one.model.backbone is not other.model.backbone


@MODELS.register_module()
class HalfNeck(torch.nn.Module):
    """Keeps half of the channels of the last stage: a neck that takes stored features."""

    def forward(self, stages):
        (last,) = stages
        return (last[:, ::2],)


def test_a_neck_of_the_extractor_and_one_of_the_model(tmp_path):
    init_default_scope('mmpretrain')
    kit = write_devkit(tmp_path / 'kit')
    cfg = linear_config(tmp_path, kit, write_extractor(tmp_path))
    cfg.model.neck, cfg.model.head.in_channels = dict(type='HalfNeck'), 8
    model = MODELS.build(cfg.model)
    torch.save({'state_dict': model.state_dict()}, tmp_path / 'half.pth')
    found = assemble(cfg, tmp_path / 'half.pth', classes=CLASSES)
    assert isinstance(found.model.neck, Necks)
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    stored = torch.stack([dataset[i]['inputs'] for i in range(len(dataset))])
    paths = [dataset[i]['data_samples'].img_path for i in range(len(dataset))]
    expected = model.eval()(stored).sigmoid()
    scores = torch.stack([s.pred_score for s in found.predict([*map(found.preparing(), paths)])])
    torch.testing.assert_close(scores.cpu(), expected.cpu())


def test_stored_maps_were_made_without_the_neck(linear_run):
    cfg = Config.fromfile(linear_run.config)
    expected = assemble(cfg, linear_run.checkpoint)
    for loader in ('train', 'val', 'test'):
        cfg[f'{loader}_dataloader'].dataset.dataset.keep = 'map'
    cfg.model.neck = dict(type='GlobalAveragePooling')
    found = assemble(cfg, linear_run.checkpoint)
    packed = [found.preparing()(path) for path in linear_run.files[:2]]
    (one, _), (other, _) = (each.predict(packed) for each in (expected, found))
    assert torch.equal(one.pred_score, other.pred_score)
    assert not isinstance(found.model.neck, Necks)


def test_refusals(whole_run, linear_run, tmp_path):
    with pytest.raises(ValueError, match=r'is no checkpoint of \S*whole.py \(backbone.* missing'):
        assemble(str(whole_run.config), linear_run.checkpoint)
    # The head fits, and the rest of the network would be another: not only what is missing counts.
    with pytest.raises(
        ValueError, match=r'linear.py, which has no backbone.* and \d+ more weights'
    ):
        assemble(str(linear_run.config), whole_run.checkpoint)
    cfg = Config.fromfile(whole_run.config)
    cfg.test_dataloader.dataset.dataset['classes'] = ('ant', 'bee', 'cow', 'dog', 'elk')
    with pytest.raises(
        ValueError, match=r'epoch_2.pth: was trained on other classes .*only there: cat'
    ):
        assemble(cfg, whole_run.checkpoint)
    for device in ('cuda:77', 'gpu'):
        with pytest.raises(ValueError, match=rf"device='{device}': cannot be used") as error:
            assemble(str(whole_run.config), whole_run.checkpoint, device)
        assert '\n' not in str(error.value)
    with pytest.raises(ValueError, match=r'other classes than given \(5 classes there, 2 here'):
        assemble(str(whole_run.config), whole_run.checkpoint, classes=['ant', 'bee'])
    cfg = Config.fromfile(linear_run.config)
    for loader in ('train', 'val', 'test'):
        dataset = cfg[f'{loader}_dataloader'].dataset
        dataset.dataset = dataset.dataset.dataset
    with pytest.raises(ValueError, match='no FeatureDataset of its loaders says which extractor'):
        assemble(cfg, linear_run.checkpoint)


def test_an_extractor_of_other_weights_is_refused(linear_run, tmp_path):
    cfg = Config.fromfile(linear_run.config)
    shutil.copytree(linear_run.config.parent / 'features', tmp_path / 'features')
    other = write_extractor(tmp_path)
    state = torch.load(tmp_path / 'extractor.pth')
    state['state_dict']['conv1.weight' if 'conv1.weight' in state['state_dict'] else
                        next(iter(state['state_dict']))] += 1  # fmt: skip
    torch.save(state, tmp_path / 'extractor.pth')
    for loader in ('train', 'val', 'test'):
        features = cfg[f'{loader}_dataloader'].dataset.dataset
        features.extractor, features.cache = other, str(tmp_path / 'features')
    with pytest.raises(ValueError, match=r'features: these features were made by other weights'):
        assemble(cfg, linear_run.checkpoint)
    other['backbone'].pop('init_cfg')
    for loader in ('train', 'val', 'test'):
        features = cfg[f'{loader}_dataloader'].dataset.dataset
        features.extractor, features.cache = other, str(tmp_path / 'none')
    with pytest.raises(ValueError, match='its extractor names no weights and would have random'):
        assemble(cfg, linear_run.checkpoint)

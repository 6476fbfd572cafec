"""The pointing game in real test runs, on images whose maps are known."""

from __future__ import annotations

import itertools
import json
import pickle

import pytest
import torch
from helpers import run_jobs_on_ranks, set_hook, tiny_config, train, write_devkit
from mmengine.runner import Runner
from planted_maps import CLASSES, cell_box, planted_config, write_checkpoint, write_images

from wsml_mm.cli import test as test_cli
from wsml_mm.engine import CamPeakHook

_NUMBER = itertools.count()
# Five images (the ranks of two processes see three each), seven pairs with a box, five of them hit.
IMAGES = [
    {'red': ((0, 0), cell_box(0, 0)), 'green': ((3, 3), cell_box(3, 3))},
    {'red': ((1, 2), cell_box(1, 3))},  # the box lies right of the colour: its edge 6 px away
    {'green': ((2, 1), cell_box(2, 1)), 'blue': ((0, 3), None)},  # blue has no box anywhere
    {'red': ((3, 0), cell_box(3, 0)), 'green': ((0, 3), cell_box(3, 3))},
    {'green': ((1, 1), (0, 0, 48, 32))},
]
EXPECTED = {
    'pointing/accuracy': 500 / 7,
    'pointing/mean_class_accuracy': (200 / 3 + 75) / 2,
    'pointing/pairs': 7,
    'pointing/red': 200 / 3,
    'pointing/green': 75,
}


@pytest.fixture(scope='module')
def devkit(tmp_path_factory):
    return write_images(tmp_path_factory.mktemp('data') / 'kit', IMAGES)


@pytest.fixture
def checkpoint(tmp_path):
    return write_checkpoint(tmp_path / 'planted.pth')


def run(cfg, checkpoint):
    cfg.load_from = str(checkpoint)
    cfg.experiment_name = f'pointing_{next(_NUMBER)}'
    runner = Runner.from_cfg(cfg)
    return runner, runner.test()


def scores(metrics):
    return {k: v for k, v in metrics.items() if k in EXPECTED or k == 'pointing/blue'}


def test_command_with_a_config_fragment(devkit, checkpoint, tmp_path, monkeypatch):
    monkeypatch.setenv('LOCAL_RANK', '0')  # set by the command line for good
    base = planted_config(devkit, tmp_path / 'run')
    boxes = base.test_evaluator[1].boxes
    base.test_evaluator = dict(type='MeanAveragePrecision')
    base.default_hooks.pop('cam_peak')
    base.dump(tmp_path / 'base.py')
    (tmp_path / 'pointing.py').write_text(
        "_base_ = './base.py'\n"
        "default_hooks = dict(cam_peak=dict(type='CamPeakHook'))\n"
        "test_evaluator = [dict(type='MeanAveragePrecision'),\n"
        f"    dict(type='PointingGame', boxes={dict(boxes)})]\n"
    )
    out = tmp_path / 'm.json'
    command = [str(tmp_path / 'pointing.py'), str(checkpoint), '--out', str(out)]
    test_cli.main([*command, '--out-item', 'metrics'])
    metrics = json.loads(out.read_text())
    assert scores(metrics) == pytest.approx(EXPECTED)
    assert metrics['multi-label/mAP'] > 90
    # The places are in the dumped predictions: the centres of the planted cells.
    test_cli.main([*command[:-1], str(tmp_path / 'p.pkl'), '--out-item', 'pred'])
    samples = pickle.loads((tmp_path / 'p.pkl').read_bytes())
    for sample, content in zip(samples, IMAGES, strict=True):
        for name, ((row, column), _) in content.items():
            place = sample['cam_peak'][CLASSES.index(name)].tolist()
            assert place == pytest.approx([12 * column + 6, 8 * row + 4])


def test_tolerance_flip_and_gradients(devkit, checkpoint, tmp_path):
    pytest.importorskip('pytorch_grad_cam')
    cfg = planted_config(devkit, tmp_path / 'run', tolerance=6)
    pipeline = cfg.test_dataloader.dataset.dataset.pipeline
    pipeline.insert(2, dict(type='RandomFlip', prob=1.0, direction='horizontal'))
    cfg.default_hooks.cam_peak.method = 'gradcam'
    runner, metrics = run(cfg, checkpoint)
    assert metrics['pointing/red'] == 100
    assert metrics['pointing/accuracy'] == pytest.approx(600 / 7)
    assert not runner.model.backbone._forward_hooks


def test_input_of_another_size_and_padding(devkit, checkpoint, tmp_path):
    cfg = planted_config(devkit, tmp_path / 'run')
    cfg.test_dataloader.dataset.dataset.pipeline[1].scale = (48, 40)  # cells of 8 x 6.4 px
    cfg.model.data_preprocessor.pad_size_divisor = 64
    assert scores(run(cfg, checkpoint)[1]) == pytest.approx(EXPECTED)


def test_refusals(devkit, checkpoint, tmp_path):
    cfg = planted_config(devkit, tmp_path / 'run')
    cfg.test_dataloader.dataset.dataset.pipeline.insert(2, dict(type='CenterCrop', crop_size=16))
    with pytest.raises(ValueError, match=r'000.jpg.*cannot be mapped back through a crop'):
        run(cfg, checkpoint)
    cfg = planted_config(devkit, tmp_path / 'run')
    cfg.default_hooks.pop('cam_peak')
    with pytest.raises(KeyError, match=r"cam_peak=dict\(type='CamPeakHook'\)"):
        run(cfg, checkpoint)
    with pytest.raises(ValueError, match=r"method='grad'.: use one of cam, gradcam"):
        CamPeakHook('grad')
    runner = type('Runner', (), {'model': torch.nn.Linear(1, 1)})
    with pytest.raises(ValueError, match='Linear is not an ImageClassifier'):
        CamPeakHook().before_test(runner)


def test_training_and_validation_do_not_know_of_it(tmp_path, monkeypatch):
    pointed = []
    monkeypatch.setattr(CamPeakHook, '_point', lambda *args: pointed.append(args))
    cfg = tiny_config(write_devkit(tmp_path / 'kit'), tmp_path / 'run', epochs=1)
    set_hook(cfg, 'cam_peak', type='CamPeakHook')
    runner = train(cfg)
    assert not pointed
    runner.test()
    assert len(pointed) == len(runner.test_dataloader)
    runner.val()
    assert len(pointed) == len(runner.test_dataloader)


def test_two_ranks_count_every_image_once(devkit, checkpoint, tmp_path):
    """Ranks of three images each for five: the sixth is the first again, and a double hit."""
    cfg = planted_config(devkit, tmp_path / 'run')
    cfg.dump(tmp_path / 'config.py')
    out = tmp_path / 'm.json'
    job = [str(tmp_path / 'config.py'), str(checkpoint), '--out', str(out), '--out-item', 'metrics']
    (tmp_path / 'jobs.json').write_text(json.dumps([['test', 'test', job]]))
    run_jobs_on_ranks(tmp_path, 2)
    assert [(tmp_path / 'test' / f'rank{r}.txt').read_text() for r in (0, 1)] == ['done', 'done']
    assert scores(json.loads(out.read_text())) == pytest.approx(EXPECTED)

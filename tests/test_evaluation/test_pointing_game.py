"""The metric on samples as a test run hands them over."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mmpretrain.registry import METRICS

from wsml_mm.datasets.boxes import BoxTable
from wsml_mm.evaluation import PointingGame

CLASSES = ('ant', 'bee', 'cat', 'dog')
# image, class, box: a has two ants and a cat, b a cat, c nothing.
BOXES = [(0, 0, (0, 0, 10, 10)), (0, 0, (50, 50, 60, 60)), (0, 2, (20, 0, 30, 10)),
         (1, 2, (0, 0, 5, 5))]  # fmt: skip


def source(classes):
    assert tuple(classes) == CLASSES
    columns = zip(*BOXES, strict=True)
    return BoxTable.from_columns(['a', 'b', 'c'], *columns, source='boxes')


def sample(name, ant=(99, 99), cat=(99, 99)):
    peaks = torch.tensor([ant, (5, 5), cat, (5, 5)], dtype=torch.float32)
    return {'cam_peak': peaks, 'img_path': f'x/{name}.jpg', 'ori_shape': (60, 60)}


def metric(**kwargs):
    built = METRICS.build(dict(type='PointingGame', boxes=source, **kwargs))
    built.dataset_meta = {'classes': CLASSES}
    return built


def test_counts_pairs_and_classes():
    game = metric()
    game.process(None, [sample('a', ant=(55, 55), cat=(25, 11)), sample('b', cat=(5, 5))])
    game.process(None, [sample('c')])
    assert game.evaluate(3) == {
        'pointing/accuracy': pytest.approx(200 / 3),
        'pointing/mean_class_accuracy': pytest.approx(75),
        'pointing/pairs': 3,
        'pointing/ant': 100,
        'pointing/cat': 50,
        # The middle, (30, 30), lies in none of the boxes.
        'pointing/centre/accuracy': 0,
        'pointing/centre/mean_class_accuracy': 0,
        'pointing/centre/ant': 0,
        'pointing/centre/cat': 0,
    }


def test_tolerance_in_original_pixels():
    samples = [sample('a', ant=(55, 55), cat=(25, 11.5)), sample('b', cat=(5, 5))]
    for tolerance, expected in ((1, 200 / 3), (1.5, 100)):
        game = metric(tolerance=tolerance, classwise=False)
        game.process(None, samples)
        assert game.evaluate(2)['pointing/accuracy'] == pytest.approx(expected)
    with pytest.raises(ValueError, match='at least 0 pixels'):
        metric(tolerance=-1)
    with pytest.raises(ValueError, match='at least 0 pixels'):
        metric(tolerance=float('nan'))


def test_a_sample_that_ranks_pad_with_counts_once():
    """Two ranks see 3 images as 2 + 2; the collected list is cut to 3, one result a sample."""
    game = metric()
    hit, miss = sample('a', ant=(5, 5), cat=(25, 5)), sample('b')
    game.process(None, [hit, sample('c')])
    game.process(None, [miss, hit])
    found = game.evaluate(3)
    assert found['pointing/pairs'] == 3
    assert found['pointing/accuracy'] == pytest.approx(200 / 3)


def test_nothing_to_play():
    game = metric()
    game.process(None, [sample('c')])
    with pytest.raises(ValueError, match='boxes: none of the 1 tested images has a box'):
        game.evaluate(1)
    with pytest.raises(KeyError, match='CamPeakHook'):
        metric().process(None, [{'img_path': 'a.jpg', 'ori_shape': (6, 6)}])
    with pytest.raises(KeyError, match="has no image 'z'"):
        metric().process(None, [sample('z')])
    game.dataset_meta = {}
    game._table = None
    with pytest.raises(ValueError, match='names no classes'):
        game.process(None, [sample('a')])


def test_calculate_alone():
    classes, hits = np.array([3, 0, 3, 3]), np.array([True, False, True, False])
    assert PointingGame.calculate(classes, hits, CLASSES, classwise=False) == {
        'accuracy': 50,
        'mean_class_accuracy': pytest.approx(100 / 3),
        'pairs': 4,
    }

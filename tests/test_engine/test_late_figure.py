from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from mmengine.visualization import Visualizer
from mmpretrain.structures import DataSample
from mmpretrain.visualization import UniversalVisualizer

from wsml_mm import LateFigureVisualizer

IMAGE = np.arange(32 * 48 * 3).reshape(32, 48, 3) % 255


def has_figure(visualizer):
    return 'fig_save' in vars(visualizer)


def test_numbers_need_no_figure(tmp_path):
    backends = [dict(type='LocalVisBackend')]
    made = LateFigureVisualizer.get_instance('n', vis_backends=backends, save_dir=str(tmp_path))
    assert Visualizer.get_current_instance() is made
    made.add_scalars({'loss': 0.5}, step=3)
    made.dataset_meta = {'classes': ('cat',)}
    made.close()
    assert (tmp_path / 'vis_data' / 'scalars.json').read_text() == '{"loss": 0.5, "step": 3}\n'
    assert not has_figure(made)


def test_pictures_are_those_of_the_stock_one():
    sample = DataSample().set_pred_score(torch.ones(2)).set_pred_label(1)
    pictures = []
    for kind in (UniversalVisualizer, LateFigureVisualizer):
        visualizer = kind(fig_save_cfg=dict(frameon=False, dpi=80))
        for width in (48, 40):
            pictures.append(visualizer.visualize_cls(IMAGE[:, :width], sample, classes=['a', 'b']))
        assert visualizer.dpi == 80
        shown = kind(image=IMAGE)
        shown.draw_points(np.array([[3, 4]]))
        pictures.append(shown.get_image())
    for stock, own in zip(pictures[:3], pictures[3:], strict=True):
        assert np.array_equal(stock, own)


def test_other_attributes_are_missing_as_ever():
    made = LateFigureVisualizer()
    assert not hasattr(copy.copy(made), 'manager')
    with pytest.raises(AttributeError, match="'LateFigureVisualizer' object has no attribute 'x'"):
        made.x  # noqa: B018
    assert not has_figure(made)

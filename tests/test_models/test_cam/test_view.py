from __future__ import annotations

import numpy as np
import pytest
import torch
from mmengine.dataset import Compose
from mmpretrain.registry import MODELS, TRANSFORMS
from PIL import Image
from planted_maps import HEIGHT, WIDTH, cell_box, planted_config, write_images

from wsml_mm.datasets.nesting import innermost
from wsml_mm.models.cam import view_images

RED, GREEN, BLUE = range(3)


@pytest.fixture
def view(tmp_path):
    content = {'red': ((0, 3), None), 'green': ((2, 1), None)}
    devkit = write_images(tmp_path / 'kit', [content])
    cfg = planted_config(devkit, tmp_path)
    steps = innermost(cfg.test_dataloader.dataset).pipeline

    def look(steps=steps, pad=1, method='cam'):
        model = MODELS.build({**cfg.model, 'data_preprocessor': dict(
            cfg.model.data_preprocessor, pad_size_divisor=pad)})  # fmt: skip
        torch.nn.init.eye_(model.head.fc.weight)
        torch.nn.init.constant_(model.head.fc.bias, 0.5)
        pipeline = Compose([TRANSFORMS.build(step) for step in steps])
        (found,) = view_images(model.eval(), pipeline, [devkit / 'JPEGImages/000.jpg'], method)
        return found

    return look, list(steps)


def assert_in_cell(heat, row, column):
    """The map is 1 at the planted cell's centre and falls off to the other side of the image."""
    left, top, right, bottom = cell_box(row, column)
    y, x = np.unravel_index(heat.argmax(), heat.shape)
    assert left <= x < right
    assert top <= y < bottom
    assert heat.max() == pytest.approx(1)


def test_what_a_model_sees(view):
    look, _ = view
    found = look()
    assert found.maps.shape == (3, 4, 4)
    np.testing.assert_allclose(found.peaks[RED], [42, 4])
    np.testing.assert_allclose(found.peaks[GREEN], [18, 20])
    for label, cell in ((RED, (0, 3)), (GREEN, (2, 1))):
        heat = found.heat(label)
        assert heat.shape == (HEIGHT, WIDTH)
        assert_in_cell(heat, *cell)
    assert found.heat(BLUE).max() == 0  # black everywhere, which speaks against it
    logit = found.maps.mean(dim=(1, 2)) + 0.5
    np.testing.assert_allclose(found.scores, logit.sigmoid(), rtol=1e-5)


def test_flips_and_padding_are_undone(view):
    look, steps = view
    for direction in ('horizontal', 'vertical', 'diagonal'):
        flip = dict(type='RandomFlip', prob=1.0, direction=direction)
        found = look([*steps[:2], flip, steps[2]], pad=24)
        assert found.input_shape == (48, 48)
        np.testing.assert_allclose(found.peaks[GREEN], [18, 20], atol=3)
        assert_in_cell(found.heat(RED), 0, 3)
        assert_in_cell(found.heat(GREEN), 2, 1)


def test_unreadable_image(view, tmp_path):
    look, _ = view
    (tmp_path / 'kit/JPEGImages/000.jpg').write_text('no image')
    with pytest.raises(ValueError, match=r'000.jpg: cannot be read .*; repair it or name another'):
        look()


@pytest.mark.parametrize('batch_size', [1, 2, 16])
def test_batches_see_what_single_images_show(tmp_path, batch_size):
    """Images of three sizes: those of one size go together, and none is padded for another."""
    devkit = write_images(tmp_path / 'kit', [{'red': ((0, n % 4), None)} for n in range(5)])
    paths = sorted((devkit / 'JPEGImages').iterdir())
    sizes = [(48, 32), (48, 32), (64, 32), (48, 32), (40, 40)]
    for path, size in zip(paths, sizes, strict=True):
        Image.open(path).resize(size).save(path, quality=100)
    cfg = planted_config(devkit, tmp_path)
    model = MODELS.build(cfg.model).eval()
    torch.nn.init.eye_(model.head.fc.weight)
    steps = [dict(type='LoadImageFromFile', imdecode_backend='pillow'), dict(type='PackInputs')]
    pipeline = Compose([TRANSFORMS.build(step) for step in steps])
    found = list(view_images(model, pipeline, paths, batch_size=batch_size))
    for view, path, (width, height) in zip(found, paths, sizes, strict=True):
        (alone,) = view_images(model, pipeline, [path])
        assert view.input_shape == (height, width)
        assert view.meta['img_path'] == str(path)
        torch.testing.assert_close(view.maps, alone.maps)
        np.testing.assert_allclose(view.scores, alone.scores, rtol=1e-6)
        np.testing.assert_array_equal(view.peaks, alone.peaks)

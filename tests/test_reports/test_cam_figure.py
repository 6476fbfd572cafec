from __future__ import annotations

import numpy as np
from PIL import Image

from wsml_mm.reports.cam_figure import CamRow, Panel, draw_cam_grid, shrink_png
from wsml_mm.reports.plots import save_figure


def rows_of(shapes):
    rng = np.random.default_rng(0)
    for height, width in shapes:
        image = rng.integers(0, 256, (height, width, 3)).astype(np.uint8)
        heat = np.zeros((height, width))
        heat[: height // 2, : width // 2] = 1
        panels = [Panel(heat, 0.5, (width - 1, height - 1), hit) for hit in (True, False)]
        yield CamRow(image, 'cat', np.array([(0, 0, width / 2, height / 2)]), panels)


def test_grid_shows_boxes_maxima_and_heat_in_place(tmp_path):
    rows = list(rows_of([(300, 400), (900, 400), (40, 30)]))
    figure = draw_cam_grid(rows, ['AN', 'LL-R'], 'title')
    axes = np.array(figure.axes).reshape(3, 3)
    assert [a.get_title() for a in axes[0]] == ['image', 'AN', 'LL-R']
    assert [a.get_ylabel() for a in axes[:, 0]] == ['cat'] * 3
    panel = axes[0, 1]
    (box,) = panel.patches
    assert (box.get_width(), box.get_height()) == (100, 75)  # half of a picture scaled to 200 x 150
    x, y = (v[0] for v in panel.lines[0].get_data())
    assert (x, y) == (199.5, 149.5)
    assert panel.get_xlim() == (0, 200)
    picture = panel.images[0].get_array()
    assert np.ptp(picture, axis=2)[:70, :95].mean() > 0.2  # coloured where it is warm
    assert np.ptp(picture, axis=2)[80:, 105:].max() < 0.02  # grey elsewhere
    assert panel.lines[0].get_marker() != axes[0, 2].lines[0].get_marker()
    save_figure(figure, tmp_path / 'grid')
    before = (tmp_path / 'grid.png').stat().st_size
    size = Image.open(tmp_path / 'grid.png').size
    shrink_png(tmp_path / 'grid.png')
    assert (tmp_path / 'grid.png').stat().st_size < before / 1.5
    assert Image.open(tmp_path / 'grid.png').size == size

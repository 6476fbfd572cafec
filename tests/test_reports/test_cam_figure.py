from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from planted_maps import cell_box, write_images

from wsml_mm.datasets.boxes import read_voc_boxes
from wsml_mm.reports.cam_figure import CamRow, Panel, draw_cam_grid, shrink_png
from wsml_mm.reports.cam_rows import grid_rows, row_numbers
from wsml_mm.reports.cam_subjects import Subject
from wsml_mm.reports.cam_view import CamView
from wsml_mm.reports.plots import save_figure

CLASSES = ('red', 'green', 'blue')


@pytest.fixture
def look(tmp_path):
    content = {'red': ((1, 2), cell_box(1, 2)), 'green': ((3, 0), cell_box(3, 0)),
               'blue': ((0, 0), None)}  # fmt: skip
    devkit = write_images(tmp_path / 'kit', [content])
    torch = pytest.importorskip('torch')
    maps = torch.zeros(3, 4, 4)
    maps[0, 1, 2] = maps[1, 0, 0] = maps[2, 3, 3] = 1
    peaks = np.array([(30, 12), (6, 4), (42, 28)], np.float32)
    meta = {'ori_shape': (32, 48), 'img_shape': (32, 32)}
    view = CamView(maps, np.array([0.5, 0.25, 0.9], np.float32), peaks, (32, 32), meta)
    path = str(devkit / 'JPEGImages' / '000.jpg')
    return path, view, read_voc_boxes(devkit / 'Annotations', CLASSES)


def test_rows_of_an_image(look):
    path, view, table = look
    rows = grid_rows(Subject(path, [0, 1, 2]), [view, view], table, CLASSES)
    assert [r.label for r in rows] == ['red', 'green', 'blue']
    assert rows[0].boxes.tolist() == [list(cell_box(1, 2))]
    assert [[p.hit for p in r.panels] for r in rows] == [[True] * 2, [False] * 2, [None] * 2]
    assert rows[1].panels[0].peak == (6, 4)
    assert rows[0].image.shape == (32, 48, 3)
    assert row_numbers(rows[1], path, ['AN', 'LL-R'])[1] == {
        'image': '000.jpg', 'class': 'green', 'method': 'LL-R', 'score': 0.25, 'x': 6, 'y': 4,
        'hit': False,
    }  # fmt: skip


def test_an_image_without_known_classes_or_boxes(look):
    path, view, _ = look
    (row,) = grid_rows(Subject(path, []), [view], None, CLASSES)
    assert row.label == 'blue'  # the likeliest
    assert row.boxes.shape == (0, 4)
    assert row.panels[0].hit is None


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

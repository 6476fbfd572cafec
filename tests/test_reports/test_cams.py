from __future__ import annotations

import numpy as np
import pytest
import torch
from planted_maps import CLASSES, cell_box, write_images

from wsml_mm.benchmarks import VOC2012
from wsml_mm.datasets.boxes import read_voc_boxes
from wsml_mm.models.cam import CamView
from wsml_mm.reports.cams import (
    ImageChoice,
    disagreement,
    draw_candidates,
    grid_rows,
    labelled_images,
    most_different,
    row_numbers,
)


def test_images_and_classes_of_a_dataset(tmp_path):
    content = [{'red': ((0, 0), None)}, {'green': ((0, 0), None), 'blue': ((1, 1), None)}]
    devkit = write_images(tmp_path / 'kit', content)
    found = labelled_images(VOC2012(devkit, 'val', CLASSES, pipeline=[]))
    assert [(s.path[-7:], s.classes) for s in found] == [('000.jpg', [0]), ('001.jpg', [1, 2])]


def test_candidates_have_two_classes_and_follow_the_seed():
    images = [ImageChoice(str(n), list(range(n % 4))) for n in range(40)]
    drawn = draw_candidates(images, 8, seed=1)
    assert len({s.path for s in drawn}) == 8
    assert all(len(s.classes) >= 2 for s in drawn)
    assert drawn == draw_candidates(images, 8, seed=1)
    assert drawn != draw_candidates(images, 8, seed=2)
    assert len(draw_candidates(images, 99, seed=1)) == 20
    single = [s for s in images if len(s.classes) < 2]
    assert all(len(s.classes) == 1 for s in draw_candidates(single, 99, 0))
    some = draw_candidates(images, 99, 1, shown=[2])
    assert len(some) == 10
    assert all(s.classes == [2] for s in some)
    with pytest.raises(ValueError, match='no image has a positive label to look at'):
        draw_candidates([ImageChoice('a', [])], 3, 0)


def test_most_different_first():
    def view(*places, score=0.8):
        maps = torch.zeros(2, 1, 3)
        for label, place in enumerate(places):
            maps[label, 0, place] = 1
        return CamView(maps, np.array([0.2, score]), np.zeros((2, 2)), (1, 3), {})

    images = [ImageChoice('same', [0, 1]), ImageChoice('half', [0, 1]), ImageChoice('all', [1])]
    one = [view(0, 0), view(0, 0), view(0, 0)]
    two = [view(0, 0), view(0, 1), view(0, 2)]
    assert most_different(images, [one, two]) == [2, 1, 0]
    assert most_different(images, [one]) == [0, 1, 2]
    # A class that no method sees counts little: 0.1 for it against 0.5 * 0.8.
    unseen = [view(0, 2, score=0.1)]
    assert most_different(images, [[*one[:2], view(0, 0, score=0.05)], two[:2] + unseen])[0] == 1


def test_disagreement():
    left, right = torch.tensor([[1.0, 0], [0, 0]]), torch.tensor([[0.0, 0], [0, 3]])
    assert disagreement([left, left * 7, left - 0.0]) == pytest.approx(0)
    assert disagreement([left, right]) == pytest.approx(1)
    assert disagreement([left, left, right]) == pytest.approx(2 / 3)
    assert disagreement([left]) == 0
    assert disagreement([left, left.repeat_interleave(3, 0).repeat_interleave(3, 1)]) < 0.1
    assert disagreement([left, -left]) == pytest.approx(1)  # what speaks against does not count


@pytest.fixture
def look(tmp_path):
    content = {'red': ((1, 2), cell_box(1, 2)), 'green': ((3, 0), cell_box(3, 0)),
               'blue': ((0, 0), None)}  # fmt: skip
    devkit = write_images(tmp_path / 'kit', [content])
    maps = torch.zeros(3, 4, 4)
    maps[0, 1, 2] = maps[1, 0, 0] = maps[2, 3, 3] = 1
    peaks = np.array([(30, 12), (6, 4), (42, 28)], np.float32)
    meta = {'ori_shape': (32, 48), 'img_shape': (32, 32)}
    view = CamView(maps, np.array([0.5, 0.25, 0.9], np.float32), peaks, (32, 32), meta)
    path = str(devkit / 'JPEGImages' / '000.jpg')
    return path, view, read_voc_boxes(devkit / 'Annotations', CLASSES)


def test_rows_of_an_image(look):
    path, view, table = look
    rows = grid_rows(ImageChoice(path, [0, 1, 2]), [view, view], table, CLASSES)
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
    (row,) = grid_rows(ImageChoice(path, []), [view], None, CLASSES)
    assert row.label == 'blue'  # the likeliest
    assert row.boxes.shape == (0, 4)
    assert row.panels[0].hit is None

from __future__ import annotations

import numpy as np
import pytest

from wsml_mm.benchmarks.composed_scenes import drawing as scene_drawing
from wsml_mm.benchmarks.composed_scenes.drawing import SCENE_CLASSES, Figure, draw_scene


def _draw(seed: int, labels: list[int], size: int = 128) -> tuple[np.ndarray, list[Figure]]:
    image, figures = draw_scene(np.random.default_rng(seed), labels, size)
    assert image.mode == 'RGB'
    return np.asarray(image, int), figures


def test_classes_are_twenty_distinct_names_fit_for_file_names():
    assert len(SCENE_CLASSES) == len(set(SCENE_CLASSES)) == 20
    assert all(name.replace('_', '').isalpha() and name.islower() for name in SCENE_CLASSES)


def test_same_seed_same_scene_other_seed_other_scene():
    first, figures = _draw(3, [0, 7])
    again, figures_again = _draw(3, [0, 7])
    other, _ = _draw(4, [0, 7])
    assert (first == again).all()
    assert figures == figures_again
    assert (first != other).any()


@pytest.mark.parametrize('size', [32, 64, 128, 200])
def test_boxes_lie_inside_and_scale_with_the_image(size):
    for seed in range(8):
        pixels, figures = _draw(seed, [seed, seed + 6, seed + 12], size)
        assert pixels.shape == (size, size, 3)
        assert [figure.label for figure in figures] == [seed, seed + 6, seed + 12]
        for _, (xmin, ymin, xmax, ymax) in figures:
            assert 1 <= xmin < xmax <= size
            assert 1 <= ymin < ymax <= size
            longer = max(xmax - xmin, ymax - ymin) + 1
            assert 0.26 * size <= longer <= 0.54 * size


@pytest.mark.parametrize('label', range(20))
def test_box_is_tight_about_the_drawn_figure(label, monkeypatch):
    # Without shadows, a scene and its empty ground differ by the figure alone.
    monkeypatch.setattr(scene_drawing, 'cast_shadow', lambda *args: None)
    drawn, [figure] = _draw(label, [label])
    ground, none = _draw(label, [])
    assert none == []
    rows, columns = np.nonzero((drawn != ground).any(axis=2))
    bounds = columns.min() + 1, rows.min() + 1, columns.max() + 1, rows.max() + 1
    # One pixel of leeway: at the rim the figure may cover less than half of a pixel.
    assert np.abs(np.subtract(bounds, figure.box)).max() <= 1


def test_figures_overlap_little():
    covered = []
    for seed in range(20):
        _, figures = _draw(seed, [1, 8, 14])
        hits = np.zeros((129, 129), int)
        for _, (xmin, ymin, xmax, ymax) in figures:
            hits[ymin : ymax + 1, xmin : xmax + 1] += 1
        covered.append((hits > 1).sum() / (hits > 0).sum())
    assert np.mean(covered) < 0.08


def test_figure_has_the_colour_of_its_name():
    tests = {
        'red': lambda r, g, b: r > 2 * max(g, b),
        'yellow': lambda r, g, b: min(r, g) > 1.8 * b,
        'green': lambda r, g, b: g > 1.3 * max(r, b),
        'blue': lambda r, g, b: b > 1.2 * g > 1.2 * r,
    }
    for label, name in enumerate(SCENE_CLASSES):
        for seed in range(5):
            pixels, [figure] = _draw(seed, [label])
            xmin, ymin, xmax, ymax = figure.box
            middle = pixels[(ymin + ymax) // 2 - 1, (xmin + xmax) // 2 - 1]
            assert tests[name.split('_')[0]](*middle), (name, seed, middle)


@pytest.mark.parametrize(('labels', 'size'), [([0], 31), ([20], 128), ([-1], 128)])
def test_bad_arguments_are_refused(labels, size):
    with pytest.raises(ValueError, match='draw_scene: '):
        draw_scene(np.random.default_rng(0), labels, size)

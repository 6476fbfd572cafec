from __future__ import annotations

import numpy as np
import pytest
import torch
from planted_maps import CLASSES, write_images

from wsml_mm.benchmarks import VOC2012
from wsml_mm.reports.cam_subjects import (
    Subject,
    candidates,
    labelled_images,
    most_different,
)
from wsml_mm.reports.cam_view import CamView


def test_images_and_classes_of_a_dataset(tmp_path):
    images = [{'red': ((0, 0), None)}, {'green': ((0, 0), None), 'blue': ((1, 1), None)}]
    devkit = write_images(tmp_path / 'kit', images)
    found = labelled_images(VOC2012(devkit, 'val', CLASSES, pipeline=[]))
    assert [(s.path[-7:], s.classes) for s in found] == [('000.jpg', [0]), ('001.jpg', [1, 2])]


def test_candidates_have_two_classes_and_follow_the_seed():
    subjects = [Subject(str(n), list(range(n % 4))) for n in range(40)]
    drawn = candidates(subjects, 8, seed=1)
    assert len({s.path for s in drawn}) == 8
    assert all(len(s.classes) >= 2 for s in drawn)
    assert drawn == candidates(subjects, 8, seed=1)
    assert drawn != candidates(subjects, 8, seed=2)
    assert len(candidates(subjects, 99, seed=1)) == 20
    single = [s for s in subjects if len(s.classes) < 2]
    assert all(len(s.classes) == 1 for s in candidates(single, 99, 0))
    some = candidates(subjects, 99, 1, shown=[2])
    assert len(some) == 10
    assert all(s.classes == [2] for s in some)
    with pytest.raises(ValueError, match='no test image has a positive label'):
        candidates([Subject('a', [])], 3, 0)


def test_most_different_first():
    def view(*places, score=0.8):
        maps = torch.zeros(2, 1, 3)
        for label, place in enumerate(places):
            maps[label, 0, place] = 1
        return CamView(maps, np.array([0.2, score]), np.zeros((2, 2)), (1, 3), {})

    subjects = [Subject('same', [0, 1]), Subject('half', [0, 1]), Subject('all', [1])]
    one = [view(0, 0), view(0, 0), view(0, 0)]
    two = [view(0, 0), view(0, 1), view(0, 2)]
    assert most_different(subjects, [one, two]) == [2, 1, 0]
    assert most_different(subjects, [one]) == [0, 1, 2]
    # A class that no method sees counts little: 0.1 for it against 0.5 * 0.8.
    unseen = [view(0, 2, score=0.1)]
    assert most_different(subjects, [[*one[:2], view(0, 0, score=0.05)], two[:2] + unseen])[0] == 1

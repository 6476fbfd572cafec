"""Which images and classes a grid of activation maps shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .cam_view import CamView, disagreement


class Subject(NamedTuple):
    """An image file and the classes to look at in it; none: those are not known."""

    path: str
    classes: list[int]


def labelled_images(dataset: Any) -> list[Subject]:
    """Returns every image of a dataset with its positive classes."""
    dataset.full_init()
    infos = (dataset.get_data_info(index) for index in range(len(dataset)))
    return [Subject(i['img_path'], [int(c) for c in np.atleast_1d(i['gt_label'])]) for i in infos]


def candidates(
    subjects: Sequence[Subject], count: int, seed: int, shown: Sequence[int] = ()
) -> list[Subject]:
    """Draws images with two or more classes at random, or with one where no image has two.

    Args:
        subjects: of a test set.
        count: how many at most.
        seed: of the draw.
        shown: only images that have one of these classes, and of them only these; none: all.

    Raises:
        ValueError: if no image has a class.
    """
    for least in (2, 1):
        many = [s for s in subjects if len(s.classes) >= least]
        if shown:
            kept = [Subject(s.path, [c for c in s.classes if c in shown]) for s in many]
            many = [s for s in kept if s.classes]
        if many:
            order = np.random.default_rng(seed).permutation(len(many))[:count]
            return [many[i] for i in order]
    raise ValueError('no test image has a positive label: name the images and classes to draw')


def most_different(subjects: Sequence[Subject], views: Sequence[Sequence[CamView]]) -> list[int]:
    """Returns the positions of the images, those first whose maps differ most between methods.

    An image counts by the mean over its classes of `disagreement` times the largest score that a
    method gives the class: maps of a class that no method sees differ as noise does.

    Args:
        subjects: the images.
        views: of each method, one an image.
    """
    worth = []
    for number, subject in enumerate(subjects):
        seen = [view[number] for view in views]
        each = [
            disagreement([v.maps[label] for v in seen]) * max(v.scores[label] for v in seen)
            for label in subject.classes
        ]
        worth.append(np.mean(each or [0]))
    return [int(n) for n in np.argsort(-np.array(worth), kind='stable')]

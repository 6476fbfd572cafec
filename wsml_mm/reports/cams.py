"""The grid of activation maps: which images and classes it shows, and what stands in its rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from wsml_mm.datasets.boxes import BoxTable
from wsml_mm.datasets.partial_label import PartialLabelDataset
from wsml_mm.datasets.pixels import shown
from wsml_mm.evaluation.pointing import pointing_hits
from wsml_mm.labels.encoding import POSITIVE
from wsml_mm.models.cam import CamView

from .cam_figure import CamRow, Panel


class ImageChoice(NamedTuple):
    """An image file and the classes to look at in it; none: those are not known."""

    path: str
    classes: list[int]


def labelled_images(dataset: Any) -> list[ImageChoice]:
    """Returns every image of a dataset with its positive classes."""
    dataset.full_init()
    infos = (dataset.get_data_info(index) for index in range(len(dataset)))
    return [
        ImageChoice(info['img_path'], [int(c) for c in np.atleast_1d(info['gt_label'])])
        for info in infos
    ]


def hidden_labels(leaf: PartialLabelDataset) -> list[ImageChoice]:
    """Returns the images of a training set with the positives that it does not observe, if any."""
    leaf.full_init()
    found = []
    for position in leaf.indices.tolist():
        positive = leaf.full_labels.listed(position, POSITIVE)
        hidden = np.setdiff1d(positive, leaf.labels.listed(position, POSITIVE))
        if hidden.size:
            path = leaf.dataset.get_data_info(position)['img_path']
            found.append(ImageChoice(path, hidden.tolist()))
    return found


def draw_candidates(
    images: Sequence[ImageChoice],
    count: int,
    seed: int,
    shown: Sequence[int] = (),
    fewest: Sequence[int] = (2, 1),
) -> list[ImageChoice]:
    """Draws images with two or more classes at random, or with one where no image has two.

    Args:
        images: of a test set.
        count: how many at most.
        seed: of the draw.
        shown: only images that have one of these classes, and of them only these; none: all.
        fewest: classes that an image has at least; the next where none has so many.

    Raises:
        ValueError: if no image has a class.
    """
    for least in fewest:
        many = [image for image in images if len(image.classes) >= least]
        if shown:
            kept = [ImageChoice(i.path, [c for c in i.classes if c in shown]) for i in many]
            many = [image for image in kept if image.classes]
        if many:
            order = np.random.default_rng(seed).permutation(len(many))[:count]
            return [many[i] for i in order]
    raise ValueError('no image has a positive label to look at: name images and classes to draw')


def most_different(images: Sequence[ImageChoice], views: Sequence[Sequence[CamView]]) -> list[int]:
    """Returns the positions of the images, those first whose maps differ most between methods.

    An image counts by the mean over its classes of `disagreement` times the largest score that a
    method gives the class: maps of a class that no method sees differ as noise does.

    Args:
        images: the images.
        views: of each method, one an image.
    """
    worth = []
    for number, image in enumerate(images):
        seen = [view[number] for view in views]
        each = [
            disagreement([v.maps[label] for v in seen]) * max(v.scores[label] for v in seen)
            for label in image.classes
        ]
        worth.append(np.mean(each or [0]))
    return [int(n) for n in np.argsort(-np.array(worth), kind='stable')]


def disagreement(maps: list[Tensor]) -> float:
    """Returns how much the maps of one class differ between methods, 0 (equal) to 1.

    One less the mean cosine similarity of the positive parts over all pairs of methods; scale does
    not count, nor which method is right.

    Args:
        maps: M maps (h, w), of any sizes.
    """
    size = (max(m.shape[0] for m in maps), max(m.shape[1] for m in maps))
    positive = [
        torch.nn.functional.interpolate(m.clamp(min=0)[None, None], size, mode='bilinear')
        for m in maps
    ]
    unit = torch.nn.functional.normalize(torch.cat(positive).flatten(1).double(), dim=1)
    pairs = unit @ unit.T
    count = len(maps)
    off_diagonal = pairs.sum() - pairs.diagonal().sum()
    return float(1 - off_diagonal / (count * (count - 1))) if count > 1 else 0.0


def grid_rows(
    choice: ImageChoice, views: Sequence[CamView], table: BoxTable | None, classes: Sequence[str]
) -> list[CamRow]:
    """Returns the rows of one image, one a class; without known classes, of the likeliest.

    Args:
        choice: the image and its classes.
        views: of each method.
        table: boxes of the data set; None: they are not known.
        classes: C names.
    """
    with Image.open(choice.path) as file:
        image = np.asarray(shown(file))
    labels, xyxy = np.zeros(0, np.int32), np.zeros((0, 4), np.float32)
    if table is not None and choice.path in table:
        labels, xyxy = table.of(choice.path, image.shape[:2])
    likeliest = int(np.mean([view.scores for view in views], axis=0).argmax())
    rows = []
    for label in choice.classes or [likeliest]:
        own = labels == label
        panels = []
        for view in views:
            hit = pointing_hits(view.peaks, labels[own], xyxy[own])[1]
            x, y = view.peaks[label].tolist()
            known = bool(hit[0]) if hit.size else None
            panels.append(Panel(view.heat(label), view.scores[label], (x, y), known))
        rows.append(CamRow(image, classes[label], xyxy[own], panels))
    return rows


def row_numbers(row: CamRow, path: str, methods: Sequence[str]) -> list[dict[str, Any]]:
    """Returns what a row shows, one record a method."""
    return [
        {
            'image': Path(path).name,
            'class': row.label,
            'method': name,
            'score': round(float(panel.score), 4),
            'x': round(panel.peak[0], 1),
            'y': round(panel.peak[1], 1),
            'hit': panel.hit,
        }
        for name, panel in zip(methods, row.panels, strict=True)
    ]

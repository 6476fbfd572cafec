"""The rows of a grid of activation maps, from what several models see in one image."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from wsml_mm.datasets.boxes import BoxTable
from wsml_mm.evaluation.pointing import pointing_hits

from .cam_figure import CamRow, Panel
from .cam_subjects import Subject
from .cam_view import CamView


def grid_rows(
    subject: Subject, views: Sequence[CamView], table: BoxTable | None, classes: Sequence[str]
) -> list[CamRow]:
    """Returns the rows of one image, one a class; without known classes, of the likeliest."""
    with Image.open(subject.path) as file:
        image = np.asarray(ImageOps.exif_transpose(file).convert('RGB'))
    labels, xyxy = np.zeros(0, np.int32), np.zeros((0, 4), np.float32)
    if table is not None and subject.path in table:
        labels, xyxy = table.of(subject.path, image.shape[:2])
    likeliest = int(np.mean([view.scores for view in views], axis=0).argmax())
    rows = []
    for label in subject.classes or [likeliest]:
        mine = labels == label
        panels = []
        for view in views:
            hit = pointing_hits(view.peaks, labels[mine], xyxy[mine])[1]
            x, y = view.peaks[label].tolist()
            panels.append(
                Panel(
                    view.heat(label), view.scores[label], (x, y), bool(hit[0]) if hit.size else None
                )
            )
        rows.append(CamRow(image, classes[label], xyxy[mine], panels))
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

"""Pictures of predictions: the image with its labels, or where in it each label was seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmpretrain.structures import DataSample
from numpy.typing import NDArray
from PIL import Image

from wsml_mm.apis import MultiLabelInferencer, Prediction, TrainedClassifier
from wsml_mm.datasets.pixels import shown
from wsml_mm.models.cam import view_images

from .cam_figure import CamRow, Panel, draw_cam_grid

_SIDE = 384  # pixels of the short side, at least: below, labels do not fit
_ROWS = 4  # labels of an image whose maps are drawn, at most


class PredictionPictures:
    """Draws images with their predicted labels into a folder, one PNG each.

    Args:
        trained: of `assemble`.
        folder: of the pictures.
        cam_method: of `CAM_METHODS`, to draw activation maps; '': the labels alone.
    """

    def __init__(self, trained: TrainedClassifier, folder: Path, cam_method: str = '') -> None:
        self.trained, self.folder, self.cam_method = trained, folder, cam_method
        self.inferencer = MultiLabelInferencer(trained)
        self.prepare = trained.preparing()

    def draw(self, path: str, prediction: Prediction, labels: NDArray[np.bool_]) -> Path:
        """Draws an image; returns the file, named as the prediction is.

        Args:
            path: of the image.
            prediction: of it.
            labels: (C,) which classes it has.

        Raises:
            ValueError: if the model allows no activation map.
        """
        out = self.folder / f'{prediction.name}.png'
        if self.cam_method:
            out.parent.mkdir(parents=True, exist_ok=True)
            self._draw_maps(path, labels, out)
        else:
            assert prediction.scores is not None
            sample = DataSample().set_pred_score(torch.from_numpy(prediction.scores))
            sample.set_pred_label(torch.from_numpy(np.flatnonzero(labels)))
            with Image.open(path) as file:
                small = min(file.size) < _SIDE
            self.inferencer.draw(path, sample, out, resize=_SIDE if small else None)
        return out

    def _draw_maps(self, path: str, labels: NDArray[np.bool_], out: Path) -> None:
        from matplotlib import pyplot as plt

        with Image.open(path) as file:
            image = np.asarray(shown(file))
        (view,) = view_images(self.trained.model, self.prepare.of_file, [path], self.cam_method)
        order = np.argsort(-view.scores, kind='stable')
        classes = [c for c in order if labels[c]][:_ROWS] or [int(order[0])]
        rows: list[Any] = []
        for label in classes:
            x, y = view.peaks[label].tolist()
            panel = Panel(view.heat(label), float(view.scores[label]), (x, y), None)
            name = self.trained.classes[label] + ('' if labels[label] else ' (below threshold)')
            rows.append(CamRow(image, name, np.zeros((0, 4)), [panel]))
        figure = draw_cam_grid(rows, ['where'])
        figure.savefig(out, dpi=120)
        plt.close(figure)

"""Activation maps of a trained classifier for an audit's pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from wsml_mm.apis import TrainedClassifier
from wsml_mm.models.cam import view_images


class AuditCams:
    """Shows where a trained classifier sees classes in images; the `cams` of `write_page`.

    Args:
        trained: of `assemble`.
        method: of `CAM_METHODS`.
    """

    def __init__(self, trained: TrainedClassifier, method: str = 'cam') -> None:
        self.trained, self.method = trained, method
        self._prepare = trained.preparing().of_file
        self._places = {name: place for place, name in enumerate(trained.classes)}

    def __call__(
        self, asked: Sequence[tuple[str, Sequence[str]]]
    ) -> Iterator[list[NDArray[np.float32]]]:
        """Yields the maps of each image, one a class, (H, W) of 0..1 over the image.

        Args:
            asked: file and class names of each image.

        Raises:
            ValueError: if the model does not know a class or allows no map, or an image cannot be
                read.
        """
        names = [name for _, classes in asked for name in classes]
        if strange := [name for name in names if name not in self._places]:
            raise ValueError(
                f'class {strange[0]!r}: the model of the maps does not know it; give the model '
                'that the audit was made with'
            )
        files = [file for file, _ in asked]
        views = view_images(self.trained.model, self._prepare, files, self.method)
        for (_, classes), view in zip(asked, views, strict=True):
            yield [view.heat(self._places[name]) for name in classes]

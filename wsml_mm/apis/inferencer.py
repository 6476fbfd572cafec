"""MMPretrain's way to look at images, for a multi-label classifier."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.registry import INFERENCERS
from mmpretrain.apis.base import BaseInferencer
from mmpretrain.structures import DataSample
from numpy.typing import NDArray

from wsml_mm.evaluation.thresholds import LabelRule, Threshold

from .assemble import assemble, config_of
from .image_inputs import find_images
from .predictions import scores_of
from .trained_classifier import ImageInput, PrepareImage, TrainedClassifier


@INFERENCERS.register_module()
class MultiLabelInferencer(BaseInferencer):  # type: ignore[misc]
    """Finds the labels of images, as MMPretrain's `ImageClassificationInferencer` finds the one.

    It takes every model that `assemble` makes whole, a linear layer on stored features too. A call
    takes a path, a folder, an array (H, W, 3; BGR, uint8) or a list of paths and arrays, and holds
    all results: for very many images use `wsml-mm predict` or `wsml_mm.apis.predict_images`.

    Args:
        model: a config, the name of its file, what `assemble` returned, or a built model with a
            config as `mmpretrain.get_model` returns it.
        pretrained: the checkpoint; True: `load_from` of the config, or what a built model has.
        device: to compute on; None: a GPU where there is one.
        classes: names, where neither checkpoint nor config says them.
        threshold: a class is there where its score is at least this: one number, one for each
            class in order, or a dict by class name (see `choose_thresholds`).
        top_k: instead the k likeliest classes of each image.

    Raises:
        ValueError: if there is no checkpoint, or it is of another model or other classes, or the
            thresholds are not those of the classes.

    Config:
        inferencer = dict(type='MultiLabelInferencer', model='mine.py', pretrained='epoch_10.pth')
    """

    visualize_kwargs = frozenset(
        {'resize', 'rescale_factor', 'draw_score', 'show', 'show_dir', 'wait_time'}
    )

    def __init__(
        self,
        model: TrainedClassifier | BaseModel | Config | str | os.PathLike[str],
        pretrained: bool | str | os.PathLike[str] = True,
        device: str | torch.device | None = None,
        classes: Sequence[str] | None = None,
        threshold: Threshold = 0.5,
        top_k: int | None = None,
    ) -> None:
        self.trained = _trained(model, pretrained, device, classes)
        self.rule = LabelRule.of(self.trained.classes, threshold, top_k)
        super().__init__(self.trained.model, pretrained=False, device=device)
        self.classes = self.trained.classes
        self.visualizer: Any = None

    def __call__(
        self,
        inputs: ImageInput | list[ImageInput],
        return_datasamples: bool = False,
        batch_size: int = 1,
        **kwargs: Any,
    ) -> list[Any]:
        """Returns the labels of images.

        Args:
            inputs: a path, a folder, an array, or a list of paths and arrays.
            return_datasamples: return data samples as they are.
            batch_size: images that go through the model together, at most.
            kwargs: of the pictures, as MMPretrain has them: show_dir (folder to write them to),
                show (in a window), wait_time (seconds), resize (short side in pixels),
                rescale_factor, draw_score.

        Returns:
            For each image a dict: `pred_scores` (C,), and of its labels, likeliest first,
            `pred_label` (indices), `pred_score` and `pred_class`.

        Raises:
            ValueError: if an image cannot be read.
        """
        found: list[Any] = super().__call__(inputs, return_datasamples, batch_size, **kwargs)
        return found

    def _init_pipeline(self, cfg: Config) -> PrepareImage:
        return self.trained.preparing()

    def _inputs_to_list(self, inputs: Any) -> list[Any]:
        if isinstance(inputs, (list, tuple)):
            return list(inputs)
        if isinstance(inputs, (str, os.PathLike)) and os.path.isdir(inputs):
            return find_images([inputs]).paths
        return [inputs]

    def preprocess(self, inputs: Sequence[Any], batch_size: int = 1) -> Iterator[list[Any]]:
        """Yields batches of prepared images."""
        yield from self._get_chunk_data(map(self.pipeline, inputs), batch_size)

    def forward(self, inputs: list[Any]) -> list[DataSample]:
        """Returns the data samples of a batch, their labels by this inferencer's rule."""
        samples = self.trained.predict(inputs)
        chosen = self.rule(np.stack([scores_of(sample) for sample in samples]))
        for sample, labels in zip(samples, chosen, strict=True):
            sample.set_pred_label(torch.from_numpy(np.flatnonzero(labels)))
        return samples

    def visualize(
        self,
        ori_inputs: list[Any],
        preds: list[DataSample],
        show: bool = False,
        wait_time: float = 0,
        resize: int | None = None,
        rescale_factor: float | None = None,
        draw_score: bool = True,
        show_dir: str | os.PathLike[str] | None = None,
    ) -> list[NDArray[np.uint8]] | None:
        """Draws the labels onto the images, if they are to be shown or written."""
        if not show and show_dir is None:
            return None
        names = picture_names(ori_inputs)
        drawn = []
        for image, sample, name in zip(ori_inputs, preds, names, strict=True):
            out = None if show_dir is None else Path(show_dir) / f'{name}.png'
            self.draw(
                image, sample, out, name=name, show=show, wait_time=wait_time, resize=resize,
                rescale_factor=rescale_factor, draw_score=draw_score,
            )  # fmt: skip
            drawn.append(self.visualizer.get_image())
        if show:
            self.visualizer.close()
        return drawn

    def draw(
        self, image: ImageInput, sample: DataSample, out: Path | None = None, **options: Any
    ) -> None:
        """Draws the labels of a data sample onto its image.

        Args:
            image: path or array.
            sample: with `pred_score` and `pred_label`.
            out: file to write; its folder is made.
            options: of MMPretrain's `UniversalVisualizer.visualize_cls`.
        """
        if self.visualizer is None:
            from mmpretrain.visualization import UniversalVisualizer

            self.visualizer = UniversalVisualizer()
        if out is not None:
            out.parent.mkdir(parents=True, exist_ok=True)
        self.visualizer.visualize_cls(
            _rgb(image), sample, classes=self.classes, draw_gt=False, draw_pred=True,
            out_file=None if out is None else str(out), **options,
        )  # fmt: skip

    def postprocess(
        self, preds: list[DataSample], visualization: Any, return_datasamples: bool = False
    ) -> list[Any]:
        """Returns the results as plain values."""
        if return_datasamples:
            return preds
        return [self._result(sample) for sample in preds]

    def _result(self, sample: DataSample) -> dict[str, Any]:
        scores, labels = scores_of(sample), sample.pred_label.cpu().numpy()
        labels = labels[np.argsort(-scores[labels], kind='stable')]
        return {
            'pred_scores': scores,
            'pred_label': labels.tolist(),
            'pred_score': scores[labels].tolist(),
            'pred_class': [self.classes[label] for label in labels],
        }


def picture_names(inputs: Sequence[Any]) -> list[str]:
    """Returns names for the pictures of images: two of one name in two folders keep those."""
    paths = [os.fspath(each) for each in inputs if isinstance(each, (str, os.PathLike))]
    stems = [Path(path).stem for path in paths]
    if len(set(stems)) < len(stems):
        stems = [path.replace('/', '_').lstrip('_.') for path in paths]
    left = iter(stems)
    return [
        next(left) if isinstance(each, (str, os.PathLike)) else str(number)
        for number, each in enumerate(inputs)
    ]


def _rgb(image: ImageInput) -> NDArray[np.uint8]:
    from mmcv.image import imread

    if isinstance(image, np.ndarray):
        return np.ascontiguousarray(image[..., ::-1])
    read: NDArray[np.uint8] = imread(os.fspath(image), channel_order='rgb', backend='pillow')
    return read


def _trained(
    model: Any,
    pretrained: bool | str | os.PathLike[str],
    device: str | torch.device | None,
    classes: Sequence[str] | None,
) -> TrainedClassifier:
    if isinstance(model, TrainedClassifier):
        return model
    if isinstance(model, BaseModel):
        return TrainedClassifier.of_model(model, classes)
    cfg = config_of(model)
    checkpoint = cfg.get('load_from') if isinstance(pretrained, bool) else pretrained
    if not checkpoint:
        raise ValueError(
            f'{cfg.filename}: no checkpoint is given, so the model would be random; give '
            "pretrained='work_dirs/RUN/epoch_N.pth'"
        )
    return assemble(cfg, checkpoint, device, classes)

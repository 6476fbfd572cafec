"""Writes into each tested sample where its activation maps are largest, for the pointing game."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmpretrain.registry import HOOKS
from torch import Tensor, nn

from wsml_mm.models.cam import CAM_METHODS, locate_peaks


@HOOKS.register_module()
class CamPeakHook(Hook):  # type: ignore[misc]
    """Sets `cam_peak` in every sample of a test: (C, 2) float32, x and y in the original image.

    It listens to the backbone during tests only; training and validation do not know of it. The
    maps themselves are not kept.

    Args:
        method: 'cam', or a gradient method of the library grad-cam ('gradcam', 'gradcam++', ...)
            for heads that are not linear on pooled features.

    Raises:
        ValueError: if the method is unknown.

    Config:
        default_hooks = dict(cam_peak=dict(type='CamPeakHook'))
    """

    def __init__(self, method: str = 'cam') -> None:
        if method not in CAM_METHODS:
            raise ValueError(f'CamPeakHook(method={method!r}): use one of {", ".join(CAM_METHODS)}')
        self.method = method
        self._samples: list[Any] = []
        self._handle: Any = None

    def before_test(self, runner: Any) -> None:
        """Begins to listen.

        Raises:
            ValueError: if the model has no backbone to listen to.
        """
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        if not hasattr(model, 'backbone') or not hasattr(model, 'head'):
            raise ValueError(
                f'CamPeakHook: {type(model).__name__} is not an ImageClassifier with backbone and '
                'head; test without --tta and without this hook otherwise'
            )
        self.after_test(runner)

        def listen(backbone: nn.Module, args: tuple[Tensor, ...], output: Any) -> None:
            self._point(model, args[0], output)

        self._handle = model.backbone.register_forward_hook(listen)

    def before_test_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        """Notes the samples, which the model returns with its predictions in them."""
        self._samples = data_batch['data_samples']

    def after_test(self, runner: Any) -> None:
        """Stops listening."""
        if self._handle is not None:
            self._handle.remove()
        self._handle, self._samples = None, []

    def _point(self, model: Any, inputs: Tensor, output: Any) -> None:
        shape = (inputs.shape[-2], inputs.shape[-1])
        metas = [sample.metainfo for sample in self._samples]
        _, places = locate_peaks(model, output, shape, metas, self.method)
        for sample, place in zip(self._samples, places, strict=True):
            sample.set_field(torch.from_numpy(place), 'cam_peak')

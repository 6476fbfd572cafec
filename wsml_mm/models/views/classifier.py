"""A classifier that shows its loss several views of each training image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmpretrain.models import ImageClassifier
from mmpretrain.registry import MODELS
from torch import Tensor

from ..cam.maps import cam_weight
from .cam_mask import CamMask

MASKED = 'masked'


@MODELS.register_module()
class ViewsClassifier(ImageClassifier):  # type: ignore[misc]
    """`ImageClassifier` whose loss sees the logits of further views, `batch.views`, by name.

    In training each view goes through the network on its own, the image itself first: a BatchNorm
    normalises every view by its own statistics and moves its running ones once a view. The masked
    view takes no gradient. Evaluation is `ImageClassifier`'s.

    Args:
        views: names of the views that `ExtraViews` in the training pipeline makes, in its order.
        cam_mask: arguments of `CamMask`, which makes the view 'masked': only where the activation
            map of the observed class is above `threshold` of its range (`normalise='image'`, or
            'batch' as IGNORE's code has it) the image is kept; None: there is no such view.
        kwargs: arguments of MMPretrain's `ImageClassifier`: backbone, neck, head, pretrained,
            train_cfg, data_preprocessor (by default a `ViewsPreprocessor`) and init_cfg.

    Raises:
        ValueError: if the head allows no activation map, or a name is given twice.

    Config:
        neck = dict(type='GlobalAveragePooling')
        head = dict(type='MultiLabelLinearClsHead', num_classes=20, in_channels=512)
        model = dict(type='ViewsClassifier', views=['strong'], neck=neck, head=head,
                     backbone=dict(type='ResNet', depth=18))
    """

    def __init__(
        self, views: Sequence[str], cam_mask: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> None:
        preprocessor = dict(kwargs.pop('data_preprocessor', None) or {})
        preprocessor.setdefault('type', 'ViewsPreprocessor')
        super().__init__(data_preprocessor=preprocessor, **kwargs)
        self.views = tuple(views)
        self.cam_mask = None if cam_mask is None else CamMask(**cam_mask)
        if len(set(self.view_names)) < len(self.view_names):
            raise ValueError(f'views={list(views)}: two views have one name; rename one')
        if self.cam_mask is not None:
            cam_weight(self)  # refuses now, not in the first step

    @property
    def view_names(self) -> tuple[str, ...]:
        """The names under which the loss finds logits in `batch.views`."""
        return self.views if self.cam_mask is None else (*self.views, MASKED)

    def loss(self, inputs: Any, data_samples: list[Any]) -> dict[str, Tensor]:
        """Returns the head's losses.

        Args:
            inputs: (B, 3, H, W) of each view, the image itself first.
            data_samples: of the B images.
        """
        image, *others = [inputs] if isinstance(inputs, Tensor) else inputs
        stages = self.backbone(image)
        features = self.neck(stages) if self.with_neck else stages
        views = {
            name: self.head(self.extract_feat(view))
            for name, view in zip(self.views, others, strict=False)  # the loss asks for its own
        }
        if self.cam_mask is not None:
            observed = torch.stack([sample.gt_score for sample in data_samples])
            with torch.no_grad():
                masked = self.cam_mask(self, image, stages, observed)
                views[MASKED] = self.head(self.extract_feat(masked))
        found: dict[str, Tensor] = self.head.loss(features, data_samples, views=views)
        return found

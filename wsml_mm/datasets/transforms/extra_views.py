"""Further views of an image in one sample, e.g. a strongly augmented one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mmcv.transforms import BaseTransform, Compose
from mmpretrain.registry import TRANSFORMS


@TRANSFORMS.register_module()
class ExtraViews(BaseTransform):  # type: ignore[misc]
    """Makes further views of the image as it is at this place of the pipeline.

    The image becomes a list, itself first and then the views in the order of their names, which
    PackInputs packs and `ViewsClassifier` takes apart; put it right before PackInputs.

    Args:
        views: transforms of each view, by its name.

    Raises:
        ValueError: if there is no view, or a pipeline drops an image.

    Config:
        pipeline = [dict(type='LoadImageFromFile'), dict(type='RandomFlip', prob=0.5),
                    dict(type='ExtraViews', views=dict(strong=[dict(type='RandomFlip', prob=1.0)])),
                    dict(type='PackInputs')]
    """

    def __init__(self, views: Mapping[str, Sequence[Any]]) -> None:
        if not views:
            raise ValueError('ExtraViews: views={} makes none; name one, e.g. strong=[...]')
        self.views = {name: _pipeline(steps) for name, steps in views.items()}

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Returns the sample with `img` as a list of arrays."""
        images = [results['img']]
        for name, steps in self.views.items():
            found = steps({**results, 'img': results['img'].copy()})
            if found is None:
                raise ValueError(
                    f'{results.get("img_path", "an image")}: the view {name!r} of ExtraViews was '
                    'dropped by a transform; take out what drops images'
                )
            images.append(found['img'])
        return {**results, 'img': images}

    def __repr__(self) -> str:
        return f'{type(self).__name__}(views={self.views})'


def _pipeline(steps: Sequence[Any]) -> Compose:
    """Builds a view's transforms; mmcv's Compose alone finds MMPretrain's in its scope only."""
    return Compose([TRANSFORMS.build(s) if isinstance(s, Mapping) else s for s in steps])

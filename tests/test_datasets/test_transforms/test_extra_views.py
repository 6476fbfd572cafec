from __future__ import annotations

import numpy as np
import pytest
from mmcv.transforms import BaseTransform
from mmpretrain.registry import TRANSFORMS

from wsml_mm import ExtraViews


def turned(**kwargs):
    return dict(type='RandomFlip', prob=1.0, **kwargs)


def test_views_are_packed_after_the_image():
    image = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    views = dict(across=[turned()], down=[turned(direction='vertical')], same=[])
    results = ExtraViews(views)(dict(img=image, img_path='a.jpg', sample_idx=3))
    packed = TRANSFORMS.build(dict(type='PackInputs'))(results)
    expected = [image, image[:, ::-1], image[::-1], image]
    for found, due in zip(packed['inputs'], expected, strict=True):
        np.testing.assert_array_equal(found.permute(1, 2, 0).numpy(), due)
    assert packed['data_samples'].img_path == 'a.jpg'
    assert 'flip' not in packed['data_samples'].metainfo  # of a view, not of the image


@TRANSFORMS.register_module()
class DrawOver(BaseTransform):
    def transform(self, results):
        results['img'][:] = 0
        return results


@TRANSFORMS.register_module()
class DropEveryImage(BaseTransform):
    def transform(self, results):
        return None


def test_the_image_itself_is_left_alone():
    image = np.ones((2, 2, 3), np.uint8)
    results = ExtraViews(dict(dark=[dict(type='DrawOver')]))(dict(img=image))
    assert [view.sum() for view in results['img']] == [12, 0]


def test_refusals():
    with pytest.raises(ValueError, match='makes none'):
        ExtraViews({})
    with pytest.raises(ValueError, match=r"b.jpg: the view 'none' of ExtraViews was dropped"):
        ExtraViews(dict(none=[dict(type='DropEveryImage')]))(
            dict(img=np.zeros((2, 2, 3)), img_path='b.jpg')
        )

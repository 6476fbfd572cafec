from __future__ import annotations

import torch
from mmengine.dataset import default_collate, pseudo_collate
from mmpretrain.models import ClsDataPreprocessor
from mmpretrain.structures import DataSample

from wsml_mm import ViewsPreprocessor

NORM = dict(mean=[1.0, 2.0, 3.0], std=[2.0, 2.0, 4.0], to_rgb=True)


def samples(views):
    torch.manual_seed(0)
    found = []
    for _ in range(3):
        images = [torch.randint(0, 256, (3, 4, 4), dtype=torch.uint8) for _ in range(views)]
        sample = DataSample().set_gt_score(torch.tensor([1, -1]))
        found.append({'inputs': images if views > 1 else images[0], 'data_samples': sample})
    return found


def test_each_view_is_treated_as_an_image():
    batch = samples(3)
    found = ViewsPreprocessor(**NORM)(pseudo_collate(batch), training=True)
    for view, images in enumerate(found['inputs']):
        plain = pseudo_collate([{'inputs': sample['inputs'][view]} for sample in batch])
        expected = ClsDataPreprocessor(**NORM)(plain, training=True)['inputs']
        assert torch.equal(images, expected)
    assert len(found['inputs']) == 3
    assert [s.gt_score.tolist() for s in found['data_samples']] == [[1, -1]] * 3


def test_stacked_views():
    batch = [{'inputs': sample['inputs']} for sample in samples(2)]
    stacked = ViewsPreprocessor(**NORM)(default_collate(batch))['inputs']
    listed = ViewsPreprocessor(**NORM)(pseudo_collate(batch))['inputs']
    for one, other in zip(stacked, listed, strict=True):
        assert torch.equal(one, other)


def test_batches_without_views_are_treated_as_ever():
    batch = samples(1)
    for collate in (pseudo_collate, default_collate):
        plain = collate([{'inputs': sample['inputs']} for sample in batch])
        found = ViewsPreprocessor(**NORM)(plain)['inputs']
        assert torch.equal(found, ClsDataPreprocessor(**NORM)(plain)['inputs'])
        assert found.shape == (3, 3, 4, 4)

from __future__ import annotations

import pytest
import torch
from mmengine.registry import DefaultScope
from mmpretrain.models import ImageClassifier
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

from wsml_mm import LossParts, PartialLabelLoss, ViewsClassifier
from wsml_mm.models.views import CamMask


@MODELS.register_module()
class SeeViewsLoss(PartialLabelLoss):
    """Keeps what it is given."""

    def compute(self, batch):
        self.batch = batch
        return LossParts(batch.logits)


def model_of(cam_mask=None, views=('strong',), kind=ViewsClassifier, neck='GlobalAveragePooling'):
    torch.manual_seed(0)
    backbone = dict(
        type='ResNet', depth=18, num_stages=1, strides=(1,), dilations=(1,), out_indices=(0,),
        stem_channels=4, base_channels=4, norm_eval=False,
    )  # fmt: skip
    head = dict(
        type='MultiLabelLinearClsHead', num_classes=3, in_channels=4, loss=dict(type='SeeViewsLoss')
    )
    own = dict(views=list(views), cam_mask=cam_mask) if kind is ViewsClassifier else {}
    neck = dict(type=neck) if neck else None
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        return kind(backbone=backbone, neck=neck, head=head, **own)


def batch_of(views):
    torch.manual_seed(1)
    images = [torch.randn(2, 3, 16, 16) for _ in range(views)]
    labels = ([-1, 1, -1], [1, 1, -1])
    return images, [DataSample().set_gt_score(torch.tensor(row)) for row in labels]


def test_each_view_goes_through_on_its_own():
    model, plain = model_of(), model_of(kind=ImageClassifier)
    images, samples = batch_of(2)
    losses = model.loss(images, samples)
    batch = model.head.loss_module.batch
    assert torch.equal(batch.logits, plain(images[0]))  # of training mode, by its own statistics
    assert torch.equal(batch.views['strong'], plain(images[1]))
    assert model.backbone.bn1.num_batches_tracked == 2
    losses['loss'].backward()
    buffers = dict(plain.named_buffers())
    for name, value in model.named_buffers():
        if 'running' in name:
            assert torch.equal(value, buffers[name])


def test_the_masked_view_takes_no_gradient():
    model = model_of(dict(threshold=0.5))
    images, samples = batch_of(2)
    model.loss(images, samples)
    views = model.head.loss_module.batch.views
    assert list(views) == ['strong', 'masked'] == list(model.view_names)
    assert views['strong'].requires_grad
    assert not views['masked'].requires_grad


def test_what_is_masked():
    model = model_of(dict(threshold=0.5)).eval()
    images, samples = batch_of(1)
    stages = model.backbone(images[0])
    observed = torch.stack([sample.gt_score for sample in samples])
    masked = CamMask(0.5)(model, images[0], stages, observed)
    heat = torch.einsum('dhw,d->hw', stages[-1][0], model.head.fc.weight[1])
    heat = ((heat - heat.min()) / (heat.max() - heat.min()))[None, None]
    heat = torch.nn.functional.interpolate(heat, (16, 16), mode='bilinear')[0, 0]
    torch.testing.assert_close(masked[0], images[0][0] * (heat > 0.5))
    assert torch.equal(masked[1], images[0][1])  # two positives


def test_the_map_of_the_code_has_the_bias():
    model = model_of(dict(normalise='batch')).eval()
    images, samples = batch_of(1)
    observed = torch.tensor([[-1, 1, -1], [1, -1, -1]])
    stages = model.backbone(images[0])
    with torch.no_grad():
        before = CamMask(0.5, 'batch')(model, images[0], stages, observed)
        model.head.fc.bias += torch.tensor([3.0, -3.0, 0])
        after = CamMask(0.5, 'batch')(model, images[0], stages, observed)
    assert not torch.equal(before, after)
    assert len(samples) == 2


def test_evaluation_is_that_of_the_plain_classifier():
    model, plain = model_of().eval(), model_of(kind=ImageClassifier).eval()
    images, samples = batch_of(1)
    found = torch.stack([s.pred_score for s in model.predict(images[0], samples)])
    due = torch.stack([s.pred_score for s in plain.predict(images[0], samples)])
    assert torch.equal(found, due)


def test_refused_when_it_is_built():
    with pytest.raises(ValueError, match='no CAM for NoneType'):
        model_of({}, neck=None)
    with pytest.raises(ValueError, match='two views have one name'):
        model_of({}, views=['masked'])
    with pytest.raises(ValueError, match='threshold=-1'):
        model_of(dict(threshold=-1))

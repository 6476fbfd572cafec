from __future__ import annotations

import pytest
import torch
from mmpretrain.registry import MODELS
from torch import nn

from wsml_mm import BoostLUHead
from wsml_mm.models.cam import activation_maps, last_map
from wsml_mm.models.heads.boost_lu_head import boosted_logits

BACKBONE = dict(
    type='ResNet', depth=18, num_stages=2, strides=(1, 2), dilations=(1, 1), out_indices=(1,),
    stem_channels=8, base_channels=8,
)  # fmt: skip


def build(head, neck=None, **kwargs):
    torch.manual_seed(0)
    head = dict(type=head, num_classes=4, in_channels=16, **kwargs)
    model = MODELS.build(dict(type='ImageClassifier', backbone=BACKBONE, neck=neck, head=head))
    nn.init.normal_(model.head.fc.bias)
    return model.eval()


def pooled():
    return build('MultiLabelLinearClsHead', dict(type='GlobalAveragePooling'))


def test_the_example_of_the_reference():
    values = torch.tensor([-2.0, 1, 3, -4]).reshape(1, 1, 2, 2)
    weight, bias = torch.ones(1, 1), torch.zeros(1)
    assert boosted_logits(values, weight, bias, 5.0).item() == 3.5
    assert boosted_logits(values, weight, bias, 1.0).item() == -0.5
    # The bias is part of the evidence of every place.
    assert boosted_logits(values, weight, torch.tensor([2.0]), 5.0).item() == (0 + 15 + 25 - 2) / 4


def test_alpha_one_is_pooling_and_a_linear_layer_loaded_from_its_checkpoint():
    stock, boost = pooled(), build('BoostLUHead', alpha=1.0)
    images = torch.randn(3, 3, 40, 56)
    nn.init.normal_(boost.head.fc.weight)
    boost.load_state_dict(stock.state_dict(), strict=True)
    torch.testing.assert_close(boost(images), stock(images))
    one, other = boost(images).sum(), stock(images).sum()
    grads = [torch.autograd.grad(x, m.head.fc.weight) for x, m in ((one, boost), (other, stock))]
    torch.testing.assert_close(*(g for (g,) in grads))


def test_boosting_raises_logits_and_only_positive_evidence_counts_more():
    stock, boost = pooled(), build('BoostLUHead')
    boost.load_state_dict(stock.state_dict())
    images = torch.randn(2, 3, 32, 32)
    maps = activation_maps(boost, last_map(boost.backbone(images)))
    maps = maps + boost.head.fc.bias[:, None, None]
    expected = (maps + 4 * maps.clamp(min=0)).mean((2, 3))
    torch.testing.assert_close(boost(images), expected)
    assert (boost(images) >= stock(images) - 1e-6).all()


@pytest.mark.parametrize(
    'loss',
    [
        dict(type='AssumeNegativeLoss'),
        dict(type='LargeLossReject', delta_rel=15),
        dict(type='CrossEntropyLoss', use_sigmoid=True),
        dict(type='AsymmetricLoss'),
    ],
)
def test_any_loss_trains_through_it(loss):
    from mmpretrain.structures import DataSample

    model = build('BoostLUHead', loss=loss).train()
    if hasattr(model.head.loss_module, 'set_epoch'):
        model.head.loss_module.set_epoch(1, 4)
    known = 'Loss' in loss['type'] and loss['type'] not in ('CrossEntropyLoss', 'AsymmetricLoss')
    rows = torch.tensor([[1, -1, -1, 0], [-1, 1, -1, -1]] if known else [[1, 0, 0, 0]] * 2)
    samples = [DataSample().set_gt_score(row.to(torch.int8)) for row in rows]
    value = model.loss(torch.randn(2, 3, 32, 32), samples)['loss']
    value.backward()
    assert model.head.fc.weight.grad.abs().sum() > 0
    scores = model.predict(torch.randn(2, 3, 32, 32), [s.clone() for s in samples])
    assert all(s.pred_score.shape == (4,) for s in scores)


def test_the_mean_is_taken_in_float32_under_autocast():
    model, images = build('BoostLUHead'), torch.randn(2, 3, 32, 32)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        assert model(images).dtype == torch.float32


def test_bad_input_in_one_line():
    head = BoostLUHead(num_classes=4, in_channels=16)
    with pytest.raises(ValueError, match=r"\(2, 16\) is no map.*neck=None.*keep='map'") as error:
        head((torch.zeros(2, 16),))
    assert '\n' not in str(error.value)
    for alpha, said in ((-1, 'alpha=-1: a factor'), ('5', "alpha='5' is str")):
        with pytest.raises(ValueError, match=said):
            BoostLUHead(num_classes=4, in_channels=16, alpha=alpha)

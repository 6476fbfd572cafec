from __future__ import annotations

import pytest
import torch
from mmpretrain.registry import MODELS

from wsml_mm import FixedLengthLinearHead


def build(**kwargs):
    head = FixedLengthLinearHead(3, 8, loss=dict(type='AssumeNegativeLoss'), **kwargs)
    head.init_weights()
    return head


def test_features_have_one_length_and_their_scale_does_not_matter():
    head, features = build(length=7.0), torch.randn(4, 8)
    scaled = head.pre_logits((features,))
    torch.testing.assert_close(scaled.norm(dim=1), torch.full((4,), 7.0))
    torch.testing.assert_close(head((features,)), head((torch.rand(4, 1).add(0.1) * features,)))
    torch.testing.assert_close(head((features,)), head.fc(scaled))


def test_a_checkpoint_of_the_stock_head_loads():
    stock = MODELS.build(dict(type='MultiLabelLinearClsHead', num_classes=3, in_channels=8))
    head = build()
    head.load_state_dict(stock.state_dict())
    unit = torch.nn.functional.normalize(torch.randn(4, 8))
    torch.testing.assert_close(head((unit,)), stock((20 * unit,)))


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_types_neither_overflow_nor_change_type(dtype):
    scaled = build().pre_logits((torch.full((2, 8), 3e4).to(dtype),))
    assert scaled.dtype == dtype
    assert scaled.isfinite().all()


def test_an_empty_feature_stays_finite():
    head, features = build(), torch.zeros(2, 8, requires_grad=True)
    head((features,)).sum().backward()
    assert features.grad.isfinite().all()


@pytest.mark.parametrize('length', [0, -1.0, float('inf'), 'long'])
def test_a_bad_length_is_refused(length):
    with pytest.raises((ValueError, TypeError), match='length='):
        build(length=length)

"""One training step on the backbones of MMPretrain and timm."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mmengine.optim import OptimWrapper
from mmengine.registry import DefaultScope
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

CLASSES, SIDE, BATCH = 5, 32, 4
POOL = dict(type='GlobalAveragePooling')
RESNET = dict(
    type='ResNet', depth=18, stem_channels=8, base_channels=8, out_indices=(3,), style='pytorch'
)
TIMM = dict(type='TIMMBackbone', model_name='resnet10t', pretrained=False)
BACKBONES = {
    'ResNet': (RESNET, POOL, 64),
    'Swin': (
        dict(
            type='SwinTransformer',
            arch=dict(embed_dims=8, depths=[1, 1, 2, 1], num_heads=[1, 1, 2, 2]),
            img_size=SIDE,
            window_size=2,
            pad_small_map=True,
            drop_path_rate=0.0,
        ),
        POOL,
        64,
    ),
    'ViT': (
        dict(
            type='VisionTransformer',
            arch=dict(embed_dims=16, num_layers=2, num_heads=2, feedforward_channels=32),
            img_size=SIDE,
            patch_size=16,
        ),
        None,
        16,
    ),
    'ConvNeXt': (
        dict(
            type='ConvNeXt',
            arch=dict(depths=[1, 1, 1, 1], channels=[4, 8, 8, 16]),
            drop_path_rate=0.0,
        ),
        None,
        16,
    ),
    'timm': (TIMM, POOL, 512),
}


def _batch():
    rng = np.random.default_rng(0)
    samples = []
    for index in range(BATCH):
        score = torch.full((CLASSES,), -1, dtype=torch.int8)
        score[index % CLASSES] = 1
        sample = DataSample(metainfo=dict(sample_idx=index + 3)).set_gt_score(score)
        samples.append(sample.set_gt_label([index % CLASSES]))
    images = rng.integers(0, 256, (BATCH, 3, SIDE, SIDE), dtype=np.uint8)
    return dict(inputs=torch.from_numpy(images), data_samples=samples)


def _model(backbone, neck, head):
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        model = MODELS.build(
            dict(
                type='ImageClassifier',
                backbone=backbone,
                neck=neck,
                head=dict(num_classes=CLASSES, **head),
                data_preprocessor=dict(
                    type='ClsDataPreprocessor', mean=[127.0] * 3, std=[64.0] * 3
                ),
            )
        )
    model.init_weights()
    return model.train()


def _step(model):
    loss = model.head.loss_module
    loss.set_epoch(1, 3)
    loss.keep_trace = True
    wrapper = OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.05))
    wrapper.zero_grad = lambda **_: None  # or the gradients would be gone
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    batch = _batch()
    # As the hook does: MMPretrain's heads know nothing of samples.
    loss.give_samples(torch.tensor([s.sample_idx for s in batch['data_samples']]))
    logged = model.train_step(batch, wrapper)
    missing = [n for n, p in model.named_parameters() if p.requires_grad and p.grad is None]
    grads = {n: p.grad for n, p in model.named_parameters() if p.grad is not None}
    return float(logged['loss'].detach()), before, grads, missing


@pytest.mark.parametrize('name', BACKBONES)
def test_reject_on_the_stock_head(name):
    backbone, neck, width = BACKBONES[name]
    loss = dict(type='LargeLossReject', delta_rel=10)
    head = dict(type='MultiLabelLinearClsHead', in_channels=width, loss=loss)
    model = _model(backbone, neck, head)
    value, before, grads, missing = _step(model)
    assert np.isfinite(value)
    assert 0.2 < value < 5
    assert all(bool(g.isfinite().all()) for g in grads.values())
    assert not [n for n in missing if 'timm_model.fc.' not in n]  # timm's head is not in use
    changed = [n for n, p in model.named_parameters() if not torch.equal(p, before[n])]
    assert any(n.startswith('backbone') for n in changed)
    assert 'head.fc.weight' in changed
    trace = model.head.loss_module.trace
    assert int(trace.acted_on().sum()) == 2  # 10 % of 4 x 5
    largest = trace.entry_loss.masked_fill(~trace.open(), 0).flatten().topk(2).indices
    assert set(trace.acted_on().flatten().nonzero().flatten().tolist()) == set(largest.tolist())
    expected = trace.entry_loss.masked_fill(trace.acted_on(), 0).mean()
    assert value == pytest.approx(float(expected), rel=1e-6)


def test_perm_on_residual_attention():
    loss = dict(type='LargeLossCorrectPerm', delta_rel=10, num_samples=9)
    head = dict(type='CSRAClsHead', in_channels=64, num_heads=2, lam=0.1, loss=loss)
    model = _model(RESNET, None, head)
    value, _, grads, missing = _step(model)
    assert np.isfinite(value)
    assert not missing
    assert all(bool(g.isfinite().all()) for g in grads.values())
    module = model.head.loss_module
    rows, classes = module.trace.acted_on().nonzero(as_tuple=True)
    module.end_epoch(None)
    table = module.corrections.table()
    assert len(rows) == 2
    assert set(zip(table['sample'].tolist(), table['class'].tolist(), strict=True)) == set(
        zip((rows + 3).tolist(), classes.tolist(), strict=True)
    )


@pytest.mark.parametrize('name', BACKBONES)
def test_prediction_needs_no_epoch(name):
    backbone, neck, width = BACKBONES[name]
    head = dict(
        type='MultiLabelLinearClsHead', in_channels=width, loss=dict(type='LargeLossCorrectTemp')
    )
    model = _model(backbone, neck, head)
    model.eval()
    with torch.no_grad():
        found = model.val_step(_batch())
    assert all(s.pred_score.shape == (CLASSES,) for s in found)
    assert all(bool(s.pred_score.isfinite().all()) for s in found)

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from mmpretrain.models.heads import MultiLabelClsHead
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample, MultiTaskDataSample
from torch import nn

from wsml_mm import SampleIndexMixin

LINEAR = dict(num_classes=5, in_channels=8)
CSRA = dict(num_classes=5, in_channels=8, num_heads=2, lam=0.1)
HEADS = {
    'MultiLabelClsHead': dict(),
    'MultiLabelLinearClsHead': LINEAR,
    'CSRAClsHead': CSRA,
}
IMAGES = [4, 11, 0, 7]


class SpyLoss(nn.Module):
    def __init__(self, needs_sample_idx=None):
        super().__init__()
        if needs_sample_idx is not None:
            self.needs_sample_idx = needs_sample_idx
        self.kwargs = None

    def forward(self, cls_score, target, **kwargs):
        self.target, self.kwargs = target, kwargs
        return cls_score.mean()


def features(name, seed=0):
    generator = torch.Generator().manual_seed(seed)
    shape = {'MultiLabelClsHead': (4, 5), 'MultiLabelLinearClsHead': (4, 8)}.get(name, (4, 8, 3, 3))
    return (torch.randn(shape, generator=generator),)


def samples(indexed=True):
    labels = torch.tensor(
        [[1, -1, -1, 0, -1], [-1, 1, -1, -1, -1], [-1, -1, 1, -1, 0], [-1, -1, -1, -1, 1]]
    )
    found = []
    for image, row in zip(IMAGES, labels, strict=True):
        meta = dict(sample_idx=image) if indexed else dict()
        found.append(DataSample(metainfo=meta).set_gt_score(row.to(torch.int8)))
    return found, labels


def largest_three(logits, labels):
    hidden = [tuple(place) for place in (labels == -1).nonzero().tolist()]
    return sorted(hidden, key=lambda place: -logits[place])[:3]


def build(name, loss, prefix=''):
    torch.manual_seed(0)
    return MODELS.build(dict(type=prefix + name, loss=loss, **HEADS[name]))


@pytest.mark.parametrize('name', HEADS)
@pytest.mark.parametrize('needs', [True, False, None])
def test_the_index_goes_only_to_losses_that_ask(name, needs):
    loss = SpyLoss(needs)
    head = build(name, loss, 'Indexed')
    assert isinstance(head, MODELS.get(name))
    losses = head.loss(features(name), samples()[0])
    assert set(losses) == {'loss'}
    assert set(loss.kwargs) == {'avg_factor'} | ({'sample_idx'} if needs else set())
    assert loss.target.tolist() == samples()[1].tolist()
    if needs:
        assert loss.kwargs['sample_idx'].tolist() == IMAGES
        assert loss.kwargs['sample_idx'].dtype == torch.int64


@pytest.mark.parametrize('name', HEADS)
def test_a_missing_index_is_named(name):
    data = samples()[0]
    data[2] = samples(indexed=False)[0][2]
    with pytest.raises(KeyError, match=r'PartialLabelDataset.*PackInputs'):
        build(name, SpyLoss(True), 'Indexed').loss(features(name), data)
    build(name, SpyLoss(False), 'Indexed').loss(features(name), data)


@pytest.mark.parametrize('name', HEADS)
@pytest.mark.parametrize(
    'scheme', ['AssumeNegativeLoss', 'LargeLossReject', 'LargeLossCorrectTemp']
)
def test_stock_heads_serve_the_losses_without_state(name, scheme):
    head = build(name, dict(type=scheme))
    indexed = build(name, dict(type=scheme), 'Indexed')
    indexed.load_state_dict(head.state_dict())
    data, labels = samples()
    logits = head(features(name)).detach()
    positive = (labels == 1).float()
    if scheme != 'AssumeNegativeLoss':
        for each in (head, indexed):
            each.loss_module.schedule = type(each.loss_module.schedule)(15, growing=True)
            each.loss_module.set_epoch(1)  # ceil(20 * 15 %) = 3 labels
    entries = F.binary_cross_entropy_with_logits(logits, positive, reduction='none')
    for place in largest_three(logits, labels) if scheme != 'AssumeNegativeLoss' else []:
        entries[place] = 0 if scheme == 'LargeLossReject' else F.softplus(-logits[place])
    for each in (head, indexed):
        value = each.loss(features(name), data)['loss']
        torch.testing.assert_close(value.detach(), entries.mean())
        if name != 'MultiLabelClsHead':
            value.backward()
            assert all(p.grad.isfinite().all() for p in each.parameters())


@pytest.mark.parametrize('name', HEADS)
def test_ll_cp_remembers_the_images_of_the_head(name):
    head = build(name, dict(type='LargeLossCorrectPerm', delta_rel=15, num_samples=12), 'Indexed')
    data, labels = samples()
    logits = head(features(name)).detach()
    head.loss_module.set_epoch(1)
    head.loss(features(name), data)
    head.loss_module.set_epoch(2)
    table = head.loss_module.corrections.table()
    assert sorted(zip(table['sample'].tolist(), table['class'].tolist(), strict=True)) == sorted(
        (IMAGES[row], label) for row, label in largest_three(logits, labels)
    )


@pytest.mark.parametrize('name', HEADS)
def test_ll_cp_in_a_stock_head_wants_the_samples_of_every_step(name):
    head = build(name, dict(type='LargeLossCorrectPerm', num_samples=12))
    head.loss_module.set_epoch(1)
    with pytest.raises(RuntimeError, match='add PartialLabelHook'):
        head.loss(features(name), samples()[0])
    head.loss_module.give_samples(torch.tensor(IMAGES))
    head.loss(features(name), samples()[0])
    with pytest.raises(RuntimeError, match='more than once'):  # they are used once
        head.loss(features(name), samples()[0])
    head.loss_module.give_samples(torch.tensor(IMAGES[:2]))
    with pytest.raises(ValueError, match=r'sample_idx \(2,\).*4 samples'):
        head.loss(features(name), samples()[0])


def test_the_mixin_serves_a_head_of_ones_own():
    class OwnHead(SampleIndexMixin, MultiLabelClsHead):
        pass

    loss = SpyLoss(True)
    OwnHead(loss=loss).loss(features('MultiLabelClsHead'), samples()[0])
    assert loss.kwargs['sample_idx'].tolist() == IMAGES


@pytest.mark.parametrize('name', HEADS)
def test_prediction_is_that_of_the_stock_head(name):
    head, indexed = build(name, SpyLoss()), build(name, SpyLoss(True), 'Indexed')
    indexed.load_state_dict(head.state_dict())
    plain = head.predict(features(name), samples(indexed=False)[0])
    found = indexed.predict(features(name), samples(indexed=False)[0])
    for one, other in zip(plain, found, strict=True):
        assert torch.equal(one.pred_score, other.pred_score)


def multi_task(head):
    """MMPretrain's MultiTaskHead over two tasks; only rows 1 and 3 have labels of the second."""
    torch.manual_seed(0)
    loss = dict(type='LargeLossCorrectPerm', delta_rel=15, num_samples=12)
    heads = {
        'one': dict(type='LinearClsHead', num_classes=3),
        'many': dict(type=head, num_classes=5, loss=loss),
    }
    model = MODELS.build(dict(type='MultiTaskHead', task_heads=heads, in_channels=8))
    labelled, _ = samples()
    batch = []
    for row, sample in enumerate(labelled):
        both = MultiTaskDataSample()
        both.set_field(DataSample().set_gt_label(row % 3), 'one')
        if row in (1, 3):
            both.set_field(sample, 'many')
        batch.append(both)
    return model, batch


def test_a_multi_task_head_that_passes_half_the_rows_records_the_right_images():
    model, batch = multi_task('IndexedMultiLabelLinearClsHead')
    loss = model.task_heads['many'].loss_module
    feats = features('MultiLabelLinearClsHead')
    loss.set_epoch(1)
    loss.give_samples(torch.tensor(IMAGES))  # of the whole batch, as the hook does
    model.loss(feats, batch)
    loss.end_epoch(None)
    table = loss.corrections.table()
    logits = model.task_heads['many'](feats)[[1, 3]].detach()
    labels = samples()[1][[1, 3]]
    hidden = [tuple(place) for place in (labels == -1).nonzero().tolist()]
    chosen = sorted(hidden, key=lambda place: -logits[place])[:2]  # 15 % of 10, taken up
    expected = sorted((IMAGES[2 * row + 1], label) for row, label in chosen)
    assert [*zip(table['sample'].tolist(), table['class'].tolist(), strict=True)] == expected


def test_a_multi_task_head_with_a_stock_head_is_refused():
    model, batch = multi_task('MultiLabelLinearClsHead')
    loss = model.task_heads['many'].loss_module
    loss.set_epoch(1)
    loss.give_samples(torch.tensor(IMAGES))
    with pytest.raises(ValueError, match=r'sample_idx \(4,\).*2 samples.*IndexedMultiLabelLinear'):
        model.loss(features('MultiLabelLinearClsHead'), batch)

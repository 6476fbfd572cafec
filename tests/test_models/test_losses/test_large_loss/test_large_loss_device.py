from __future__ import annotations

import pytest
import torch
from loss_oracle import BY_STEP, SCHEMES, acted_on, batch, build, by_hand, step
from torch._dynamo.testing import CompileCounter


@pytest.mark.parametrize('scheme', SCHEMES)
@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_autocast_computes_the_loss_in_float32(scheme, dtype):
    torch.manual_seed(0)
    layer, images = torch.nn.Linear(8, 20), torch.randn(16, 8)
    target = batch(16, 20)[1]
    loss = build(scheme, 10)
    loss.keep_trace = True
    loss.set_epoch(1)
    with torch.autocast('cpu', dtype=dtype):
        logits = layer(images)
        value = step(loss, logits, target)
    value.backward()
    mean, chosen = by_hand(logits.detach().float(), target, scheme, '10', 'all', 2)
    assert logits.dtype == dtype
    assert value.dtype == torch.float32
    assert value.item() == pytest.approx(mean, rel=1e-6)
    assert acted_on(loss) == chosen
    assert layer.weight.grad.isfinite().all()


@pytest.mark.parametrize('scheme', BY_STEP)
@pytest.mark.parametrize('percent_of', ['all', 'unobserved'])
@pytest.mark.parametrize('keep_trace', [True, False])
def test_compiles_once_for_all_epochs(scheme, percent_of, keep_trace):
    torch._dynamo.reset()
    counter, loss = CompileCounter(), build(scheme, 0.5, percent_of)
    loss.keep_trace = keep_trace
    compiled = torch.compile(loss, backend=counter, fullgraph=True)
    for epoch in range(12):
        loss.set_epoch(epoch, 12)
        for seed in (0, 1):
            logits, target = batch(seed=epoch + 100 * seed)
            value = compiled(logits.requires_grad_(), target, avg_factor=16)
            value.backward()
            mean = by_hand(logits.detach(), target, scheme, '0.5', percent_of, epoch + 1)[0]
            assert value.item() == pytest.approx(mean, rel=1e-6)
    assert counter.frame_count == 1
    torch._dynamo.reset()


def meta_step(loss):
    """A step on tensors without values: reading one, as .item() or nonzero() do, must fail."""
    logits = torch.empty(16, 20, device='meta', requires_grad=True)
    target = torch.empty(16, 20, device='meta')
    value = step(loss.to('meta'), logits, target, avg_factor=16)
    value.backward()
    return value, logits.grad.shape


@pytest.mark.parametrize('scheme', BY_STEP)
@pytest.mark.parametrize('percent_of', ['all', 'unobserved'])
def test_a_step_reads_no_value_from_the_device(scheme, percent_of):
    loss = build(scheme, 0.5, percent_of)
    loss.keep_trace = True
    for epoch in range(3):
        loss.set_epoch(epoch, 10)
        value, shape = meta_step(loss)
        assert value.is_meta
        assert shape == (16, 20)


def test_reading_a_value_would_be_noticed():
    loss = build('perm', 0.5)
    loss.set_epoch(1)
    with pytest.raises(NotImplementedError, match='nonzero'):
        meta_step(loss)

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from loss_oracle import SCHEMES, acted_on, batch, build, by_hand, plain_bce, step

from wsml_mm import AssumeNegativeLoss, LargeLossReject


@pytest.mark.parametrize('scheme', SCHEMES)
def test_mean_over_all_entries_whatever_avg_factor(scheme):
    logits, target = batch()
    loss, tripled = build(scheme, 3), build(scheme, 3, loss_weight=3.0)
    loss.set_epoch(1)
    tripled.set_epoch(1)
    expected = by_hand(logits, target, scheme, '3', 'all', 2)[0]
    for avg_factor in (None, 16, 1.0, 320):
        value = step(loss, logits, target, avg_factor=avg_factor)
        assert value.item() == pytest.approx(expected, rel=1e-6)
    assert step(tripled, logits, target).item() == pytest.approx(3 * expected, rel=1e-6)


@pytest.mark.parametrize('scheme', SCHEMES)
def test_an_empty_batch_has_a_zero_loss_with_a_graph(scheme):
    loss = build(scheme, 3)
    loss.set_epoch(1)
    logits = torch.zeros(0, 20, requires_grad=True)
    value = step(loss, logits, torch.zeros(0, 20))
    value.backward()
    assert value.item() == 0


@pytest.mark.parametrize('scheme', SCHEMES)
def test_training_needs_the_epoch_and_evaluation_does_not(scheme):
    logits, target = batch()
    loss = build(scheme, 50)
    with pytest.raises(RuntimeError, match='PartialLabelHook'):
        step(loss, logits, target)
    assert torch.equal(loss.eval()(logits, target), plain_bce(logits, target))
    loss.set_epoch(5)
    assert torch.equal(loss(logits, target), plain_bce(logits, target))


@pytest.mark.parametrize('scheme', SCHEMES)
@pytest.mark.parametrize('training', [True, False])
def test_bad_targets_give_one_clear_error(scheme, training):
    logits, target = batch(4, 5)
    loss = build(scheme, 1).train(training)
    loss.set_epoch(1)
    for shape in [(4, 6), (5, 5), (4,), (4, 5, 1)]:
        with pytest.raises(ValueError, match=r'\(batch, classes\); check num_classes'):
            step(loss, logits, torch.zeros(shape))
    with pytest.raises(ValueError, match=r'\(batch, classes\); check num_classes'):
        step(loss, logits[0], target[0])
    for bad, named in [
        (0.5, '0.5'),
        (2, '2'),
        (-2, '-2'),
        (math.nan, 'nan'),
        (math.inf, 'inf'),
        (255, '255'),
    ]:
        broken = target.clone()
        broken[2, 3] = bad
        with pytest.raises(ValueError, match=f'^target holds {named}; labels are 1'):
            step(loss, logits, broken)


@pytest.mark.parametrize('dtype', [torch.int8, torch.int64, torch.float32, torch.float64])
def test_any_type_of_target_will_do(dtype):
    logits, target = batch(4, 5)
    loss = LargeLossReject(10)
    loss.set_epoch(1)
    assert torch.equal(loss(logits, target.to(dtype)), loss(logits, target))


@settings(max_examples=100, deadline=None, database=None)
@given(
    st.sampled_from(sorted(SCHEMES)),
    st.sampled_from(['all', 'unobserved']),
    st.lists(st.sampled_from([math.nan, math.inf, -math.inf]), max_size=3),
    st.sampled_from([0, 1, 5, 30]),
    st.randoms(use_true_random=False),
)
def test_not_finite_exactly_where_plain_bce_is_not(scheme, percent_of, bad, epoch, random):
    logits, target = batch(4, 6, seed=random.randrange(1000))
    for value in bad:
        logits[random.randrange(4), random.randrange(6)] = value
    loss = build(scheme, 20, percent_of)
    loss.set_epoch(epoch)
    loss.keep_trace = True
    plain, large = plain_bce(logits, target), step(loss, logits, target)
    assert bool(large.isfinite()) == bool(plain.isfinite())
    assert logits[loss.trace.acted_on()].isfinite().all()
    assert acted_on(loss) == by_hand_entries(logits, target, scheme, percent_of, epoch)


def by_hand_entries(logits, target, scheme, percent_of, epoch):
    harmless = logits.nan_to_num(0, 0, 0)
    finite = torch.where(logits.isfinite(), harmless, -1e4)  # last in every order
    chosen = by_hand(finite, target, scheme, '20', percent_of, epoch + 1)[1]
    return {place for place in chosen if math.isfinite(logits[place])}


@pytest.mark.parametrize('scheme', [*SCHEMES, 'none'])
def test_trace(scheme):
    logits, target = batch()
    loss = AssumeNegativeLoss() if scheme == 'none' else build(scheme, 10)
    if scheme != 'none':
        loss.set_epoch(1)
    step(loss, logits, target)
    assert loss.trace is None
    loss.keep_trace = True
    step(loss.eval(), logits, target)
    assert loss.trace is None
    loss.state = None
    leaf = logits.clone().requires_grad_()
    step(loss.train(), leaf, target)
    trace = loss.trace
    entry_loss, observed = trace.entry_loss, trace.observed
    unobserved, selected = trace.open(), trace.acted_on()
    assert torch.equal(entry_loss, plain_bce(logits, target, reduction='none'))
    assert not entry_loss.requires_grad
    assert torch.equal(unobserved, target == -1)
    assert torch.equal(observed, target)
    assert selected.dtype == torch.bool
    assert selected.sum() == (0 if scheme == 'none' else 32)
    if scheme != 'none':  # the largest losses of the unobserved
        assert entry_loss[selected].min() >= entry_loss[unobserved & ~selected].max()


@pytest.mark.parametrize('scheme', SCHEMES)
def test_arguments_out_of_range_are_refused(scheme):
    with pytest.raises(ValueError, match='use "all" or "unobserved"'):
        build(scheme, 0.2, 'half')
    with pytest.raises(ValueError, match='percentage'):
        build(scheme, -1)


def test_the_schedule_leaves_no_trace_in_the_state_dict():
    assert {scheme: len(build(scheme, 1).state_dict()) for scheme in SCHEMES} == dict.fromkeys(
        SCHEMES, 0
    )

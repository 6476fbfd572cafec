"""Dense state: a row's training against a plain parameter under the same optimiser."""

from __future__ import annotations

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from wsml_mm import Classes, Rows, TrainingFacts
from wsml_mm.models.ranks import Ranks

FACTS = TrainingFacts(7, 3)


def term_of(rows, logits):
    return Ranks().mean((rows.sigmoid() - logits.sigmoid()) ** 2)


@pytest.mark.parametrize('batches', [1, 3])
def test_rows_train_as_a_parameter_with_a_dense_gradient(batches):
    """Every row moves at every step, seen or not, as Adam's momentum has it."""
    store = Rows(lr=0.1).create(FACTS)
    start = torch.randn(7, 3, generator=torch.Generator().manual_seed(0))
    store.data.copy_(start)
    plain = start.clone().requires_grad_()
    optimizer = torch.optim.Adam([plain], lr=0.1)
    generator = torch.Generator().manual_seed(1)
    for _ in range(5):
        optimizer.zero_grad()
        for _ in range(batches):
            index = torch.randint(0, 7, (4,), generator=generator)  # with repeats
            logits = torch.randn(4, 3, generator=generator)
            rows = store.rows(index)
            assert torch.equal(rows, store.data[index])
            store.descend(index, rows, term_of(rows, logits))
            (term_of(plain[index], logits) / batches).backward()
        store.step(None)
        optimizer.step()
        torch.testing.assert_close(store.data, plain.detach(), rtol=0, atol=1e-6)
    assert not torch.equal(store.data, start)


def test_nothing_to_descend_is_no_step():
    store = Rows(lr=0.1).create(FACTS)
    store.step(None)
    assert not store.data.any()


def test_the_rate_is_that_of_the_runner_times_a_factor():
    store = Rows(lr_mult=10).create(FACTS)
    index = torch.tensor([2])
    rows = store.rows(index)
    store.descend(index, rows, rows.sum())
    with pytest.raises(ValueError, match=r'no learning rate.*after_step\(lr\)'):
        store.step(None)
    store.step(0.01)
    # Adam's first step is the rate itself.
    torch.testing.assert_close(store.data[2], torch.full((3,), -0.1))


def test_a_resumed_store_goes_on_with_its_momentum():
    def steps(store, count):
        for number in range(count):
            index = torch.tensor([number % 7])
            rows = store.rows(index)
            store.descend(index, rows, (rows - 1).square().sum())
            store.step(0.01)
        return store

    whole = steps(Rows().create(FACTS), 6)
    first = steps(Rows().create(FACTS), 3)
    other = Rows().create(FACTS)
    other.load_state_dict(first.state_dict())
    for store in (first, other):
        for number in (3, 4, 5):
            index = torch.tensor([number % 7])
            rows = store.rows(index)
            store.descend(index, rows, (rows - 1).square().sum())
            store.step(0.01)
        assert torch.equal(store.data, whole.data)


def test_sizes_are_checked():
    with pytest.raises(ValueError, match=r'3400000 rows x 5000 classes.*272\.0 GB.*max_gigabytes'):
        Rows().create(TrainingFacts(3_400_000, 5000))
    with pytest.raises(ValueError, match='no groups'):
        Rows(by_group=True).create(FACTS)
    grouped = Rows(by_group=True).create(TrainingFacts(7, 3, num_groups=2))
    assert grouped.data.shape == (2, 3)
    with pytest.raises(ValueError, match=r'shape \(2, 3\).*needs \(7, 3\)'):
        Rows().create(FACTS).load_state_dict(grouped.state_dict())
    with pytest.raises(IndexError, match=r'outside 0\.\.6'):
        Rows().create(FACTS).rows(torch.tensor([7]))


def test_a_value_a_class():
    store = Classes(fill=0.5).create(FACTS)
    store.add_over_ranks(torch.tensor([1.0, 2.0, 3.0]))
    assert store.data.tolist() == [1.5, 2.5, 3.5]
    other = Classes().create(FACTS)
    other.load_state_dict(store.state_dict())
    assert torch.equal(other.data, store.data)
    with pytest.raises(ValueError, match='of 3 classes, the training set has 4'):
        Classes().create(TrainingFacts(7, 4)).load_state_dict(store.state_dict())


class Dense(TorchDispatchMode):
    """Counts the operations that pass over all rows."""

    count = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        found = function(*args, **(kwargs or {}))
        parts = [found, *args] + [p for a in args if isinstance(a, list) for p in a]
        dense = any(isinstance(p, torch.Tensor) and p.shape == (7, 3) for p in parts)
        view = function._overloadpacket.__name__ in ('detach', 'index', 'index_add_', 'index_fill_')
        self.count += dense and not view
        return found


def test_a_step_passes_over_the_rows_once():
    store = Rows(lr=0.1).create(FACTS)
    index = torch.tensor([2, 5])
    for _ in range(2):  # the first makes the gradient and the moments
        with Dense() as dense:
            rows = store.rows(index)
            store.descend(index, rows, rows.sum())
            store.step(None)
    assert dense.count == 1


def test_moments_of_an_optimiser_that_was_not_fused_go_on():
    """As a checkpoint of before has them."""
    first, other = Rows(lr=0.1).create(FACTS), Rows(lr=0.1).create(FACTS)
    index = torch.tensor([3])
    for store in (first, other):
        rows = store.rows(index)
        store.descend(index, rows, rows.sum())
        store.step(None)
    saved = other.state_dict()
    del saved['optimizer']['param_groups'][0]['fused']
    other = Rows(lr=0.1).create(FACTS)
    other.load_state_dict(saved)
    for store in (first, other):
        rows = store.rows(index)
        store.descend(index, rows, rows.square().sum())
        store.step(None)
    assert torch.equal(first.data, other.data)

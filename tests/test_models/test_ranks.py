"""Several gloo processes against one process that sees the same global batch, in float64."""

from __future__ import annotations

import itertools

import pytest
import torch
import torch.distributed as dist
from helpers import run_ranks
from torch.nn.parallel import DistributedDataParallel

from wsml_mm import (
    LargeLossCorrectPerm,
    LargeLossCorrectTemp,
    LargeLossReject,
    TrainingFacts,
)

FEATURES, CLASSES, STEPS = 6, 5, 12


def make_batch(step: int, sizes: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """A global batch with ties, duplicated rows and now and then no unobserved label at all."""
    generator = torch.Generator().manual_seed(step)
    rows = sum(sizes)
    inputs = torch.randint(-2, 3, (rows, FEATURES), generator=generator).double() / 2
    if rows > 2:
        inputs[rows // 2] = inputs[0]
    target = torch.randint(-1, 2, (rows, CLASSES), generator=generator)
    if step % 5 == 4:
        target = target.abs()
    return inputs, target


def share(rows: int, rank: int, sizes: list[int]) -> list[int]:
    """The rows that a round-robin sampler deals to a rank (the last ranks may get fewer)."""
    dealt: list[list[int]] = [[] for _ in sizes]
    row = 0
    for turn in range(max(sizes)):
        for r, size in enumerate(sizes):
            if turn < size:
                dealt[r].append(row)
                row += 1
    assert row == rows
    return dealt[rank]


def make_model() -> torch.nn.Linear:
    torch.manual_seed(0)
    model = torch.nn.Linear(FEATURES, CLASSES).double()
    torch.nn.init.uniform_(model.weight, -1, 1)
    with torch.no_grad():
        model.weight.mul_(2).round_()  # coarse weights: many equal logits
        model.bias.zero_()
    return model


def losses() -> list:
    kinds = (LargeLossReject, LargeLossCorrectTemp)
    made = [
        kind(delta_rel=7.0, percent_of=base)
        for kind, base in itertools.product(kinds, ('all', 'unobserved'))
    ]
    return [*made, LargeLossCorrectPerm(delta_rel=9.0, num_samples=64, max_fraction=0.05)]


def step_result(model, loss, inputs, target, index):
    model.zero_grad()
    loss.keep_trace = True
    value = loss(model(inputs), target, sample_idx=index)
    value.backward()
    grads = [p.grad.clone() for p in model.parameters()]
    return value.detach(), grads, loss.trace.acted_on()


def worker(rank: int, world: int, store: str, uneven: bool) -> None:
    torch.set_num_threads(1)
    dist.init_process_group('gloo', init_method=f'file://{store}', rank=rank, world_size=world)
    for number, loss in enumerate(losses()):
        model = DistributedDataParallel(make_model())
        even = not uneven and number % 2 == 0
        loss.start(TrainingFacts(64, CLASSES, even_batches=even))
        for step in range(STEPS):
            loss.set_epoch(step // 2, max_epochs=STEPS // 2)
            sizes = [3 - (uneven and r == world - 1 and step % 3 != 0) for r in range(world)]
            inputs, target = make_batch(step, sizes)
            rows = share(len(inputs), rank, sizes)
            value, grads, chosen = step_result(
                model, loss, inputs[rows], target[rows], torch.tensor(rows)
            )
            expected = torch.load(f'{store}.{number}.{step}', weights_only=True)
            torch.testing.assert_close(value, expected['value'], rtol=0, atol=1e-9)
            torch.testing.assert_close(grads, expected['grads'], rtol=0, atol=1e-9)
            assert torch.equal(chosen, expected['selected'][rows]), (number, step, rank)
            if isinstance(loss, LargeLossCorrectPerm) and step % 2:
                loss.end_epoch(None)
                assert loss.corrections.state_dict()['keys'].tolist() == expected['keys']
    dist.destroy_process_group()


@pytest.mark.parametrize(('world', 'uneven'), [(2, False), (2, True), (4, True)])
def test_ranks_act_as_one_process(tmp_path, world, uneven):
    store = str(tmp_path / 'store')
    acted = 0
    for number, loss in enumerate(losses()):
        model = make_model()
        for step in range(STEPS):
            loss.set_epoch(step // 2, max_epochs=STEPS // 2)
            sizes = [3 - (uneven and r == world - 1 and step % 3 != 0) for r in range(world)]
            inputs, target = make_batch(step, sizes)
            index = torch.arange(len(inputs))
            value, grads, chosen = step_result(model, loss, inputs, target, index)
            acted += int(chosen.sum())
            saved = {'value': value, 'grads': grads, 'selected': chosen, 'keys': []}
            if isinstance(loss, LargeLossCorrectPerm) and step % 2:
                loss.end_epoch(None)
                saved['keys'] = loss.corrections.state_dict()['keys'].tolist()
            torch.save(saved, f'{store}.{number}.{step}')
    assert acted > 50  # the comparison is about something
    run_ranks(worker, (world, store, uneven), world)


def test_scope_rank_selects_for_itself(tmp_path):
    with pytest.raises(ValueError, match='scope='):
        LargeLossReject(scope='node')
    run_ranks(scope_worker, (str(tmp_path / 'store'),), 2)


def scope_worker(rank: int, store: str) -> None:
    dist.init_process_group('gloo', init_method=f'file://{store}', rank=rank, world_size=2)
    # All large logits lie on rank 0: the global batch's two largest are both there.
    logits = torch.tensor([[5.0, 4.0], [1.0, 0.0]]) - 10 * rank
    target = -torch.ones(2, 2)
    for scope, expected in (('global', [2, 0]), ('rank', [1, 1])):
        loss = LargeLossReject(delta_rel=25.0, scope=scope)
        loss.set_epoch(1)
        loss.keep_trace = True
        loss(logits, target)
        assert int(loss.trace.acted_on().sum()) == expected[rank]
    dist.destroy_process_group()

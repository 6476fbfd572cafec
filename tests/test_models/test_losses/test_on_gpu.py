"""Every loss on a GPU: the numbers of a CPU, also in half precision, and steps that do not wait."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
import torch
from loss_cases import CASES, ROLES
from loss_tester import CLASSES, make_batch, started, train_epochs

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')

ALL = {**CASES, **{case.name: case for case in ROLES}}
# Entries that a step chooses are counted on the host: their number is the size of a list.
ON_THE_HOST = [
    name
    for name, case in ALL.items()
    if any([*state.entry_stores()] for state in started(case).states())
]


@contextmanager
def without_waiting():
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode('error')
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode('default')


@pytest.mark.parametrize('name', ALL)
def test_a_training_has_the_numbers_of_a_cpu(name):
    case, exact = ALL[name], 1e-5 if name in {case.name for case in ROLES} else 1e-6
    (here, mine), (there, theirs) = (
        train_epochs(started(case).to(device), case, range(3), device=device)
        for device in ('cuda', 'cpu')
    )
    assert here == pytest.approx(there, rel=0, abs=exact)
    torch.testing.assert_close(mine.weight.cpu(), theirs.weight, rtol=0, atol=exact)


@pytest.mark.parametrize('name', [name for name in ALL if name not in ON_THE_HOST])
def test_a_step_does_not_wait_for_the_gpu(name):
    """Also with a record; the indices of the samples are on the host, as loaders give them."""
    case = ALL[name]
    loss = started(case).cuda()
    loss.keep_trace = True
    loss.set_epoch(3, case.max_epochs)
    logits, observed, index = make_batch(0)
    logits, observed = logits.cuda().requires_grad_(), observed.cuda()
    loss(logits, observed, sample_idx=index).backward()  # moves its state
    loss.after_step(0.1)
    with without_waiting():
        loss(logits, observed, sample_idx=index).backward()
        loss.after_step(0.1)


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
@pytest.mark.parametrize('name', ALL)
def test_half_precision(name, dtype):
    """Under autocast logits are half, and the loss is that of the same logits in float32."""
    case = ALL[name]
    _, observed, index = make_batch(2)
    features = torch.randn(len(index), 3, device='cuda')
    head = torch.nn.Linear(3, CLASSES).cuda()
    values = []
    for half in (True, False):
        loss = started(case).cuda()
        loss.set_epoch(2, case.max_epochs)
        torch.manual_seed(0)
        with torch.autocast('cuda', dtype, enabled=half):
            if half:
                logits = head(features)
                assert logits.dtype == dtype
            values.append(loss(logits if half else logits.float(), observed.cuda(),
                               sample_idx=index))  # fmt: skip
    assert values[0].dtype == torch.float32
    torch.testing.assert_close(values[0], values[1], rtol=1e-6, atol=1e-7)
    values[0].backward()
    assert head.weight.grad.isfinite().all()


@pytest.mark.parametrize('name', ['LL-R', 'LL-Ct', 'AN', 'ROLE', 'GPR'])
def test_one_program_for_all_epochs(name):
    """Compiled for a GPU by torch's default compiler, not only traced."""
    case = ALL[name]
    plain, compiled = started(case).cuda(), started(case).cuda()
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    step = torch.compile(lambda *batch, **kwargs: compiled(*batch, **kwargs))
    for epoch in range(4):
        for loss in (plain, compiled):
            loss.set_epoch(epoch, case.max_epochs)
        _, observed, index = make_batch(epoch)
        logits = torch.randn(len(index), CLASSES, device='cuda')
        found = step(logits, observed.cuda(), sample_idx=index)
        expected = plain(logits, observed.cuda(), sample_idx=index)
        if name != 'ROLE':  # draws rows
            torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)
        assert found.isfinite()
    torch._dynamo.reset()

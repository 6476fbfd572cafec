"""What every loss must do, whatever its formula; see loss_tester."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.distributed as dist
from helpers import run_ranks
from loss_cases import CASES, ROLES
from loss_tester import (
    CLASSES,
    SAMPLES,
    bce,
    make_batch,
    scores_of_training_set,
    started,
    train_epochs,
)
from torch.nn.parallel import DistributedDataParallel

from wsml_mm import AssumeNegativeLoss, ExpectedPositives, LossParts, PartialLabelLoss

ALL = {**CASES, **{case.name: case for case in ROLES}}
EPOCHS = (0, 1, 3)
WITH_FORMULA = [name for name, case in CASES.items() if case.any_order]
WHOLE_GRADIENT = [name for name, case in CASES.items() if case.whole_gradient]
STATELESS = [name for name, case in CASES.items() if not case.build().needs_sample_idx]


@pytest.fixture(params=ALL)
def case(request):
    return ALL[request.param]


def value_of(case, epoch, logits, observed, index, known=False):
    loss = started(case, known)
    loss.set_epoch(epoch, case.max_epochs)
    return loss(logits, observed, sample_idx=index)


@pytest.mark.parametrize('epoch', EPOCHS)
@pytest.mark.parametrize('name', WITH_FORMULA)
def test_equals_its_formula(name, epoch):
    for seed in range(4):
        logits, observed, index = make_batch(seed)
        value = value_of(CASES[name], epoch, logits, observed, index)
        expected = CASES[name].oracle(logits.numpy(), observed.numpy(), epoch)
        assert value.dtype == torch.float64
        assert value.item() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize('epoch', EPOCHS)
@pytest.mark.parametrize('name', WHOLE_GRADIENT)
def test_gradient_by_finite_differences(name, epoch):
    logits, observed, index = make_batch(7)

    def value(x):
        return value_of(CASES[name], epoch, x, observed, index)

    assert torch.autograd.gradcheck(value, [logits.requires_grad_()])


@pytest.mark.parametrize('epoch', EPOCHS)
def test_the_order_of_rows_does_not_matter(case, epoch):
    logits, observed, index = make_batch(3)
    value = value_of(case, epoch, logits, observed, index)
    rows = torch.randperm(len(logits), generator=torch.Generator().manual_seed(1))
    other = value_of(case, epoch, logits[rows], observed[rows], index[rows])
    torch.testing.assert_close(other, value, rtol=0, atol=1e-12)


@pytest.mark.parametrize('name', WITH_FORMULA)
def test_the_order_of_classes_does_not_matter(name):
    logits, observed, index = make_batch(3)
    classes = torch.randperm(CLASSES, generator=torch.Generator().manual_seed(1))
    value = value_of(CASES[name], 2, logits, observed, index)
    other = value_of(CASES[name], 2, logits[:, classes], observed[:, classes], index)
    torch.testing.assert_close(other, value, rtol=0, atol=1e-12)


def test_an_empty_batch_has_a_graph(case):
    logits, observed, index = make_batch(0, rows=0)
    value = value_of(case, 1, logits.requires_grad_(), observed, index)
    value.backward()
    assert value.isfinite()
    assert logits.grad.shape == (0, CLASSES)


@pytest.mark.parametrize('name', [name for name, case in CASES.items() if case.all_known])
def test_with_every_label_known_it_is_cross_entropy(name):
    logits, observed, index = make_batch(5, known=True)
    value = value_of(CASES[name], 3, logits, observed, index, known=True)
    expected = bce(logits.numpy(), observed.numpy() == 1).mean()
    assert value.item() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_half_types_are_computed_in_float32(case, dtype):
    logits, observed, index = make_batch(2, dtype=dtype)
    value = value_of(case, 2, logits, observed, index)
    assert value.dtype == torch.float32
    assert torch.equal(value, value_of(case, 2, logits.float(), observed, index))


@pytest.mark.parametrize('reduction', ['mean', 'sum', 'image'])
@pytest.mark.parametrize('name', ['AN', 'my EPR', 'LL-R + expected positives'])
def test_reduction_concerns_the_entries_and_the_weight_everything(name, reduction):
    logits, observed, index = make_batch(4)
    parts = started(CASES[name])
    parts.set_epoch(2, 8)
    parts.keep_trace = True
    whole = parts(logits, observed, sample_idx=index)
    terms = sum(parts.trace.terms.values()) * (0.5 if 'expected' in name else 1)
    entries = (whole - terms) * {'mean': 1, 'sum': logits.numel(), 'image': CLASSES}[reduction]
    loss = started(CASES[name])
    loss.reduction, loss.loss_weight = reduction, 3.0
    loss.set_epoch(2, 8)
    value = loss(logits, observed, sample_idx=index)
    torch.testing.assert_close(value, 3 * (entries + terms), rtol=0, atol=1e-10)


def test_evaluation_is_assume_negative_and_leaves_state_alone(case):
    logits, observed, _ = make_batch(6)
    loss = started(case)
    loss.set_epoch(2, case.max_epochs)
    before = str(loss.state.state_dict()) if loss.state else None
    loss.keep_trace = True
    value = loss.eval()(logits, observed)
    assert value == AssumeNegativeLoss()(logits, observed)
    assert loss.trace is None
    assert before == (str(loss.state.state_dict()) if loss.state else None)


# Several epochs: state, resume, compilation, ranks


def test_a_resumed_training_goes_on_as_if_it_had_never_stopped(case, tmp_path):
    whole, _ = train_epochs(started(case), case, range(5))
    loss = started(case)
    first, model = train_epochs(loss, case, range(3))
    saved = [part.state.state_dict() for part in loss.parts() if part.state]
    torch.save(saved, tmp_path / 'state.pth')
    other = started(case)
    states = [part.state for part in other.parts() if part.state]
    for state, columns in zip(states, torch.load(tmp_path / 'state.pth', weights_only=True),
                              strict=True):  # fmt: skip
        state.load_state_dict(columns)
    second, _ = train_epochs(other, case, range(3, 5), model)
    assert first + second == whole


def test_no_epoch_compiles_anew(case):
    """A Python epoch would recompile in each and fall back to eager in the eighth."""
    case = replace(case, max_epochs=12)
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    plain, _ = train_epochs(started(case), case, range(12), dtype=torch.float32)
    loss = started(case)
    frames = []

    class Step(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.loss = loss

        def forward(self, logits, observed, index):
            return self.loss(logits, observed, sample_idx=index)

    step = torch.compile(Step(), backend='eager')
    wrapped = Compiled(step, loss, frames)
    compiled, _ = train_epochs(wrapped, case, range(12), dtype=torch.float32)
    np.testing.assert_allclose(compiled, plain, rtol=0, atol=1e-6)
    assert frames[0] > 0
    assert frames[-1] == frames[3]  # nothing after the first epochs
    torch._dynamo.reset()


class Compiled:
    """A loss whose forward pass is compiled, with the calls of a training loop."""

    def __init__(self, step, loss, frames):
        self.step, self.loss, self.frames = step, loss, frames

    def __call__(self, logits, observed, sample_idx):
        return self.step(logits, observed, sample_idx)

    def set_epoch(self, epoch, max_epochs):
        self.loss.set_epoch(epoch, max_epochs)

    def after_step(self, lr):
        self.loss.after_step(lr)

    def end_epoch(self, predict):
        self.loss.end_epoch(predict)
        self.frames.append(torch._dynamo.utils.counters['stats']['unique_graphs'])


@pytest.mark.parametrize('name', STATELESS)
def test_a_step_reads_no_value_from_the_device(name):
    """On tensors without values: reading one, as .item() or bool() do, must fail."""
    loss = CASES[name].build()
    loss.set_epoch(3, 8)
    loss.to('meta')
    loss.keep_trace = True
    logits = torch.randn(5, CLASSES, device='meta', requires_grad=True)
    value = loss(logits, torch.zeros(5, CLASSES, device='meta'))
    value.backward()
    assert value.is_meta
    assert logits.grad.shape == (5, CLASSES)


def rank_worker(rank: int, store: str) -> None:
    torch.set_num_threads(1)
    dist.init_process_group('gloo', init_method=f'file://{store}', rank=rank, world_size=2)
    expected = torch.load(Path(store).parent / 'expected.pth', weights_only=True)
    try:
        for name in ALL:
            compare_ranks(ALL[name], rank, expected[name])
    finally:
        dist.destroy_process_group()


def compare_ranks(case, rank: int, expected: list[torch.Tensor]) -> None:
    """Two ranks with uneven batches against what one process has written down."""
    model = torch.nn.Linear(3, CLASSES, dtype=torch.float64)
    torch.nn.init.constant_(model.weight, 0.1)
    torch.nn.init.constant_(model.bias, -0.2)
    shared = DistributedDataParallel(model)
    loss = started(case)
    found = run_steps(shared, loss, case, rank)
    for mine, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=case.exact, msg=case.name)


def run_steps(model, loss, case, rank=None):
    """Returns the losses, weights and dense state after steps of uneven batches."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
    images = torch.randn(
        SAMPLES, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64
    )
    found = []
    for epoch in range(3):
        loss.set_epoch(epoch, case.max_epochs)
        for step in range(2):
            _, observed, index = make_batch(10 * epoch + step, rows=7)
            if rank is not None:
                observed, index = observed[rank::2], index[rank::2]
            value = loss(model(images[index]), observed, sample_idx=index)
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            loss.after_step(0.3)
            found.append(value.detach().clone())
        loss.end_epoch(scores_of_training_set(loss, epoch))
    found += [p.detach().clone() for p in model.parameters()]
    for part in loss.parts():
        if part.state is not None:
            for column in part.state.state_dict()['columns'].values():
                kept = [column[k].double() for k in ('keys', 'values', 'data') if k in column]
                found += kept
    return found


def test_two_ranks_are_one_process(tmp_path):
    expected = {}
    for name, case in ALL.items():
        model = torch.nn.Linear(3, CLASSES, dtype=torch.float64)
        torch.nn.init.constant_(model.weight, 0.1)
        torch.nn.init.constant_(model.bias, -0.2)
        expected[name] = run_steps(model, started(case), case)
    torch.save(expected, tmp_path / 'expected.pth')
    run_ranks(rank_worker, (str(tmp_path / 'store'),), 2)


# The contract's own refusals


class Broken(PartialLabelLoss):
    def compute(self, batch):
        return LossParts(batch.logits, actions={'flipped': batch.positive})


class WantsShare(PartialLabelLoss):
    def compute(self, batch):
        return LossParts(batch.logits * batch.progress.share)


def test_errors_name_the_loss_and_the_fix():
    logits, observed, _ = make_batch(0)
    with pytest.raises(ValueError, match=r"Broken: unknown action 'flipped'; use one of positive"):
        Broken()(logits, observed)
    with pytest.raises(NotImplementedError, match='must define compute'):
        PartialLabelLoss()(logits, observed)
    with pytest.raises(ValueError, match='reduction='):
        AssumeNegativeLoss(reduction='batch')
    with pytest.raises(ValueError, match='expected_num_pos=-1'):
        ExpectedPositives(-1)
    loss = WantsShare()
    with pytest.raises(RuntimeError, match='how many epochs'):
        loss(logits, observed)
    loss.set_epoch(3)
    with pytest.raises(RuntimeError, match='how many epochs'):
        loss(logits, observed)
    loss.set_epoch(3, 12)
    assert torch.equal(loss(logits, observed), (logits * 0.25).mean())
    with pytest.raises(ValueError, match='epochs count from 0'):
        loss.set_epoch(-1)


def test_a_regulariser_that_would_not_count_is_refused():
    for extra in (torch.nn.MSELoss(), dict(type='CrossEntropyLoss', use_sigmoid=True)):
        with pytest.raises(ValueError, match=r'extra: \w+Loss .* derived from PartialLabelLoss'):
            Broken(extra=[extra])


def test_an_undeclared_need_of_the_epoch_raises_too():
    class Undeclared(PartialLabelLoss):
        def compute(self, batch):
            return LossParts(batch.logits * batch.progress.epoch)

    logits, observed, _ = make_batch(0)
    with pytest.raises(RuntimeError, match=r'Undeclared was not given the epoch.*PartialLabelHook'):
        Undeclared()(logits, observed)


@pytest.mark.parametrize(
    ('parts', 'message'),
    [
        (lambda b: LossParts(b.logits.sum(1)), r'entries \(7,\).*\(7, 6\)'),
        (lambda b: LossParts(b.logits.mean()), r'entries \(\).*terms'),
        (lambda b: LossParts(None), 'LossParts(None) without terms'),
        (lambda b: LossParts(b.logits, {'far': b.logits.mean(0)}), r"'far' \(6,\).*ranks\.mean"),
        (
            lambda b: LossParts(b.logits, actions={'positive': b.logits}),
            "'positive'.*float64.*bool",
        ),
        (
            lambda b: LossParts(b.logits, actions={'ignored': b.positive[:1]}),
            r"'ignored'.*\(1, 6\)",
        ),
        (lambda b: b.logits, 'must return LossParts'),
    ],
)
def test_parts_of_another_form_are_refused(parts, message):
    """Reduced entries or a mask that broadcasts would give some number and no error."""

    class Formed(PartialLabelLoss):
        def compute(self, batch):
            return parts(batch)

    logits, observed, _ = make_batch(0, rows=7)
    message = message.replace('LossParts(None)', r'LossParts\(None\)')
    with pytest.raises((ValueError, TypeError), match=f'Formed: .*{message}'):
        Formed()(logits, observed)


@pytest.mark.parametrize('name', ['observed', 'logits'])
def test_a_batch_changed_in_place_is_refused(name):
    """The record would take labels that the method has set for observed ones."""

    class InPlace(PartialLabelLoss):
        def compute(self, batch):
            getattr(batch, name)[batch.unobserved] = 1
            return LossParts(batch.logits)

    logits, observed, _ = make_batch(0)
    with pytest.raises(ValueError, match=rf'InPlace: compute has changed batch\.{name}.*where'):
        InPlace()(logits, observed)


def test_a_copied_loss_has_state_of_its_own():
    """Also after the state was hidden from the compiler: the copy wrote into the original."""
    torch._dynamo.reset()  # imports the compiler
    case = CASES['LL-Cp']
    loss = started(case)
    for epoch in (0, 1):
        loss.set_epoch(epoch, case.max_epochs)
    logits, observed, index = make_batch(0)
    for other in (copy.deepcopy(loss), pickle.loads(pickle.dumps(loss))):
        other(logits, observed, sample_idx=index)
        assert len(other.corrections.pending()) > 0
        assert len(loss.corrections.pending()) == 0


def test_state_of_other_labels_is_refused_at_a_second_start():
    """A model trained on a second fold would keep what it has learnt of the first."""
    case = CASES['LL-Cp']
    loss = started(case)
    facts = replace(loss.state.facts, fingerprint='one')
    loss.state = None
    loss.start(facts)
    loss.start(replace(facts, max_epochs=9))  # the same labels
    with pytest.raises(ValueError, match=r'LargeLossCorrectPerm.*other.*labels.*new loss'):
        loss.start(replace(facts, fingerprint='two'))


def test_two_terms_of_one_name_are_refused():
    regulariser = ExpectedPositives(2.0)
    loss = CASES['my EPR'].build()
    loss.extra.append(regulariser)
    logits, observed, _ = make_batch(0)
    with pytest.raises(ValueError, match=r"MyEPR: two terms are called 'expected_positives'"):
        loss(logits, observed)

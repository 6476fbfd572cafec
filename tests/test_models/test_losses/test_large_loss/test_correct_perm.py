from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from wsml_mm import LargeLossCorrectPerm, TrainingFacts
from wsml_mm.labels import SparseLabels


class Reference:
    """LL-Cp as the reference means it: labels are read at the epoch's start, written at once."""

    def __init__(self, labels, delta_rel: str, percent_of: str):
        self.labels = labels.copy()
        self.rate, self.percent_of = Fraction(delta_rel) / 100, percent_of
        self.found: dict[tuple[int, int], int] = {}  # (image, class): epoch
        self.start_epoch(0)

    def start_epoch(self, epoch: int):
        self.epoch, self.seen = epoch, self.labels.copy()

    def step(self, images, logits) -> float:
        target = self.seen[images]
        rows, classes = target.shape
        hidden = [(r, c) for r in range(rows) for c in range(classes) if target[r, c] == -1]
        base = rows * classes if self.percent_of == 'all' else len(hidden)
        budget = math.ceil(base * self.rate) if self.epoch else 0
        for row, label in sorted(hidden, key=lambda p: (-logits[p], p))[:budget]:
            target[row, label] = 1
            self.labels[images[row], label] = 1
            self.found.setdefault((int(images[row]), label), self.epoch)
        positive = target == 1
        return float((np.logaddexp(0, logits) - logits * positive).mean())


def labels_of(count, classes, seed=0):
    return np.random.default_rng(seed).choice([1, 0, -1], (count, classes), p=[0.1, 0.2, 0.7])


def facts(samples, classes, unobserved=None):
    """A training set with so many unobserved labels; None: not known."""
    if unobserved is None:
        return TrainingFacts(samples, classes)
    labels = np.zeros(samples * classes, np.int8)
    labels[:unobserved] = -1
    sparse = SparseLabels.from_dense(labels.reshape(samples, classes))
    return TrainingFacts(samples, classes, labels=[sparse])


def table_of(loss):
    table = loss.corrections.table()
    return {
        (int(sample), int(label)): int(epoch)
        for sample, label, epoch in zip(
            table['sample'], table['class'], table['epoch'], strict=True
        )
    }


@pytest.mark.parametrize('percent_of', ['all', 'unobserved'])
@pytest.mark.parametrize('delta_rel', ['0.1', '3', '25'])
@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
def test_equals_the_reference_over_epochs_with_repeated_images(percent_of, delta_rel, dtype):
    random, labels = np.random.default_rng(7), labels_of(23, 9)
    expected = Reference(labels, delta_rel, percent_of)
    loss = LargeLossCorrectPerm(float(delta_rel), percent_of, num_samples=23)
    for epoch in range(7):
        expected.start_epoch(epoch)
        loss.set_epoch(epoch, 7)
        assert (table_of(loss) if loss.corrections else {}) == expected.found
        for _ in range(6):  # 6 * 5 of 23 images: repeats between and within batches
            images = random.integers(0, 23, 5)
            logits = torch.from_numpy(random.normal(size=(5, 9)) * 2).to(dtype)
            target = torch.from_numpy(labels[images])
            value = loss(logits, target, sample_idx=torch.from_numpy(images))
            exact = expected.step(images, logits.double().numpy())
            assert value.item() == pytest.approx(exact, abs=1e-6)
    loss.end_epoch(None)
    assert table_of(loss) == expected.found
    assert all(labels[place] == -1 for place in expected.found)


def test_a_correction_holds_in_its_step_and_from_the_next_epoch_on():
    loss = LargeLossCorrectPerm(10, num_samples=5)  # one of 10 labels a step
    loss.keep_trace = True
    logits = torch.arange(10.0).view(1, 10)
    target, index = -torch.ones(1, 10), torch.tensor([3])
    loss.set_epoch(1)
    for _ in range(3):  # the same epoch: the old label is seen again, and corrected again
        value = loss(logits, target, sample_idx=index)
        positive = torch.zeros(1, 10).index_fill(1, torch.tensor([9]), 1)
        assert value == F.binary_cross_entropy_with_logits(logits, positive)
        assert loss.trace.open().all()
        assert loss.trace.acted_on().nonzero().tolist() == [[0, 9]]
    assert len(loss.corrections) == 0
    loss.set_epoch(1)  # given again: still the same epoch
    assert len(loss.corrections) == 0
    loss.set_epoch(2)
    assert table_of(loss) == {(3, 9): 1}
    value = loss(logits, target, sample_idx=index)
    positive[0, 8] = 1
    assert value == F.binary_cross_entropy_with_logits(logits, positive)
    assert not loss.trace.open()[0, 9]
    loss(logits, target, sample_idx=torch.tensor([4]))  # another image is not concerned
    assert loss.trace.open().all()
    loss.set_epoch(3)
    assert table_of(loss) == {(3, 9): 1, (3, 8): 2, (4, 9): 2}
    assert (target == -1).all()  # the batch itself is left as it was


def test_the_trace_is_against_the_labels_as_observed():
    """Or the losses of LL-Cp could not be compared with those of a method that corrects nothing."""
    loss = LargeLossCorrectPerm(10, num_samples=1)
    loss.keep_trace = True
    logits, index = torch.linspace(-3, 3, 10).view(1, 10), torch.tensor([0])
    target = torch.tensor([[1.0] + 9 * [-1.0]])
    for epoch in range(5):
        loss.set_epoch(epoch)
        value = loss(logits, target, sample_idx=index)
        positive = (target == 1).float()
        expected = F.binary_cross_entropy_with_logits(logits, positive, reduction='none')
        assert torch.equal(loss.trace.entry_loss, expected)
        assert torch.equal(loss.trace.observed, target)
        held = {c for (_, c) in table_of(loss)}
        assert {int(c) for c in (~loss.trace.open()[0]).nonzero()} == held | {0}
        assert len(held) == max(epoch - 1, 0)
    assert value != expected.mean()  # the training itself does count them as positive


def test_an_observed_label_wins_over_a_stored_correction():
    loss = LargeLossCorrectPerm(0, num_samples=1)
    loss.start(TrainingFacts(1, 3))
    loss.corrections.add_pairs(torch.tensor([0, 0]), torch.tensor([0, 1]))
    loss.set_epoch(1)
    logits, target = torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[0.0, -1.0, -1.0]])
    value = loss(logits, target, sample_idx=torch.tensor([0]))
    expected = F.binary_cross_entropy_with_logits(logits, torch.tensor([[0.0, 1.0, 0.0]]))
    assert value == expected


def test_evaluation_neither_uses_nor_makes_corrections():
    loss = LargeLossCorrectPerm(50, num_samples=4)
    loss.start(TrainingFacts(4, 3))
    loss.corrections.add_pairs(torch.tensor([0]), torch.tensor([1]))
    loss.set_epoch(3)
    loss.eval()
    logits, target = torch.randn(4, 3), -torch.ones(4, 3)
    value = loss(logits, target)
    assert value == F.binary_cross_entropy_with_logits(logits, torch.zeros(4, 3))
    assert len(loss.corrections) == 1
    assert not len(loss.corrections.pending())


@pytest.mark.parametrize(
    ('max_fraction', 'unobserved', 'limit'),
    [(0.29, 100, 29), (0.1, 70, 7), (0.055, 100, 5), (0, 100, 0), (1, None, 120), (0.3, None, 36)],
)
def test_max_fraction_is_reached_and_never_passed(max_fraction, unobserved, limit):
    loss = LargeLossCorrectPerm(15, max_fraction=max_fraction)
    loss.start(facts(12, 10, unobserved))
    random, totals = torch.Generator().manual_seed(0), []
    for epoch in range(40):
        loss.set_epoch(epoch)
        for _ in range(4):
            images = torch.randint(0, 12, (4,), generator=random)  # with repeats
            logits = torch.randn(4, 10, generator=random)
            loss(logits, -torch.ones(4, 10), sample_idx=images)
        assert len(loss.corrections) <= limit
        totals.append(len(loss.corrections) + len(loss.corrections.pending()))
    assert max(totals) == limit
    assert totals == sorted(totals)


def test_the_room_is_measured_from_restored_corrections():
    loss = LargeLossCorrectPerm(100, max_fraction=0.5)
    loss.start(TrainingFacts(2, 5))
    state = loss.corrections.state_dict()
    state |= {'keys': torch.tensor([0, 1, 2]), 'epochs': torch.zeros(3, dtype=torch.int32)}
    loss.corrections.load_state_dict(state)
    loss.end_epoch(None)
    loss.set_epoch(4)
    loss(torch.randn(1, 5), -torch.ones(1, 5), sample_idx=torch.tensor([1]))
    loss.set_epoch(5)
    assert len(loss.corrections) == 5


def test_arguments_are_checked():
    for fraction in (-0.1, 1.01, float('nan')):
        with pytest.raises(ValueError, match='a share between 0 and 1'):
            LargeLossCorrectPerm(max_fraction=fraction)
    with pytest.raises(ValueError, match='number of training images'):
        LargeLossCorrectPerm(num_samples=0)
    with pytest.raises(ValueError, match=r'num_samples=7.* has 8 rows; remove num_samples'):
        LargeLossCorrectPerm(num_samples=7).start(TrainingFacts(8, 3))


def test_what_is_missing_is_named():
    logits, target = torch.randn(2, 3), -torch.ones(2, 3)
    loss = LargeLossCorrectPerm()
    loss.set_epoch(1)
    with pytest.raises(RuntimeError, match=r'add PartialLabelHook .* or pass sample_idx'):
        loss(logits, target)
    with pytest.raises(RuntimeError, match=r'add PartialLabelHook .* or call loss\.start'):
        loss(logits, target, sample_idx=torch.tensor([0, 1]))


@pytest.mark.parametrize('bad', [2, 5, -1])
def test_an_index_outside_the_training_set_is_refused(bad):
    loss = LargeLossCorrectPerm(num_samples=2)
    loss.set_epoch(0)
    with pytest.raises(IndexError, match=rf'sample_idx {bad} is outside 0\.\.1'):
        loss(torch.randn(2, 3), -torch.ones(2, 3), sample_idx=torch.tensor([0, bad]))


@pytest.mark.parametrize('index', [[0], [0, 1, 2], [[0], [1]]])
def test_one_index_for_each_sample(index):
    loss = LargeLossCorrectPerm(num_samples=4)
    loss.set_epoch(0)
    with pytest.raises(ValueError, match='one index for each of the 2 samples'):
        loss(torch.randn(2, 3), -torch.ones(2, 3), sample_idx=torch.tensor(index))


def test_a_plain_pytorch_loop_finds_hidden_positives():
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(200, 6, generator=generator)
    truth = images @ torch.randn(6, 5, generator=generator) > 0
    labels = torch.where(truth & (torch.rand(200, 5, generator=generator) < 0.5), 1, -1)
    model = torch.nn.Linear(6, 5)
    torch.nn.init.zeros_(model.weight)
    torch.nn.init.zeros_(model.bias)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
    loss = LargeLossCorrectPerm(2, num_samples=200)
    for epoch in range(8):
        loss.set_epoch(epoch, 8)
        for index in torch.randperm(200, generator=generator).split(16):
            optimizer.zero_grad()
            value = loss(model(images[index]), labels[index], sample_idx=index)
            value.backward()
            optimizer.step()
            assert value.isfinite()
    loss.end_epoch(None)
    found = table_of(loss)
    assert all(labels[place] == -1 for place in found)
    assert len(found) == 7 * (12 * 2 + 1)  # ceil(80 * 2 %) of 12 batches, ceil(40 * 2 %) of one
    right = sum(bool(truth[place]) for place in found) / len(found)
    by_chance = truth[labels == -1].double().mean()
    assert right > 2 * by_chance  # 15 seeds: 2.5 to 2.7 times


@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
def test_indices_on_the_host_and_logits_on_a_gpu():
    loss = LargeLossCorrectPerm(20, num_samples=3).cuda()
    logits, target = torch.randn(3, 5).cuda(), -torch.ones(3, 5).cuda()
    for epoch, index in enumerate([torch.arange(3), torch.arange(3), torch.arange(3).cuda()]):
        loss.set_epoch(epoch)
        assert loss(logits, target, sample_idx=index).isfinite()
    assert len(loss.corrections) == 3
    state = {
        key: torch.as_tensor(value).cuda() for key, value in loss.corrections.state_dict().items()
    }
    loss.corrections.load_state_dict(state)
    assert len(loss.corrections) == 3


def test_binding_to_other_data_is_refused():
    loss = LargeLossCorrectPerm()
    loss.start(facts(10, 4))
    loss.start(facts(10, 4, 30))
    with pytest.raises(ValueError, match=r'of 10 samples and 4 classes.*build a new loss'):
        loss.start(facts(11, 4))

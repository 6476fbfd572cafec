from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from helpers import dataset_config, tiny_config, train, train_interrupted, write_devkit
from loss_tester import bce, sigmoid
from mmpretrain.registry import DATASETS

import wsml_mm.benchmarks.voc2012 as voc
from wsml_mm import AssumeNegativeLoss, GroupConsistency, LargeLossReject, TrainingFacts
from wsml_mm.engine.hooks.training_facts import assign_group_offsets
from wsml_mm.labels import SparseLabels
from wsml_mm.models.label_state import rows as row_state

GROUPS = np.array([0, 0, 1, 1, 2, 2, 2, 0])
LABELS = np.full((8, 3), -1)
LABELS[1, 2], LABELS[2, 0], LABELS[6, 1], LABELS[5, 1] = 1, 1, 0, 1
FACTS = TrainingFacts(
    8, 3, labels=[SparseLabels.from_dense(LABELS.astype(np.int8))], groups=GROUPS, num_groups=3,
    trained=np.array([0, 1, 2, 3, 4, 6, 7]),
)  # fmt: skip


def regularised(weight=0.5, rate=0.1, facts=FACTS, base=AssumeNegativeLoss):
    loss = base(extra=[GroupConsistency(weight, rate=rate)])
    loss.start(facts)
    loss.set_epoch(0, 4)
    return loss


def means(loss):
    return loss.extra[0].state.rows('group_means').data


def batch(seed, rows=4):
    random = np.random.default_rng(seed)
    samples = random.permutation(8)[:rows]
    return torch.from_numpy(random.normal(0, 2, (rows, 3))), samples


def call(loss, logits, samples):
    return loss(
        logits,
        torch.from_numpy(LABELS[samples]),
        sample_idx=torch.from_numpy(samples),
        group=torch.from_numpy(GROUPS[samples]),
    )


def test_first_values_are_those_of_role_and_one_where_the_training_part_has_a_positive():
    found = means(regularised()).numpy()
    ones = {(0, 2), (1, 0)}  # sample 5's positive is not trained on
    assert {tuple(p) for p in np.argwhere(found == 1)} == ones
    others = found[found != 1]
    assert ((others > 0.4) & (others < 0.6)).all()
    assert len(set(others)) == 7


def test_the_term_the_gradient_and_the_means_are_those_of_the_formula():
    loss = regularised()
    y = means(loss).double().numpy().copy()
    for step in range(4):
        logits, samples = batch(step)
        logits.requires_grad_()
        value = call(loss, logits, samples)
        x, g, z = logits.detach().numpy(), GROUPS[samples], LABELS[samples]
        expected = bce(x, z == 1).mean() + 0.5 * bce(x, y[g]).mean()
        assert value.item() == pytest.approx(expected, abs=1e-6)
        value.backward()
        slope = (sigmoid(x) - (z == 1) + 0.5 * (sigmoid(x) - y[g])) / x.size
        np.testing.assert_allclose(logits.grad.numpy(), slope, atol=1e-7)
        new = y.copy()
        for row, group in enumerate(g):  # the last row of a group overwrites
            new[group] = 0.9 * y[group] + 0.1 * sigmoid(x[row])
        y = new
        np.testing.assert_allclose(means(loss).numpy(), y, atol=1e-6)


def test_it_goes_with_any_loss_and_evaluation_leaves_it_alone():
    loss = regularised(base=lambda **kw: LargeLossReject(30, **kw))
    loss.set_epoch(1, 4)
    logits, samples = batch(0)
    call(loss, logits, samples)
    before = means(loss).clone()
    loss.eval()
    call(loss, logits, samples)
    assert torch.equal(means(loss), before)


def test_the_state_goes_through_a_checkpoint():
    loss = regularised()
    call(loss, *batch(0))
    saved = copy.deepcopy(loss.extra[0].state.state_dict())
    other = regularised()
    assert not torch.equal(means(loss), means(other))
    other.extra[0].state.load_state_dict(saved)
    for each in (loss, other):
        call(each, *batch(1))
    assert torch.equal(means(loss), means(other))


def test_ranks_overwrite_in_the_order_of_one_process(monkeypatch):
    """Rows 0, 2, 4 went to rank 0 and 1, 3 to rank 1."""
    groups, values = torch.tensor([0, 1, 0, 1, 2]), torch.arange(15.0).reshape(5, 3)
    alone = row_state.Rows(by_group=True).create(FACTS)
    alone.follow(groups, values, 0.5)
    together = row_state.Rows(by_group=True).create(FACTS)
    shares = [(groups[rank::2], values[rank::2]) for rank in (0, 1)]
    monkeypatch.setattr(row_state, 'world_size', lambda: 2)
    monkeypatch.setattr(row_state, 'gather_objects', lambda own: shares)
    together.follow(*shares[1], 0.5)
    assert torch.equal(together.data, alone.data)
    assert alone.data.tolist() == (values[[2, 3, 4]] / 2).tolist()


def test_means_stay_between_zero_and_one_and_other_groups_stand_still():
    loss = regularised(rate=1.0)
    before = means(loss).clone()
    logits, samples = torch.tensor([[50.0, -50, 0]]), np.array([3])
    call(loss, logits, samples)
    assert torch.equal(means(loss)[[0, 2]], before[[0, 2]])
    assert means(loss)[1].tolist() == pytest.approx([1, 0, 0.5])


def test_bad_input_in_one_line():
    with pytest.raises(ValueError, match='rate=2: the weight of a new prediction'):
        GroupConsistency(rate=2)
    with pytest.raises(ValueError, match='the training set has no groups'):
        AssumeNegativeLoss(extra=[GroupConsistency()]).start(TrainingFacts(8, 3))
    loss = regularised()
    logits, samples = batch(0)
    with pytest.raises(RuntimeError, match=r'needs the group of each sample.*sample_groups'):
        loss(logits, torch.from_numpy(LABELS[samples]), sample_idx=torch.from_numpy(samples))
    with pytest.raises(ValueError, match=r'more than max_gigabytes=1e-09'):
        AssumeNegativeLoss(extra=[GroupConsistency(max_gigabytes=1e-9)]).start(FACTS)


class Recordings(voc.VOC2012):
    """Images of VOC in groups of three."""

    def sample_groups(self):
        return np.arange(len(self)) // 3


@pytest.fixture
def grouped(tmp_path, monkeypatch):
    monkeypatch.setitem(DATASETS.module_dict, 'Recordings', Recordings)
    cfg = tiny_config(write_devkit(tmp_path / 'kit'), tmp_path / 'run')
    cfg.train_dataloader.dataset.dataset.type = 'Recordings'
    extra = [dict(type='GroupConsistency', loss_weight=0.5, rate=0.1)]
    cfg.model.head.loss = dict(type='AssumeNegativeLoss', extra=extra)
    return cfg


def test_a_runner_passes_the_groups_and_a_resume_goes_on_with_the_means(grouped, tmp_path):
    whole = train(copy.deepcopy(grouped))
    loss = whole.model.head.loss_module
    facts = loss.extra[0].state.facts
    assert facts.num_groups == len(means(loss)) == int(facts.groups.max()) + 1
    half = copy.deepcopy(grouped)
    half.work_dir = str(tmp_path / 'half')
    train_interrupted(copy.deepcopy(half), 1)
    half.resume = True
    again = train(half)
    torch.testing.assert_close(means(again.model.head.loss_module), means(loss), rtol=0, atol=0)


def test_concatenated_data_sets_number_their_groups_one_after_the_other(tmp_path):
    kit = write_devkit(tmp_path / 'kit')
    first, second = (DATASETS.build(dataset_config(kit)) for _ in range(2))
    assert assign_group_offsets([first, second]) is None
    for leaf in (first, second):
        leaf._groups = np.arange(leaf.num_samples) // 3
    groups = assign_group_offsets([first, second])
    count = int(first._groups.max()) + 1
    assert groups.tolist() == [*first._groups, *(second._groups + count)]
    assert second[0]['data_samples'].group == second._groups[second.indices[0]] + count

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from mmpretrain.structures import DataSample

from wsml_mm.datasets.partial_label import FULL_LABELS
from wsml_mm.engine.hooks import label_record
from wsml_mm.engine.hooks.label_record import (
    GROUPS,
    LabelRecord,
    label_groups,
    label_scalars,
    memory_scalars,
)
from wsml_mm.models.losses import LossTrace


def _trace(selected, unobserved):
    selected = torch.tensor(selected, dtype=torch.bool)
    unobserved = torch.tensor(unobserved, dtype=torch.bool)
    observed = torch.where(unobserved, -1.0, 1.0)
    return LossTrace(torch.zeros(selected.shape), observed, {'positive': selected}, {})


def _logged(record):
    """What is logged of the one action of `_trace`, 'positive'."""
    scalars = label_scalars(record.totals())
    prefix = 'label/positive/'
    return {k.removeprefix(prefix): v for k, v in scalars.items() if k.startswith(prefix)}


def _samples(full):
    found = []
    for row in full:
        sample = DataSample()
        sample.set_field(torch.tensor(row, dtype=torch.int8), FULL_LABELS)
        found.append(sample)
    return found


def test_empty_record_logs_nothing():
    assert LabelRecord().scalars() == {}


def test_counts_by_hand():
    record = LabelRecord()
    record.add(
        _trace([[1, 1, 0], [0, 1, 0]], [[1, 1, 1], [1, 1, 0]]),
        _samples([[1, 0, 1], [0, -1, 1]]),
    )
    # Selected: right, wrong, not annotated. Unobserved and truly positive: two, one found.
    assert _logged(record) == {
        'count': 3,
        'share': 3 / 5,
        'precision': 1 / 2,
        'recall': 1 / 2,
    }


def test_without_diagnosis_there_is_no_precision():
    record = LabelRecord()
    record.add(_trace([[1, 0]], [[1, 1]]), [DataSample()])
    record.add(_trace([[0, 0]], [[1, 1]]), [])
    assert _logged(record) == {
        'count': 1,
        'share': 1 / 4,
    }


def test_nothing_selected_has_no_precision():
    record = LabelRecord()
    record.add(_trace([[0, 0]], [[1, 1]]), _samples([[1, 0]]))
    assert _logged(record) == {
        'count': 0,
        'share': 0,
        'recall': 0,
    }


def test_nothing_unobserved_divides_by_nothing():
    record = LabelRecord()
    record.add(_trace([[0, 0]], [[0, 0]]), _samples([[1, 0]]))
    assert _logged(record) == {'count': 0, 'share': 0}


def test_reading_does_not_change_it(monkeypatch):
    def two_ranks(values):  # in place, as mmengine's all_reduce_dict
        for value in values.values():
            value.mul_(2)

    monkeypatch.setattr(label_record, 'all_reduce_dict', two_ranks)
    record = LabelRecord()
    record.add(_trace([[1, 0]], [[1, 1]]), _samples([[1, 0]]))
    expected = {
        'count': 2,
        'share': 0.5,
        'precision': 1,
        'recall': 1,
    }
    assert _logged(record) == expected
    assert _logged(record) == expected


def test_long_epochs_are_counted_exactly():
    record = LabelRecord()
    record.add(_trace([[1]], [[1]]), [])
    record.totals()  # which adds what is waiting
    record._sums = {key: value + 2**25 for key, value in record._sums.items()}
    record.add(_trace([[1]], [[1]]), [])  # float32 would lose it
    assert _logged(record)['count'] == 2**25 + 2


rows = st.lists(
    st.lists(
        st.tuples(st.booleans(), st.booleans(), st.sampled_from([1, 0, -1])), min_size=4, max_size=4
    ),
    min_size=1,
    max_size=6,
)


@given(st.lists(rows, min_size=1, max_size=4))
def test_equals_a_plain_count(steps):
    record, entries = LabelRecord(), []
    for step in steps:
        selected = [[a and b for a, b, _ in row] for row in step]
        unobserved = [[b for _, b, _ in row] for row in step]
        record.add(_trace(selected, unobserved), _samples([[f for *_, f in row] for row in step]))
        entries += [(a and b, b, f) for row in step for a, b, f in row]
    chosen = [f for s, _, f in entries if s]
    hidden = [s for s, u, f in entries if u and f == 1]
    known = [f for f in chosen if f != -1]
    found = _logged(record)
    assert found['count'] == len(chosen)
    unobserved = sum(u for _, u, _ in entries)
    assert found['share'] == pytest.approx(len(chosen) / max(unobserved, 1))
    precision = found.get('precision', math.nan)
    assert precision == pytest.approx(
        sum(f == 1 for f in known) / len(known) if known else math.nan, nan_ok=True
    )
    recall = found.get('recall', math.nan)
    assert recall == pytest.approx(sum(hidden) / len(hidden) if hidden else math.nan, nan_ok=True)


# The groups


def _step(target, full, loss, selected=None, corrected=None):
    """A trace and its samples; `corrected` are labels that LL-Cp has made positive before."""
    target = torch.tensor(target, dtype=torch.float32)
    nothing = torch.zeros(target.shape, dtype=torch.bool)
    held = nothing if corrected is None else torch.tensor(corrected, dtype=torch.bool)
    chosen = nothing if selected is None else torch.tensor(selected, dtype=torch.bool)
    actions = {'positive': chosen, 'kept_positive': held & (target == -1)}
    return _with_loss(torch.tensor(loss), target, actions, {}), _samples(full)


def _with_loss(entry_loss, observed, actions, terms):
    """A trace of given losses, whatever the logits that would have them."""
    trace = LossTrace(torch.zeros_like(entry_loss), observed, actions, terms)
    vars(trace)['entry_loss'] = entry_loss
    return trace


def test_groups_by_hand():
    record = LabelRecord()
    # One image of three classes, then two: labels as observed, as they are, and their losses.
    record.add(*_step([[1, -1, -1]], [[1, 1, 0]], [[0.5, 2.0, 0.25]]))
    record.add(*_step([[-1, 0, -1], [-1, 1, -1]], [[0, 0, -1], [1, 1, 1]],
                      [[0.125, 1.0, 64.0], [3.0, 0.75, 1.5]]))  # fmt: skip
    totals = record.totals()
    expected = {  # (number, sum of losses) of each class
        'true_negative': ([1, 0, 1], [0.125, 0, 0.25]),
        'false_negative': ([1, 1, 1], [3.0, 2.0, 1.5]),
        'observed_positive': ([1, 1, 0], [0.5, 0.75, 0]),
        'observed_negative': ([0, 1, 0], [0, 1.0, 0]),
    }
    for group, (count, loss) in expected.items():
        assert totals[f'{group}_count'].tolist() == count
        assert totals[f'{group}_loss'].tolist() == loss
    assert memory_scalars(totals) == {
        'memory/true_negative': 0.375 / 2,
        'memory/false_negative': 6.5 / 3,
        'memory/observed_positive': 1.25 / 2,
        'memory/observed_negative': 1.0,
    }


def test_a_corrected_label_stays_in_its_group():
    record = LabelRecord()
    record.add(*_step([[-1, -1, -1, 1]], [[1, 0, 1, 1]], [[2.0, 3.0, 5.0, 7.0]],
                      selected=[[0, 0, 1, 0]], corrected=[[1, 1, 0, 0]]))  # fmt: skip
    found = {key: value.tolist() for key, value in record.totals().items()}
    assert found['false_negative_loss'] == [2, 0, 5, 0]
    assert found['true_negative_loss'] == [0, 3, 0, 0]
    assert found['kept_positive_count'] == [1, 1, 0, 0]
    assert found['kept_positive_right'] == [1, 0, 0, 0]
    assert (
        found['hidden_positive'] == found['open_count'] == found['positive_right'] == [0, 0, 1, 0]
    )


def test_a_loss_without_end_spoils_its_own_group_only():
    record = LabelRecord()
    record.add(*_step([[-1, 1]], [[0, 1]], [[math.inf, 0.5]]))
    record.add(*_step([[-1, 1]], [[0, 1]], [[1.0, math.nan]]))
    found = memory_scalars(record.totals())
    assert found['memory/true_negative'] == math.inf
    assert math.isnan(found['memory/observed_positive'])
    assert found.keys() == {'memory/true_negative', 'memory/observed_positive'}


def test_without_diagnosis_there_is_no_memory():
    record = LabelRecord()
    record.add(_trace([[1, 0]], [[1, 1]]), [DataSample()])
    assert memory_scalars(record.totals()) == {}
    assert memory_scalars({}) == {}


def test_a_step_reads_no_value_from_the_device():
    """On tensors without values: reading one, as .item() or bool() do, must fail."""
    trace, samples = _step([[1, -1]], [[1, 1]], [[0.5, 2.0]], selected=[[0, 1]])
    record = LabelRecord()
    for _ in range(2):
        actions = {name: mask.to('meta') for name, mask in trace.actions.items()}
        terms = {'one': torch.ones((), device='meta')}
        entry_loss, observed = trace.entry_loss.to('meta'), trace.observed.to('meta')
        record.add(_with_loss(entry_loss, observed, actions, terms), samples)
    record._add_waiting()
    assert len(record._sums) == 1 + 2 + 2 + 2 * 2 + 8
    assert all(value.is_meta and value.shape == (2,) for value in record._sums.values())


entries = st.lists(
    st.lists(
        st.tuples(
            st.sampled_from([1, 0, -1]),  # observed
            st.sampled_from([1, 0, -1]),  # truth
            st.booleans(),  # corrected earlier, where unobserved
            st.booleans(),  # selected, where open
            st.floats(0, 50, width=16),
        ),
        min_size=3,
        max_size=3,
    ),
    min_size=1,
    max_size=5,
)


@given(st.lists(entries, min_size=1, max_size=4))
def test_sums_by_class_equal_plain_loops(steps):
    record = LabelRecord()
    names = ['open_count', 'hidden_positive', 'hidden_negative']
    names += [
        f'{a}_{k}' for a in ('positive', 'kept_positive') for k in ('count', 'judged', 'right')
    ]
    expected = {key: np.zeros(3) for key in names}
    expected |= {f'{g}_{what}': np.zeros(3) for g in GROUPS for what in ('count', 'loss')}
    for rows in steps:
        target, full, held, wish, loss = (
            [[entry[k] for entry in row] for row in rows] for k in range(5)
        )
        chosen = [[t == -1 and not h and w for t, h, w in zip(*x, strict=True)]
                  for x in zip(target, held, wish, strict=True)]  # fmt: skip
        record.add(*_step(target, full, loss, chosen, held))
        for b, row in enumerate(rows):
            for c, (seen, truth, was_held, _, value) in enumerate(row):
                found = {'positive_count': chosen[b][c]}
                if seen == -1:
                    found['kept_positive_count' if was_held else 'open_count'] = 1
                    found['kept_positive_right' if was_held else 'hidden_positive'] = truth == 1
                    found['kept_positive_judged' if was_held else 'hidden_negative'] = (
                        truth != -1 if was_held else truth == 0
                    )
                    group = {1: 'false_negative', 0: 'true_negative', -1: None}[truth]
                else:
                    group = {1: 'observed_positive', 0: 'observed_negative'}[seen]
                if chosen[b][c]:
                    found['positive_judged'], found['positive_right'] = truth != -1, truth == 1
                if group is not None:
                    found |= {f'{group}_count': 1, f'{group}_loss': value}
                for key, number in found.items():
                    expected[key][c] += number
    totals = record.totals()
    assert totals.keys() == expected.keys()
    for key, value in expected.items():
        assert totals[key].dtype == torch.float64
        np.testing.assert_array_equal(totals[key].numpy(), value, err_msg=key)


def test_no_label_is_in_two_groups():
    kinds = torch.tensor([1.0, 0.0, -1.0])
    masks = label_groups(kinds.repeat(3, 1), kinds[:, None].repeat(1, 3))
    assert torch.stack([*masks.values()]).sum(0).tolist() == [[1, 1, 1], [1, 1, 1], [1, 1, 0]]


@pytest.mark.parametrize(
    ('action', 'right'),
    [
        ('positive', [1, 0, 0]),
        ('ignored', [1, 0, 0]),
        ('negative', [0, 1, 0]),
        ('kept_positive', [1, 0, 0]),
        ('kept_negative', [0, 1, 0]),
    ],
)
def test_a_claim_is_right_by_its_name(action, right):
    record = LabelRecord()
    everything = torch.ones(1, 3, dtype=torch.bool)
    trace = LossTrace(torch.zeros(1, 3), -torch.ones(1, 3), {action: everything}, {})
    record.add(trace, _samples([[1, 0, -1]]))
    assert record.totals()[f'{action}_right'].tolist() == right
    found = record.scalars()
    assert found[f'label/{action}/count'] == 3
    assert found[f'label/{action}/share'] == 1
    assert found[f'label/{action}/precision'] == 1 / 2
    assert found[f'label/{action}/recall'] == 1


def test_terms_are_averaged_over_the_steps():
    record = LabelRecord()
    for value in (1.0, 4.0):
        trace = _trace([[0]], [[1]])
        terms = {'expected_positives': torch.tensor(value)}
        record.add(LossTrace(trace.logits, trace.observed, {}, terms), [])
    assert record.scalars() == {'term/expected_positives': 2.5}


def test_claims_of_observed_or_decided_labels_do_not_count():
    """A method that returns its whole mask would log a recall above 1."""
    observed = torch.tensor([[1, -1, -1, 0]])
    full = torch.tensor([[1, 1, 1, 0]])
    everything = torch.ones(1, 4, dtype=torch.bool)
    kept = torch.tensor([[True, True, False, False]])
    actions = {'positive': everything, 'kept_positive': kept}
    sample = DataSample()
    sample.set_field(full[0], FULL_LABELS)
    record = LabelRecord()
    record.add(LossTrace(torch.zeros(1, 4), observed, actions, {}), [sample])
    scalars = record.scalars()
    for name in ('positive', 'kept_positive'):
        assert scalars[f'label/{name}/count'] == 1
        assert scalars[f'label/{name}/precision'] == 1
        assert scalars[f'label/{name}/recall'] <= 1
        assert scalars[f'label/{name}/share'] <= 1


def _random_steps(count):
    generator = torch.Generator().manual_seed(0)
    for number in range(count):
        rows = 3 + number % 2  # the last batch of an epoch is smaller
        observed = torch.randint(-1, 2, (rows, 4), generator=generator).float()
        action = torch.rand(rows, 4, generator=generator) < 0.3
        loss = torch.rand(rows, 4, generator=generator)
        full = torch.randint(-1, 2, (rows, 4), generator=generator)
        yield LossTrace(loss, observed, {'positive': action}, {}), _samples(full.tolist())


@pytest.mark.parametrize('together', [1, 40, 1 << 16])
def test_steps_summed_together_give_the_same(monkeypatch, together):
    monkeypatch.setattr(label_record, '_TOGETHER', 1)
    each, found = LabelRecord(), LabelRecord()
    for step in _random_steps(30):
        each.add(*step)
    monkeypatch.setattr(label_record, '_TOGETHER', together)
    for step in _random_steps(30):
        found.add(*step)
    expected, totals = each.totals(), found.totals()
    assert totals.keys() == expected.keys()
    for key, value in expected.items():
        exact = not key.endswith('_loss')
        torch.testing.assert_close(totals[key], value, rtol=0 if exact else 1e-14, atol=0)


def test_small_steps_are_summed_together(monkeypatch):
    record, sums = LabelRecord(), []
    add = LabelRecord._count
    monkeypatch.setattr(LabelRecord, '_count', lambda *a: sums.append(a) or add(*a))
    for step in _random_steps(30):
        record.add(*step)
    assert sums == []
    record.totals()
    assert len(sums) == 1


def test_steps_of_other_kinds_are_summed_apart():
    record = LabelRecord()
    step = LossTrace(torch.ones(1, 2), torch.tensor([[-1.0, -1.0]]), {}, {})
    record.add(step, _samples([[1, 0]]))
    record.add(step, [])  # which images they are is not known
    record.add(_trace([[1, 0]], [[1, 1]]), [])
    totals = record.totals()
    assert totals['open_count'].tolist() == [3, 3]
    assert totals['hidden_positive'].tolist() == [1, 0]
    assert totals['positive_count'].tolist() == [1, 0]

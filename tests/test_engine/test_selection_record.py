from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from mmpretrain.structures import DataSample

from wsml_mm.datasets.partial_label import FULL_LABELS
from wsml_mm.engine.hooks import selection_record
from wsml_mm.engine.hooks.selection_record import SelectionRecord
from wsml_mm.models.losses import LossTrace


def _trace(selected, unobserved):
    selected = torch.tensor(selected, dtype=torch.bool)
    unobserved = torch.tensor(unobserved, dtype=torch.bool)
    target = torch.where(unobserved, -1.0, 1.0)
    return LossTrace(torch.zeros(selected.shape), unobserved, selected, target)


def _samples(full):
    found = []
    for row in full:
        sample = DataSample()
        sample.set_field(torch.tensor(row, dtype=torch.int8), FULL_LABELS)
        found.append(sample)
    return found


def test_empty_record_logs_nothing():
    assert SelectionRecord().scalars() == {}


def test_counts_by_hand():
    record = SelectionRecord()
    record.add(
        _trace([[1, 1, 0], [0, 1, 0]], [[1, 1, 1], [1, 1, 0]]),
        _samples([[1, 0, 1], [0, -1, 1]]),
    )
    # Selected: right, wrong, not annotated. Unobserved and truly positive: two, one found.
    assert record.scalars() == {
        'll/selected': 3,
        'll/share': 3 / 5,
        'll/precision': 1 / 2,
        'll/recall': 1 / 2,
    }


def test_without_diagnosis_there_is_no_precision():
    record = SelectionRecord()
    record.add(_trace([[1, 0]], [[1, 1]]), [DataSample()])
    record.add(_trace([[0, 0]], [[1, 1]]), [])
    assert record.scalars() == {'ll/selected': 1, 'll/share': 1 / 4}


def test_nothing_selected_has_no_precision():
    record = SelectionRecord()
    record.add(_trace([[0, 0]], [[1, 1]]), _samples([[1, 0]]))
    assert record.scalars() == {'ll/selected': 0, 'll/share': 0, 'll/recall': 0}


def test_nothing_unobserved_divides_by_nothing():
    record = SelectionRecord()
    record.add(_trace([[0, 0]], [[0, 0]]), _samples([[1, 0]]))
    assert record.scalars() == {'ll/selected': 0, 'll/share': 0}


def test_reading_does_not_change_it(monkeypatch):
    def two_ranks(values):  # in place, as mmengine's all_reduce_dict
        for value in values.values():
            value.mul_(2)

    monkeypatch.setattr(selection_record, 'all_reduce_dict', two_ranks)
    record = SelectionRecord()
    record.add(_trace([[1, 0]], [[1, 1]]), _samples([[1, 0]]))
    expected = {'ll/selected': 2, 'll/share': 0.5, 'll/precision': 1, 'll/recall': 1}
    assert record.scalars() == expected
    assert record.scalars() == expected


def test_long_epochs_are_counted_exactly():
    record = SelectionRecord()
    record.add(_trace([[1]], [[1]]), [])
    record._sums = {key: value + 2**25 for key, value in record._sums.items()}
    record.add(_trace([[1]], [[1]]), [])  # float32 would lose it
    assert record.scalars()['ll/selected'] == 2**25 + 2


rows = st.lists(
    st.lists(
        st.tuples(st.booleans(), st.booleans(), st.sampled_from([1, 0, -1])), min_size=4, max_size=4
    ),
    min_size=1,
    max_size=6,
)


@given(st.lists(rows, min_size=1, max_size=4))
def test_equals_a_plain_count(steps):
    record, entries = SelectionRecord(), []
    for step in steps:
        selected = [[a and b for a, b, _ in row] for row in step]
        unobserved = [[b for _, b, _ in row] for row in step]
        record.add(_trace(selected, unobserved), _samples([[f for *_, f in row] for row in step]))
        entries += [(a and b, b, f) for row in step for a, b, f in row]
    chosen = [f for s, _, f in entries if s]
    hidden = [s for s, u, f in entries if u and f == 1]
    known = [f for f in chosen if f != -1]
    found = record.scalars()
    assert found['ll/selected'] == len(chosen)
    unobserved = sum(u for _, u, _ in entries)
    assert found['ll/share'] == pytest.approx(len(chosen) / max(unobserved, 1))
    precision = found.get('ll/precision', math.nan)
    assert precision == pytest.approx(
        sum(f == 1 for f in known) / len(known) if known else math.nan, nan_ok=True
    )
    recall = found.get('ll/recall', math.nan)
    assert recall == pytest.approx(sum(hidden) / len(hidden) if hidden else math.nan, nan_ok=True)

"""What checkpoints remember of labels that a method took for present."""

from __future__ import annotations

import pytest
import torch

from wsml_mm.apis.selected_labels import selected_labels
from wsml_mm.models.label_state import Entries, LabelState, TrainingFacts


def checkpoint(entries, fingerprint='f', name='corrections'):
    """A checkpoint with some (row, class, epoch from 0) of 4 images and 3 classes."""
    state = LabelState(TrainingFacts(4, 3), {name: Entries(constant=1)})
    for row, label, epoch in sorted(entries, key=lambda entry: entry[2]):
        state.entries(name).add_pairs(torch.tensor([row]), torch.tensor([label]))
        state.merge(epoch)
    return {'wsml_mm': {'format': 2, 'fingerprint': fingerprint, 'losses': [state.state_dict()]}}


def test_first_epoch_and_number_of_checkpoints():
    first, last = checkpoint([(1, 2, 1)]), checkpoint([(1, 2, 1), (3, 0, 4)])
    found = selected_labels([first, {}, last], (4, 3), 'f')
    assert {name: values.tolist() for name, values in found.items()} == {
        'key': [5, 9], 'epoch': [2, 5], 'times': [2, 1]
    }  # fmt: skip


def test_what_does_not_count():
    assert selected_labels([{}, {'wsml_mm': None}], (4, 3), 'f') is None
    assert selected_labels([checkpoint([(1, 2, 1)], 'other')], (4, 3), 'f') is None
    absent = checkpoint([(1, 2, 1)], name='soft_negatives')
    assert selected_labels([absent], (4, 3), 'f') is None
    none_yet = selected_labels([checkpoint([])], (4, 3), 'f')
    assert none_yet['key'].tolist() == []


def test_damaged_state_is_refused():
    broken = checkpoint([(1, 2, 1)])
    broken['wsml_mm']['losses'][0]['columns']['corrections']['keys'][0] = 99
    with pytest.raises(ValueError, match="checkpoint's label state is damaged"):
        selected_labels([broken], (4, 3), 'f')

"""Corrections of a training, by image name, for one on other labels."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from wsml_mm.apis.carried_state import carried, write_state
from wsml_mm.engine.hooks.state_checkpoint import load_state, read_state_checkpoint
from wsml_mm.labels import SparseLabels
from wsml_mm.models.label_state import Entries, LabelState, TrainingFacts


def state_of(column, values=None):
    """Entries (0, 1), (1, 0) and (2, 2) of three images and three classes."""
    state = LabelState(TrainingFacts(3, 3), {'kept': column})
    keys = np.array([1, 3, 8])
    state.entries('kept').write(keys, values, epoch=4)
    return {'losses': [state.state_dict()], 'fingerprint': 'then'}


@pytest.mark.parametrize('values', [None, np.array([0.25, 0.5, 0.75])])
def test_entries_go_by_name(tmp_path, values):
    column = Entries(constant=1) if values is None else Entries()
    labels = SparseLabels.from_dense(np.array([[-1, -1, 1], [-1] * 3, [0, -1, -1], [-1] * 3]))
    names = ['a', 'b', 'c'], ['c', 'new', 'b', 'a']  # c's third label and b's first are known now
    moved, dropped = carried(state_of(column, values), names, labels, 'now')
    assert dropped == 2
    write_state(tmp_path / 's.pth', moved)
    saved = read_state_checkpoint(str(tmp_path / 's.pth'))['wsml_mm']
    found = LabelState(TrainingFacts(4, 3), {'kept': column})
    load_state([found], saved, 'now')
    table = found.entries('kept').table()
    assert {name: values.tolist() for name, values in table.items()} == {
        'sample': [3], 'class': [1], 'epoch': [4], 'value': [1.0 if values is None else 0.25]
    }  # fmt: skip


def test_dense_state():
    labels = SparseLabels.from_dense(np.full((3, 3), -1, np.int8))
    saved = {'losses': [{'columns': {'theta': {'data': torch.zeros(3, 3)}}}]}
    same, dropped = carried(saved, (['a', 'b', 'c'],) * 2, labels, 'now')
    assert dropped == 0
    assert same['losses'] == saved['losses']
    with pytest.raises(ValueError, match="label state 'theta' has a value for every label"):
        carried(saved, (['a', 'b', 'c'], ['b', 'a', 'c']), labels, 'now')


def test_of_the_first_format():
    old = state_of(Entries(constant=1))['losses'][0]['columns']['kept']
    labels = SparseLabels.from_dense(np.full((3, 3), -1, np.int8))
    found, _ = carried({'corrections': [old]}, (['a', 'b', 'c'],) * 2, labels, 'now')
    assert found['losses'][0]['columns']['corrections']['keys'].tolist() == [1, 3, 8]

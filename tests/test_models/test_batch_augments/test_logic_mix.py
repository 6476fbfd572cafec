from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from wsml_mm import LogicMix
from wsml_mm.models.batch_augments import Mixture


def test_the_example_of_the_source():
    """(1, ?, 0, ?) with (0, ?, 0, 1) -> (1, ?, 0, 1)."""
    labels = torch.tensor([[1, -1, 0, -1], [0, -1, 0, 1]])
    mixture = Mixture(torch.tensor([[0, 1, 1], [1, 0, 0]]), torch.tensor([[0.5, 0.5, 0.0]] * 2))
    assert LogicMix().labels(mixture, labels).tolist() == [[1, -1, 0, 1]] * 2


@given(st.integers(0, 10_000), st.integers(1, 7))
def test_labels_are_the_or_of_the_images_that_are_in_it(seed, rows):
    torch.manual_seed(seed)
    labels = torch.randint(-1, 2, (rows, 4))
    augment = LogicMix(0.7)
    images, mixed = augment(torch.eye(rows), labels)
    for row in range(rows):
        inside = images[row].nonzero()[:, 0]
        assert row in inside
        assert 1 <= len(inside) <= 3
        for column in range(4):
            values = set(labels[inside, column].tolist())
            expected = 1 if 1 in values else 0 if values == {0} else -1
            assert mixed[row, column] == expected
        torch.testing.assert_close(images[row].sum(), torch.tensor(1.0))


def test_two_and_three_images_are_equally_likely():
    torch.manual_seed(0)
    weights = LogicMix(0.5).draw(20_000).weights
    number = (weights > 0).sum(1)
    shares = [(number == k).float().mean().item() for k in (1, 2, 3)]
    assert shares == pytest.approx([0.5, 0.25, 0.25], abs=0.02)
    assert weights[:, 0].unique().tolist() == pytest.approx([1 / 3, 0.5, 1])
    assert (LogicMix(0).draw(50).weights[:, 0] == 1).all()


def test_a_probability_out_of_range_is_refused():
    with pytest.raises(ValueError, match='probability=2: a probability between 0 and 1'):
        LogicMix(2)

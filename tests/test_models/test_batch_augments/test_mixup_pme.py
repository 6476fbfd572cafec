from __future__ import annotations

import pytest
import torch

from wsml_mm import MixUpPME
from wsml_mm.models.batch_augments import Mixture


def test_an_unknown_label_of_the_second_counts_one_half():
    labels = torch.tensor([[1, 1, 0, -1], [0, -1, -1, 1]])
    mixture = Mixture(torch.tensor([[0, 1], [1, 0]]), torch.tensor([[0.8, 0.2], [0.75, 0.25]]))
    found = MixUpPME().labels(mixture, labels)
    torch.testing.assert_close(found, torch.tensor([[0.8, 0.9, 0.1, -1], [0.25, -1, -1, 0.875]]))


def test_images_and_weights():
    torch.manual_seed(0)
    augment = MixUpPME()
    images, labels = augment(torch.eye(50), torch.ones(50, 2))
    own = images.diagonal()
    assert ((own >= 0.75) & (own <= 1)).all()
    assert own.mean().item() == pytest.approx(0.875, abs=0.03)
    torch.testing.assert_close(images.sum(1), torch.ones(50))
    torch.testing.assert_close(labels, torch.ones(50, 2))
    assert (labels <= 1).all()  # a loss would refuse more


def test_a_weight_out_of_range_is_refused():
    with pytest.raises(ValueError, match=r'lowest=0.2: a weight between 0.5 and 1'):
        MixUpPME(0.2)

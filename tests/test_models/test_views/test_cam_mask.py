from __future__ import annotations

import pytest
import torch

from wsml_mm.models.views import CamMask

OBSERVED = torch.tensor([[-1, 1, -1], [1, 0, -1], [1, 1, -1], [-1, -1, 0]])


@pytest.fixture
def maps():
    torch.manual_seed(0)
    return torch.randn(4, 3, 4, 4)


def test_the_range_of_each_map(maps):
    kept = CamMask(0.8).mask(maps, OBSERVED, (4, 4))
    for row, label in enumerate([1, 0]):
        chosen = maps[row, label]
        scaled = (chosen - chosen.min()) / (chosen.max() - chosen.min())
        assert torch.equal(kept[row, 0], scaled > 0.8)
        assert 0 < kept[row].sum() < 16
    # Several positives, or none: the image stays whole.
    assert kept[2:].all()


def test_the_range_over_the_batch_as_the_code_has_it(maps):
    kept = CamMask(0.8, 'batch').mask(maps, OBSERVED, (4, 4))
    chosen = torch.stack([maps[0, 1], maps[1, 0]])
    scaled = (chosen - chosen.min(0)[0]) / chosen.max(0)[0]
    assert torch.equal(kept[:2, 0], scaled > 0.8)
    assert kept[2:].all()
    # With one positive image in the batch its map becomes 0, and nothing is left of it.
    assert not CamMask(0.8, 'batch').mask(maps[:1], OBSERVED[:1], (4, 4)).any()


def test_a_map_without_a_range_leaves_nothing():
    assert not CamMask().mask(torch.ones(1, 3, 2, 2), OBSERVED[:1], (4, 4)).any()


@pytest.mark.parametrize('how', ['image', 'batch'])
def test_no_positive_at_all(maps, how):
    assert CamMask(normalise=how).mask(maps, torch.full((4, 3), -1), (8, 8)).all()


def test_arguments():
    with pytest.raises(ValueError, match='threshold=2'):
        CamMask(2)
    with pytest.raises(ValueError, match="normalise='max': use"):
        CamMask(normalise='max')

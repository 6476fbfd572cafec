from __future__ import annotations

import pytest
import torch
from mmpretrain.models import ClsDataPreprocessor, RandomBatchAugment

from wsml_mm.models.batch_augments import LogicMix, Mixture, MixUpPME, PartialLabelAugment
from wsml_mm.models.batch_augments.mixture import draw_partners

AUGMENTS = [LogicMix(1), LogicMix(0.5), MixUpPME()]


@pytest.mark.parametrize('rows', [1, 2, 5])
def test_partners_are_other_images(rows):
    found = torch.stack([draw_partners(rows, 2) for _ in range(40)])
    assert (found[:, :, 0] == torch.arange(rows)).all()
    assert ((found[:, :, 1:] == torch.arange(rows)[:, None]).any()) == (rows == 1)
    assert set(found[:, 0, 1].tolist()) == set(range(1, rows)) or rows == 1


def test_images_are_weighted_sums():
    mixture = Mixture(
        torch.tensor([[0, 1, 1], [1, 0, 0]]), torch.tensor([[0.5, 0.5, 0], [1, 0, 0]])
    )
    images = torch.rand(2, 3, 4, 4)
    mixed = mixture.blend(images)
    torch.testing.assert_close(mixed[0], images.mean(0))
    assert torch.equal(mixed[1], images[1])
    assert torch.equal(mixture.blend(torch.tensor([[2.0], [4.0]])), torch.tensor([[3.0], [4.0]]))


@pytest.mark.parametrize('augment', AUGMENTS)
def test_the_generator_of_torch_decides(augment):
    images, labels = torch.rand(6, 4), torch.randint(-1, 2, (6, 3))
    found = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        found.append(augment(images, labels))
    assert torch.equal(found[0][0], found[1][0])
    assert torch.equal(found[0][1], found[1][1])
    assert not torch.equal(found[0][0], found[2][0])


@pytest.mark.parametrize('augment', AUGMENTS)
def test_an_empty_batch_stays_empty(augment):
    images, labels = augment(torch.zeros(0, 4), torch.zeros(0, 3))
    assert images.shape == (0, 4)
    assert labels.shape == (0, 3)


@pytest.mark.parametrize('name', ['LogicMix', 'MixUpPME'])
def test_the_preprocessor_finds_it_by_name(name):
    preprocessor = ClsDataPreprocessor(batch_augments=dict(augments=dict(type=name)))
    (augment,) = preprocessor.batch_augments.augments
    assert isinstance(augment, PartialLabelAugment)
    images, labels = RandomBatchAugment(augment)(torch.rand(4, 3, 2, 2), torch.ones(4, 3))
    assert images.shape == (4, 3, 2, 2)
    torch.testing.assert_close(labels, torch.ones(4, 3))


def test_what_a_subclass_leaves_out_is_named():
    with pytest.raises(NotImplementedError, match='must define draw'):
        PartialLabelAugment()(torch.zeros(2, 3), torch.zeros(2, 3))
    with pytest.raises(NotImplementedError, match='must define labels'):
        PartialLabelAugment().labels(LogicMix().draw(2), torch.zeros(2, 3))

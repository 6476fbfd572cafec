"""Oracles: the masks of HCP-MLR-PL and DualCoOp and the dropper of mlcpl, written out anew."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from label_samples import as_sparse, few_listed, full_labels, part_labels, to_dense
from mmpretrain.registry import TASK_UTILS

from wsml_mm.datasets import KeepRatio, known_share
from wsml_mm.labels import SparseLabels

RATIOS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]


def hcp(dense, ratio) -> np.ndarray:
    """HCP-MLR-PL: one uniform number for every entry of the matrix, seed 0."""
    np.random.seed(0)
    return np.where(np.random.random(dense.shape) < ratio, dense, -1)


def dualcoop(dense, ratio, seed) -> np.ndarray:
    """DualCoOp: the same with torch, in single precision."""
    torch.manual_seed(seed)
    return np.where((torch.rand(*dense.shape) < ratio).numpy(), dense, -1)


def mlcpl(dense, ratio, seed=526) -> np.ndarray:
    """Mlcpl's uniform dropper: a number for each positive of an image, then for each negative."""
    rng = np.random.Generator(np.random.PCG64(seed))
    observed = np.full_like(dense, -1)
    for row, out in zip(dense, observed, strict=True):
        for value in (1, 0):
            for index in np.flatnonzero(row == value):
                if rng.random() < ratio:
                    out[index] = value
    return observed


@pytest.mark.parametrize('ratio', RATIOS)
def test_default_is_the_mask_of_hcp_mlr_pl(ratio):
    dense = full_labels(300, 80, density=0.05)
    process = TASK_UTILS.build(dict(type='KeepRatio', ratio=ratio))
    np.testing.assert_array_equal(to_dense(process(as_sparse(dense))), hcp(dense, ratio))


@pytest.mark.parametrize('ratio', [0.1, 0.3, 0.9])
def test_torch_draws_are_those_of_dualcoop(ratio):
    dense = full_labels(300, 80, density=0.05)
    state = torch.get_rng_state()
    observed = KeepRatio(ratio, seed=7, draws='torch')(as_sparse(dense))
    assert torch.equal(torch.get_rng_state(), state)
    np.testing.assert_array_equal(to_dense(observed), dualcoop(dense, ratio, 7))


@pytest.mark.parametrize('draws', ['numpy', 'torch', 'known'])
def test_positives_alone_are_those_of_the_whole_mask(draws):
    dense = full_labels(300, 80, density=0.05)
    both = to_dense(KeepRatio(0.4, seed=7, draws=draws)(as_sparse(dense)))
    alone = to_dense(KeepRatio(0.4, seed=7, draws=draws, positives_only=True)(as_sparse(dense)))
    np.testing.assert_array_equal(alone, np.where(both == 1, 1, -1))
    assert 0.3 < (alone == 1).sum() / (dense == 1).sum() < 0.5


def test_torch_draws_compare_in_single_precision():
    # A ratio just above a draw: double precision would keep the label, DualCoOp's torch does not.
    torch.manual_seed(3)
    drawn = torch.rand(200, 5)
    ratio = float(np.nextafter(float(drawn[0, 0]), 2))
    assert float(drawn[0, 0]) < ratio
    assert not bool(drawn[0, 0] < ratio)
    observed = KeepRatio(ratio, seed=3, draws='torch')(as_sparse(np.ones((200, 5), np.int8)))
    np.testing.assert_array_equal(to_dense(observed) == 1, (drawn < ratio).numpy())


@pytest.mark.parametrize('dense', [full_labels(60, 12, 0.3), part_labels(60, 12)])
def test_known_draws_are_those_of_mlcpl(dense):
    observed = KeepRatio(0.4, seed=526, draws='known')(SparseLabels.from_dense(dense))
    np.testing.assert_array_equal(to_dense(observed), mlcpl(dense, 0.4))


@pytest.mark.parametrize('draws', ['numpy', 'torch', 'known'])
@pytest.mark.parametrize('block', [1, 7, 50, 2**20])
def test_blocks_do_not_show(draws, block, monkeypatch):
    dense = part_labels(40, 12)
    expected = KeepRatio(0.5, 2, draws)(SparseLabels.from_dense(dense)).fingerprint()
    monkeypatch.setattr('wsml_mm.labels.blocks._LABELS', block)
    assert KeepRatio(0.5, 2, draws)(SparseLabels.from_dense(dense)).fingerprint() == expected


@pytest.mark.parametrize('draws', ['numpy', 'torch', 'known'])
@pytest.mark.parametrize('ratio', [0.1, 0.5, 0.9])
def test_share_of_both_kinds_is_the_ratio(ratio, draws):
    dense = full_labels(300, 80, density=0.3)
    labels = as_sparse(dense)
    observed = KeepRatio(ratio, seed=3, draws=draws)(labels)
    spread = np.sqrt(ratio * (1 - ratio) / dense.size)
    assert abs(known_share(observed, labels) - ratio) < 4 * spread
    kept = to_dense(observed)
    assert ((kept == dense) | (kept == -1)).all()
    for kind in (0, 1):
        known = kept[dense == kind] != -1
        spread = np.sqrt(ratio * (1 - ratio) / known.size)
        assert abs(known.mean() - ratio) < 4 * spread
    # Independent of the neighbour: joint share of two classes is the product.
    known = kept != -1
    both = (known[:, 1:] & known[:, :-1]).mean()
    assert abs(both - ratio**2) < 5 * np.sqrt(ratio**2 * (1 - ratio**2) / known.size * 3)


@pytest.mark.parametrize('draws', ['numpy', 'torch', 'known'])
def test_share_where_few_labels_are_known(draws):
    labels = few_listed(4000, 500)
    observed = KeepRatio(0.3, seed=1, draws=draws)(labels)
    assert abs(known_share(observed, labels) - 0.3) < 4 * np.sqrt(0.21 / 32000)


def test_bounds():
    dense = full_labels(20, 6, density=0.5)
    assert (to_dense(KeepRatio(0)(as_sparse(dense))) == -1).all()
    np.testing.assert_array_equal(to_dense(KeepRatio(1)(as_sparse(dense))), dense)
    for ratio in (-0.1, 1.5, float('nan')):
        with pytest.raises(ValueError, match=r'ratio=.*lies in 0\.\.1'):
            KeepRatio(ratio)
    with pytest.raises(ValueError, match="draws='cuda': use one of"):
        KeepRatio(0.5, draws='cuda')


@pytest.mark.parametrize('draws', ['numpy', 'torch'])
def test_mask_does_not_depend_on_the_known_labels(draws):
    process = KeepRatio(0.4, seed=11, draws=draws)
    mask = to_dense(process(as_sparse(full_labels(50, 10)))) != -1
    other = to_dense(process(as_sparse(full_labels(50, 10, density=0.7, seed=9)))) != -1
    np.testing.assert_array_equal(mask, other)
    partial = part_labels(50, 10, seed=2)
    observed = to_dense(process(SparseLabels.from_dense(partial)))
    np.testing.assert_array_equal(observed, np.where(mask, partial, -1))

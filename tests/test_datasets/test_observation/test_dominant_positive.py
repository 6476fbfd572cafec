from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from label_samples import DENSE, as_sparse, names_of, to_dense

from wsml_mm.datasets import DominantPositive, observe_split
from wsml_mm.datasets.boxes import BoxTable


def by_hand(dense, extent):
    """The kept class of each image; `extent` is (N, C)."""
    frequency = (dense == 1).sum(0)
    kept = []
    for row, own in zip(dense, extent, strict=True):
        found = np.flatnonzero(row == 1)
        order = sorted(found, key=lambda c: (-own[c], -frequency[c], c))
        kept.append(order[0] if order else None)
    return kept


def kept_of(observed):
    assert set(np.unique(observed)) <= {1, -1}
    assert ((observed == 1).sum(1) <= 1).all()
    return [int(row.argmax()) if (row == 1).any() else None for row in observed]


@given(DENSE)
def test_without_areas_the_most_frequent_class_dominates(dense):
    found = to_dense(DominantPositive()(as_sparse(dense)))
    assert kept_of(found) == by_hand(dense, np.zeros(dense.shape))


@given(DENSE)
def test_sizes_of_classes_rule_and_ties_go_by_frequency(dense):
    sizes = np.arange(dense.shape[1]) // 2
    found = to_dense(DominantPositive(sizes=sizes.tolist())(as_sparse(dense)))
    assert kept_of(found) == by_hand(dense, np.broadcast_to(sizes, dense.shape))


@pytest.mark.parametrize('relative', [False, True])
def test_the_largest_sum_of_boxes_dominates_and_images_without_go_by_frequency(relative):
    dense = np.array([[1, 1, 0], [1, 1, 0], [0, 1, 1], [1, 0, 1], [0, 0, 0]], np.int8)
    names = names_of(*dense.shape)
    images = list(names.images())
    boxes = [  # image, class, corners
        (0, 0, (0, 0, 3, 3)), (0, 1, (0, 0, 2, 3)), (0, 1, (5, 5, 7, 7)), (0, 2, (0, 0, 9, 9)),
        (1, 0, (0, 0, 2, 2)), (1, 1, (1, 1, 2, 2)),
        (3, 0, (0, 0, 1, 1)), (3, 2, (0, 0, 2, 2)),
    ]  # fmt: skip
    listed = sorted({image for image, _, _ in boxes})
    table = BoxTable.from_columns(
        [images[i].rsplit('.', 1)[0] for i in listed],
        [listed.index(i) for i, _, _ in boxes],
        [c for _, c, _ in boxes],
        np.array([b for _, _, b in boxes]) / (10 if relative else 1),
        'boxes',
        relative,
        complete=False,
    )
    process = DominantPositive(boxes=lambda classes: table)
    found = kept_of(to_dense(observe_split(process, as_sparse(dense), names)))
    assert found == [1, 0, 1, 2, None]  # 2 x 3 + 2 x 2 > 3 x 3; the third has no box


def test_bad_input_in_one_line():
    labels = as_sparse(np.ones((2, 3), np.int8))
    with pytest.raises(ValueError, match='boxes and sizes both say what dominates; give one'):
        DominantPositive(boxes=dict(type='VOCBoxes', folder='x'), sizes=[1, 2, 3])
    with pytest.raises(ValueError, match=r'sizes: holds \(2,\) numbers for 3 classes'):
        DominantPositive(sizes=[1, 2])(labels)
    with pytest.raises(ValueError, match='observe through PartialLabelDataset'):
        DominantPositive(boxes=lambda classes: None)(labels)

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsml_mm.benchmarks.openimages_v3 import VerifiedLabels, merge_labels, reorder_classes

LINE = st.tuples(st.integers(0, 5), st.integers(-1, 3), st.booleans())


def verified(lines) -> VerifiedLabels:
    """Lines (image, class, positive), with a run for every line or for several."""
    images = np.array([image for image, *_ in lines], np.uint64)
    starts = [i for i in range(len(lines)) if i == 0 or images[i] != images[i - 1]]
    return VerifiedLabels(
        images[starts],
        np.diff([*starts, len(lines)]).astype(np.int64),
        np.array([label for _, label, _ in lines], np.int8),
        np.array([positive for *_, positive in lines], bool),
    )


@pytest.mark.parametrize('keep', [True, False])
@given(lines=st.lists(LINE, max_size=30))
def test_equals_the_rule_line_by_line(keep, lines):
    rows: dict[int, dict[int, bool]] = {}
    said: dict[tuple[int, int], set[bool]] = {}
    for image, label, positive in lines:
        row = rows.setdefault(image, {})
        if label >= 0:
            row[label] = row.get(label, False) or positive
            said.setdefault((image, label), set()).add(positive)
    images, labels, counts = merge_labels(verified(lines), 4, keep)
    due = [image for image in sorted(rows) if keep or rows[image]]
    assert images.tolist() == due
    assert len(labels) == len(due)
    for index, image in enumerate(due):
        assert labels.row(index).tolist() == [rows[image].get(c, -1) for c in range(4)]
    inside = sum(label >= 0 for _, label, _ in lines)
    assert counts == {
        'lines': len(lines),
        'lines of other classes': len(lines) - inside,
        'lines given twice': inside - len(said),
        'contradictions': sum(len(signs) == 2 for signs in said.values()),
        'images': len(rows),
        'images without a label': sum(not row for row in rows.values()),
    }


@given(lines=st.lists(LINE, max_size=30), order=st.permutations(range(4)))
def test_reordering_moves_columns(lines, order):
    _, labels, _ = merge_labels(verified(lines), 4, keep_unlabelled=True)
    moved = reorder_classes(labels, np.array(order))
    for index in range(len(labels)):
        assert moved.row(index).tolist() == labels.row(index)[list(order)].tolist()
        assert (np.diff(moved.classes[moved.indptr[index] : moved.indptr[index + 1]]) > 0).all()

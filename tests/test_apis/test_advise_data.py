"""Advice from facts: the warning cases, and where plain AN is the better choice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from wsml_mm.apis.advice import (
    Estimate,
    Facts,
    Schedule,
    advise,
    fitting_delta_rel,
    selected_share,
)

# voc5 as it was measured: single positive labels, batches of 16.
FACTS = Facts(1606, 5, 1606, 0, 60, 16, Estimate(700, 600, 800, 'planted'))
LL_R, LL_CP = Schedule('LL-R', 0.2, False), Schedule('LL-Cp', 0.1, True)


def text(facts=FACTS, **changes):
    return '\n'.join(advise(replace(facts, **changes)))


def test_ll_cp_that_relabels_most_of_the_set():
    """A step relabels one of 80 labels at least: 74 % of all in 59 epochs, 92 % of those open."""
    assert selected_share(LL_CP, FACTS) == pytest.approx(59 / 64)
    assert 'LL-Cp with delta_rel=0.1 has relabelled 92.2% of the unobserved' in text(schedule=LL_CP)
    assert 'warning: that is 7.4 times the labels that can be missing' in text(schedule=LL_CP)
    assert 'would make most labels positive' in text(schedule=LL_CP, missing=None)
    limited = replace(LL_CP, max_fraction=0.1)
    assert selected_share(limited, FACTS) == 0.1
    assert 'warning' not in text(schedule=limited)


def test_what_a_schedule_selects():
    assert selected_share(LL_R, FACTS) == pytest.approx(10 / 64)  # ceil(80 * 59 * 0.2 %)
    assert selected_share(replace(LL_R, of_unobserved=True), FACTS) == pytest.approx(8 / 64)
    assert selected_share(LL_R, replace(FACTS, epochs=1)) == 0
    assert selected_share(LL_CP, replace(FACTS, epochs=1000)) == 1
    delta = fitting_delta_rel(FACTS, 700)
    share = selected_share(replace(LL_R, delta_rel=delta), replace(FACTS, batch=1606))
    assert share * FACTS.unobserved == pytest.approx(700, rel=0.05)


def test_advice():
    said = text(schedule=LL_R)
    assert '1,606 images x 5 classes, 1.00 known labels an image (1.00 positive, 0.00' in said
    assert '700 (600 to 800) by planted; that is 30% (27% to 33%) of the positives' in said
    assert 'advice: ll-r with delta_rel=0.15 (0.13 to 0.17): in epoch 60' in said
    assert 'advice: ll-r with delta_rel=0.2, as published' in text(missing=None)
    command = '  wsml-mm train mine.py --method ll-r --cfg-options model.head.loss.delta_rel=0.15'
    assert advise(FACTS, 'mine.py')[-1] == command


@pytest.mark.parametrize(
    ('changes', 'why'),
    [
        (dict(negative=1606 * 4), 'plain AN. Every label is known'),
        (dict(epochs=1), 'plain AN. The large-loss methods select nothing in the first'),
        (dict(missing=Estimate(10, 0, 20, 'x')), 'plain AN. Fewer than 5% of the positives are'),
        (dict(precision=0.15), 'right in 15% of the cases, by chance it would be in 11%'),
        (
            dict(batch=1, missing=Estimate(100, 80, 120, 'x')),
            'plain AN, or larger batches. A step selects at least one label of 5',
        ),
    ],
)
def test_plain_an_is_the_better_choice(changes, why):
    assert why in text(**changes).rpartition('advice: ')[2]


def test_a_run_that_selects_well():
    assert 'of what the run selected in its first epochs 92% is right' in text(precision=0.92)
    assert 'advice: ll-r' in text(precision=0.92)

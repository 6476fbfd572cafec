from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from planted_noise import known_losses, plant

from wsml_mm.engine.hooks.epoch_file import epoch_file
from wsml_mm.experiments.history import (
    by_method,
    curves,
    mean_loss,
    over_runs,
    ratio,
    read_run,
)


def test_reading_gives_epochs_by_classes(tmp_path):
    run, history = plant(tmp_path, 'LL-R', 7, epochs=12)
    assert (run.method, run.seed) == ('LL-R', 7)
    assert run.classes == ('class 0', 'class 1', 'class 2')
    assert {value.shape for value in run.sums.values()} == {(12, 3)}
    for epoch, labels in enumerate(history):  # epoch 10 comes after 9, not after 1
        for c in range(3):
            chosen = sum(s.selected for s in labels if s.label == c)
            assert run.sums['ignored_count'][epoch, c] == chosen
            for group, losses in known_losses([s for s in labels if s.label == c]).items():
                assert run.sums[f'{group}_loss'][epoch, c] == pytest.approx(sum(losses))
                mean = np.mean(losses) if losses else np.nan
                np.testing.assert_allclose(mean_loss(run.sums, group)[epoch, c], mean)
    np.testing.assert_array_equal(
        run.totals()['hidden_positive'], run.sums['hidden_positive'].sum(axis=1)
    )


def test_a_run_without_dynamics_is_named(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r'earlier version or without diagnosis.*delete'
    ) as e:
        read_run(tmp_path, 'AN', 1)
    assert '\n' not in str(e.value)
    plant(tmp_path, 'AN', 1)
    epoch_file(tmp_path, 2).unlink()
    with pytest.raises(FileNotFoundError, match=r'lacks the epochs \[2\]; delete'):
        read_run(tmp_path, 'AN', 1)


def test_an_action_that_begins_later_is_nothing_before(tmp_path):
    run, _ = plant(tmp_path, 'LL-Cp', 1)
    assert run.actions == ['kept_positive', 'positive']
    with np.load(epoch_file(tmp_path, 1)) as first, np.load(epoch_file(tmp_path, 2)) as second:
        assert 'positive_count' not in first.files
        assert 'kept_positive_count' not in second.files
    for what in ('count', 'judged', 'right'):
        assert not run.sums[f'positive_{what}'][0].any()
        assert not run.sums[f'kept_positive_{what}'][:2].any()
    assert run.sums['kept_positive_count'][2].any()
    assert plant(tmp_path / 'an', 'AN', 1)[0].actions == []


def test_files_of_an_earlier_version_are_refused_in_one_line(tmp_path):
    plant(tmp_path, 'LL-R', 1)
    old = epoch_file(tmp_path, 1)
    with np.load(old) as content:
        np.savez(old, **{**content, 'selected': np.zeros(3)})
    with pytest.raises(ValueError, match=rf'{old}: .* earlier version.*delete {tmp_path} ') as e:
        read_run(tmp_path, 'LL-R', 1)
    assert '\n' not in str(e.value)


def test_epochs_of_other_classes_are_refused(tmp_path):
    plant(tmp_path / 'a', 'AN', 1, classes=3)
    plant(tmp_path / 'b', 'AN', 1, classes=4)
    epoch_file(tmp_path / 'b', 3).replace(epoch_file(tmp_path / 'a', 3))
    with pytest.raises(ValueError, match=r'epoch_003\.npz: has other classes'):
        read_run(tmp_path / 'a', 'AN', 1)


def test_methods_keep_their_order_and_curves_their_common_length(tmp_path):
    names = (('LL-R', 1, 4), ('AN', 1, 3), ('LL-R', 2, 2))
    runs = [plant(tmp_path / f'{m}{s}', m, s, epochs=e)[0] for m, s, e in names]
    assert {m: [r.seed for r in rs] for m, rs in by_method(runs).items()} == {
        'LL-R': [1, 2],
        'AN': [1],
    }
    found = curves(runs, lambda run: run.totals()['hidden_positive'])
    assert [len(curve) for curve in found] == [2, 2, 2]
    np.testing.assert_array_equal(found[0], runs[0].totals()['hidden_positive'][:2])


def test_nothing_of_nothing_is_no_number():
    np.testing.assert_array_equal(ratio([1, 0, 3], [2, 0, 4]), [0.5, np.nan, 0.75])
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert np.isnan(ratio(0, 0))


@given(st.lists(st.lists(st.none() | st.floats(-5, 5), min_size=2, max_size=2), min_size=1))
def test_mean_over_the_runs_that_have_a_value(rows):
    values = np.array(rows, dtype=np.float64)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        mean, spread = over_runs(values)
    for place in (0, 1):
        known = [row[place] for row in rows if row[place] is not None]
        expected = np.mean(known) if known else np.nan
        np.testing.assert_allclose(mean[place], expected, atol=1e-12)
        expected = np.std(known, ddof=1) if len(known) > 1 else np.nan
        np.testing.assert_allclose(spread[place], expected, atol=1e-12)

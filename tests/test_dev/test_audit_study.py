"""The study of audits: its measures by hand, other tools' formulas, and a round of judging."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from audit_study import figures, rivals, rounds, scores
from audit_study.__main__ import main
from audit_study.measures import MEASURES, chance, measures, ordered
from audit_study.protocols import Group
from audit_study.trained import Epochs, epochs_of

from wsml_mm.apis.training_scores import training_set_of
from wsml_mm.engine.hooks import epoch_checkpoints
from wsml_mm.experiments.compose import read_config

# Of 4 images and 2 classes, 6 labels are unobserved and 3 of them are hidden positives.
LABELS = np.array([[1, -1], [-1, -1], [-1, 1], [-1, -1]], np.int8)
TRUTH = np.array([[1, 1], [0, 0], [1, 1], [1, 0]], np.int8)
SCORE = np.array([[0.99, 0.9], [0.8, 0.1], [0.7, 0.99], [0.6, 0.2]])


def test_measures_by_hand():
    found = measures(SCORE, LABELS, TRUTH)
    assert list(found) == list(MEASURES)
    # In order: right, wrong, right, right, wrong, wrong.
    assert found['AUPRC'] == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)
    assert found['macro AUPRC'] == pytest.approx(((1 / 2 + 2 / 3) / 2 + 1) / 2)
    assert found['precision at 100'] == pytest.approx(1 / 2)  # of all six
    assert found['recall at 10 %'] == pytest.approx(1 / 3)  # one label of six
    assert chance(LABELS, TRUTH) == {'unobserved': 6, 'hidden': 3, 'share': 0.5}


def test_a_label_that_nobody_knows_does_not_count():
    truth = TRUTH.copy()
    truth[0, 1] = -1
    assert chance(LABELS, truth) == {'unobserved': 5, 'hidden': 2, 'share': 0.4}
    assert measures(SCORE, LABELS, truth)['AUPRC'] == pytest.approx((1 / 2 + 2 / 3) / 2)


def test_of_equal_scores_another_decides():
    score = ordered(np.array([[1, 0], [1, 0]]), np.array([[0.1, 0.9], [0.2, 0.8]]))
    assert np.argsort(-score, axis=None).tolist() == [2, 0, 1, 3]


def test_the_threshold_of_a_class_is_the_mean_where_it_is_given():
    found = rivals.minus_thresholds(SCORE, LABELS)
    np.testing.assert_allclose(found[0], [0, 0.9 - 0.99])


def test_mistakenness_of_an_absent_label_ranks_as_the_probability_does():
    score = np.random.default_rng(0).random((50, 3))
    absent = np.full(score.shape, -1, np.int8)
    found = rivals.mistakenness(score, absent)
    assert np.array_equal(np.argsort(found, axis=None), np.argsort(score, axis=None))
    assert found.min() > 0
    assert found.max() < 1
    # One bit of entropy: exp(-ln 2) = 1/2.
    assert rivals.mistakenness(np.array([[0.5]]), np.array([[0]])) == pytest.approx(0.25)
    assert rivals.mistakenness(np.array([[0.5]]), np.array([[1]])) == pytest.approx(0.75)


def test_mistakenness_of_an_image_is_one_for_all_its_labels():
    labels = np.array([[1, 0], [1, 0]])
    score = np.array([[0.9, 0.2], [0.3, 0.4]])  # as it is labelled; otherwise
    order = np.argsort(-rivals.image_mistakenness(score, labels), axis=None)
    assert order.tolist() == [3, 2, 0, 1]


def test_scores_of_a_training():
    probabilities = np.array([[[0.5, 0.9]], [[0.9, 0.9]]], np.float32)
    found = Epochs(probabilities, np.array([[0, 2]]))

    class Result:
        best_observed_epoch = 1

    made = dict(scores.of_training('M', found, Result()))
    assert [kind for _, kind in made] == [scores.LAST, scores.MEAN, scores.EARLY, scores.KEPT]
    np.testing.assert_allclose(made['M', scores.LAST], probabilities[1])
    np.testing.assert_allclose(made['M', scores.MEAN], [[0.75, 0.9]], rtol=1e-6)
    np.testing.assert_allclose(made['M', scores.EARLY], probabilities[0])
    assert made['M', scores.KEPT][0, 1] > made['M', scores.KEPT][0, 0]


def seed_rows():
    rows = []
    for data in ('voc5', 'mosaic'):
        for seed in (1, 2, 3):
            named = {'data': data, 'observed': 'single', 'seed': seed, 'share': 0.1}
            for name, kind, value in (
                ('AN', scores.LAST, 0.5), ('AN', scores.MEAN, 0.6 + seed / 100),
                ('cleanlab', scores.HELD_OUT, 0.4),
            ):  # fmt: skip
                rows.append({'score': name, 'of': kind, **named, **dict.fromkeys(MEASURES, value)})
    return rows


def test_differences_are_paired_by_seed():
    found = {
        (r['data'], r['score'], r['of']): r
        for r in scores.summary_rows(seed_rows(), ('AN', scores.LAST))
    }
    assert len(found) == 9
    one = found['all', 'AN', scores.MEAN]
    assert one['AUPRC'] == pytest.approx(0.62)
    assert one['AUPRC minus base'] == pytest.approx(0.12)
    assert 0.11 <= one['AUPRC low'] < 0.12 < one['AUPRC high'] <= 0.13
    assert 'AUPRC minus base' not in found['voc5', 'AN', scores.LAST]


def test_files_of_scores(tmp_path):
    groups = [Group(f'{data}/lite0_linear.py', 'single') for data in ('voc5', 'mosaic')]
    table = figures.write_scores(seed_rows(), groups, tmp_path / 'scores', 'a command')
    assert table.splitlines()[2].startswith('| AN | 50.0 / 62.0 | 50.0 / 62.0 | +12.0 [')
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        'scores.command.txt', 'scores.csv', 'scores.md', 'scores.png', 'scores.svg',
        'scores_seeds.csv',
    ]  # fmt: skip


def test_parts_are_drawn_together(tmp_path, capsys):
    rows = [r for r in seed_rows() if (r['data'], r['score']) != ('mosaic', 'cleanlab')]
    for data in ('voc5', 'mosaic'):
        own = [row for row in rows if row['data'] == data]
        figures.write_csv(tmp_path / f'{data}_seeds.csv', own)
    files = [str(tmp_path / f'{data}_seeds.csv') for data in ('voc5', 'mosaic')]
    main(['draw', *files, '--out', str(tmp_path / 'scores')])
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].startswith('| AN | 50.0 / 62.0 | 50.0 / 62.0 | +12.0 [')
    assert lines[3].startswith('| cleanlab | 40.0 |  |  |  |')
    assert figures.read_rows([tmp_path / 'scores_seeds.csv']) == rows


def test_files_of_rounds(tmp_path):
    rows = [{'data': 'voc5', 'observed': 'single', 'method': 'full labels', 'seed': seed,
             'choice': rounds.FULL, 'best': 90.0, 'last': 90.0} for seed in (1, 2)]  # fmt: skip
    for pick, gain in zip(rounds.PICKS, (2, 1, 0), strict=True):
        for seed in (1, 2):
            for number in (0, 1):
                score = 80 + gain * number + seed
                rows.append({'data': 'voc5', 'observed': 'single', 'method': 'AN', 'seed': seed,
                             'choice': pick, 'round': number, 'found': gain * number,
                             'best': score, 'last': score})  # fmt: skip
    group = Group('voc5/lite0_linear.py', 'single')
    lines = figures.write_rounds(rows, [group], tmp_path / 'rounds', 'a command').splitlines()
    assert lines[2:] == [
        '| voc5, one positive an image | AN | audit | 2 | 81.5 | 83.5 |  |',
        '| voc5, one positive an image | AN | uncertainty | 1 | 81.5 | 82.5 | +1.00 ± 0.00 |',
        '| voc5, one positive an image | AN | random | 0 | 81.5 | 81.5 | +2.00 ± 0.00 |',
    ]


def test_the_smallest_eligible_values():
    order = np.array([[0.3, 0.1], [0.2, 0.0]])
    eligible = np.array([[True, True], [True, False]])
    rows, columns = rounds.least(order, eligible, 2)
    assert list(zip(rows, columns, strict=True)) == [(0, 1), (1, 0)]
    assert len(rounds.least(order, eligible, 9)[0]) == 3


@pytest.mark.parametrize('pick', rounds.PICKS)
def test_a_round_of_judging(linear_run, tmp_path, pick):
    run = shutil.copytree(linear_run.checkpoint.parent, tmp_path / 'run')
    cfg, files = read_config(str(linear_run.config)), epoch_checkpoints(run)
    before = training_set_of(cfg)
    rng = np.random.default_rng(0)
    file, right = rounds.judge_and_write(cfg, files, tmp_path / 'chain', 1, pick, 9, rng)
    after = training_set_of(read_config(str(file)))
    changed = before.labels.rows(before.indices) != after.labels.rows(after.indices)
    assert changed.sum() == 9
    assert (before.labels.rows(before.indices)[changed] == -1).all()
    told = after.labels.rows(after.indices)[changed]
    assert np.array_equal(told, before.full_labels.rows(before.indices)[changed])
    assert (told == 1).sum() == right
    probability = epochs_of(cfg, run, before).mean()
    for path in files:
        path.unlink()
    assert np.array_equal(epochs_of(cfg, run, before).mean(), probability)  # they are kept
    asked = before.labels.rows(before.indices) == -1
    if pick == rounds.AUDIT:
        assert probability[changed].min() >= probability[asked & ~changed].max()
    if pick == rounds.UNCERTAIN:
        away = np.abs(probability - 0.5)
        assert away[changed].max() <= away[asked & ~changed].min()

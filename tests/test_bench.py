"""The comparison of speed runs, tells goals met from goals missed, and takes pairs in turns."""

from __future__ import annotations

import json
import time

import pytest
from bench import __main__ as bench
from bench import gpu, gpu_features, growth, report, timing
from bench.rows import ROWS, Row
from bench.timing import SETTINGS, Measured, alternate
from memory_job import hold

IN_THIS_PROCESS = r'^(losses/|metric/mAP 4|store/fill 1 M|pipeline/|labels/(CSV|get)|step/a train)'


@pytest.fixture(autouse=True)
def _small(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(SETTINGS, 'rounds', 1)
    monkeypatch.setattr(SETTINGS, 'slice_seconds', 0.0)
    monkeypatch.setattr(SETTINGS, 'clock', 'cpu')


def row(goal='', unit='x', found=None):
    return Row('group/name', 'a rival', goal, unit, (lambda quick: found) if found else None)


def test_rows_run_at_small_sizes(capsys, monkeypatch):
    monkeypatch.setattr(bench, 'write_json', lambda results, path: None)
    bench.main(['--quick', '-k', IN_THIS_PROCESS])
    lines = capsys.readouterr().out.splitlines()
    measured = [text for text in lines if text.endswith(('| yes |', '| **no** |', '| - |'))]
    assert len(measured) >= 18
    names = [row.name for row in ROWS]
    assert len(names) == len(set(names))
    assert all(row.goal.split()[0] in ('<=', '>=') for row in ROWS if row.goal)


def test_the_rows_of_a_gpu_run_at_small_sizes_on_a_cpu():
    """But for the counting of waits, and the network alone."""
    for name in ('LL-R', 'LL-Cp'):
        assert gpu._over_an(name, 16, False, True, True).value() > 0
    for measure in (gpu._images_a_second, gpu._loss_alone):
        first = ('LL-Cp', (16, 80)) if measure is gpu._loss_alone else (16, False)
        assert measure(*first, True).value() > 0
    assert gpu._training(False, True).value() > 0
    assert gpu_features._extracted_a_second('bfloat16', True).value() > 0
    assert gpu_features._over_reading(True).value() > 0


def test_a_row_says_how_many_times():
    slower = Measured([3.0, 2.0, 4.0], [1.0, 1.0, 1.0])
    assert row('<= 3').value(slower) == 3
    assert row('>= 0.5').value(slower) == pytest.approx(1 / 3)  # as fast as a third
    assert [row(goal).is_met(row(goal).value(slower)) for goal in ('<= 3', '<= 2.9', '')] == [
        True,
        False,
        None,
    ]
    assert row('<= 2', 's').value(Measured([1.5])) == 1.5
    assert '**no**' in report.line(row('>= 0.5'), slower)
    assert '| - | - | why |' in report.line(row(), None, 'why')


def test_pairs_run_in_turns():
    calls = []
    found = alternate(lambda: calls.append('o'), lambda: calls.append('r'), 3, time.perf_counter)
    assert ''.join(calls[-6:]) == 'orroor'
    assert len(found.ours) == len(found.rival) == 3
    assert found.samples() == [a / b for a, b in zip(found.ours, found.rival, strict=True)]


def test_two_trees_run_in_turns(capsys, monkeypatch, tmp_path):
    seen = []

    def child(*command, tree):
        seen.append(tree)
        return {'group/name': 3.0 if tree == tmp_path else 1.5, 'package': str(tree / package)}

    package = 'wsml_mm/__init__.py'
    monkeypatch.setattr(bench, 'child', child)
    monkeypatch.setattr(bench, 'ROOT', tmp_path)
    other = tmp_path / 'other'
    bench.compare_trees([row(found=Measured([1.0]))], other, [], 2)
    assert seen == [other, tmp_path, tmp_path, other]
    assert 'group/name: 2 x' in capsys.readouterr().out
    package = '/elsewhere/wsml_mm/__init__.py'  # e.g. that of the folder the command was given in
    with pytest.raises(SystemExit, match='instead; give a checkout'):
        bench.compare_trees([row(found=Measured([1.0]))], other, [], 2)


def test_the_page_shows_every_row_and_curve(tmp_path):
    bench.load_rows()
    results = [(row('<= 3', found=Measured([2.0], [1.0])), Measured([2.0], [1.0]))]
    title = next(iter(growth.FIGURES))
    curves = {title: growth.FIGURES[title].measure(quick=True, rounds=1)}
    figure = growth.FIGURES[title]
    curves[title] = {name: [1.0] * len(figure.sizes) for name in curves[title]}
    report.write_page(results, curves, tmp_path / 'speed.md')
    text = (tmp_path / 'speed.md').read_text()
    assert all(f'| {each.name}' in text for each in ROWS)
    assert (tmp_path / 'speed_0.png').stat().st_size > 1000


def test_an_unknown_row_is_refused():
    with pytest.raises(SystemExit, match=r"-k 'nothing': finds no row; --list"):
        bench.main(['-k', 'nothing'])


def test_a_process_of_its_own_tells_its_peak():
    found = timing.alone(hold, 50)
    assert 45 < found['peak_mb'] < 90
    assert found['cpu_s'] > 0


def test_samples_are_a_suite_of_pyperf(tmp_path):
    pyperf = pytest.importorskip('pyperf')
    found = Measured([2.0, 4.0], [1.0, 1.0])
    report.write_json([(row('<= 3', found=found), found)], tmp_path / 'x' / 'bench.json')
    (found,) = pyperf.BenchmarkSuite.load(str(tmp_path / 'x' / 'bench.json'))
    assert found.get_values() == (2.0, 4.0)
    assert found.get_metadata()['goal'] == '<= 3'
    assert json.loads((tmp_path / 'x' / 'bench.json').read_text())

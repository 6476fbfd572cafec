from __future__ import annotations

import pytest
from report_data import PLANTED, checked, dataset_of, write_images
from rich.console import Console

from wsml_mm.datasets.table import ProblemLog
from wsml_mm.reports.dataset import check_dataset, print_report


def printed(report, width=200):
    console = Console(record=True, width=width, file=None, highlight=False, quiet=False)
    with console.capture() as capture:
        print_report(report, console)
    return capture.get()


def test_figures_and_problems(faulty):
    report = checked(faulty)
    text = printed(report)
    for kind, count in PLANTED.items():
        assert f'{kind}: {count}' in text
    for problems in report.log.kept.values():
        for problem in problems:
            assert str(problem) in text
    known = report.labels.counts()
    assert f'{len(report.labels)} images, 7 classes' in text
    assert f'{known["positive"]} positive, {known["negative"]} known negative' in text
    row = next(line for line in text.splitlines() if line.startswith('elk '))
    assert row.split()[:4] == ['elk', '2', '1', str(len(report.labels) - 3)]
    assert text.rstrip().endswith('warnings')
    assert text.index('warning identical') < text.index('error   unknown')  # errors are seen last


@pytest.mark.parametrize('width', [40, 80])
def test_narrow_terminals(faulty, width):
    assert "t.csv:6: unknown label 'elkk'; did you mean 'elk'?" in printed(checked(faulty), width)


def test_markup_and_control_signs_are_text(tmp_path):
    dataset = dataset_of([[1, 1], [1, 1]], ['[red]x[/red]', 'a\x1b[2Jb'], tmp_path)
    text = printed(check_dataset(dataset, ProblemLog()))
    assert '[red]x[/red]' in text
    assert '\x1b[2J' not in text


def test_many_problems_are_cut(tmp_path):
    write_images(tmp_path, ['0.jpg'])  # without any, it is the folder that is wrong
    dataset = dataset_of([[1]] * 41, ['cat'], tmp_path)
    text = printed(check_dataset(dataset, ProblemLog()))
    assert text.count('there is no image') == 5
    assert '... and 35 more' in text


def test_many_classes_are_cut(tmp_path):
    classes = [f'class {i}' for i in range(70)]
    text = printed(check_dataset(dataset_of([[1] * 70], classes, tmp_path), ProblemLog()))
    assert '... and 10 rarer classes' in text

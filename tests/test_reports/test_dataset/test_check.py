from __future__ import annotations

import pytest
from report_data import CLASSES, PLANTED, WARNINGS, checked, dataset_of, write_images

from wsml_mm.datasets import LabelTable
from wsml_mm.datasets.table import ProblemLog
from wsml_mm.reports.dataset import check_dataset
from wsml_mm.reports.dataset.phrases import often, verdict


def test_each_planted_problem_is_found_once(faulty):
    report = checked(faulty)
    assert dict(report.log.counts) == PLANTED
    assert {k for k, kept in report.log.kept.items() if not kept[0].serious} == WARNINGS
    for problems in report.log.kept.values():
        for problem in problems:
            assert '\n' not in str(problem)
            assert problem.where.startswith(f'{faulty}/t.csv')
    errors = sum(n for kind, n in PLANTED.items() if kind not in WARNINGS)
    warned = sum(PLANTED[kind] for kind in WARNINGS)
    assert verdict(report.log) == f'{errors} errors, {warned} warnings'
    assert often(report.log, 'unknown label') == 'elkk (2)'
    assert often(report.log, 'contradiction') == ''


def test_the_places_are_right(faulty):
    log = checked(faulty).log
    found = {
        kind: [f.where.rpartition(':')[2] for f in problems] for kind, problems in log.kept.items()
    }
    assert found['unknown label'] == ['6', '7']
    assert found['wrong number of cells'] == ['14', '15']
    assert found['image listed twice'] == ['11']
    assert found['missing image'] == ['17', '18']
    assert found['unreadable image'] == ['19']
    assert found['identical images'] == ['20']
    assert found['image without labels'] == ['22']
    (twins,) = log.kept['identical images']
    assert "'twin.jpg', '10.jpg' are the same file, and their labels contradict" in str(twins)


def test_without_decoding_the_files_are_only_looked_for(faulty):
    counts = dict(PLANTED)
    del counts['unreadable image'], counts['identical images']
    assert dict(checked(faulty, decode=False).log.counts) == counts


def test_the_dataset_stops_at_the_first_of_them(faulty):
    with pytest.raises(ValueError, match=r"t\.csv:6: unknown label 'elkk'; did you mean 'elk'\?"):
        LabelTable(faulty, 't.csv', classes='classes.txt')


def test_figures(faulty):
    report = checked(faulty)
    assert report.classes == tuple(CLASSES)
    counts = {n: tuple(int(c[i]) for c in report.counts) for i, n in enumerate(CLASSES)}
    images = len(report.labels)
    assert counts['elk'] == (2, 1, images - 3)  # 03 and 07, 01; 06 is contradicted
    assert counts['zebu'] == (0, 0, images)
    assert report.per_image.sum() == images


def test_a_sound_data_set_has_no_problems(tmp_path):
    write_images(tmp_path, ['0.jpg', '1.jpg'])
    dataset = dataset_of([[1, 0], [-1, 1]], ['cat', 'dog'], tmp_path)
    log = check_dataset(dataset, ProblemLog(), decode=True).log
    assert not log.counts
    assert verdict(log) == 'no errors, no warnings'


def test_wrong_image_folder_is_named_as_such(tmp_path):
    dataset = dataset_of([[1, 0], [0, 1]], ['cat', 'dog'], tmp_path)
    first, second = check_dataset(dataset, ProblemLog()).log.kept['missing image']
    assert 'no image is where the rows say; check the image folder of' in first.fix
    assert str(tmp_path / '1.jpg') in second.fix


def test_a_separator_taken_for_part_of_a_name(tmp_path):
    write_images(tmp_path, ['0.jpg', '1.jpg'])
    dataset = dataset_of([[1, 0], [0, 1]], ['cat', 'cat; dog'], tmp_path)
    (problem,) = check_dataset(dataset, ProblemLog()).log.kept['class of several names']
    assert "class 'cat; dog' looks like several labels; if it is, say separator=';'" in str(problem)


def test_more_classes_than_are_paired(tmp_path, monkeypatch):
    monkeypatch.setattr('wsml_mm.reports.dataset.check.MOST_PAIRED', 2)
    dataset = dataset_of([[0, 1, 1], [1, 1, 1], [0, 1, 0]], ['a', 'b', 'c'], tmp_path)
    report = check_dataset(dataset, ProblemLog())
    assert report.paired.tolist() == [1, 2]
    assert report.pairs.tolist() == [[3, 2], [2, 2]]

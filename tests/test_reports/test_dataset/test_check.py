from __future__ import annotations

from dataclasses import replace

import pytest
from image_kinds import deep_grey, save_deep
from report_data import CLASSES, PLANTED, WARNINGS, checked, dataset_of, write_images

from wsml_mm.datasets import LabelTable
from wsml_mm.datasets.image_loader import ImageLoader
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


def test_a_wrong_image_folder_is_blamed_once(tmp_path):
    dataset = dataset_of([[1, 0], [0, 1]], ['cat', 'dog'], tmp_path / 'images')
    log = check_dataset(dataset, ProblemLog()).log
    assert dict(log.counts) == {'image folder': 1}
    (problem,) = log.kept['image folder']
    assert f"none of the 2 images is below '{tmp_path}/images', which is no folder" in str(problem)
    write_images(tmp_path / 'photos', ['0.jpg', '1.jpg'])
    (problem,) = check_dataset(dataset, ProblemLog()).log.kept['image folder']
    assert problem.fix == f"is the folder called '{tmp_path}/photos'?"


def test_what_stands_in_the_place_of_an_image(tmp_path):
    write_images(tmp_path, ['0.jpg'])
    (tmp_path / '1.jpg').symlink_to('gone.jpg')
    (tmp_path / '2.jpg').mkdir()
    (tmp_path / '3.jpg').write_bytes(b'')
    log = check_dataset(dataset_of([[1]] * 4, ['cat'], tmp_path), ProblemLog()).log
    assert [str(problem) for problem in log.kept['missing image']] == [
        "t:1: there is no image '1.jpg': it is a link to 'gone.jpg', which is not there; add the "
        'image, or remove the row',
        "t:2: there is no image '2.jpg': it is a folder; add the image, or remove the row",
    ]
    (empty,) = log.kept['unreadable image']
    assert "'3.jpg' cannot be read (the file is empty)" in str(empty)


def test_an_x_ray_that_turns_white_is_an_error(tmp_path):
    save_deep(tmp_path / 'u16.png', deep_grey(12)['u16.png'])
    save_deep(tmp_path / 'f32.tif', deep_grey(12)['f32.tif'][:, ::-1].copy())
    dataset = dataset_of([[1]] * 2, ['cat'], tmp_path, ['u16.png', 'f32.tif'])
    assert not check_dataset(dataset, ProblemLog()).log.counts
    log = check_dataset(dataset, ProblemLog(), decode=True).log
    assert dict(log.counts) == {'values cut off': 2}
    assert log.serious == 2
    first = str(log.kept['values cut off'][0])
    assert "'u16.png' is of 16 bits (0 to 4,095) and loaded as" in first
    assert "dict(type='LoadHighBitDepthImage', bits=12)" in first
    load = ImageLoader([dict(type='LoadHighBitDepthImage', value_range=(0, 4095))])
    assert not check_dataset(replace(dataset, load=load), ProblemLog(), decode=True).log.counts


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

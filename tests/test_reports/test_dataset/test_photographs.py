from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from image_kinds import deep_grey, save_deep
from PIL import Image
from report_data import dataset_of, write_images

from wsml_mm.datasets.image_loader import ImageLoader
from wsml_mm.datasets.table import Problem, ProblemLog
from wsml_mm.labels import SparseLabels
from wsml_mm.reports.dataset import check_dataset
from wsml_mm.reports.dataset.photographs import (
    Photographs,
    class_examples,
    images_with,
    problem_photographs,
    thumbnail,
)


def report_of(matrix, tmp_path, classes=None):
    classes = classes or [f'c{i}' for i in range(len(matrix[0]))]
    write_images(tmp_path, [f'{i}.jpg' for i in range(len(matrix))])
    return check_dataset(dataset_of(matrix, classes, tmp_path), ProblemLog())


class LabelsOnly:
    def __init__(self, labels):
        self.labels = labels


@given(hnp.arrays(np.int8, (6, 3), elements=st.sampled_from([1, 0, -1])), st.sampled_from([0, -1]))
def test_images_with_a_label(dense, rest):
    report = LabelsOnly(SparseLabels.from_dense(dense, rest))
    for label in range(3):
        for value in (1, 0, -1):
            found = images_with(report, label, value)
            assert found.tolist() == np.flatnonzero(dense[:, label] == value).tolist()


def test_examples_show_the_class_and_its_absence(tmp_path):
    matrix = [[1, 0]] * 9 + [[0, 1]] * 5 + [[-1, 1]] * 4
    groups, _ = class_examples(report := report_of(matrix, tmp_path), Photographs(report.dataset))
    assert [group['name'] for group in groups] == ['c0', 'c1']
    for group in groups:
        assert (len(group['positive']), len(group['negative'])) == (4, 2)
        assert all(group['name'] in photo['positive'] for photo in group['positive'])
        assert all(group['name'] in photo['negative'] for photo in group['negative'])
    shown = [p['name'] for g in groups for p in g['positive'] + g['negative']]
    assert len(set(shown)) == 12  # no photograph twice, while there are others
    assert groups[0]['count'] == '9 positive, 5 known negative'


def test_classes_without_known_absences_show_more(tmp_path):
    groups, _ = class_examples(r := report_of([[1]] * 9, tmp_path), Photographs(r.dataset))
    assert len(groups[0]['positive']) == 6


def test_of_many_classes_the_frequent_and_the_rare(tmp_path):
    matrix = np.tri(30, 30, dtype=np.int8)[::-1] * 2 - 1  # class c is in 30 - c images
    groups, note = class_examples(r := report_of(matrix, tmp_path), Photographs(r.dataset))
    names = [f'c{i}' for i in [*range(16), *range(22, 30)]]
    assert [group['name'] for group in groups] == names
    assert note.startswith('The 16 most frequent and the 8 rarest classes, a random choice.')


def test_missing_images_are_no_examples(tmp_path):
    report = report_of([[1]] * 3, tmp_path)
    (tmp_path / '1.jpg').unlink()
    report = check_dataset(report.dataset, ProblemLog())
    groups, _ = class_examples(report, Photographs(report.dataset))
    assert sorted(photo['name'] for photo in groups[0]['positive']) == ['0.jpg', '2.jpg']


def test_photographs_of_problems(tmp_path):
    report = report_of([[1]] * 3, tmp_path)
    problems = [Problem('x', 't', 'y', 'z', image) for image in ('2.jpg', '', 'gone.jpg', '2.jpg')]
    found = problem_photographs(problems, Photographs(report.dataset))
    assert [photo['name'] for photo in found] == ['2.jpg']


def test_the_page_stays_small(tmp_path, monkeypatch):
    monkeypatch.setattr('wsml_mm.reports.dataset.photographs._BUDGET', 1)
    report = report_of([[1]] * 4, tmp_path)
    photographs = Photographs(report.dataset)
    made = [photographs.photo(index)['uri'] for index in range(4)]
    assert made[0] is not None
    assert made[1:] == [None] * 3


def test_captions_are_short(tmp_path):
    report = report_of([[1, 1, 1, 0, 0, 0, -1]], tmp_path)
    photo = Photographs(report.dataset).photo(0)
    assert photo['positive'] == ['c0', 'c1', 'c2']
    assert photo['negative'] == ['c3']
    assert photo['more'] == 2


def decoded(uri):
    return base64.b64decode(uri.partition(',')[2])


@pytest.mark.parametrize(
    ('mode', 'suffix'),
    [('RGB', 'jpg'), ('L', 'png'), ('RGBA', 'png'), ('P', 'gif'), ('CMYK', 'jpg'), ('I;16', 'png')],
)
def test_thumbnails_of_all_kinds_of_images(tmp_path, mode, suffix):
    Image.new(mode, (900, 400)).save(tmp_path / f'a.{suffix}')
    with Image.open(io.BytesIO(decoded(thumbnail(str(tmp_path / f'a.{suffix}'))))) as image:
        assert image.size == (220, 98)
        assert image.mode == 'RGB'


def test_an_x_ray_is_shown_as_it_is_loaded(tmp_path):
    save_deep(tmp_path / 'a.png', deep_grey(12)['u16.png'])
    means = []
    for load in (None, ImageLoader([dict(type='LoadHighBitDepthImage', bits=12)])):
        with Image.open(io.BytesIO(decoded(thumbnail(str(tmp_path / 'a.png'), load)))) as image:
            means.append(np.asarray(image).mean())
    assert means[0] > 250  # white: what a training would see
    assert means[1] == pytest.approx(127, abs=3)


def test_turned_photographs_stand_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new('RGB', (90, 40)).save(tmp_path / 'a.jpg', exif=exif)
    with Image.open(io.BytesIO(decoded(thumbnail(str(tmp_path / 'a.jpg'))))) as image:
        assert image.size == (40, 90)


def test_no_thumbnail_of_what_is_no_image(tmp_path):
    (tmp_path / 'a.jpg').write_bytes(b'noise')
    assert thumbnail(str(tmp_path / 'a.jpg')) is None
    assert thumbnail(str(tmp_path / 'b.jpg')) is None

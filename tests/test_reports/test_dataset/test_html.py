from __future__ import annotations

import base64
import io
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from report_data import CLASSES, PLANTED, WARNINGS, Page, checked, dataset_of, write_images

from wsml_mm.datasets.table import ProblemLog
from wsml_mm.reports.dataset import check_dataset, write_html


@pytest.fixture(scope='module')
def written(faulty, tmp_path_factory):
    path = tmp_path_factory.mktemp('page') / 'new' / 'report.html'
    report = checked(faulty)
    write_html(report, path)
    return report, path.read_text(encoding='utf-8')


@pytest.fixture(scope='module')
def page(written):
    return Page(written[1])


def test_the_page_is_whole_and_needs_nothing_else(written, page):
    text = written[1]
    assert page.open == []
    assert page.tags.count('html') == page.tags.count('main') == 1
    assert not {'script', 'link', 'iframe', 'object', 'form'} & set(page.tags)
    for _, attributes in page.attributes:
        assert not [name for name in attributes if name.startswith('on')]
        for name in ('src', 'href'):
            assert attributes.get(name, 'data:').startswith('data:')
    assert 'http://' not in text
    assert 'https://' not in text
    assert 'url(' not in text
    assert len(text) < 3_000_000


def test_findings_and_their_numbers(written, page):
    blocks = [a for _, a in page.attributes if 'data-kind' in a]
    assert {a['data-kind']: int(a['data-count']) for a in blocks} == PLANTED
    serious = [a['data-kind'] for a in blocks if 'serious' in a['class']]
    assert set(serious) == set(PLANTED) - WARNINGS
    assert [a['data-kind'] for a in blocks][: len(serious)] == serious  # errors on top
    items = ' '.join(page.below['li']).split()
    for problems in written[0].log.kept.values():
        for problem in problems:
            for part in (problem.where, problem.what, problem.fix):
                assert ' '.join(part.split()) in ' '.join(items)


def test_figures_of_the_classes(written, page):
    report = written[0]
    rows = [re.sub(r'\s+', ' ', row).strip() for row in page.below['tr']]
    for index, name in enumerate(CLASSES):
        positive, negative = (int(column[index]) for column in report.counts[:2])
        share = (positive + negative) / len(report.labels)
        least, most = report.shares.cells(index)
        assert f'{name} {positive} {negative} {share:.1%} {least} {most}' in rows
    assert rows[1].startswith('cat ')  # the most frequent first
    tiles = ' '.join(' '.join(page.below['div']).split())
    known = report.labels.counts()
    assert f'{len(report.labels)}images' in tiles
    assert f'{known["positive"]}positive labels' in tiles
    assert f'{known["unobserved"] / sum(known.values()):.1%}labels unobserved' in tiles


def test_text_of_the_data_is_escaped(written, page):
    text = written[1]
    assert '<b>&"bold"' not in text
    assert '<i>gone' not in text
    assert '&lt;b&gt;&amp;&#34;bold&#34;&lt;/b&gt;' in text
    assert "'<i>gone</i>.jpg'" in ''.join(page.text)  # as it was, once the page is read
    assert any('<b>&"bold"</b>' in row for row in page.below['tr'])


def pictures(page):
    return [a['src'] for tag, a in page.attributes if tag == 'img']


def test_pictures_are_small_photographs_and_the_matrix(page):
    photos = [p for p in pictures(page) if p.startswith('data:image/jpeg;base64,')]
    assert len(photos) >= 12
    for photo in photos:
        content = io.BytesIO(base64.b64decode(photo.partition(',')[2]))
        with Image.open(content) as image:
            image.load()
            assert image.format == 'JPEG'
            assert max(image.size) <= 220
    (matrix,) = [p for p in pictures(page) if p.startswith('data:image/svg+xml;base64,')]
    drawn = base64.b64decode(matrix.partition(',')[2]).decode()
    assert 'elk' in drawn


def test_captions_tell_the_labels(written, page):
    captions = [' '.join(c.split()) for c in page.below['figcaption']]
    assert '00.jpg cat dog yak' in captions
    chips = [a['class'] for tag, a in page.attributes if a.get('class', '').startswith('chip')]
    assert 'chip not' in chips


def test_hostile_names_become_no_markup(tmp_path):
    classes = ['<script>alert(1)</script>', '"><img src=x onerror=y>', '{{ 7 * 7 }}', 'a\x00b$x_$']
    names = ['<svg onload=z>.jpg', '\'"&.jpg', 'c.jpg', 'd.jpg']
    write_images(tmp_path, names)
    matrix = [[1, 1, -1, 0], [1, 1, 1, 1], [-1, 1, 1, 1], [0, 1, 1, 1]]
    write_html(
        check_dataset(dataset_of(matrix, classes, tmp_path, names), ProblemLog(), True),
        tmp_path / 'r.html',
    )
    text = (tmp_path / 'r.html').read_text(encoding='utf-8')
    page = Page(text)
    assert not {'script', 'svg'} & set(page.tags)
    assert all('onerror' not in a and 'onload' not in a for _, a in page.attributes)
    assert all(src.startswith('data:') for src in pictures(page))
    assert '{{ 7 * 7 }}' in text
    assert '49' not in re.sub(r'data:[^"]*', '', text)
    assert '\x00' not in text
    (matrix,) = [p for p in pictures(page) if 'svg' in p]
    drawn = ElementTree.fromstring(base64.b64decode(matrix.partition(',')[2]))  # well-formed
    assert not [e for e in drawn.iter() if e.tag.endswith('script')]


def test_no_network_no_classes_no_pairs(tmp_path):
    dataset = dataset_of(np.zeros((3, 1)) - 1, ['cat'], tmp_path)
    write_html(check_dataset(dataset, ProblemLog()), tmp_path / 'r.html')
    page = Page((tmp_path / 'r.html').read_text(encoding='utf-8'))
    assert pictures(page) == []
    assert 'Classes that come together' not in page.below['h2']


def test_many_classes_are_cut_and_said(tmp_path):
    rng = np.random.default_rng(0)
    classes = [f'class {i}' for i in range(230)]
    matrix = (rng.random((60, 230)) < np.linspace(0.5, 0.02, 230)).astype(np.int8)
    write_html(
        check_dataset(dataset_of(matrix, classes, tmp_path), ProblemLog()), tmp_path / 'r.html'
    )
    page = Page((tmp_path / 'r.html').read_text(encoding='utf-8'))
    text = ' '.join(page.text)
    assert 'The 160 most frequent and the 40 rarest classes; 30 between.' in text
    assert 'The 60 most frequent classes of 230.' in text
    names = [row.split('\n')[0] for row in page.below['tr'] if row.startswith('class ')]
    assert len(names) >= 200
    (image,) = [a for tag, a in page.attributes if tag == 'img']
    assert image['width'] == str(240 + 14 * 60)


def test_a_page_that_cannot_be_written(written, tmp_path):
    (tmp_path / 'r.html').mkdir()
    with pytest.raises(OSError, match=r'r\.html: cannot be written \(.*\); free some space, or'):
        write_html(written[0], tmp_path / 'r.html')

from __future__ import annotations

import base64
import hashlib
import html
import re

import numpy as np
import pytest
from PIL import Image
from suspicion_tables import data_of, table_of, write_photographs

from wsml_mm.reports.audit import write_page

HOSTILE = '</script><script>alert(1)</script><b>&"\'\u2028木'


def many(count, classes=('cat', 'dog')):
    return table_of(*(('missing', n + 1, f'{n // 2}.jpg', classes[n % 2]) for n in range(count)))


@pytest.fixture
def photographs(tmp_path):
    return write_photographs(tmp_path / 'images', [f'{n}.jpg' for n in range(6)])


def test_a_page_is_one_file_that_needs_nothing_else(photographs, tmp_path):
    found = write_page(many(4), photographs, tmp_path / 'new' / 'audit.html')
    (page,) = found.files
    text = page.read_text(encoding='utf-8')
    assert found.sizes == (page.stat().st_size,)
    assert [p.name for p in page.parent.iterdir()] == ['audit.html']
    assert 'http://' not in text
    assert 'https://' not in text
    assert 'url(' not in text
    assert '<link' not in text
    assert not re.search(r'<[^>]+\son\w+=', text.partition('<script')[0])
    (script,) = re.findall(r'<script>(.*)</script>', text, re.S)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = re.findall(r'content="(default-src[^"]*)"', text)
    assert html.unescape(policy).endswith(f"script-src 'sha256-{digest}'")
    assert "default-src 'none'" in policy


def test_pairs_are_paged_and_a_photograph_is_there_once_a_page(photographs, tmp_path):
    found = write_page(many(10), photographs, tmp_path / 'a b.html', limit=8, page_size=3)
    assert [file.name for file in found.files] == ['a b.html', 'a b-2.html', 'a b-3.html']
    assert (found.pairs, found.total, found.images) == (8, 10, 4)
    pages = [data_of(file) for file in found.files]
    assert [[row[3] for row in page['rows']] for page in pages] == [[1, 2, 3], [4, 5, 6], [7, 8]]
    assert [[name for name, *_ in page['images']] for page in pages] == [
        ['0.jpg', '1.jpg'],
        ['1.jpg', '2.jpg'],
        ['3.jpg'],
    ]
    assert {page['fingerprint'] for page in pages} == {found.fingerprint}
    assert pages[1]['links'] == ['a%20b.html', 'a%20b-2.html', 'a%20b-3.html']
    assert [page['number'] for page in pages] == [0, 1, 2]
    assert 'The first 8 of 10' in found.files[0].read_text()


def test_what_a_page_holds_of_a_pair(photographs, tmp_path):
    table = table_of(
        ('positive', 4, '0.jpg', 'cat'),
        score=[1 / 3],
        probability=[float('nan')],
        mean_probability=[0.25],
        first_selected=[7],
        times_selected=[2],
    )
    data = data_of(write_page(table, photographs, tmp_path / 'a.html').files[0])
    assert data['rows'] == [[0, 'cat', 1, 4, 0.3333, None, 0.25, 7, 2, '']]
    ((name, uri, width, height, why),) = data['images']
    assert (name, width, height, why) == ('0.jpg', 64, 48, '')
    assert uri.startswith('data:image/jpeg')


def test_names_are_text_and_no_markup(tmp_path):
    image = '<img src=x onerror=alert(1)>&".jpg'
    folder = write_photographs(tmp_path / 'images', [image])
    table = table_of(('missing', 1, image, HOSTILE), ('missing', 2, f'{HOSTILE}', 'cat'))
    page = write_page(table, folder, tmp_path / 'a.html', title=HOSTILE, notes=[HOSTILE]).files[0]
    text = page.read_text(encoding='utf-8')
    assert text.count('<script') == 2
    assert 'alert(1)</script>' not in text
    assert '<img src=x' not in text
    assert '<b>&"' not in text
    data = data_of(page)
    assert [row[1] for row in data['rows']] == [HOSTILE, 'cat']
    assert [name for name, *_ in data['images']] == [image, HOSTILE]


def test_images_without_a_picture_are_listed_with_the_reason(tmp_path):
    folder = write_photographs(tmp_path / 'images', ['a.jpg'])
    write_photographs(tmp_path, ['secret.jpg'])
    (folder / 'bad.jpg').write_text('no image')
    names = ['a.jpg', 'bad.jpg', 'gone.jpg', '../secret.jpg']
    table = table_of(*(('missing', n, name, 'cat') for n, name in enumerate(names)))
    found = write_page(table, folder, tmp_path / 'a.html', cams=lambda asked: [[np.ones((4, 4))]])
    assert list(found.not_shown) == names[1:]
    assert found.not_shown['gone.jpg'] == 'there is no such file'
    assert found.not_shown['../secret.jpg'] == 'its name leads out of the folder of the images'
    data = data_of(found.files[0])
    assert [bool(uri) for _, uri, *_ in data['images']] == [True, False, False, False]
    assert [why for *_, why in data['images']] == ['', *found.not_shown.values()]
    assert [bool(row[-1]) for row in data['rows']] == [True, False, False, False]
    assert '3 images without a picture' in found.files[0].read_text()


def test_maps_are_asked_once_an_image_and_land_at_their_pairs(photographs, tmp_path):
    asked = []

    def cams(images):
        asked.extend(images)
        for _, classes in images:
            yield [np.full((8, 8), 0.2 if name == 'cat' else 0.8) for name in classes]

    page = write_page(many(4), photographs, tmp_path / 'a.html', cams=cams).files[0]
    assert asked == [(str(photographs / f'{n}.jpg'), ['cat', 'dog']) for n in (0, 1)]
    maps = [row[-1] for row in data_of(page)['rows']]
    assert maps[0] == maps[2] != maps[1] == maps[3]
    assert 'id="maps"' in page.read_text()
    page = write_page(many(4), photographs, tmp_path / 'a.html').files[0]
    assert 'id="maps"' not in page.read_text()


def test_images_may_be_a_function(photographs, tmp_path):
    path = lambda name: str(photographs / f'{name}.jpg')  # noqa: E731
    found = write_page(table_of(('missing', 1, '3', 'cat')), path, tmp_path / 'a.html')
    assert not found.not_shown


def test_sides_and_sizes(tmp_path):
    folder = tmp_path / 'images'
    folder.mkdir()
    noise = Image.effect_noise((640, 480), 60).convert('RGB')
    noise.save(folder / '0.jpg')
    sizes = [write_page(many(1), folder, tmp_path / 'a.html', side=s).sizes[0] for s in (64, 320)]
    assert sizes[0] + 10_000 < sizes[1] < 150_000


def test_no_suspicions_are_a_page_too(photographs, tmp_path):
    found = write_page(table_of(), photographs, tmp_path / 'a.html')
    assert (len(found.files), found.pairs) == (1, 0)


@pytest.mark.parametrize(
    ('kwargs', 'says'), [({'page_size': 0}, 'page_size 0: give 1'), ({'side': -1}, 'side -1: give')]
)
def test_sizes_that_are_none(kwargs, says, photographs, tmp_path):
    with pytest.raises(ValueError, match=says):
        write_page(many(2), photographs, tmp_path / 'a.html', **kwargs)
    with pytest.raises(FileNotFoundError, match='no such folder of images; name another'):
        write_page(many(2), tmp_path / 'gone', tmp_path / 'a.html')
    assert not (tmp_path / 'a.html').exists()

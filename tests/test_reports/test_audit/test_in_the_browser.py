"""A page in the system's Chromium: what a person does with it, by keyboard, and what is kept."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from browser import chromium, downloaded
from suspicion_tables import table_of, write_photographs

from wsml_mm.reports.audit import write_page

ODD = '</script><script>document.title="owned"</script> "a", <b>&木'
ODD_IMAGE = '<img src=x onerror=document.title="owned">.jpg'
HEAD = ['image', 'class', 'verdict', 'annotator']


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('browser')
    write_photographs(folder / 'images', [f'{n}.jpg' for n in range(5)] + [ODD_IMAGE])
    (folder / 'downloads').mkdir()
    return folder


@pytest.fixture(scope='module')
def driver(folder):
    with chromium(folder / 'downloads') as running:
        yield running


@pytest.fixture
def page(driver, folder, request):
    """Six pairs of three lists on one page; each test has its own audit."""
    table = table_of(
        ('missing', 1, '0.jpg', 'cat'),
        ('missing', 2, '1.jpg', 'dog'),
        ('missing', 3, '2.jpg', 'cat'),
        ('missing', 4, 'gone.jpg', 'dog'),
        ('positive', 5, ODD_IMAGE, 'cat'),
        ('negative', 6, '4.jpg', ODD),
    )
    heat = lambda asked: [[np.eye(4) for _ in classes] for _, classes in asked]  # noqa: E731
    name = request.node.name
    written = write_page(table, folder / 'images', folder / f'{name}.html', cams=heat,
                         title='Cats & dogs', fingerprint=name)  # fmt: skip
    opened = Opened(driver, written.files[0], folder / 'downloads')
    yield opened
    driver.execute_script('localStorage.clear()')
    assert driver.get_log('browser') == []  # no error, nothing that the policy stopped


class Opened:
    def __init__(self, driver, file, downloads):
        self.driver, self.downloads = driver, downloads
        self.go(file)

    def go(self, file):
        self.driver.get(file.as_uri())

    def one(self, css):
        return self.driver.find_element('css selector', css)

    def blur(self):
        self.driver.execute_script('document.activeElement.blur()')

    def text(self, css):
        return self.one(css).get_property('textContent')

    def keys(self, keys):
        self.driver.switch_to.active_element.send_keys(keys)

    def choose(self, select, text):
        from selenium.webdriver.support.ui import Select

        Select(self.one(select)).select_by_visible_text(text)

    def files(self):
        found = self.driver.find_elements('css selector', '#cards .file')
        return [file.get_property('textContent') for file in found]

    def current(self):
        return self.text('[aria-current] .file')

    def said(self):
        cards = self.driver.find_elements('css selector', '#cards .card')
        return [card.get_attribute('data-verdict') for card in cards]

    def export(self):
        self.one('#export').click()
        rows = list(csv.reader(io.StringIO(downloaded(self.downloads, 'verdicts-*.csv'))))
        assert rows[0] == HEAD
        return rows[1:]

    def import_(self, content):
        path = self.downloads.parent / 'given.csv'
        path.write_bytes(content.encode())
        self.one('#import').send_keys(str(path))
        wait = 'const done = arguments[0]; setTimeout(() => done(), 150)'
        self.driver.execute_async_script(wait)
        return self.text('#status')


def test_filter_decide_by_key_reload_and_export(page):
    """The walk of a whole session."""
    page.one('#annotator').send_keys('Zoë "Z"')
    page.choose('#class', 'cat (3)')
    assert page.files() == ['0.jpg', '2.jpg', ODD_IMAGE]
    page.blur()
    page.keys('a')
    assert page.current() == '2.jpg'
    page.keys('r')
    page.keys('u')
    assert page.said() == ['accept', 'reject', 'unsure']
    assert '3 of 6 pairs decided: 1 accepted, 1 rejected, 1 unsure' in page.text('#progress')
    page.one('#classes summary').click()
    assert 'cat 1 1 1 0' in page.one('#by-class').text.splitlines()
    page.one('#classes summary').click()
    page.blur()
    before = page.export()
    assert before == [
        ['0.jpg', 'cat', 'accept', 'Zoë "Z"'],
        ['2.jpg', 'cat', 'reject', 'Zoë "Z"'],
        [ODD_IMAGE, 'cat', 'unsure', 'Zoë "Z"'],
    ]
    page.driver.refresh()
    assert page.files() == ['0.jpg', '2.jpg', ODD_IMAGE]  # the filter is kept as well
    assert page.said() == ['accept', 'reject', 'unsure']
    assert page.current() == ODD_IMAGE
    assert page.export() == before


def test_keys_move_and_undo(page):
    from selenium.webdriver.common.keys import Keys

    page.blur()
    places = []
    for key in ('j', Keys.ARROW_RIGHT, Keys.ARROW_DOWN, 'k', Keys.ARROW_LEFT, Keys.ARROW_UP, 'k'):
        page.keys(key)
        places.append(page.current())
    assert places == ['1.jpg', '2.jpg', 'gone.jpg', '2.jpg', '1.jpg', '0.jpg', '0.jpg']
    page.keys('a')
    page.keys('kr')  # another verdict in the place of the first
    assert page.said()[:2] == ['reject', '']
    page.keys('z')
    assert (page.said()[0], page.current()) == ('accept', '0.jpg')
    page.keys('z')
    assert page.said()[0] == ''
    assert page.export() == []
    page.keys(Keys.CONTROL + 'a')  # of the browser
    assert page.said()[0] == ''


def test_lists_search_and_order(page):
    page.choose('#list', 'annotated: present')
    assert page.files() == [ODD_IMAGE]
    page.choose('#list', 'all')
    page.one('#search').send_keys('gone')  # holds a letter that is a key elsewhere: none decides
    assert page.files() == ['gone.jpg']
    assert page.said() == ['']
    assert page.one('#cards .none').text == 'no picture: there is no such file'
    page.one('#search').clear()
    page.one('#search').send_keys('nothing')
    assert page.files() == []
    assert page.one('#nothing').is_displayed()
    for _ in 'nothing':
        page.one('#search').send_keys('\b')
    orders = {
        'probability, low first': ['4.jpg', ODD_IMAGE, 'gone.jpg', '2.jpg', '1.jpg', '0.jpg'],
        'score, high first': ['0.jpg', '1.jpg', '2.jpg', 'gone.jpg', ODD_IMAGE, '4.jpg'],
        'image': [ODD_IMAGE, '0.jpg', '1.jpg', '2.jpg', '4.jpg', 'gone.jpg'],
    }
    for order, files in orders.items():
        page.choose('#sort', order)
        assert page.files() == files
    page.choose('#sort', 'class')
    assert page.files()[-2:] == ['1.jpg', 'gone.jpg']


def test_names_are_shown_as_text(page):
    assert page.driver.title == 'Cats & dogs'
    page.choose('#list', 'annotated: absent')
    assert page.text('#cards .class') == page.text('#panel .class') == ODD
    page.blur()
    page.keys('a')
    assert page.export() == [['4.jpg', ODD, 'accept', '']]
    assert len(page.driver.find_elements('css selector', 'script')) == 2
    assert page.driver.title == 'Cats & dogs'


def test_maps_are_switched_by_key(page):
    assert page.one('#panel .map').is_displayed()
    page.blur()
    page.keys('c')
    assert not page.one('#panel .map').is_displayed()


def test_buttons_decide_and_take_back(page):
    page.one('#panel [data-choose=reject]').click()
    assert (page.said()[0], page.current()) == ('reject', '1.jpg')
    page.keys('k')
    pressed = page.one('#panel [aria-pressed=true]')
    assert pressed.text == 'Reject'
    pressed.click()
    assert (page.said()[0], page.current()) == ('', '0.jpg')


def test_verdicts_come_back_from_a_file(page):
    page.import_('\ufeffannotator,image,class,verdict\r\nAda,0.jpg,cat,accept\r\n')
    assert page.export() == [['0.jpg', 'cat', 'accept', 'Ada']]
    odd = ODD.replace('"', '""')
    said = page.import_(
        f'image,class,verdict\n0.jpg,cat,reject\n4.jpg,"{odd}",unsure\n9.jpg,cat,accept\n'
    )
    assert (
        said
        == '2 verdicts imported from given.csv; 1 replaced another; 1 not of this page left out'
    )
    assert page.export() == [['0.jpg', 'cat', 'reject', ''], ['4.jpg', ODD, 'unsure', '']]
    page.one('#undo').click()
    assert page.export() == [['0.jpg', 'cat', 'accept', 'Ada']]


@pytest.mark.parametrize(
    ('content', 'why'),
    [
        ('image,class\na,b\n', 'it has no columns image, class, verdict'),
        ('', 'it has no columns image, class, verdict'),
        ('image,class,verdict\n0.jpg,cat,accept\n1.jpg,dog,yes\n',
         'line 3: verdict “yes” is none of accept, reject, unsure'),
        ('image,class,verdict\n0.jpg,cat,accept\n\n0.jpg,cat,reject\n',
         'line 4: 0.jpg, cat has another verdict in line 2'),
        ('image,class,verdict\n"0.jpg,cat,accept\n', 'line 2: a quotation mark is not closed'),
    ],
    ids=['column', 'empty', 'verdict', 'two', 'quote'],
)  # fmt: skip
def test_a_wrong_file_changes_nothing(page, content, why):
    assert page.import_(content) == f'given.csv: nothing imported: {why}.'
    assert set(page.said()) == {''}


def test_pages_of_an_audit_share_their_verdicts(driver, folder):
    table = table_of(*(('missing', n, f'{n}.jpg', 'cat') for n in range(5)))
    files = write_page(table, folder / 'images', folder / 'pages.html', page_size=2).files
    page = Opened(driver, files[0], folder / 'downloads')
    page.blur()
    page.keys('a')
    page.one('a[rel=next]').click()
    assert page.files() == ['2.jpg', '3.jpg']
    page.blur()
    page.keys('r')
    assert page.text('#progress').endswith('on all pages 2 of 5')
    page.go(files[2])
    assert [row[:3] for row in page.export()] == [
        ['0.jpg', 'cat', 'accept'],
        ['2.jpg', 'cat', 'reject'],
    ]


def test_a_narrow_screen_has_one_column_and_its_buttons(page):
    size = dict(width=390, height=844, deviceScaleFactor=1, mobile=True)
    page.driver.execute_cdp_cmd('Emulation.setDeviceMetricsOverride', size)
    try:
        wide = """return [...document.querySelectorAll('*')].filter((each) =>
            each.getBoundingClientRect().right > 390).map((each) => each.outerHTML.slice(0, 80))"""
        assert page.driver.execute_script(wide) == []
        cards = page.driver.find_elements('css selector', '#cards .card')
        assert len({card.location['x'] for card in cards}) == 1
        assert page.driver.execute_script('return document.documentElement.scrollWidth') == 390
        assert not page.one('#panel').is_displayed()
        page.one('#cards .card [data-choose=accept]').click()
        assert page.said()[0] == 'accept'
    finally:
        page.driver.execute_cdp_cmd('Emulation.clearDeviceMetricsOverride', {})

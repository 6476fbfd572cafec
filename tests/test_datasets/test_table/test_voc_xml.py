from __future__ import annotations

import pytest
from planted_maps import xml_object

from wsml_mm.datasets.boxes import read_voc_boxes
from wsml_mm.datasets.table.problem import RowError
from wsml_mm.datasets.table.voc_xml import read_voc_xml, text_of, voc_files

CAT = xml_object('cat', (0, 0, 4, 4))
LAUGHS = ''.join(f'<!ENTITY b{n} "{f"&b{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    ('raw', 'what', 'fix'),
    [
        (
            f'<!DOCTYPE a [<!ENTITY b0 "ha">{LAUGHS}]><annotation>&b9;</annotation>'.encode(),
            'declares entities or other files (EntitiesForbidden)', 'remove the declarations',
        ),
        (
            b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><annotation>&b;</annotation>',
            'declares entities or other files (EntitiesForbidden)', 'remove the declarations',
        ),
        (b'', 'is not an XML file (ParseError: no element found', 'correct or remove it'),
        (b'<a>' * 100_000, 'is not an XML file (ParseError: no element found', 'correct or remove'),
        ('<annotation>Bär</annotation>'.encode('latin-1'), 'not well-formed', 'save it as UTF-8'),
        (b'<?xml version="1.0" encoding="x"?><annotation/>', 'unknown encoding', 'save it as'),
        (
            b'<?xml version="1.0" encoding="shift_jis"?><annotation/>', 'multi-byte encodings',
            'save it as UTF-8',
        ),
        (b'<html/>', 'is no annotation of VOC, but a <html>', 'export "Pascal VOC"'),
    ],
)  # fmt: skip
def test_what_is_refused(tmp_path, raw, what, fix):
    (tmp_path / 'a.xml').write_bytes(raw)
    error = read_voc_xml(tmp_path / 'a.xml')
    assert isinstance(error, RowError)
    assert what in error.what
    assert fix in error.fix
    with pytest.raises(ValueError, match=r'a\.xml: '):
        read_voc_boxes(tmp_path, ['cat'])


@pytest.mark.parametrize(
    'raw',
    [
        '<?xml version="1.0" encoding="latin-1"?><annotation><name>Bär</name></annotation>'.encode(
            'latin-1'
        ),
        '<annotation><name> Bär\n</name></annotation>'.encode('utf-8-sig'),
        '<?xml version="1.0"?><annotation><name>Bär</name></annotation>'.encode('utf-16'),
        '<!DOCTYPE annotation><annotation><name>Bär</name></annotation>'.encode(),
    ],
)
def test_encodings_that_are_declared(tmp_path, raw):
    (tmp_path / 'a.xml').write_bytes(raw)
    assert text_of(read_voc_xml(tmp_path / 'a.xml'), 'name') == 'Bär'


@pytest.mark.parametrize(
    ('flag', 'boxes'), [('1', 1), (' 1 ', 1), ('true', 1), ('True', 1), ('0', 2), ('', 2)]
)
def test_difficult_objects(tmp_path, flag, boxes):
    marked = CAT.replace('</name>', f'</name><difficult>{flag}</difficult>', 1)
    (tmp_path / 'a.xml').write_text(f'<annotation>{marked}{CAT}</annotation>')
    assert len(read_voc_boxes(tmp_path, ['cat']).classes) == boxes


def test_difficult_is_neither_yes_nor_no(tmp_path):
    marked = CAT.replace('</name>', '</name><difficult>maybe</difficult>', 1)
    (tmp_path / 'a.xml').write_text(f'<annotation>{marked}</annotation>')
    with pytest.raises(
        ValueError, match=r"a\.xml: object 'cat' has difficult 'maybe'; write 0 or 1"
    ):
        read_voc_boxes(tmp_path, ['cat'])


def test_hidden_files_of_other_systems(tmp_path):
    for name in ('b.xml', 'a.xml', '._a.xml', 'c.txt'):
        (tmp_path / name).touch()
    assert [file.name for file in voc_files(tmp_path)] == ['a.xml', 'b.xml']

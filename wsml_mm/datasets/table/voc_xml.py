"""XML files of Pascal VOC, as labelImg and CVAT write them too: one an image."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import parse  # refuses entities, which blow up or name other files

from wsml_mm.labels.files import one_line

from .problem import RowError

_FLAGS = {'': False, '0': False, 'false': False, '1': True, 'true': True}


def voc_files(folder: Path) -> list[Path]:
    """Returns the XML files of a folder in order, without hidden ones, which systems put there."""
    return sorted(path for path in folder.glob('*.xml') if not path.name.startswith('.'))


def read_voc_xml(file: Path) -> Any:
    """Returns the top element of an annotation, or the error."""
    try:
        top = parse(file).getroot()
    except DefusedXmlException as error:
        what = f'declares entities or other files ({type(error).__name__})'
        return RowError('broken XML', what, 'remove the declarations; annotations need none')
    except (ParseError, LookupError, ValueError) as error:
        # Latin-1 bytes without a declaration are a ParseError too.
        what = f'is not an XML file ({one_line(error)})'
        return RowError(
            'broken XML', what, 'correct or remove it; if it is whole, save it as UTF-8'
        )
    if top.tag != 'annotation':
        what = f'is no annotation of VOC, but a <{str(top.tag)[:40]}>'
        return RowError('broken XML', what, 'export "Pascal VOC", one XML file an image')
    return top


def text_of(item: Any, key: str) -> str:
    """Returns the text of a part, without outer blanks; empty where there is none."""
    return (item.findtext(key) or '').strip()


def is_difficult(item: Any) -> bool | RowError:
    """Tells whether an object is marked as hard to recognise, or returns the error."""
    flag = text_of(item, 'difficult')
    if flag.lower() in _FLAGS:
        return _FLAGS[flag.lower()]
    what = f'object {text_of(item, "name")!r} has difficult {flag[:20]!r}'
    return RowError('broken XML', what, 'write 0 or 1')

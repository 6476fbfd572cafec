"""Cells as lists of names, also where a program wrote a list into one cell as text."""

from __future__ import annotations

import ast
import json
import re
import warnings

import pyarrow as pa
import pyarrow.compute as pc

from .classes import Vocabulary

_TEXT = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_TEXTS = rf'\s*(?:{_TEXT}\s*(?:,\s*{_TEXT}\s*)*,?\s*)?'
# As Python or JSON write a list, a tuple or a set of texts. Not as numpy does, without commas:
# Python itself would read ['cat' 'dog'] as the one name 'catdog'.
_LIST = re.compile(rf'\[{_TEXTS}\]|\({_TEXTS}\)|\{{{_TEXTS}\}}', re.DOTALL)
_HALF_PAIR = re.compile('[\ud800-\udfff]')  # which escapes can say, and no text may hold
# As Label Studio writes the labels of an image into a cell.
_CHOICES = re.compile(r'\{\s*"choices"\s*:\s*(\[.*\])\s*\}', re.DOTALL)


def lists_of(cells: pa.Array, vocabulary: Vocabulary) -> pa.Array:
    """Returns N cells as lists of names.

    Args:
        cells: lists, or text: names between separators, or a list as Python or JSON write it.
        vocabulary: knows the separator, and names that only look like lists.
    """
    if not pa.types.is_string(cells.type):
        return cells
    trimmed = pc.utf8_trim_whitespace(cells)
    filled = pc.if_else(pc.equal(trimmed, ''), None, trimmed)
    if not vocabulary.separator.strip(' '):
        split = pc.split_pattern_regex(filled, ' +')
    else:
        split = pc.split_pattern(filled, vocabulary.separator)
    written = pc.match_substring_regex(filled, r'(?s)^[\[({].*[\])}]$').fill_null(False)
    if not pc.any(written).as_py():
        return split
    return _with_written(filled, split, written, vocabulary)


def _with_written(
    cells: pa.Array, split: pa.Array, written: pa.Array, vocabulary: Vocabulary
) -> pa.Array:
    """Returns the lists of cells, those that a program wrote as text read."""
    names, found = split.to_pylist(), dict[str, list[str]]()
    for row in pc.indices_nonzero(written).to_pylist():
        text = cells[row].as_py()
        if text not in found:
            found[text] = _written(text, names[row], vocabulary)
        names[row] = found[text]
    return pa.array(names, split.type)


def names_of(text: str, vocabulary: Vocabulary) -> list[str]:
    """Returns the names of one cell of text, as `lists_of` does.

    Args:
        text: of the cell.
        vocabulary: knows the separator, and names that only look like lists.
    """
    text = text.strip()
    if not text:
        return []
    by_blanks = not vocabulary.separator.strip(' ')
    split = re.split(' +', text) if by_blanks else text.split(vocabulary.separator)
    is_written = text[0] in '[({' and text[-1] in '])}'
    return _written(text, split, vocabulary) if is_written else split


def _written(text: str, split: list[str], vocabulary: Vocabulary) -> list[str]:
    """Returns the names of a cell in brackets: of the list that it is, or those between separators.

    A list of some other kind is no name, and returned whole to be refused.
    """
    if vocabulary.closed and vocabulary.ids.keys() >= {name.strip() for name in split}:
        return split  # the classes are called so
    if (listed := _names_in(text)) is not None:
        return listed
    return split if text[0] == '(' else [text]


def _names_in(text: str) -> list[str] | None:
    """Returns the names of a list written as text; None if it is not one."""
    if choices := _CHOICES.fullmatch(text):
        text = choices[1]
    if not _LIST.fullmatch(text):
        return None
    try:
        names = json.loads(text)
    except ValueError:
        names = _python_names(f'[{text[1:-1]}]')
    if not isinstance(names, list) or any(_HALF_PAIR.search(name) for name in names):
        return None
    return names


def _python_names(text: str) -> list[str] | None:
    with warnings.catch_warnings():
        warnings.simplefilter('error')  # of an escape that Python does not know
        try:
            return list(ast.literal_eval(text))
        except (SyntaxError, ValueError, Warning):
            return None

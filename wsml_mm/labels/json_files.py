"""JSON files as other tools write them, and what is wrong with those that cannot be read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def json_text(raw: bytes) -> str:
    """Returns the text of a JSON file: UTF-8, UTF-16 or UTF-32, with a byte-order mark or without.

    Raises:
        UnicodeDecodeError: if it is none of them.
    """
    return raw.decode(json.detect_encoding(raw))


def unique_keys(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Makes an object of its keys and values, as `object_pairs_hook` of `json`.

    Raises:
        ValueError: if a key is there twice, of which `json` would keep the last.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f'an object has {max(keys, key=keys.count)!r} twice')
    return found


def why_not_json(error: Exception) -> tuple[str, str]:
    """Returns what is wrong with a text that `json` refuses, and what to do about it."""
    if isinstance(error, UnicodeDecodeError):
        what = f'is not UTF-8 text ({error.reason} at byte {error.start})'
        return what, 'save the file as UTF-8'
    if isinstance(error, RecursionError):
        return 'is not JSON (nested too deeply)', 'annotations have a few levels; export it again'
    if not isinstance(error, json.JSONDecodeError):
        text = str(error).partition(';')[0]
        if 'twice' in text:
            return f'is not plain JSON ({text})', 'keep the one that is right'
        return f'is not plain JSON ({text})', 'write numbers of usual size'
    what = f'is not JSON ({error.msg})'
    if not error.doc.strip():
        return 'is not JSON (the file is empty)', 'export or copy it again'
    if error.pos >= len(error.doc.rstrip()) or error.msg.startswith('Unterminated'):
        return what, 'if the file is cut off, export or copy it again'
    if 'BOM' in error.msg:
        return what, 'save the file as UTF-8 without a byte-order mark'
    if error.msg == 'Extra data':
        return what, 'remove what follows the first value, or write one object a line'
    return what, 'write it anew with json.dump'


def load_json(
    path: str | Path, hook: Callable[[Sequence[tuple[str, Any]]], Any] = unique_keys
) -> Any:
    """Returns the content of a JSON file.

    Args:
        path: of the file.
        hook: makes the objects, of their keys and values.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is not JSON, with the line and what to do.
    """
    with parsing(path):
        return json.loads(json_text(Path(path).read_bytes()), object_pairs_hook=hook)


@contextmanager
def parsing(path: str | Path) -> Iterator[None]:
    """Makes what is wrong with a JSON file name the file, the line and the fix."""
    try:
        yield
    except (ValueError, RecursionError) as error:
        what, fix = why_not_json(error)
        line = f':{error.lineno}' if isinstance(error, json.JSONDecodeError) else ''
        raise ValueError(f'{path}{line}: {what}; {fix}') from error

"""Methods of a comparison, given on a command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from hostile import Prepare


def methods(*names: str) -> Callable[[Path], list[str]]:
    def write(folder):
        (folder / 'an_tiny.py').write_text('')
        return [f'{name}{folder}/an_tiny.py' for name in names]

    return write


def comparing(arguments: Callable[[Path], list[str]], act: Callable[..., Any]) -> Prepare:
    def make(folder):
        given = arguments(folder)
        return lambda: act(given, folder)

    return make

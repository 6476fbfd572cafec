"""What the documentation takes from the code when it is built (a hook of mkdocs)."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import Any

MARK = re.compile(r'^<!-- (help of every command|registered: ([\w. ]+)) -->$', re.MULTILINE)
ENTRY = 'import sys; from wsml_mm_cli.main import main; sys.argv[0] = "wsml-mm"; main()'


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Puts the help of the commands, or what is registered, in the place of a mark."""
    return MARK.sub(lambda found: registered(found[2]) if found[2] else commands(), markdown)


def registered(packages: str) -> str:
    """Returns what mkdocstrings turns into the docstrings of all registered classes.

    Args:
        packages: below `wsml_mm`, separated by spaces.
    """
    import mmpretrain.registry
    from mmengine.registry import Registry

    import wsml_mm  # noqa: F401

    classes = {
        f'{cls.__module__}.{cls.__qualname__}'
        for registry in vars(mmpretrain.registry).values()
        if isinstance(registry, Registry)
        for cls in registry.module_dict.values()
        if isinstance(cls, type)
    }
    names = sorted(classes, key=lambda name: name.rpartition('.')[2].lower())
    folders = tuple(f'wsml_mm.{package}.' for package in packages.split())
    return '\n\n'.join(f'::: {name}' for name in names if name.startswith(folders))


def commands() -> str:
    """Returns a heading and the help of each command."""
    from wsml_mm_cli.main import COMMANDS

    return '\n\n'.join(
        f'## {name}\n\n{line[0].upper()}{line[1:]}.\n\n```text\n{help_of(name)}```'
        for name, line in COMMANDS.items()
    )


def help_of(command: str) -> str:
    """Returns what `wsml-mm COMMAND --help` prints."""
    environment = {**os.environ, 'COLUMNS': '90', 'NO_COLOR': '1'}
    return subprocess.run(
        [sys.executable, '-c', ENTRY, command, '--help'],
        check=True, capture_output=True, text=True, env=environment,
    ).stdout  # fmt: skip

"""Options within a message: in Python's words for the dataset, in the command line's for a tool."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from types import EllipsisType
from typing import Any, NamedTuple


class Option(NamedTuple):
    """An option of `TableFormat` and a value that a message names; `...` is for the reader to fill.

    Args:
        name: as both say it.
        value: a text, a list of texts, or a mapping to such.
    """

    name: str
    value: Any

    def in_python(self) -> str:
        """Returns the option as an argument: columns=dict(image='file')."""
        return f'{self.name}={_in_python(self.value)}'

    def in_command(self) -> str:
        """Returns the option as the command line has it: --columns image=file."""
        value = self.value
        if isinstance(value, Mapping):
            words = [f'{key}={",".join(_texts(some))}' for key, some in value.items()]
        else:
            words = _texts(value)
        quoted = [word if '...' in word else shlex.quote(word) for word in words]
        return ' '.join([f'--{self.name.replace("_", "-")}', *quoted])


class Advice(str):
    """A message that names options, in Python's words; `command` has it in the command line's."""

    command: str


def advise(*parts: str | Option) -> Advice:
    """Returns a message made of texts and options."""
    return either(
        ''.join(part.in_python() if isinstance(part, Option) else part for part in parts),
        ''.join(part.in_command() if isinstance(part, Option) else part for part in parts),
    )


def either(python: str, command: str) -> Advice:
    """Returns a message that is one thing in Python and another on the command line."""
    said = Advice(python)
    said.command = command
    return said


def in_command_words(message: str) -> str:
    """Returns a message as the reader of a command line is to see it."""
    return message.command if isinstance(message, Advice) else message


def _in_python(value: Any) -> str:
    if isinstance(value, EllipsisType):
        return '...'
    if isinstance(value, Mapping):
        return f'dict({", ".join(f"{key}={_in_python(some)}" for key, some in value.items())})'
    if isinstance(value, list | tuple):
        return f'[{", ".join(map(_in_python, value))}]'
    return repr(value)


def _texts(value: Any) -> list[str]:
    several = value if isinstance(value, list | tuple) else [value]
    return ['...' if isinstance(one, EllipsisType) else str(one) for one in several]

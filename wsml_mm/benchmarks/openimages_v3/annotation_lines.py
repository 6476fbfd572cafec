"""Lines of OpenImages' `annotations-human.csv`: how they are read, and which is damaged."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from wsml_mm.labels.files import one_line

from .image_ids import DIGITS, parse_ids

COLUMNS = ('ImageID', 'LabelName', 'Confidence')
# What parsers and gzip raise on damaged files.
DAMAGE = (ValueError, KeyError, EOFError, zlib.error, gzip.BadGzipFile, csv.Error)


class Signs(dict[str, bool]):
    """A confidence as it is written -> whether it says 'present' (1) or 'absent' (0)."""

    def __missing__(self, text: str) -> bool:
        if (value := float(text)) not in (0, 1):
            raise ValueError(f'confidence {text}')
        self[text] = value == 1
        return self[text]


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Opens a file, unpacks it if it is .gz, and shows how much of it is read."""
    from rich.progress import open as open_with_progress

    with open_with_progress(path, 'rb', description=f'{path.parent.name}/{path.name}') as raw:
        if path.suffix == '.gz':
            with gzip.open(raw) as file:
                yield file  # type: ignore[misc]
        else:
            yield raw


def csv_lines(file: IO[bytes]) -> Any:
    """Returns a `csv.reader` of an open file."""
    return csv.reader(io.TextIOWrapper(file, 'utf-8-sig', newline=''))


def first_damage(path: Path) -> str | None:
    """Returns what is wrong with a file and where, found line by line; None: nothing."""
    number = 0
    try:
        with opened(path) as file:
            lines = csv_lines(file)
            header: list[str] = next(lines, [])
            if lacking := [name for name in COLUMNS if name not in header]:
                return (
                    f'{path}:1: {_shown(header)} names no column {lacking[0]}; the first line of '
                    'OpenImages is ImageID,Source,LabelName,Confidence'
                )
            for line in lines:
                number = lines.line_num
                if line and (problem := _problem(line, header)):
                    return f'{path}:{number}: {problem}'
    except DAMAGE as error:
        return f'{path}:{number + 1}: is damaged or cut off ({one_line(error)}); fetch it anew'
    return None


def _problem(line: list[str], header: list[str]) -> str | None:
    if len(line) != len(header):
        return f'{_shown(line)} is not {",".join(header)}; correct the line or fetch the file anew'
    image, confidence = (line[header.index(name)] for name in ('ImageID', 'Confidence'))
    if len(image) != DIGITS or parse_ids(image) is None:
        return f'ImageID {_shown([image])} is not 16 lower-case hex digits; correct the line'
    try:
        Signs()[confidence]
    except ValueError:
        return (
            f'Confidence {_shown([confidence])} is neither 1 (present) nor 0 (absent); correct the '
            'line, or give annotations-human.csv: fractions are of machine annotations'
        )
    return None


def _shown(line: list[str]) -> str:
    return repr(','.join(line)[:60])

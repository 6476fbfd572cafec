"""Files: names that stay below their folder, and refusals to read or write as one line."""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .drafts import draft_prefix, forget_drafts
from .json_files import why_not_json

# Of files that are taken for images where a folder is searched or a name may lack one.
IMAGE_SUFFIXES = (
    '.jpg', '.jpeg', '.png', '.bmp', '.gif', '.pgm', '.ppm', '.tif', '.tiff', '.webp',
)  # fmt: skip
TABLE_SUFFIXES = ('.csv', '.tsv', '.parquet', '.json', '.jsonl')  # of a file that lists labels


def one_line(error: BaseException) -> str:
    """Returns an error's kind and text without line breaks, for use within another message."""
    return f'{type(error).__name__}: {" ".join(str(error).split())}'


def array_error(error: BaseException) -> str:
    """Returns why `numpy.load` refuses a file, without its advice to unpickle it."""
    if any(word in str(error) for word in ('ickle', 'Object arrays', 'Python objects')):
        return 'not an array of numbers, or one of pickled objects, which are never read'
    return one_line(error)


def load_array(path: Path, kinds: str, hint: str, mapped: bool = False) -> NDArray[Any]:
    """Returns the array of a `.npy` file, which is never unpickled.

    Args:
        path: of the file.
        kinds: numpy's letters of the kinds of values that will do.
        hint: what to do if it is not such a file, for the message.
        mapped: read the values from the file when they are used.

    Raises:
        ValueError: if it is not a `.npy` file of such values.
    """
    what = 'list of texts' if 'U' in kinds else 'matrix of numbers'
    try:
        with np.errstate(over='ignore'):  # of a header that lies about the size
            mode: Any = 'r' if mapped else None
            array: NDArray[Any] = np.load(path, mmap_mode=mode, allow_pickle=False)
        found = None if isinstance(array, np.ndarray) else 'an archive of several'
    except Exception as error:  # numpy raises many kinds on hostile files
        raise ValueError(f'{path}: is not a .npy {what} ({array_error(error)}); {hint}') from error
    if found is None and array.dtype.kind not in kinds:
        found = f'values of type {array.dtype}'
    if found is not None:
        raise ValueError(f'{path}: is not a .npy {what} ({found}); {hint}')
    return array


def is_plain_name(name: str) -> bool:
    """Tells whether a name out of a data set's list is that of a file, without any folder."""
    return not {'/', '\\', '\0'} & set(name) and not os.path.splitdrive(name)[0]


def absolute_folders(folders: Iterable[str]) -> list[str]:
    """Returns local folders as absolute prefixes for `lies_below`."""
    local = [str(folder) for folder in folders if folder and '://' not in str(folder)]
    return [os.path.join(os.path.abspath(folder), '') for folder in local]


def lies_below(path: str, folders: Sequence[str]) -> bool:
    """Tells whether a path out of an annotation stays below one of a data set's folders.

    By the names alone: a link below the data set is its owner's decision.
    """
    if '\0' in path:
        return False
    # A bare name may be joined to its folder only by the dataset's pipeline.
    may_climb = os.path.isabs(path) or '..' in Path(path).parts
    return not may_climb or os.path.abspath(path).startswith(tuple(folders))


def json_text(content: Any, indent: int | None = None) -> str:
    """Returns content as JSON for every reader: null for NaN and infinities, which it has not.

    Args:
        content: of dicts, lists and plain values.
        indent: blanks a level; None: all in one line.
    """
    return json.dumps(finite(content), indent=indent, allow_nan=False)


def finite(content: Any) -> Any:
    """Returns content with None for every number that is not finite; arrays become lists."""
    if isinstance(content, np.ndarray):
        content = content.tolist()
    if isinstance(content, Mapping):
        return {key: finite(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [finite(value) for value in content]
    if isinstance(content, (float, np.floating)) and not math.isfinite(content):
        return None
    return content


def numbered_lines(path: Path, what: str, hint: str) -> Iterator[tuple[int, str]]:
    """Yields (line number, line without outer blanks) of a text file; empty lines are left out.

    Args:
        path: of the file.
        what: it is, and
        hint: what to do if it is not there, for the message.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is not UTF-8.
    """
    if not path.is_file():
        raise FileNotFoundError(f'{path}: no such {what}; {hint}')
    try:
        # A byte-order mark, as of Windows editors, must not become part of the first name.
        lines = path.read_text(encoding='utf-8-sig').split('\n')
    except UnicodeDecodeError as error:
        raise ValueError(
            f'{path}: is not a UTF-8 text file (byte {error.start}: {error.reason}); save it '
            'as UTF-8'
        ) from error
    for number, line in enumerate(lines, start=1):
        if stripped := line.strip():
            yield number, stripped


def write_rows(path: Path, batches: Iterable[NDArray[Any]], count: int) -> None:
    """Writes a `.npy` file of `count` rows from batches of rows, one at a time."""
    with path.open('wb') as file:
        for number, batch in enumerate(batches):
            if number == 0:
                header = {
                    'descr': np.lib.format.dtype_to_descr(batch.dtype),
                    'fortran_order': False,
                    'shape': (count, *batch.shape[1:]),
                }
                np.lib.format.write_array_header_1_0(file, header)
            file.write(batch.tobytes())


@contextmanager
def reading(path: str) -> Iterator[None]:
    """Makes errors of a stock reader of annotations name the file and a hint."""
    try:
        yield
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f'{path}: {"; ".join(why_not_json(error))}') from error
    except ValueError as error:
        if 'integer string conversion' not in str(error):
            raise
        raise ValueError(f'{path}: {"; ".join(why_not_json(error))}') from error
    except FileNotFoundError as error:
        if error.errno is None:  # a message of this package
            raise
        raise FileNotFoundError(
            f'{error.filename}: no such file; check ann_file and data_root'
        ) from error


@contextmanager
def writing(path: str | os.PathLike[str], hint: str) -> Iterator[None]:
    """Makes the system's refusal to write (disk full, read-only) name the file and a hint."""
    try:
        yield
    except OSError as error:
        if error.errno is None:  # not of the system
            raise
        raise OSError(
            error.errno, f'{os.fspath(path)}: cannot be written ({error.strerror}); {hint}'
        ) from error


def write_durably(
    path: str | os.PathLike[str],
    content: bytes,
    hint: str = 'free some space there and resume, or give another work_dir',
) -> None:
    """Writes a file so that a reader sees the old content or the new, whatever happens between.

    What a killed writer of this file left beside it is removed.

    Args:
        path: of the file; its folder is made where it is missing.
        content: the whole file.
        hint: what to do about a refusal, for the message.

    Raises:
        OSError: naming the file and the reason, if it cannot be written (disk full, read-only).
    """
    with writing(path, hint):
        _write_durably(Path(path), content)


def _write_durably(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    forget_drafts(target)
    handle, draft = tempfile.mkstemp(dir=target.parent, prefix=draft_prefix(target))
    try:
        with os.fdopen(handle, 'wb') as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(draft, 0o644)
        os.replace(draft, target)
    except BaseException:
        os.unlink(draft)
        raise
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the rename itself must reach the disk before an old file goes
    finally:
        os.close(folder)

"""The lines of a file as places in its bytes: a million objects would take more than the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_BLOCK = 1 << 22  # bytes looked at together


class Lines(Sequence[bytes]):
    """The lines of a text, without their ends.

    Args:
        content: the text.
        end: of each line, one byte.
    """

    def __init__(self, content: bytes, end: bytes) -> None:
        self._content = content
        signs = np.frombuffer(content, np.uint8)
        found = [
            np.flatnonzero(signs[first : first + _BLOCK] == end[0]) + first
            for first in range(0, len(signs), _BLOCK)
        ]
        # What follows the last end is a line as well; it may be empty.
        self._starts = np.concatenate([[0], *(part + 1 for part in found), [len(content) + 1]])

    def __len__(self) -> int:
        return len(self._starts) - 1

    @overload
    def __getitem__(self, at: int) -> bytes: ...
    @overload
    def __getitem__(self, at: slice) -> list[bytes]: ...
    def __getitem__(self, at: int | slice) -> bytes | list[bytes]:
        if isinstance(at, slice):
            return [self[place] for place in range(*at.indices(len(self)))]
        if not 0 <= at < len(self):
            raise IndexError(at)
        return self._content[self._starts[at] : self._starts[at + 1] - 1]

    def block_end(self, first: int) -> int:
        """Returns the line behind a block of lines: one line at least, and some megabytes."""
        beyond = int(np.searchsorted(self._starts, self._starts[first] + _BLOCK))
        return min(max(first + 1, beyond), len(self))

    def have(self, sign: bytes, first: int, last: int) -> bool:
        """Tells whether a sign is anywhere in some lines, or ends them."""
        return self._content.find(sign, self._starts[first], self._starts[last]) >= 0

    def texts(self, first: int, last: int) -> pa.Array:
        """Returns some lines as text, without ends or carriage returns before them.

        Raises:
            pyarrow.ArrowInvalid: if one is not UTF-8.
        """
        starts = self._starts[first : last + 1]
        begin, end = int(starts[0]), min(int(starts[-1]), len(self._content))
        offsets = (np.minimum(starts, end) - begin).astype(np.int32)
        part = pa.py_buffer(self._content)[begin:end]
        buffers = [None, pa.py_buffer(offsets), part]
        found = pa.Array.from_buffers(pa.binary(), last - first, buffers).cast(pa.string())
        return pc.utf8_rtrim(found, '\r\n')


def split_cells(text: pa.Array, delimiter: str) -> tuple[pa.Array, NDArray[np.int64]]:
    """Returns all cells of N lines, one after the other, and how many each line has, (N,)."""
    joined = pc.binary_join_element_wise(text, '', '\n')
    _, offsets, signs = joined.buffers()
    size = int(np.frombuffer(offsets, np.int32)[len(text)])
    signs = np.frombuffer(signs or b'', np.uint8)[:size]
    ends = signs == ord('\n')
    behind = ends | (signs == ord(delimiter))  # a cell
    places = np.flatnonzero(behind)
    # Without these signs a cell begins where the one before it ends.
    cells = np.zeros(len(places) + 1, np.int32)
    np.subtract(places, np.arange(len(places)), out=cells[1:], casting='unsafe')
    buffers = [None, pa.py_buffer(cells), pa.py_buffer(signs[~behind])]
    flat = pa.Array.from_buffers(pa.string(), len(places), buffers)
    counts = np.diff(np.flatnonzero(ends[places]), prepend=-1)
    return flat, counts


def text_of(line: bytes) -> str:
    """Returns a line as text, signs that are not UTF-8 as their numbers."""
    return line.decode('utf-8', errors='backslashreplace')

"""Millions of image names as one block of bytes; a list of strings would take ten times as much."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


class NameColumn:
    """Names of N images, each ended by a zero byte.

    Args:
        text: (bytes,) uint8, UTF-8 names with a zero byte after each.
        ends: (N,) int64, the position behind each name's zero byte.
    """

    def __init__(self, text: NDArray[np.uint8], ends: NDArray[np.int64]) -> None:
        self.text, self.ends = text, ends
        # Single elements of a memoryview come many times faster than those of an array.
        self._text, self._ends = text.data, ends.data

    def __reduce__(self) -> Any:
        return NameColumn, (self.text, self.ends)

    @classmethod
    def from_names(cls, names: Iterable[str]) -> NameColumn:
        """Builds the column from strings.

        Raises:
            ValueError: if a name holds a zero byte, which no file name can.
        """
        parts = [name.encode() for name in names]
        for part in parts:
            if b'\0' in part:
                raise ValueError(f'image name {part!r} holds a zero byte; correct the annotation')
        text = np.frombuffer(b'\0'.join([*parts, b'']), np.uint8)
        lengths = np.fromiter(map(len, parts), np.int64, len(parts))
        return cls(text, np.cumsum(lengths + 1))

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, index: int) -> str:
        begin = self._ends[index - 1] if index else 0
        return self._text[begin : self._ends[index] - 1].tobytes().decode()

    def __iter__(self) -> Iterator[str]:
        step = 65536  # names decoded at a time
        for first in range(0, len(self), step):
            begin = int(self.ends[first - 1]) if first else 0
            end = int(self.ends[min(first + step, len(self)) - 1])
            yield from self.text[begin : end - 1].tobytes().decode().split('\0')

    def subset(self, indices: ArrayLike) -> NameColumn:
        """Returns the names of some images, in the given order."""
        places = np.asarray(indices, np.int64)
        starts = np.concatenate([[0], self.ends])
        lengths = starts[places + 1] - starts[places]
        ends = np.cumsum(lengths)
        at = np.repeat(starts[places] - (ends - lengths), lengths)
        return NameColumn(self.text[at + np.arange(len(at))], ends)

    def digest(self) -> bytes:
        """Returns a SHA-256 of the names without their folders, in order."""
        if not (self.text == ord('/')).any():
            return hashlib.sha256(np.ascontiguousarray(self.text).data).digest()
        digest = hashlib.sha256()
        for name in self:
            digest.update(name.rpartition('/')[2].encode() + b'\0')
        return digest.digest()

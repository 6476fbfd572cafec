"""A history of logged numbers to which one is added without copying all before it."""

from __future__ import annotations

from typing import Any

import numpy as np
from mmengine.logging import HistoryBuffer, MessageHub
from numpy.typing import NDArray

_FLOAT, _COUNT = np.dtype(np.float64), np.dtype(np.int64)


class GrowingHistory(HistoryBuffer):  # type: ignore[misc]
    """MMEngine's `HistoryBuffer`, which copies two whole arrays with each number, without that.

    Five numbers are logged in each step: at 100,000 steps the copies take longer than the step of
    a linear layer. It is pickled and copied as a `HistoryBuffer`.
    """

    _size = 0
    _numbers: NDArray[np.float64]
    _counts: NDArray[np.int64]

    @classmethod
    def of(cls, history: HistoryBuffer) -> GrowingHistory | None:
        """Returns a history of the same numbers; None: they are of other kinds."""
        numbers, counts = history.data
        if type(history) is not HistoryBuffer or (numbers.dtype, counts.dtype) != (_FLOAT, _COUNT):
            return None
        return cls(numbers, counts, history.max_length)

    @property
    def _log_history(self) -> NDArray[np.float64]:
        return self._numbers[: self._size]

    @_log_history.setter
    def _log_history(self, numbers: NDArray[np.float64]) -> None:
        self._numbers, self._size = numbers, len(numbers)

    @property
    def _count_history(self) -> NDArray[np.int64]:
        return self._counts[: self._size]

    @_count_history.setter
    def _count_history(self, counts: NDArray[np.int64]) -> None:
        self._counts = counts

    def update(self, log_val: float, count: int = 1) -> None:
        """Adds a number and how often it counts.

        Raises:
            TypeError: if either is no number.
        """
        size = self._size
        if size >= self.max_length or type(log_val) is not float or type(count) is not int:
            stock = HistoryBuffer(*self.data, self.max_length)
            stock.update(log_val, count)
            self._log_history, self._count_history = stock.data
            return
        if size >= len(self._numbers):
            self._numbers = np.resize(self._numbers, 2 * size + 16)
            self._counts = np.resize(self._counts, 2 * size + 16)
        self._numbers[size], self._counts[size] = log_val, count
        self._size = size + 1

    def current(self) -> Any:
        """Returns the last number; asked for in each step.

        Raises:
            ValueError: if there is none.
        """
        return self._numbers[self._size - 1] if self._size else super().current()

    def __reduce__(self) -> Any:
        return HistoryBuffer, (self._log_history, self._count_history, self.max_length)


def let_grow(hub: MessageHub) -> None:
    """Replaces the histories of a message hub, which keep their content."""
    for name, history in hub.log_scalars.items():
        if (grown := GrowingHistory.of(history)) is not None:
            hub.log_scalars[name] = grown

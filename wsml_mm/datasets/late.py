"""A dict and a sequence that are filled when somebody looks into them: most never are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

_READING = '__contains__ __eq__ __getitem__ __iter__ __len__ __ne__ __or__ __repr__ __reversed__'
_READING += ' __ror__ copy get items keys values'
_CHANGING = '__delitem__ __ior__ __setitem__ clear pop popitem setdefault update'


class LateDict(dict[str, Any]):
    """A dict that is filled by a function when somebody looks into it.

    Args:
        fill: returns the content.
    """

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, fill: Callable[[], dict[str, Any]]) -> None:
        super().__init__()
        self._fill: Callable[[], dict[str, Any]] | None = fill

    @property
    def is_open(self) -> bool:
        """Whether somebody has looked into it, and may have changed it."""
        return self._fill is None

    def open(self) -> None:
        """Fills it."""
        fill, self._fill = self._fill, None
        if fill is not None:
            dict.update(self, fill())

    def __reduce_ex__(self, protocol: Any) -> Any:
        return dict, (dict(self),)


def _fill_before(name: str) -> Any:
    plain = getattr(dict, name)

    def call(self: LateDict, *args: Any, **kwargs: Any) -> Any:
        self.open()
        return plain(self, *args, **kwargs)

    return call


for _name in f'{_READING} {_CHANGING}'.split():
    setattr(LateDict, _name, _fill_before(_name))


class LateSequence(Sequence[Any]):
    """A sequence that is made by a function when somebody looks into it.

    Args:
        fill: returns the content.
    """

    def __init__(self, fill: Callable[[], Sequence[Any]]) -> None:
        self._fill = fill

    @cached_property
    def _content(self) -> Sequence[Any]:
        return self._fill()

    def __getitem__(self, place: Any) -> Any:
        return self._content[place]

    def __len__(self) -> int:
        return len(self._content)

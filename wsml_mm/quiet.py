"""Silence for mmengine where its log would only bury a tool's own words."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet() -> Iterator[None]:
    """Silences every log below warnings; what was silenced before stays so afterwards."""
    before = logging.root.manager.disable
    _disable(max(before, logging.INFO))
    try:
        yield
    finally:
        _disable(before)


def _disable(level: int) -> None:
    from mmengine.logging import MMLogger

    logging.disable(level)
    for logger in MMLogger._instance_dict.values():  # remembers what it may say
        logger._cache.clear()

"""Imports of what a command needs, thousands of modules, without Python looking for garbage."""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def no_collection() -> Iterator[None]:
    """Lets no garbage be collected within; what is imported there is not looked at afterwards.

    torch and what is built on it make a million objects that stay, and each collection walks over
    those so far: a quarter of the time of the imports, and part of a training's. Where torch is
    there already nothing is changed: what is garbage by then would stay for ever.
    """
    if not gc.isenabled() or 'torch' in sys.modules:
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()

"""Swin's windows for tracing: MMPretrain's own code fixes the batch size that it is traced with."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from mmpretrain.models.utils import ShiftWindowMSA
from torch import Tensor


@contextlib.contextmanager
def windows_of_any_batch() -> Iterator[None]:
    """Lets `ShiftWindowMSA` put windows together without computing the batch size by floats."""
    kept = ShiftWindowMSA.__dict__['window_reverse']
    ShiftWindowMSA.window_reverse = staticmethod(window_reverse)
    try:
        yield
    finally:
        ShiftWindowMSA.window_reverse = kept


def window_reverse(windows: Tensor, height: int, width: int, window_size: int) -> Tensor:
    """Returns the map (B, H, W, D) of windows (B * H / w * W / w, w, w, D), as MMPretrain does."""
    rows, columns = height // window_size, width // window_size
    depth = windows.shape[-1]
    parts = windows.view(-1, rows, columns, window_size, window_size, depth)
    return parts.permute(0, 1, 3, 2, 4, 5).reshape(-1, height, width, depth)

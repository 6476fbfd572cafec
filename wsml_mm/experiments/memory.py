"""The highest memory that a piece of work needed: of the GPU, or of the process."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import torch

_PROCESS = Path('/proc/self')  # of Linux; elsewhere nothing is noted
_RESET_PEAK = '5'


@contextlib.contextmanager
def peak_memory() -> Iterator[list[float]]:
    """Yields a list that holds, after the block, the peak in MiB.

    On a GPU it is what PyTorch allocated there. On a CPU it is the process's resident memory, the
    interpreter and its libraries included (some 0.5 GiB); 0 where the system does not tell.
    """
    found: list[float] = [0.0]
    gpu = torch.cuda.is_available()
    if gpu:
        torch.cuda.reset_peak_memory_stats()
    else:
        with contextlib.suppress(OSError):
            (_PROCESS / 'clear_refs').write_text(_RESET_PEAK)
    try:
        yield found
    finally:
        found[0] = round(_peak(gpu), 1)


def _peak(gpu: bool) -> float:
    if gpu:
        return float(torch.cuda.max_memory_allocated()) / 2**20
    try:
        told = re.search(r'VmHWM:\s+(\d+) kB', (_PROCESS / 'status').read_text())
    except OSError:
        return 0.0
    return int(told[1]) / 2**10 if told else 0.0
